//! Option types: what an option's declaration is by the type that it is read as.

use std::time::Duration;

use twilight_model::{
    channel::Attachment,
    id::{
        Id,
        marker::{ChannelMarker, RoleMarker, UserMarker},
    },
    util::Timestamp,
};

use super::option::{CommandOption, OptionType};
use crate::{
    manifest::OptionKind,
    option_value::Mentionable,
    picked::{Emoji, MessageLink},
};

impl<T: OptionType> OptionType for Option<T> {
    fn declare(option: &mut CommandOption) {
        T::declare(option);
        option.0.required = false;
    }
}

impl<T: OptionType> OptionType for Vec<T> {
    fn declare(option: &mut CommandOption) {
        T::declare(option);
        option.0.required = false;
        option.0.repeated = true;
    }
}

macro_rules! kinds {
    ($($ty:ty: $kind:ident;)*) => {$(
        impl OptionType for $ty {
            fn declare(option: &mut CommandOption) {
                option.0.kind = OptionKind::$kind;
            }
        }
    )*};
}

kinds! {
    String: String;
    i64: Integer;
    f64: Number;
    bool: Boolean;
    Id<UserMarker>: User;
    Id<ChannelMarker>: Channel;
    Id<RoleMarker>: Role;
    Mentionable: Mentionable;
    Attachment: Attachment;
    Duration: Duration;
    Timestamp: Date;
    Emoji: Emoji;
    MessageLink: Message;
}

macro_rules! smaller_integers {
    ($($ty:ty)*) => {$(
        impl OptionType for $ty {
            fn declare(option: &mut CommandOption) {
                i64::declare(option);
                // Discord accepts integers of up to 2^53.
                option.0.min = Some((Self::MIN as f64).max(-9_007_199_254_740_992.0));
                option.0.max = Some((Self::MAX as f64).min(9_007_199_254_740_992.0));
            }
        }
    )*};
}

smaller_integers! { u8 u16 u32 u64 i8 i16 i32 }
