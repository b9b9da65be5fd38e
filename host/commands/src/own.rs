//! Own commands: those that the host serves itself, as they are looked up and listed.

use std::sync::Arc;

use plugin_api::manifest::CommandManifest;

use crate::{HOST, Registered};

/// Commands that the host serves itself.
#[derive(Debug, Clone, Copy)]
pub struct OwnCommands {
    /// Those that stand alone, by the name that somebody has typed.
    pub alone: fn(&str) -> Option<&'static str>,
    /// Those in the host's group.
    pub grouped: fn(&str) -> Option<&'static str>,
    /// All of them.
    pub declared: fn() -> Vec<OwnCommand>,
}

/// A command that the host serves itself.
#[derive(Debug, Clone)]
pub struct OwnCommand {
    /// What `alone` and `grouped` call it.
    pub name: &'static str,
    /// Whether it is in the host's group.
    pub is_grouped: bool,
    /// What it would declare if it were a plugin's; its name is the one that is typed alone.
    pub command: Arc<CommandManifest>,
}

impl OwnCommand {
    /// How it is typed where `prefix` is the prefix.
    pub(crate) fn ways(&self, prefix: &str, registered: &Registered) -> Vec<String> {
        let path = &self.command.name;
        let slash = registered.slash(path).filter(|_| !self.is_grouped);
        [format!("{prefix}{path}")]
            .into_iter()
            .chain(slash)
            .collect()
    }

    /// Its kind in a few words.
    pub(crate) fn kind(&self) -> String {
        if self.is_grouped {
            format!("hybrid, in the owners' servers: /{HOST} {}", self.name)
        } else {
            "hybrid".to_owned()
        }
    }
}
