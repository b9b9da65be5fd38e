//! The bot's configuration, `config.toml`: one struct per table.
//!
//! Every setting has a default, and the commented `config.toml` in the repository shows them all: tests hold the two
//! equal.
//! Unknown keys, wrong types and impossible values are refused, all at once, each with its place in the file.

mod answers;
mod cache;
mod checks;
mod commands;
mod described;
mod document;
mod error;
mod fault;
mod live;
mod observe;
mod plugins;
mod prefix;
mod schedules;
mod services;
mod tables;
mod take_over;
mod values;
mod web;

#[cfg(test)]
mod commented;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use host_base::PluginName;

pub use answers::{Answers, Colours, Components};
pub use cache::Cache;
pub use checks::{secret_name, web_host};
pub use commands::{Commands, Overflow, OwnerGuild};
pub use described::{
    COMMENTED, Described, described, differences, effective, is_example, toml_table,
};
use document::Document;
pub use error::{ConfigError, Problem};
pub use live::{Live, is_live};
pub use observe::{Colour, Log, Metrics};
pub use prefix::check_prefix;
pub use schedules::Schedules;
pub use services::{Alerts, Files, Grants, Hooks, Secrets};
pub use tables::{Activity, Bot, Data, Discord, Extensions, Presence, Shutdown, Status, Storage};
pub use web::Web;

/// The whole configuration.
///
/// ```
/// # use host_ops::config::Config;
/// let config = Config::parse("[bot]\nprefix = \"?\"", "config.toml")?;
/// assert_eq!(config.bot.prefix, "?");
///
/// let error = Config::parse("[bot]\nprefx = \"?\"", "config.toml").unwrap_err();
/// assert_eq!(error.to_string(), "config.toml:2:1: unknown key `prefx` in [bot]; did you mean `prefix`?");
/// # Ok::<(), host_ops::config::ConfigError>(())
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
    pub grants: BTreeMap<PluginName, Grants>,
    /// `[alerts]`: the owner's channel for what should not wait.
    pub alerts: Alerts,
    /// `[storage]`: the databases.
    pub storage: Storage,
    /// `[schedules]`: what plugins do at a time.
    pub schedules: Schedules,
    /// `[secrets]`: where secrets of plugins lie.
    pub secrets: Secrets,
    /// `[cache]`: what is kept of Discord.
    pub cache: Cache,
    /// `[commands]`: commands of members.
    pub commands: Commands,
    /// `[web]`: requests of plugins to other servers.
    pub web: Web,
    /// `[answers]`: how answers look, and how long they stay.
    pub answers: Answers,
    /// `[components]`: buttons and selects.
    pub components: Components,
    /// `[plugins.<name>]`: settings that belong to the plugin of that name; checked where it declares them.
    pub plugins: BTreeMap<PluginName, toml::Table>,
    /// Where all this was read.
    pub source: Source,
}

/// Where a configuration was read. Equal to any other: it is no part of what the configuration says.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// The file, which need not exist; `None` when it was no file, and nothing can be written.
    pub path: Option<PathBuf>,
    /// What problems name as their file.
    pub origin: String,
    /// The text.
    pub text: String,
}

impl Source {
    /// The text as a document.
    pub fn table(&self) -> toml::Table {
        toml_table(&self.text)
    }
}

impl PartialEq for Source {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Config {
    /// Reads the file at `path`. A missing file means defaults.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or says something that the host does not understand.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let origin = path.display().to_string();
        let text = Self::text_of(path)?.unwrap_or_default();
        let mut config = Self::parse(&text, &origin)?;
        config.source.path = Some(path.to_owned());
        Ok(config)
    }

    /// The text of the file at `path`; `None` when there is none.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or is no text.
    pub fn text_of(path: &Path) -> Result<Option<String>, ConfigError> {
        match fs::read(path) {
            Ok(bytes) => String::from_utf8(bytes)
                .map(Some)
                .map_err(|error| ConfigError::not_text(&path.display().to_string(), &error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
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
        let mut config = Self::read(&mut document);
        config.source.origin = origin.to_owned();
        config.source.text = text.to_owned();
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
            secrets: Secrets::read(document.table("secrets")),
            cache: Cache::read(document.table("cache")),
            commands: Commands::read(document.table("commands")),
            web: Web::read(document.table("web")),
            answers: Answers::read(document.table("answers")),
            components: Components::read(document.table("components")),
            plugins: plugins::read(document),
            source: Source::default(),
        }
    }

    /// The settings of one plugin as JSON, which is how they cross to it. Empty when the owner set none.
    ///
    /// Dates and times become strings.
    #[must_use]
    pub fn plugin_settings(&self, plugin: &PluginName) -> serde_json::Value {
        let empty = toml::Table::new();
        plugins::to_json(self.plugins.get(plugin).unwrap_or(&empty))
    }
}
