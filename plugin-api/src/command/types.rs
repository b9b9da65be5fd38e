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
use crate::{manifest::OptionKind, option_value::Mentionable};

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

/// An enum whose variants are the choices of an option: each with what members see, and an option is declared by it.
///
/// ```
/// use plugin_api::{choices, prelude::*};
///
/// choices! {
///     /// How much tea.
///     #[derive(Debug, PartialEq)]
///     enum Size {
///         Cup = "a cup",
///         Pot = "a whole pot",
///     }
/// }
///
/// async fn pour(ctx: CommandContext) -> Result {
///     match ctx.option("size")? {
///         Size::Cup => ctx.reply("Here.").await,
///         Size::Pot => ctx.reply("You must be thirsty.").await,
///     }
/// }
/// let pour = Command::new("pour", "Pours tea").option(CommandOption::of::<Size>("size", "How much")).run(pour);
/// # Plugin::new().command(pour);
/// ```
#[macro_export]
macro_rules! choices {
    ($(#[$meta:meta])* $visibility:vis enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        $visibility enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $crate::FromOption for $name {
            fn from_option(input: $crate::OptionInput<'_>) -> $crate::Result<Self> {
                let text = input.read::<::std::string::String>()?;
                match &*text {
                    $($text => ::std::result::Result::Ok(Self::$variant),)+
                    other => ::std::result::Result::Err($crate::Error::user(::std::format!("`{}` can't be `{other}`.", input.name()))),
                }
            }
        }

        impl $crate::OptionType for $name {
            fn declare(option: &mut $crate::CommandOption) {
                *option = ::std::clone::Clone::clone(option).choices([$($text),+]);
            }
        }
    };
}
