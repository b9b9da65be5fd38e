//! The bot's configuration, `config.toml`: one struct per table.
//!
//! Every setting has a default, and the commented `config.toml` in the repository shows them all: tests hold the two
//! equal.
//! Unknown keys, wrong types and impossible values are refused, all at once, each with its place in the file.

mod checks;
mod described;
mod document;
mod error;
mod fault;
mod live;
mod prefix;
mod shipped;
mod tables;
mod take_over;
mod values;

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

pub use self::{
    checks::{secret_name, web_host},
    described::{Described, described, differences, effective, is_example, toml_table},
    error::{ConfigError, Problem},
    live::{Live, is_live},
    prefix::check_prefix,
    shipped::COMMENTED,
    tables::{
        alerts::{Alerts, Subject},
        answers::{Answers, Colours},
        bot::Bot,
        cache::Cache,
        commands::{Commands, Overflow, OwnerGuild},
        components::Components,
        data::Data,
        discord::Discord,
        extensions::Extensions,
        files::Files,
        grants::Grants,
        hooks::Hooks,
        isolation::{Isolation, Sandbox, Where},
        limits::Limits,
        log::{Colour, Log},
        metrics::Metrics,
        pages::Pages,
        remote::Remote,
        schedules::Schedules,
        secrets::Secrets,
        shutdown::Shutdown,
        status::{Activity, Presence, Status},
        storage::Storage,
        web::Web,
    },
};
use self::{
    document::Document,
    tables::{grants, plugins},
};

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
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// `[discord]`: how Discord is reached.
    pub discord: Discord,
    /// `[bot]`: how people address the bot.
    pub bot: Bot,
    /// `[extensions]`: where plugins come from, and how long their steps may take.
    pub extensions: Extensions,
    /// `[isolation]`: which plugins live in processes of their own.
    pub isolation: Isolation,
    /// `[status]`: what the bot shows below its name.
    pub status: Status,
    /// `[log]`: what is logged, and how.
    pub log: Log,
    /// `[metrics]`: where figures are served.
    pub metrics: Metrics,
    /// `[pages]`: the bot's web pages.
    pub pages: Pages,
    /// `[remote]`: a dashboard on another machine.
    pub remote: Remote,
    /// `[shutdown]`: how the host ends.
    pub shutdown: Shutdown,
    /// `[data]`: where the host keeps what must survive it.
    pub data: Data,
    /// `[limits]`: what keeps one plugin from hurting the others.
    pub limits: Limits,
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

/// Source of a configuration. Equal to any other: it is no part of what the configuration says.
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

    /// The settings of one plugin as JSON, which is how they cross to it. Empty when the owner set none.
    ///
    /// Dates and times become strings.
    #[must_use]
    pub fn plugin_settings(&self, plugin: &PluginName) -> serde_json::Value {
        let empty = toml::Table::new();
        plugins::to_json(self.plugins.get(plugin).unwrap_or(&empty))
    }
}

/// What goes through all tables whose keys are the host's.
macro_rules! tables {
    ($($table:ident: $type:ident,)*) => {
        impl Default for Config {
            fn default() -> Self {
                Self {
                    $($table: $type::default(),)*
                    grants: grants::shipped(),
                    plugins: BTreeMap::new(),
                    source: Source::default(),
                }
            }
        }

        impl Config {
            fn read(document: &mut Document<'_>) -> Self {
                Self {
                    $($table: $type::read(document.table(stringify!($table))),)*
                    grants: grants::read(document),
                    plugins: plugins::read(document),
                    source: Source::default(),
                }
            }

            /// Whether a running bot takes over what this key of the host's is changed to.
            fn is_live(table: &str, key: &str) -> bool {
                match table {
                    $(stringify!($table) => $type::is_live(key),)*
                    _ => false,
                }
            }

            /// Takes one key of the host's over from `next`.
            fn take_over(&mut self, table: &str, key: &str, next: &Self) {
                match table {
                    $(stringify!($table) => self.$table.take_over(key, &next.$table),)*
                    _ => {}
                }
            }
        }
    };
}

tables! {
    discord: Discord,
    bot: Bot,
    extensions: Extensions,
    isolation: Isolation,
    limits: Limits,
    status: Status,
    log: Log,
    metrics: Metrics,
    pages: Pages,
    remote: Remote,
    shutdown: Shutdown,
    data: Data,
    hooks: Hooks,
    files: Files,
    alerts: Alerts,
    storage: Storage,
    schedules: Schedules,
    secrets: Secrets,
    cache: Cache,
    commands: Commands,
    web: Web,
    answers: Answers,
    components: Components,
}
