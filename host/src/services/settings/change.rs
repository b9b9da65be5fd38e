//! Takeover of a changed configuration by the parts of the host and by plugins, and its summary.

use std::{fmt, sync::Arc};

use host_base::PluginName;
use host_loader::{Caller, Packet};
use host_ops::config::{Config, ConfigError, described, differences, effective, is_live};
use plugin_api::{
    abi::{SettingsHead, frame_kind},
    hook::SettingChanged,
    manifest::SettingManifest,
};
use serde_json::{Map, Value};

use super::{Settings, schema};
use host_commands::router::Routes;

/// Summary of a change: each entry a dotted path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changed {
    /// In force.
    pub applied: Vec<String>,
    /// In force after a restart of the bot.
    pub restart: Vec<String>,
    /// In force after a reload of their plugins, which declare no settings.
    pub reload: Vec<String>,
    /// Plugins whose values do not fit, and why: they keep the last good ones.
    pub refused: Vec<(PluginName, String)>,
}

impl Changed {
    /// Whether nothing has changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        for (paths, what) in [
            (&self.applied, "in force from now on"),
            (&self.restart, "in force after a restart of the bot"),
            (&self.reload, "in force after a reload of the plugin"),
        ] {
            if !paths.is_empty() {
                let paths: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
                lines.push(format!("{what}: {}", paths.join(", ")));
            }
        }
        for (plugin, problem) in &self.refused {
            lines.push(format!("`{plugin}` keeps its last good values: {problem}"));
        }
        if lines.is_empty() {
            lines.push("no value has changed".into());
        }
        f.write_str(&lines.join("\n"))
    }
}

/// A plugin's declared settings, as they cross: with defaults, and null for what is unset.
pub(super) fn values(
    config: &Config,
    plugin: &PluginName,
    settings: &[SettingManifest],
) -> Result<Map<String, Value>, ConfigError> {
    let names: Vec<&str> = settings.iter().map(|setting| &*setting.name).collect();
    let check = |name: &str, written: &Value| match settings.iter().find(|one| one.name == name) {
        Some(setting) => schema::check(setting, written),
        None => Ok(Value::Null),
    };
    let mut values = config.check_plugin(plugin, &names, check)?;
    for setting in settings {
        let default = || schema::check(setting, &setting.default).unwrap_or_default();
        values.entry(setting.name.clone()).or_insert_with(default);
    }
    Ok(values)
}

/// Sends a generation its values, if it serves; whether it did.
pub(super) fn tell(routes: &Routes, caller: &Caller, values: &Map<String, Value>) -> bool {
    let head = SettingsHead {
        settings: Value::Object(values.clone()),
    };
    routes
        .with_plugin(&caller.plugin, |slot| {
            let all = slot.generations().into_iter();
            let mut asked = all.filter(|it| it.number == caller.generation);
            asked
                .next()
                .is_some_and(|it| it.send(Packet::new(frame_kind::SETTINGS, 0, &head)).is_ok())
        })
        .unwrap_or(false)
}

impl Settings {
    /// Takes a configuration over. The door is the caller's.
    pub(super) fn take_over(&self, next: Config) -> Changed {
        let before = self.config.now();
        let (old, new) = (before.source.table(), next.source.table());
        let now = before.taking_over(next);
        let levels = |config: &Config| (config.log.level.clone(), config.log.plugins.clone());
        if levels(&now) != levels(&before)
            && let Err(error) = host_ops::log::set_levels(&now.log.level, &now.log.plugins)
        {
            tracing::error!("the log's levels stay: {error}");
        }
        self.config.replace(now);
        let mut changed = Changed {
            refused: self.refresh(),
            ..Changed::default()
        };
        for path in differences(&old, &new) {
            if !path.starts_with("plugins.") {
                self.hooks.emit(&SettingChanged {
                    plugin: String::new(),
                    name: path.clone(),
                    guild_id: None,
                });
            }
            self.classify(path, &new, &mut changed);
        }
        changed
    }

    fn classify(&self, path: String, new: &toml::Table, changed: &mut Changed) {
        let mut parts = path.splitn(3, '.');
        let (table, key) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        if table == "plugins" {
            let plugin = PluginName::new(key);
            if changed
                .refused
                .iter()
                .any(|(refused, _)| *refused == plugin)
            {
                return;
            }
            let loaded = self.routes.with_plugin(&plugin, |_| ()).is_some();
            if loaded && self.latest(&plugin).is_none() {
                changed.reload.push(path);
            } else {
                changed.applied.push(path);
            }
        } else if is_live(table, key) {
            changed.applied.push(path);
        } else {
            let known = described()
                .iter()
                .find(|one| (one.table, one.key) == (table, key));
            // Changed back: as the bot was started.
            match known
                .is_some_and(|known| effective(new, known) == effective(&self.started, known))
            {
                true => changed.applied.push(path),
                false => changed.restart.push(path),
            }
        }
    }

    /// Gives plugins the values that hold now; those whose table does not fit keep what they have.
    fn refresh(&self) -> Vec<(PluginName, String)> {
        let config = self.config.now();
        let (mut refused, mut news) = (Vec::new(), Vec::new());
        let mut declared = self.declared();
        for (caller, declared) in declared.iter_mut() {
            let next = match values(&config, &caller.plugin, &declared.settings) {
                Ok(next) => next,
                Err(error) => {
                    refused.push((caller.plugin.clone(), error.to_string()));
                    continue;
                }
            };
            let names = next
                .iter()
                .filter(|(name, value)| declared.values.get(*name) != Some(*value));
            let names: Vec<String> = names.map(|(name, _)| name.clone()).collect();
            if names.is_empty() {
                continue;
            }
            declared.values = Arc::new(next);
            declared.untold = !tell(&self.routes, caller, &declared.values);
            news.extend(
                names
                    .into_iter()
                    .map(|name| (caller.plugin.to_string(), name)),
            );
        }
        drop(declared);
        news.sort();
        news.dedup();
        refused.sort();
        refused.dedup();
        for (plugin, name) in news {
            self.hooks.emit(&SettingChanged {
                plugin,
                name,
                guild_id: None,
            });
        }
        refused
    }
}
