//! Typed settings: the types that a setting can be declared by, and structs of them.

use std::{collections::HashMap, future::Future, time::Duration};

use serde_json::Value;
use twilight_model::id::{
    Id,
    marker::{ChannelMarker, GuildMarker, RoleMarker, UserMarker},
};

use super::Setting;
use crate::{
    error::{Error, Result},
    host::Host,
    manifest::SettingKind,
    plugin::Plugin,
};

/// A struct whose fields are settings: what [`derive(Settings)`](derive@crate::Settings) makes of it.
pub trait Settings: Sized {
    /// Its settings, in the order of the fields.
    fn declare() -> Vec<Setting>;

    /// Reads it: `read` gives each setting's value by its name.
    ///
    /// # Errors
    ///
    /// Those of `read`, or a value does not fit its field.
    fn read(read: &mut dyn FnMut(&str) -> Result<Value>) -> Result<Self>;

    /// The values for the whole bot, as they are at this moment.
    ///
    /// # Errors
    ///
    /// The plugin does not declare it ([`Plugin::settings`](crate::Plugin::settings)).
    fn of(host: &Host) -> Result<Self> {
        Self::read(&mut |name| host.setting(name))
    }

    /// The values in a server: its own where it may have some, else the bot's.
    ///
    /// # Errors
    ///
    /// As for [`of`](Self::of); or the server's database can't be read.
    fn of_guild(host: &Host, guild: Id<GuildMarker>) -> impl Future<Output = Result<Self>> {
        async move {
            let mut own = HashMap::new();
            for Setting(setting) in Self::declare() {
                if setting.per_guild {
                    let value: Value = host.guild_setting(guild, &setting.name).await?;
                    own.insert(setting.name, value);
                }
            }
            Self::read(&mut |name| own.remove(name).map_or_else(|| host.setting(name), Ok))
        }
    }
}

/// A type that a setting is declared by, and read as.
///
/// `String`, integers, `f64`, `bool`, `Duration`, `Id` of a channel, role or user, what derives [`Choices`](crate::Choices); `Option`
/// of each; `Vec` of `String` and of the ids.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be a setting",
    label = "`String`, `u64`, `i64`, `f64`, `bool`, `Duration`, `Id<ChannelMarker>` and its like, an enum with `#[derive(Choices)]`, an `Option` of these, or a `Vec` of `String` or ids is expected"
)]
pub trait SettingType: Sized {
    /// Makes the setting what this type reads; it is a text before.
    fn declare(setting: &mut Setting);

    /// Reads the value as it crosses.
    ///
    /// # Errors
    ///
    /// It is of another type.
    fn read(value: Value) -> Result<Self>;
}

impl Setting {
    /// A setting that is read as `T`.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let guests = Setting::of::<Vec<Id<marker::RoleMarker>>>("guests", "Who may order").per_guild();
    /// # Plugin::new().setting(guests);
    /// ```
    #[must_use]
    pub fn of<T: SettingType>(name: impl Into<String>, description: impl Into<String>) -> Self {
        let mut setting = Self::new(SettingKind::String, name, description);
        T::declare(&mut setting);
        setting
    }

    /// Makes a text the name of a [secret](Self::secret()).
    #[doc(hidden)]
    #[must_use]
    pub fn is_secret(mut self) -> Self {
        self.0.kind = SettingKind::Secret;
        self
    }

    /// What `derive(Choices)` writes.
    #[doc(hidden)]
    pub fn takes_one_of<const N: usize>(&mut self, words: [&str; N]) {
        self.0.kind = SettingKind::Choice;
        self.0.choices = words.map(str::to_owned).into();
    }

    /// What `derive(Settings)` writes.
    #[doc(hidden)]
    pub fn read<T: SettingType>(name: &str, value: Value) -> Result<T> {
        T::read(value).map_err(|error| error.context(format!("the setting `{name}`")))
    }
}

impl<T: SettingType> SettingType for Option<T> {
    fn declare(setting: &mut Setting) {
        T::declare(setting);
    }

    fn read(value: Value) -> Result<Self> {
        (!value.is_null()).then(|| T::read(value)).transpose()
    }
}

macro_rules! kinds {
    ($($ty:ty: $kind:ident;)*) => {$(
        impl SettingType for $ty {
            fn declare(setting: &mut Setting) {
                setting.0.kind = SettingKind::$kind;
            }

            fn read(value: Value) -> Result<Self> {
                serde_json::from_value(value).map_err(Error::from)
            }
        }
    )*};
}

kinds! {
    String: String;
    i64: Integer;
    f64: Number;
    bool: Boolean;
    Duration: Duration;
    Id<ChannelMarker>: Channel;
    Id<RoleMarker>: Role;
    Id<UserMarker>: User;
}

macro_rules! lists {
    ($($ty:ty: $kind:ident;)*) => {$(
        impl SettingType for Vec<$ty> {
            fn declare(setting: &mut Setting) {
                setting.0.kind = SettingKind::List;
                setting.0.items = SettingKind::$kind;
                setting.0.default = Value::Array(Vec::new());
            }

            fn read(value: Value) -> Result<Self> {
                serde_json::from_value(value).map_err(Error::from)
            }
        }
    )*};
}

lists! {
    String: String;
    Id<ChannelMarker>: Channel;
    Id<RoleMarker>: Role;
    Id<UserMarker>: User;
}

macro_rules! other_integers {
    ($($ty:ty)*) => {$(
        impl SettingType for $ty {
            fn declare(setting: &mut Setting) {
                setting.0.kind = SettingKind::Integer;
                setting.0.min = Some(Self::MIN as f64);
                // What is greater than an `i64` is written in no file.
                setting.0.max = (size_of::<Self>() < 8).then_some(Self::MAX as f64);
            }

            fn read(value: Value) -> Result<Self> {
                serde_json::from_value(value).map_err(Error::from)
            }
        }
    )*};
}

other_integers! { u8 u16 u32 u64 i8 i16 i32 }

impl<S: 'static> Plugin<S> {
    /// Declares the settings of a struct.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// #[derive(Settings)]
    /// struct Shop {
    ///     /// How many cups a member may have.
    ///     #[setting(default = 3, min = 1)]
    ///     limit: u64,
    /// }
    /// async fn order(ctx: CommandContext) -> Result {
    ///     let shop = Shop::of(ctx.host())?;
    ///     ctx.reply(format!("Up to {} cups.", shop.limit)).await
    /// }
    /// let plugin = Plugin::new().settings::<Shop>().command(Command::new("order", "Orders tea").run(order));
    /// ```
    #[must_use]
    pub fn settings<T: Settings>(self) -> Self {
        T::declare().into_iter().fold(self, Self::setting)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{manifest::SettingFormat, prelude::*};

    #[derive(Debug, PartialEq, Choices)]
    enum Size {
        #[choice("a cup")]
        Cup,
        Pot,
    }

    #[derive(Debug, PartialEq, Settings)]
    struct Shop {
        /// How many cups
        /// a member may have.
        #[setting(default = 3, min = 1, max = 10)]
        limit: u8,
        /// How much.
        #[setting(default = "pot", per_guild)]
        size: Size,
        /// Where orders go.
        kitchen: Option<Id<marker::ChannelMarker>>,
        /// Who may order.
        guests: Vec<Id<marker::RoleMarker>>,
        /// The key of the door.
        #[setting(secret)]
        key: Option<String>,
        /// When it opens.
        #[setting(default = "0 9 * * *", format = "cron")]
        opens: String,
        /// Its colour.
        #[setting(format = "color")]
        door: Option<String>,
        /// Whom it tells.
        #[setting(format = "url", per_guild)]
        tells: Vec<String>,
    }

    #[test]
    fn the_derive_declares_what_one_would_write_by_hand() {
        let by_hand = [
            Setting::integer("limit", "How many cups a member may have.")
                .default(3)
                .min(1)
                .max(10),
            Setting::choice("size", "How much.", ["a cup", "pot"])
                .default("pot")
                .per_guild(),
            Setting::channel("kitchen", "Where orders go."),
            Setting::roles("guests", "Who may order.").default(Vec::<u64>::new()),
            Setting::secret("key", "The key of the door."),
            Setting::string("opens", "When it opens.")
                .default("0 9 * * *")
                .format(SettingFormat::Cron),
            Setting::string("door", "Its colour.").format(SettingFormat::Color),
            Setting::list("tells", "Whom it tells.")
                .default(Vec::<u64>::new())
                .format(SettingFormat::Url)
                .per_guild(),
        ];
        let by_hand: Vec<_> = by_hand.into_iter().map(|setting| setting.0).collect();
        let declared: Vec<_> = Shop::declare().into_iter().map(|it| it.0).collect();
        assert_eq!(declared, by_hand);
    }

    #[test]
    fn values_are_read_into_the_struct() {
        let mut values = json!({"limit": 4, "size": "a cup", "kitchen": null, "guests": [7, "8"], "key": "k", "opens": "@daily", "tells": []});
        let shop = Shop::read(&mut |name| Ok(values[name].clone())).unwrap();
        let expect = Shop {
            limit: 4,
            size: Size::Cup,
            kitchen: None,
            guests: vec![Id::new(7), Id::new(8)],
            key: Some("k".into()),
            opens: "@daily".into(),
            door: None,
            tells: Vec::new(),
        };
        assert_eq!(shop, expect);
        values["size"] = "jug".into();
        let error = Shop::read(&mut |name| Ok(values[name].clone())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the setting `size`: \"jug\" is none of its words"
        );
    }
}
