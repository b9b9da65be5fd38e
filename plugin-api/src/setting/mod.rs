//! Settings that a plugin declares: checked by the host, changed while the bot runs.

mod typed;

use serde_json::Value;

pub use self::typed::{SettingType, Settings};
use crate::{
    accessors::kinds,
    error::Result,
    hook::{Hook, HookContext, SettingChanged},
    manifest::{SettingFormat, SettingKind, SettingManifest},
    plugin::Plugin,
};

/// What handlers of [`Plugin::on_settings_changed`] are known by.
const ON_SETTINGS_CHANGED: &str = "on_settings_changed";

/// A setting of a plugin: of the bot, and unset by default.
///
/// | setting | written in config.toml | read as |
/// | --- | --- | --- |
/// | [`string`](Self::string), [`choice`](Self::choice) | `"tea"` | `String`, or an enum that serde reads |
/// | [`integer`](Self::integer), [`number`](Self::number) | `3`, `0.5` | `u64`, `i64` and the like, `f64` |
/// | [`boolean`](Self::boolean) | `true` | `bool` |
/// | [`duration`](Self::duration) | `"90s"`, `"1h 30m"` | `std::time::Duration` |
/// | [`channel`](Self::channel), [`role`](Self::role), [`user`](Self::user) | `175928847299117063` | `Id<marker::ChannelMarker>` and the like |
/// | [`list`](Self::list) | `["tea", "milk"]` | `Vec<String>` |
/// | [`channels`](Self::channels), [`roles`](Self::roles), [`users`](Self::users) | `[175928847299117063]` | `Vec<Id<marker::ChannelMarker>>` and the like |
/// | [`secret`](Self::secret) | `"weather_key"` | `String`, the name for [`Host::secret`](crate::Host::secret) |
///
/// [`derive(Settings)`](derive@crate::Settings) declares them by a struct, and reads them into it.
///
/// The owner sets it in `[plugins.<name>]` of config.toml or by `cogwright set`, a server's managers by `settings`. A plugin that
/// declares settings gets what is checked: with a value that does not fit it is not loaded, and a change that does not fit
/// is refused.
///
/// ```
/// use plugin_api::prelude::*;
/// use std::time::Duration;
///
/// async fn order(ctx: CommandContext) -> Result {
///     let guild = ctx.guild()?;
///     let limit: u64 = ctx.host().guild_setting(guild, "limit").await?;
///     let pause: Duration = ctx.host().setting("pause")?;
///     let kitchen: Option<Id<marker::ChannelMarker>> = ctx.host().setting("kitchen")?;
///     ctx.reply(format!("{limit} cups, one every {pause:?}, made in {kitchen:?}")).await
/// }
///
/// let plugin = Plugin::new()
///     .setting(Setting::integer("limit", "How many cups a member may have").default(3).min(1).max(10).per_guild())
///     .setting(Setting::duration("pause", "How long to wait between cups").default("5m").min(1_000))
///     .setting(Setting::channel("kitchen", "Where orders go"))
///     .command(Command::new("order", "Orders tea").run(order));
/// ```
#[derive(Debug, Clone)]
pub struct Setting(pub(crate) SettingManifest);

impl Setting {
    kinds! { SettingManifest, SettingKind:
        /// Text.
        string String
        /// A whole number.
        integer Integer
        /// A number.
        number Number
        /// Yes or no.
        boolean Boolean
        /// A time: `500ms`, `90s`, `5m`, `1h 30m`, `7d`. Its bounds are in milliseconds.
        duration Duration
        /// A channel: an id, by command also a mention, and in a server a name.
        channel Channel
        /// A role: an id, by command also a mention, and in a server a name.
        role Role
        /// A user: an id, by command also a mention, and in a server a name.
        user User
        /// A list of texts.
        list List
        /// The name of a secret, which [`Host::secret`](crate::Host::secret) then gives, if the owner has granted it.
        secret Secret
    }

    /// A list of channels: ids; by command also mentions, and in a server names, with commas in between.
    #[must_use]
    pub fn channels(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self::list_of(SettingKind::Channel, name, description)
    }

    /// A list of roles, as [`channels`](Self::channels).
    #[must_use]
    pub fn roles(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self::list_of(SettingKind::Role, name, description)
    }

    /// A list of users, as [`channels`](Self::channels).
    #[must_use]
    pub fn users(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self::list_of(SettingKind::User, name, description)
    }

    fn list_of(
        items: SettingKind,
        name: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        let mut setting = Self::new(SettingKind::List, name, description);
        setting.0.items = items;
        setting
    }

    /// One of a few words.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// #[derive(serde::Deserialize)]
    /// #[serde(rename_all = "snake_case")]
    /// enum Size { Cup, Pot }
    ///
    /// let plugin = Plugin::new().setting(Setting::choice("size", "How much tea", ["cup", "pot"]).default("cup"));
    /// async fn pour(ctx: CommandContext) -> Result {
    ///     match ctx.host().setting("size")? {
    ///         Size::Cup => ctx.reply("A cup.").await,
    ///         Size::Pot => ctx.reply("A pot.").await,
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn choice<C: Into<String>>(
        name: impl Into<String>,
        description: impl Into<String>,
        choices: impl IntoIterator<Item = C>,
    ) -> Self {
        let mut setting = Self::new(SettingKind::Choice, name, description);
        setting.0.choices = choices.into_iter().map(Into::into).collect();
        setting
    }

    /// Its value where nobody has set one, as it is written in config.toml. Without a default it is unset then, and read as
    /// an `Option`.
    #[must_use]
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        self.0.default = value.into();
        self
    }

    /// Least value; least length of a string (in characters) or a list; for a duration in milliseconds.
    #[must_use]
    pub fn min(mut self, min: impl Into<f64>) -> Self {
        self.0.min = Some(min.into());
        self
    }

    /// Greatest value; greatest length of a string (in characters) or a list; for a duration in milliseconds.
    #[must_use]
    pub fn max(mut self, max: impl Into<f64>) -> Self {
        self.0.max = Some(max.into());
        self
    }

    /// Form of a text, or of each text of a list: the host refuses what has another one, and says what would be right.
    ///
    /// ```
    /// use plugin_api::{manifest::SettingFormat, prelude::*};
    ///
    /// let zone = Setting::string("zone", "Where it is noon").default("UTC").format(SettingFormat::TimeZone);
    /// # Plugin::new().setting(zone);
    /// ```
    #[must_use]
    pub fn format(mut self, format: SettingFormat) -> Self {
        self.0.format = Some(format);
        self
    }

    /// Lets each server have its own value, which its managers change. What the owner sets is then the value of all servers
    /// that have none of their own.
    #[must_use]
    pub fn per_guild(mut self) -> Self {
        self.0.per_guild = true;
        self
    }
}

impl<S: 'static> Plugin<S> {
    /// Declares a setting.
    #[must_use]
    pub fn setting(mut self, setting: Setting) -> Self {
        self.manifest.settings.push(setting.0);
        self
    }

    /// Hears of each change of a setting of this plugin's. By then reading it gives the new value.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use plugin_api::prelude::*;
    ///
    /// struct Shop { limit: Cell<u64> }
    ///
    /// async fn changed(ctx: HookContext<SettingChanged, Shop>) -> Result {
    ///     if ctx.payload().name == "limit" {
    ///         ctx.state().limit.set(ctx.host().setting("limit")?);
    ///     }
    ///     Ok(())
    /// }
    ///
    /// let plugin = Plugin::with_state(|host| async move { Ok(Shop { limit: Cell::new(host.setting("limit")?) }) })
    ///     .setting(Setting::integer("limit", "How many cups").default(3))
    ///     .on_settings_changed(changed);
    /// ```
    #[must_use]
    pub fn on_settings_changed<F, Fut>(self, handler: F) -> Self
    where
        F: Fn(HookContext<SettingChanged, S>) -> Fut + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        // One of its own for each: a plugin may have several.
        let heard = SettingChanged::EVENT;
        let number = self
            .manifest
            .hooks
            .iter()
            .filter(|hook| hook.event == heard && hook.handler.starts_with(ON_SETTINGS_CHANGED))
            .count();
        let name = match number {
            0 => ON_SETTINGS_CHANGED.to_owned(),
            more => format!("{ON_SETTINGS_CHANGED}-{}", more + 1),
        };
        self.on_hook(name, move |ctx: HookContext<SettingChanged, S>| {
            let own = ctx.payload().plugin == ctx.host().plugin_name().replace('-', "_");
            let handled = own.then(|| handler(ctx));
            async move {
                match handled {
                    Some(handled) => handled.await,
                    None => Ok(()),
                }
            }
        })
    }
}
