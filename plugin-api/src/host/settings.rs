//! Current values of the plugin's settings.

use serde::de::DeserializeOwned;
use serde_json::Value;
use twilight_model::id::{Id, marker::GuildMarker};

use super::Host;
use crate::{
    abi::{SettingCall, SettingReply},
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
