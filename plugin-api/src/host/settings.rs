//! Current values of the plugin's settings.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use twilight_model::id::{Id, marker::GuildMarker};

use super::Host;
use crate::{
    abi::{
        DescribeCall, DescribeReply, SettingCall, SettingChange, SettingChangeReply, SettingReply,
        VerifyReply,
    },
    error::{Error, Result},
};

impl Host {
    /// The plugin's table in config.toml, `[plugins.<name>]`, as a type of the plugin's.
    ///
    /// For a plugin that declares settings ([`Plugin::setting`](crate::Plugin::setting)) it has all of them, checked, with
    /// their defaults, as they are at this moment. For one that declares none it has what stands in the file when the plugin
    /// is loaded: what it lacks is the type's business (`#[serde(default)]`), and so is what it has too much
    /// (`#[serde(deny_unknown_fields)]`).
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// use serde::Deserialize;
    ///
    /// #[derive(Default, Deserialize)]
    /// #[serde(default, deny_unknown_fields)]
    /// struct Settings {
    ///     greeting: Option<String>,
    ///     limit_ms: u64,
    /// }
    /// let plugin = Plugin::with_state(|host| async move { host.settings::<Settings>() });
    /// ```
    ///
    /// # Errors
    ///
    /// The table does not fit `T`; the error names the table and the key.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T> {
        let settings = match &*self.0.settings() {
            Value::Null => Value::Object(serde_json::Map::new()),
            settings => settings.clone(),
        };
        serde_json::from_value(settings).map_err(|error| {
            Error::new(format!(
                "[plugins.{}] in config.toml: {error}",
                self.plugin_name()
            ))
        })
    }

    /// A setting's value for the whole bot, as it is at this moment. One that may be unset is read as an `Option`.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn order(ctx: CommandContext) -> Result {
    ///     let limit: u64 = ctx.host().setting("limit")?;
    ///     ctx.reply(format!("Up to {limit} cups.")).await
    /// }
    /// let plugin = Plugin::new()
    ///     .setting(Setting::integer("limit", "How many cups").default(3))
    ///     .command(Command::new("order", "Orders tea").run(order));
    /// ```
    ///
    /// # Errors
    ///
    /// The plugin declares no such setting, or its values do not fit `T`.
    pub fn setting<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        let settings = self.0.settings();
        match settings.get(name) {
            Some(value) => read(name, value.clone()),
            None => Err(undeclared(name)),
        }
    }

    /// A setting's value in a server: the server's own, or else the bot's, or else the default.
    ///
    /// # Errors
    ///
    /// The plugin declares no such setting, its values do not fit `T`, or the server's database can't be read.
    pub async fn guild_setting<T: DeserializeOwned>(
        &self,
        guild: Id<GuildMarker>,
        name: &str,
    ) -> Result<T> {
        let reply = self
            .ask(
                "settings.get",
                &SettingCall {
                    guild_id: guild.get(),
                    name: name.to_owned(),
                },
                Vec::new(),
            )
            .await?;
        let SettingReply { value } = serde_json::from_slice(&reply.head)?;
        read(name, value)
    }

    /// Sets a setting of the plugin's own, for the whole bot: it is in config.toml when this returns, and read so from then on. Takes
    /// what [`setting`](Self::setting) reads, or what somebody has typed. Who may have it changed, the plugin decides.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn limit(ctx: CommandContext) -> Result {
    ///     let cups: u64 = ctx.option("cups")?;
    ///     let done = ctx.host().set_setting("limit", cups).await?;
    ///     ctx.reply(format!("{} cups in place of {}.", done.after, done.before)).await
    /// }
    ///
    /// let plugin = Plugin::new()
    ///     .setting(Setting::integer("limit", "How many cups").default(3).max(10))
    ///     .command(
    ///         Command::new("limit", "Sets how many cups there are")
    ///             .owner_only()
    ///             .option(CommandOption::integer("cups", "How many").required())
    ///             .run(limit),
    ///     );
    /// ```
    ///
    /// # Errors
    ///
    /// The plugin declares no such setting, the value does not fit, which the member may read, or config.toml can't be read or
    /// written: then nothing has changed.
    pub async fn set_setting(
        &self,
        name: &str,
        value: impl Serialize,
    ) -> Result<SettingChangeReply> {
        self.change("settings.set", None, name, value).await
    }

    /// Gives a setting of the plugin's own its default again.
    ///
    /// # Errors
    ///
    /// As for [`set_setting`](Self::set_setting).
    pub async fn reset_setting(&self, name: &str) -> Result<SettingChangeReply> {
        self.change("settings.reset", None, name, ()).await
    }

    /// Sets a server's value of a setting of the plugin's own, which is declared `per_guild()`.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn channel(ctx: CommandContext) -> Result {
    ///     let guild = ctx.guild_id().ok_or(Error::user("In servers only."))?;
    ///     ctx.host().set_guild_setting(guild, "channel", ctx.channel_id()).await?;
    ///     ctx.reply("Greetings go here from now on.").await
    /// }
    ///
    /// let plugin = Plugin::new()
    ///     .setting(Setting::channel("channel", "Where greetings go").per_guild())
    ///     .command(Command::new("here", "Has members greeted here").guild_owner_only().run(channel));
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`set_setting`](Self::set_setting), and when the bot is not in that server, or the setting is the same in all.
    pub async fn set_guild_setting(
        &self,
        guild: Id<GuildMarker>,
        name: &str,
        value: impl Serialize,
    ) -> Result<SettingChangeReply> {
        self.change("settings.set", Some(guild), name, value).await
    }

    /// Takes a server's own value away, so that the bot's holds.
    ///
    /// # Errors
    ///
    /// As for [`set_guild_setting`](Self::set_guild_setting).
    pub async fn reset_guild_setting(
        &self,
        guild: Id<GuildMarker>,
        name: &str,
    ) -> Result<SettingChangeReply> {
        self.change("settings.reset", Some(guild), name, ()).await
    }

    /// All settings of the host and of the plugins, or what a server may set for itself, page by page. Needs the power
    /// `settings.read`; of a server its administrators may ask, of the bot its owners.
    ///
    /// ```
    /// use plugin_api::{Power, abi::DescribeCall, prelude::*};
    ///
    /// async fn settings(ctx: CommandContext) -> Result {
    ///     let call = DescribeCall { guild_id: ctx.guild_id().map(Id::get), ..DescribeCall::default() };
    ///     let page = ctx.host().describe_settings(&call).await?;
    ///     let lines: Vec<_> = page.settings.iter().map(|it| format!("{}: {} ({})", it.path, it.value, it.takes)).collect();
    ///     ctx.reply(lines.join("\n")).await
    /// }
    ///
    /// let plugin = Plugin::new()
    ///     .powers([Power::SettingsRead])
    ///     .command(Command::new("overview", "Shows what this server has set").run(settings));
    /// ```
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call, there is no such plugin or table, or the server's database can't be read.
    pub async fn describe_settings(&self, call: &DescribeCall) -> Result<DescribeReply> {
        self.query("settings.describe", call).await
    }

    /// Looks at the configuration file as it lies there: what a start, or a plugin that is loaded, would refuse, and what is most likely
    /// a slip. Nothing is taken over. Needs the power `settings.read`, and one of the bot's owners who acts.
    ///
    /// ```
    /// use plugin_api::{Power, prelude::*};
    ///
    /// async fn verify(ctx: CommandContext) -> Result {
    ///     let found = ctx.host().verify_settings().await?;
    ///     let lines: Vec<_> = found.errors.iter().map(|it| format!("{}: {}", it.place, it.words)).collect();
    ///     ctx.reply(if lines.is_empty() { "All is well.".into() } else { lines.join("\n") }).await
    /// }
    ///
    /// let plugin = Plugin::new()
    ///     .powers([Power::SettingsRead])
    ///     .command(Command::new("verify", "Looks at the configuration").owner_only().run(verify));
    /// ```
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call.
    pub async fn verify_settings(&self) -> Result<VerifyReply> {
        self.query("settings.verify", &()).await
    }

    /// Sets any setting, by its path, for the bot (`None`) or for a server; `()` as the value resets it. Needs the power
    /// `settings.write`; a server's may be set by its administrators, the bot's by its owners. Each use is in the audit journal.
    ///
    /// ```
    /// use plugin_api::{Power, prelude::*};
    ///
    /// async fn set(ctx: CommandContext) -> Result {
    ///     let (path, value): (String, String) = (ctx.option("path")?, ctx.option("value")?);
    ///     let done = ctx.host().write_setting(None, &path, value).await?;
    ///     ctx.reply(done.words).await
    /// }
    ///
    /// let plugin = Plugin::new().powers([Power::SettingsWrite]).command(
    ///     Command::new("set", "Sets something")
    ///         .owner_only()
    ///         .option(CommandOption::string("path", "What, as in bot.prefix").required())
    ///         .option(CommandOption::string("value", "The value").required())
    ///         .run(set),
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call, and as for [`set_setting`](Self::set_setting).
    pub async fn write_setting(
        &self,
        guild: Option<Id<GuildMarker>>,
        path: &str,
        value: impl Serialize,
    ) -> Result<SettingChangeReply> {
        self.change("settings.write", guild, path, value).await
    }

    async fn change(
        &self,
        call: &str,
        guild: Option<Id<GuildMarker>>,
        name: &str,
        value: impl Serialize,
    ) -> Result<SettingChangeReply> {
        let change = SettingChange {
            guild_id: guild.map(Id::get),
            name: name.to_owned(),
            value: serde_json::to_value(value)?,
        };
        self.query(call, &change).await
    }
}

fn read<T: DeserializeOwned>(name: &str, value: Value) -> Result<T> {
    let unset = value.is_null();
    serde_json::from_value(value).map_err(|error| {
        Error::new(if unset {
            format!("the setting `{name}` is unset: declare it with a `default`, or read it as an `Option`")
        } else {
            format!("the setting `{name}`: {error}; read it as the type that it was declared with")
        })
    })
}

fn undeclared(name: &str) -> Error {
    Error::new(format!(
        "this plugin declares no setting `{name}`: declare it with `Plugin::setting`, or read the whole table with `settings`"
    ))
}
