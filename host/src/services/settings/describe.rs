//! Listing of all settings with values and defaults, for people and pages.

use host_base::PluginName;
use host_ops::config::{Alerts, described, effective};
use plugin_api::manifest::{SettingFormat, SettingKind, SettingManifest};
use serde_json::{Value, json};
use twilight_model::id::{Id, marker::GuildMarker};

use super::{Settings, SettingsError, file::Target, in_words, schema};

impl Settings {
    /// All settings with what they take, their values, and where those come from; ids as strings.
    ///
    /// ```text
    /// {"file": "config.toml", "trouble": null,
    ///  "host": [{"name": "bot.prefix", "description": "…", "default": "!", "value": "?", "from": "file",
    ///            "live": true, "waits_for_restart": false}],
    ///  "plugins": [{"plugin": "shop", "settings": [{"name": "limit", "description": "…", "kind": "integer", "takes": "…",
    ///            "default": 3, "min": 1, "max": 10, "choices": [], "per_guild": true, "value": 5, "from": "file"}]}]}
    /// ```
    ///
    /// A value is as it is written in the file; null is unset. `from` is `file`, `default` or, with a server, `server`.
    #[must_use]
    pub fn describe(&self) -> Value {
        let now = self.config.now();
        let document = now.source.table();
        let host: Vec<Value> = described()
            .iter()
            .map(|known| {
                let in_file = document
                    .get(known.table)
                    .and_then(|table| table.get(known.key));
                let value = effective(&document, known);
                json!({
                    "name": format!("{}.{}", known.table, known.key),
                    "description": known.description,
                    "default": exact(json!(known.default)),
                    "from": if in_file.is_some() { "file" } else { "default" },
                    "live": known.live,
                    "waits_for_restart": !known.live && value != effective(&self.started, known),
                    "value": exact(json!(value)),
                })
            })
            .chain(of_subjects(&now.alerts))
            .collect();
        let plugins: Vec<Value> = self
            .plugins()
            .iter()
            .filter_map(|plugin| {
                let (_, settings) = self.latest(plugin)?;
                let settings: Vec<Value> = settings
                    .iter()
                    .map(|setting| self.describe_one(plugin, setting))
                    .collect();
                Some(json!({"plugin": &**plugin, "settings": settings}))
            })
            .collect();
        json!({
            "file": now.source.path,
            "trouble": *self.trouble(),
            "host": host,
            "plugins": plugins,
        })
    }

    fn describe_one(&self, plugin: &PluginName, setting: &SettingManifest) -> Value {
        let in_file = self.in_file(plugin, setting);
        json!({
            "name": setting.name,
            "description": setting.description,
            "kind": setting.kind,
            "items": (setting.kind == SettingKind::List).then_some(setting.items),
            "format": setting.format.map(SettingFormat::word),
            "takes": in_words::takes(setting),
            "default": for_pages(setting, setting.default.clone()),
            "min": setting.min,
            "max": setting.max,
            "choices": setting.choices,
            "per_guild": setting.per_guild,
            "from": if in_file.is_some() { "file" } else { "default" },
            "value": for_pages(setting, in_file.unwrap_or_else(|| setting.default.clone())),
        })
    }

    /// What a setting is now, as it is written: in a server, or for the bot.
    pub(super) async fn value_of(
        &self,
        guild: Option<Id<GuildMarker>>,
        target: &Target,
    ) -> Result<Value, SettingsError> {
        let now = self.config.now();
        Ok(match target {
            Target::Host(known) => exact(json!(effective(&now.source.table(), known))),
            Target::Subject { subject, key } => {
                let document = now.source.table();
                let of_alerts = document.get("alerts").and_then(|it| it.get(subject));
                exact(json!(of_alerts.and_then(|it| it.get(key))))
            }
            Target::Free { plugin, name } => {
                json!(now.plugins.get(plugin).and_then(|table| table.get(name)))
            }
            Target::Declared { plugin, setting } => {
                let own = match guild {
                    Some(guild) => {
                        let guilds = &self.guilds;
                        guilds
                            .written(&self.storage, guild, plugin, &setting.name)
                            .await?
                    }
                    None => None,
                };
                let of_bot = || self.in_file(plugin, setting);
                let value = own
                    .or_else(of_bot)
                    .unwrap_or_else(|| setting.default.clone());
                for_pages(setting, value)
            }
        })
    }

    /// A setting's value in the file, if it fits.
    fn in_file(&self, plugin: &PluginName, setting: &SettingManifest) -> Option<Value> {
        let now = self.config.now();
        let written = now.plugins.get(plugin)?.get(&setting.name)?;
        let written = serde_json::to_value(written).ok()?;
        schema::check(setting, &written).ok().map(|_| written)
    }

    /// The settings of one plugin that servers may have values of their own for, with the server's values.
    ///
    /// # Errors
    ///
    /// The server's database can't be read.
    pub async fn describe_guild(
        &self,
        guild: Id<GuildMarker>,
        plugin: Option<&str>,
    ) -> Result<Vec<Value>, SettingsError> {
        let mut all = Vec::new();
        for name in self.plugins() {
            if plugin.is_some_and(|plugin| !name.is(plugin)) {
                continue;
            }
            let Some((_, settings)) = self.latest(&name) else {
                continue;
            };
            let mut own = Vec::new();
            for setting in settings.iter().filter(|setting| setting.per_guild) {
                let mut one = self.describe_one(&name, setting);
                let written = self
                    .guilds
                    .written(&self.storage, guild, &name, &setting.name)
                    .await?
                    .filter(|written| schema::check(setting, written).is_ok());
                if let Some(written) = written {
                    one["value"] = for_pages(setting, written);
                    one["from"] = "server".into();
                }
                own.push(one);
            }
            if !own.is_empty() {
                all.push(json!({"plugin": &*name, "settings": own}));
            }
        }
        Ok(all)
    }

    /// Sets a server's own value, or takes it away so that the bot's holds.
    ///
    /// # Errors
    ///
    /// There is no such setting, servers may have none of their own, the value does not fit, or the server's database can't
    /// be written.
    pub async fn set_for_guild(
        &self,
        guild: Id<GuildMarker>,
        path: &str,
        value: Option<&str>,
    ) -> Result<(), SettingsError> {
        let target = self.target(path)?;
        let written = match (value, &target) {
            (Some(text), Target::Declared { setting, .. }) => {
                let written = schema::of_text(setting, text);
                Some(written.map_err(|why| SettingsError::Refused(format!("`{path}`: {why}")))?)
            }
            _ => None,
        };
        self.set_in_guild(guild, &target, path, written).await
    }

    /// The same with a value as it is written.
    pub(super) async fn set_in_guild(
        &self,
        guild: Id<GuildMarker>,
        target: &Target,
        path: &str,
        written: Option<Value>,
    ) -> Result<(), SettingsError> {
        let (plugin, setting) = match target {
            Target::Declared { plugin, setting } if setting.per_guild => (plugin, setting),
            _ => {
                return Err(SettingsError::Refused(format!(
                    "`{path}` is the same in all servers: the bot's owner sets it"
                )));
            }
        };
        let of_server = || self.guilds.value(&self.storage, guild, plugin, setting);
        let before = of_server().await?;
        self.guilds
            .set(
                &self.storage,
                guild,
                plugin,
                &setting.name,
                written.as_ref(),
            )
            .await?;
        if of_server().await? != before {
            self.hooks.emit(&plugin_api::hook::SettingChanged {
                plugin: plugin.to_string(),
                name: setting.name.clone(),
                guild_id: Some(guild.get()),
            });
        }
        Ok(())
    }
}

/// Where alerts of each subject go that the host or the file knows.
fn of_subjects(alerts: &Alerts) -> Vec<Value> {
    let mut subjects: Vec<&str> = host_discord::alerts::SUBJECTS.to_vec();
    subjects.extend(alerts.subjects.keys().map(String::as_str));
    subjects.sort_unstable();
    subjects.dedup();
    let all = subjects.into_iter().flat_map(|subject| {
        let own = alerts.subjects.get(subject).cloned().unwrap_or_default();
        let channel = own.channel_id.map(|id| id.to_string());
        [
            ("channel_id", "channel of the", json!(channel)),
            ("cool_down_s", "cool-down of the", json!(own.cool_down_s)),
        ]
        .map(|(key, words, value)| {
            json!({
                "name": format!("alerts.{subject}.{key}"),
                "description": format!("The {words} alerts about `{subject}`; unset: as for all alerts."),
                "default": null,
                "from": if value.is_null() { "default" } else { "file" },
                "live": true,
                "waits_for_restart": false,
                "value": value,
            })
        })
    });
    all.collect()
}

/// Ids in what the host's keys hold, as a page can hold them.
fn exact(value: Value) -> Value {
    /// What JavaScript's numbers hold.
    const LARGEST: u64 = 1 << 53;
    match value {
        Value::Number(id) if id.as_u64().is_some_and(|id| id > LARGEST) => id.to_string().into(),
        Value::Array(items) => items.into_iter().map(exact).collect(),
        other => other,
    }
}

/// As a page can hold it: JavaScript's numbers are too short for ids.
fn for_pages(setting: &SettingManifest, written: Value) -> Value {
    match (setting.kind, written) {
        (SettingKind::Channel | SettingKind::Role | SettingKind::User, Value::Number(id)) => {
            id.to_string().into()
        }
        (SettingKind::List, Value::Array(items)) => {
            let shown = |item: Value| match item {
                Value::Number(id) => id.to_string().into(),
                other => other,
            };
            items.into_iter().map(shown).collect()
        }
        (_, written) => written,
    }
}
