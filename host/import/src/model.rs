//! Model of an installation: settings, rules of servers, and what plugins take up by themselves.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    report::{Kind, Report},
    source::Source,
    words,
};

/// What is found.
#[derive(Debug, Default)]
pub struct Found {
    /// Settings of the bot.
    pub settings: Vec<Setting>,
    /// Rules of servers.
    pub rules: Vec<ServerRule>,
    /// What is laid into plugins' inboxes.
    pub items: Vec<Item>,
    /// What can't come over, and why.
    pub report: Report,
    /// Which server a role belongs to, as far as the source says so.
    pub(crate) roles: BTreeMap<u64, u64>,
}

/// A setting of the bot.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// As config.toml calls it: `bot.prefix`.
    pub path: &'static str,
    /// Its value.
    pub value: Value,
    /// Where it stood.
    pub place: String,
}

/// A rule of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerRule {
    /// Its id.
    pub server: u64,
    /// What it says.
    pub rule: Rule,
    /// Where it stood.
    pub place: String,
}

/// What a server has set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// What commands begin with.
    Prefix(String),
    /// Whether a mention of the bot works like that.
    MentionPrefix(bool),
    /// Of these roles a command needs one.
    Roles {
        /// The command.
        command: String,
        /// The roles' ids.
        roles: Vec<u64>,
    },
}

/// Something that a plugin takes up by itself, in its own format.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The plugin.
    pub plugin: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Its server's id.
    pub server: u64,
    /// How people know it.
    pub title: String,
    /// Where it stood.
    pub place: String,
    /// What it was read from: what is the same again is not laid twice.
    pub(crate) hash: String,
    pub(crate) json: Value,
    /// The snapshot that belongs to it.
    pub(crate) snapshot: Option<String>,
}

impl Item {
    /// Its name among the files of an inbox: by its server and its content.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-{}", self.server, self.hash)
    }

    /// What the plugin reads.
    #[must_use]
    pub fn json(&self) -> Vec<u8> {
        format!("{:#}\n", self.json).into_bytes()
    }

    /// The snapshot that belongs to it, in the plugin's format: read only now, since each may be large.
    ///
    /// # Errors
    ///
    /// It was readable before, and is no more.
    pub fn lines(&self, source: &Source) -> Result<Option<Vec<u8>>, String> {
        let Some(path) = &self.snapshot else {
            return Ok(None);
        };
        words::snapshot(source, path, self.server).map(|read| Some(read.lines))
    }
}
