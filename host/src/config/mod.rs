//! What the owner sets: `config.toml`, one struct per table.
//!
//! Every setting has a default, and the commented `config.toml` in the repository shows them all: a test holds the two equal.
//! Unknown keys, wrong types and impossible values are refused, all at once, each with its place in the file.

mod checks;
mod document;
mod error;
mod observe;
mod plugins;
mod schedules;
mod services;
mod tables;
mod values;

#[cfg(test)]
mod commented;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fs, io, path::Path};

use document::Document;
pub use error::{ConfigError, Problem};
pub use observe::{Colour, Log, Metrics};
pub use schedules::Schedules;
pub use services::{Alerts, Files, Grants, Hooks};
pub use tables::{Activity, Bot, Data, Discord, Extensions, Presence, Shutdown, Status, Storage};

/// The whole configuration.
///
/// ```
/// # use host::config::Config;
/// let config = Config::parse("[bot]\nprefix = \"?\"", "config.toml")?;
/// assert_eq!(config.bot.prefix, "?");
///
/// let error = Config::parse("[bot]\nprefx = \"?\"", "config.toml").unwrap_err();
/// assert_eq!(error.to_string(), "config.toml:2:1: unknown key `prefx` in [bot]; did you mean `prefix`?");
/// # Ok::<(), host::config::ConfigError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// `[discord]`: how Discord is reached.
    pub discord: Discord,
    /// `[bot]`: how people address the bot.
    pub bot: Bot,
    /// `[extensions]`: where plugins come from, and how long their steps may take.
    pub extensions: Extensions,
    /// `[status]`: what the bot shows below its name.
    pub status: Status,
    /// `[log]`: what is logged, and how.
    pub log: Log,
    /// `[metrics]`: where figures are served.
    pub metrics: Metrics,
    /// `[shutdown]`: how the host ends.
    pub shutdown: Shutdown,
    /// `[data]`: where the host keeps what must survive it.
    pub data: Data,
    /// `[hooks]`: how events of the framework and of plugins are handled.
    pub hooks: Hooks,
    /// `[files]`: files of plugins.
    pub files: Files,
    /// `[grants.<plugin>]`: what a plugin may use beyond what is its own.
    pub grants: BTreeMap<String, Grants>,
    /// `[alerts]`: where the owner is told what should not wait.
    pub alerts: Alerts,
    /// `[storage]`: the databases.
    pub storage: Storage,
    /// `[schedules]`: what plugins do at a time.
    pub schedules: Schedules,
    /// `[plugins.<name>]`: settings that belong to the plugin of that name, handed to it unread.
    pub plugins: BTreeMap<String, toml::Table>,
}

impl Config {
    /// Reads the file at `path`. A missing file means defaults.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or says something that the host does not understand.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let origin = path.display().to_string();
        match fs::read(path) {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Self::parse(&text, &origin),
                Err(error) => Err(ConfigError::not_text(&origin, &error)),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(ConfigError::Unreadable {
                path: path.to_owned(),
                source,
            }),
        }
    }

    /// Reads `text`. Problems name `origin` as their file.
    ///
    /// # Errors
    ///
    /// When `text` is not TOML, or says something that the host does not understand.
    pub fn parse(text: &str, origin: &str) -> Result<Self, ConfigError> {
        let mut document =
            Document::parse(text).map_err(|faults| ConfigError::invalid(origin, text, faults))?;
        let config = Self::read(&mut document);
        match document.finish() {
            faults if faults.is_empty() => Ok(config),
            faults => Err(ConfigError::invalid(origin, text, faults)),
        }
    }

    fn read(document: &mut Document<'_>) -> Self {
        Self {
            discord: Discord::read(document.table("discord")),
            bot: Bot::read(document.table("bot")),
            extensions: Extensions::read(document.table("extensions")),
            status: Status::read(document.table("status")),
            log: Log::read(document.table("log")),
            metrics: Metrics::read(document.table("metrics")),
            shutdown: Shutdown::read(document.table("shutdown")),
            data: Data::read(document.table("data")),
            hooks: Hooks::read(document.table("hooks")),
            files: Files::read(document.table("files")),
            grants: services::grants(document),
            alerts: Alerts::read(document.table("alerts")),
            storage: Storage::read(document.table("storage")),
            schedules: Schedules::read(document.table("schedules")),
            plugins: plugins::read(document),
        }
    }

    /// The settings of one plugin as JSON, which is how they cross to it. Empty when the owner set none.
    ///
    /// Dates and times become strings.
    #[must_use]
    pub fn plugin_settings(&self, name: &str) -> serde_json::Value {
        let empty = toml::Table::new();
        let named = self
            .plugins
            .iter()
            .find(|(key, _)| crate::plugin::tidy(key) == crate::plugin::tidy(name));
        plugins::to_json(named.map_or(&empty, |(_, table)| table))
    }
}
