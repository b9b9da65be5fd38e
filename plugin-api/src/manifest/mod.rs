//! Manifest of a plugin: what it declares. Routing, registration and owner commands read it.
//!
//! It crosses as JSON and is additive: every field but the name and version may be missing, fields that a reader does not know
//! are ignored, and words that it does not know read as `Unknown`. What the host does with those stands in
//! `host/loader/src/unknown.rs`.

mod command;
mod package;
mod pages;
mod setting;

use serde::{Deserialize, Serialize};

use crate::abi::words::words;

pub use self::command::{
    AccessManifest, ChoiceManifest, CommandManifest, ConcurrencyManifest, CooldownManifest,
    Localized, OptionKind, OptionManifest, Per,
};
pub use self::package::Package;
pub use self::pages::{
    PagesManifest, RightLevel, RightManifest, RouteManifest, TabManifest, TopicManifest,
};
pub use self::setting::{SettingFormat, SettingKind, SettingManifest};
pub use crate::abi::CommandKind;

/// Declarations of a plugin. [`Plugin`](crate::Plugin) builds it; what an older plugin leaves out has its default.
///
/// ```
/// use plugin_api::manifest::{Dependency, Handoff, Manifest};
///
/// let manifest: Manifest = serde_json::from_str(
///     r#"{"name": "shop", "version": "1.0.0", "dependencies": [{"name": "bank", "version": "^1.2"}]}"#,
/// )?;
/// assert_eq!(manifest.dependencies, [Dependency::new("bank", "^1.2")]);
/// assert_eq!((manifest.handoff, manifest.keeps_state), (Handoff::Fast, false));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Manifest {
    /// The plugin's name: its package's name.
    pub name: String,
    /// The plugin's version, as [semver](https://semver.org).
    pub version: String,
    /// What it is for, in a sentence.
    pub description: String,
    /// Its commands.
    pub commands: Vec<CommandManifest>,
    /// Names of its component and modal handlers.
    pub components: Vec<String>,
    /// Its listeners.
    pub listeners: Vec<ListenerManifest>,
    /// Gateway intents beyond those that its listeners and commands imply, as Discord's bits.
    pub intents: u64,
    /// Plugins that must be loaded before it.
    pub dependencies: Vec<Dependency>,
    /// Plugins beside which it can't be loaded.
    pub conflicts: Vec<String>,
    /// Host calls that it can't do without, by name.
    pub requires: Vec<String>,
    /// The powers that it wants, by their words ([`Power`](crate::Power)).
    pub powers: Vec<String>,
    /// Whether it saves state.
    pub keeps_state: bool,
    /// Whether it erases a user from its memory and its state when it is told to.
    pub erases: bool,
    /// How state is handed to the next generation.
    pub handoff: Handoff,
    /// Most handlers that run at once, at least 1; `None`: the default of 64.
    pub concurrency: Option<u32>,
    /// What its handlers may take, in milliseconds, before they are stopped; `None`: what the operator says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    /// Its handlers of hooks.
    pub hooks: Vec<HookManifest>,
    /// The functions that it offers to other plugins.
    pub functions: Vec<FunctionManifest>,
    /// Its migrations, in order.
    pub migrations: Vec<MigrationManifest>,
    /// Its tables that other plugins may use.
    pub shares: Vec<TableManifest>,
    /// Tables of other plugins that it uses.
    pub uses_tables: Vec<TableManifest>,
    /// Columns of its tables that hold the user whom a row is about.
    pub subjects: Vec<SubjectManifest>,
    /// Hosts on the web that it reaches.
    pub web_hosts: Vec<String>,
    /// Its schedules.
    pub schedules: Vec<ScheduleManifest>,
    /// Its settings.
    pub settings: Vec<SettingManifest>,
    /// Who wrote it: `Ann <ann@example.com>`.
    pub authors: Vec<String>,
    /// Where one can read about it, or its code.
    pub homepage: String,
    /// Its licence, as an [SPDX expression](https://spdx.org/licenses/): `MIT OR Apache-2.0`.
    pub license: String,
    /// What it is listed under in help: `Moderation`.
    pub category: String,
    /// An emoji that stands for it.
    pub icon: String,
    /// Plugins that are loaded before it where they are there, and that it does without where they are not.
    pub optional_dependencies: Vec<String>,
    /// Hooks' events that it emits.
    pub tells: Vec<String>,
    /// Names beside its own that it answers to, with the versions of what it provides under them.
    pub provides: Vec<ProvidedManifest>,
    /// Plugins in certain versions beside which it can't be loaded, besides `conflicts`.
    pub conflict_versions: Vec<Dependency>,
    /// Its web pages.
    #[serde(skip_serializing_if = "PagesManifest::is_empty")]
    pub pages: PagesManifest,
}

/// A step from one shape of a plugin's tables to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct MigrationManifest {
    /// Its number: 1 or more, each once, rising.
    pub number: u32,
    /// The databases that it is for.
    pub scope: Scope,
    /// SQL, one statement or several.
    pub sql: String,
}

impl MigrationManifest {
    /// Migration `number` of the databases of `scope`.
    #[must_use]
    pub fn new(number: u32, scope: Scope, sql: impl Into<String>) -> Self {
        Self {
            number,
            scope,
            sql: sql.into(),
        }
    }
}

words! {
/// Databases that a migration is for.
#[derive(Default)]
pub enum Scope {
    /// The database of each server.
    #[default]
    Guild = "guild",
    /// The bot's one database.
    Bot = "bot",
}
}

/// A table that is shared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct TableManifest {
    /// The table, with its owner in front: `shop__items`.
    pub table: String,
    /// Whether for writing, too.
    pub writes: bool,
}

impl TableManifest {
    /// `table`, for reading alone.
    #[must_use]
    pub fn read(table: impl Into<String>) -> Self {
        Self {
            table: table.into(),
            writes: false,
        }
    }

    /// `table`, for reading and writing.
    #[must_use]
    pub fn write(table: impl Into<String>) -> Self {
        Self {
            table: table.into(),
            writes: true,
        }
    }
}

/// A column that holds the user whom a row is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SubjectManifest {
    /// The table.
    pub table: String,
    /// Its column with the user's id.
    pub column: String,
}

impl SubjectManifest {
    /// Rows of `table` are about the user in `column`.
    #[must_use]
    pub fn new(table: impl Into<String>, column: impl Into<String>) -> Self {
        Self {
            table: table.into(),
            column: column.into(),
        }
    }
}

words! {
/// Mode of handing state to the next generation while commands keep coming.
#[derive(Default)]
pub enum Handoff {
    /// Save at once. What a handler that is suspended at an `.await` changes afterwards is not handed over.
    #[default]
    Fast = "fast",
    /// Wait until no handler runs, then save. New commands wait meanwhile.
    Strict = "strict",
}
}

/// A listener and its filters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ListenerManifest {
    /// Name of the event as in Discord's gateway: `MESSAGE_CREATE`.
    pub event: String,
    /// Only events of this guild.
    #[serde(with = "crate::abi::snowflake::option")]
    pub guild_id: Option<u64>,
    /// Whether events that bots caused are left out.
    pub ignore_bots: bool,
    /// Whether it does without the messages' content.
    pub without_content: bool,
    /// Whether it hears nothing but while the plugin has chosen its event at run time.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub chosen: bool,
    /// Whether it hears what the bot is told anyway, and is no reason to ask Discord for an intent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub overhears: bool,
    /// What it may take, in milliseconds, before it is stopped; `None`: as the plugin's, or the operator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
}

/// A handler of a hook.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct HookManifest {
    /// Name of the hook's event: `extension_loaded`, or `shop.sold` for one of the plugin `shop`; `*` for all of them.
    pub event: String,
    /// The handler's name within the plugin. With the plugin's and the event's it makes the hook's id.
    pub handler: String,
    /// Handlers with a higher one are called first; default 0.
    pub priority: i32,
    /// Whether it is told of none but those events that it chooses at run time.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub chosen: bool,
}

/// A function that a plugin offers to others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct FunctionManifest {
    /// Its name.
    pub name: String,
    /// Its version: another number is another function.
    pub version: u32,
}

/// A schedule: a period, a cron expression, or neither, for what is scheduled at run time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ScheduleManifest {
    /// Its name.
    pub name: String,
    /// Milliseconds from one run to the next, if it has a period.
    pub every_ms: Option<u64>,
    /// A cron expression, if it has one.
    pub cron: Option<String>,
    /// The cron expression's time zone, by its IANA name; `None`: UTC.
    pub zone: Option<String>,
    /// Whether a run that was missed is left out, and not caught up.
    pub skip_missed: bool,
    /// Whether a run that was cut short by the end of its process or generation is begun again.
    pub at_least_once: bool,
    /// How often a run that has failed is tried again.
    pub retries: u32,
    /// Milliseconds that a run may take; `None`: the host's default.
    pub deadline_ms: Option<u64>,
}

/// A name that a plugin answers to beside its own: a capability that any of several plugins may provide.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ProvidedManifest {
    /// The name.
    pub name: String,
    /// The version of what is provided under it, such as `1.2`; `None`: it fits those alone that need it in any.
    pub version: Option<String>,
}

impl ProvidedManifest {
    /// `name` in `version`.
    #[must_use]
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: Some(version.into()),
        }
    }
}

/// A plugin that must be loaded before, or that can't be loaded beside.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// A [semver requirement](https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html) such as `^1.2`; `None`: any.
    pub version: Option<String>,
}

impl Dependency {
    /// A dependency on `name`, in whatever version.
    #[must_use]
    pub fn any(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: None,
        }
    }

    /// A dependency on `name` in a version that fits `version`.
    #[must_use]
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: Some(version.into()),
        }
    }
}
