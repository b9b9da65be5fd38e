//! Settings: config.toml at run time, what plugins declare, and what servers have set.
//!
//! | file | what it does |
//! | --- | --- |
//! | `schema.rs` | what a declared setting takes |
//! | `document.rs` | a value in config.toml changed, with comments and layout kept |
//! | `file.rs` | config.toml read and written |
//! | `change.rs` | a new configuration taken over, and its summary |
//! | `watch.rs` | changes from outside noticed |
//! | `guild.rs` | what servers have set |
//! | `describe.rs` | all settings, for people and pages |
//! | `verify.rs` | what is wrong with config.toml as it lies there |
//! | `calls.rs` | the host calls |
//!
//! This service alone changes the [`Live`] configuration. A file that can't be read as a whole changes nothing, and is never
//! written to.

mod calls;
mod change;
mod describe;
mod document;
mod error;
mod file;
mod guild;
mod in_words;
mod schema;
mod verify;
mod watch;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use host_base::PluginName;
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, MEMORY};
use host_discord::Alerts;
use host_loader::{Caller, Completion, Places, Unserved};
use host_ops::config::{Config, ConfigError, Live};
use host_store::Storage;
use plugin_api::{
    abi::{SettingCall, SettingReply},
    manifest::{Manifest, SettingManifest},
};
use serde_json::{Map, Value};
use twilight_model::id::{Id, marker::GuildMarker};

pub use self::{change::Changed, error::SettingsError, watch::Watch};
pub(crate) use self::{
    document::{set as set_value, toml_of},
    file::write as write_file,
};
use super::Hooks;
use crate::services::Services;
use host_commands::router::Routes;

/// Whether what a configuration has for a plugin fits what it declares.
///
/// # Errors
///
/// What does not fit, with its place in the file: a start would refuse the plugin.
pub(crate) fn fitting(
    config: &Config,
    plugin: &PluginName,
    manifest: &Manifest,
) -> Result<(), ConfigError> {
    match &*manifest.settings {
        [] => Ok(()),
        settings => change::values(config, plugin, settings).map(drop),
    }
}

/// The settings.
pub struct Settings {
    config: Live,
    /// The document that the bot was started with.
    started: toml::Table,
    routes: Arc<Routes>,
    hooks: Arc<Hooks>,
    alerts: Arc<Alerts>,
    storage: Arc<Storage>,
    declared: Mutex<HashMap<Caller, Declared>>,
    guilds: guild::GuildValues,
    /// One change at a time.
    door: tokio::sync::Mutex<()>,
    /// What is wrong with the file on the disk, while something is.
    trouble: Mutex<Option<String>>,
}

/// Declared settings of a generation.
struct Declared {
    settings: Arc<[SettingManifest]>,
    /// The bot's values: the last good ones.
    values: Arc<Map<String, Value>>,
    /// Whether the plugin has yet to get them.
    untold: bool,
}

impl Settings {
    /// Settings that begin as `config` is now.
    #[must_use]
    pub(crate) fn new(
        config: Live,
        routes: Arc<Routes>,
        hooks: Arc<Hooks>,
        alerts: Arc<Alerts>,
        storage: Arc<Storage>,
    ) -> Self {
        Self {
            started: config.now().source.table(),
            config,
            routes,
            hooks,
            alerts,
            storage,
            declared: Mutex::default(),
            guilds: guild::GuildValues::default(),
            door: tokio::sync::Mutex::default(),
            trouble: Mutex::default(),
        }
    }

    /// Enters a generation that is about to start: config.toml is checked against what it declares.
    ///
    /// # Errors
    ///
    /// What does not fit, with its place in the file.
    pub fn generation_starts(
        &self,
        caller: &Caller,
        manifest: &Manifest,
    ) -> Result<(), ConfigError> {
        if manifest.settings.is_empty() {
            return Ok(());
        }
        let settings: Arc<[SettingManifest]> = manifest.settings.clone().into();
        let values = change::values(&self.config.now(), &caller.plugin, &settings)?;
        let declared = Declared {
            settings,
            values: Arc::new(values),
            untold: false,
        };
        self.declared().insert(caller.clone(), declared);
        Ok(())
    }

    /// Settings that a generation gets at its start: its declared ones, or else its table as it stands in config.toml.
    #[must_use]
    pub fn at_start(&self, caller: &Caller) -> Value {
        match self.declared().get(caller) {
            Some(declared) => Value::Object((*declared.values).clone()),
            None => self.config.now().plugin_settings(&caller.plugin),
        }
    }

    /// A generation serves: it gets what has changed since its start.
    pub fn generation_serves(&self, caller: &Caller) {
        let mut declared = self.declared();
        if let Some(declared) = declared.get_mut(caller).filter(|declared| declared.untold) {
            declared.untold = !change::tell(&self.routes, caller, &declared.values);
        }
    }

    /// Takes a generation out that is over, with all that it has declared. The values stay.
    pub fn generation_ended(&self, caller: &Caller) {
        self.declared().remove(caller);
    }

    /// Has what a server has set read anew when it is asked for next, or what all have; how many were in memory.
    pub(crate) fn forget(&self, guild: Option<Id<GuildMarker>>) -> usize {
        self.guilds.forget(guild)
    }

    /// How many servers' values are in memory.
    pub(crate) fn kept_count(&self) -> usize {
        self.guilds.kept_count()
    }

    /// How many generations have declared settings.
    #[must_use]
    pub fn declared_count(&self) -> usize {
        self.declared().len()
    }

    /// The host call `settings.get`.
    ///
    /// # Errors
    ///
    /// No such setting is declared, or the server's database can't be read.
    pub async fn serve(&self, caller: &Caller, params: Value) -> Result<Completion, Failure> {
        let SettingCall { guild_id, name } = serde_json::from_value(params)?;
        let found = self.declared().get(caller).and_then(|declared| {
            let setting = declared.settings.iter().find(|one| one.name == name)?;
            Some((setting.clone(), declared.values.get(&name).cloned()))
        });
        let Some((setting, of_the_bot)) = found else {
            return Err(Failure::Refused(format!(
                "the plugin declares no setting `{name}`"
            )));
        };
        let own = match (setting.per_guild, Id::new_checked(guild_id)) {
            (true, Some(guild)) => {
                self.guilds
                    .value(&self.storage, guild, &caller.plugin, &setting)
                    .await?
            }
            _ => None,
        };
        let reply = SettingReply {
            value: own.or(of_the_bot).unwrap_or_default(),
        };
        Ok(Completion {
            head: serde_json::to_vec(&reply)?,
            ..Completion::default()
        })
    }

    /// The settings that the newest generation of a plugin declares, if it declares any.
    fn latest(&self, plugin: &PluginName) -> Option<(Caller, Arc<[SettingManifest]>)> {
        let declared = self.declared();
        let of = declared
            .iter()
            .filter(|(caller, _)| caller.plugin == *plugin);
        of.max_by_key(|(caller, _)| caller.generation)
            .map(|(caller, declared)| (caller.clone(), Arc::clone(&declared.settings)))
    }

    /// The plugins that declare settings, by name.
    fn plugins(&self) -> Vec<PluginName> {
        let declared = self.declared();
        let mut names: Vec<PluginName> = declared
            .keys()
            .map(|caller| caller.plugin.clone())
            .collect();
        names.sort();
        names.dedup();
        names
    }

    fn declared(&self) -> MutexGuard<'_, HashMap<Caller, Declared>> {
        self.declared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn trouble(&self) -> MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("file", &self.config.now().source.path)
            .finish_non_exhaustive()
    }
}

impl Capability<Services> for Settings {
    const CALLS: &'static [CallRule] = calls::CALLS;
    const PLACES: Places = MEMORY;
    const LEAVES: Leaves = Leaves::Nothing;

    fn problems(_: &PluginName, manifest: &Manifest, problems: &mut Vec<String>) {
        schema::problems(manifest, problems);
    }

    async fn generation_starts(
        &self,
        caller: &Caller,
        manifest: &Manifest,
    ) -> Result<(), Unserved> {
        let fitting = Self::generation_starts(self, caller, manifest);
        fitting.map_err(|error| Unserved {
            reason: format!("its settings do not fit:\n{error}"),
            configured: true,
        })
    }

    async fn serve(
        &self,
        services: &Services,
        caller: &Caller,
        call: HostCall,
    ) -> Result<Completion, Failure> {
        match &*call.name {
            "settings.get" => Self::serve(self, caller, call.params).await,
            "settings.describe" => self.described(call.params).await,
            "settings.verify" => self.verified().await,
            _ => self.changed(services, caller, call).await,
        }
    }

    fn generation_ended(&self, caller: &Caller) {
        Self::generation_ended(self, caller);
    }

    fn registries(&self) -> Vec<(&'static str, usize)> {
        vec![("settings, generations", self.declared_count())]
    }
}
