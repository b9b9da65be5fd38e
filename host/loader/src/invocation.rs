//! Invocation: work that was started for somebody, as the host knows it from the frame, and not from the plugin.

use std::{collections::BTreeSet, sync::Arc};

use host_base::PluginName;

use super::event_record::EventRecord;

/// Work that was started for somebody: a command, a component or a modal, an autocompletion; or a function that such work has called.
#[derive(Debug)]
pub struct Invocation {
    /// The id of the frame that began it: in the log, and in the plugin's own lines.
    pub id: u64,
    /// How it came: `command`, `component`, `autocomplete`.
    pub way: &'static str,
    /// The command's path, the handler's name.
    pub what: String,
    /// The plugin that it came to.
    pub plugin: PluginName,
    /// What Discord said: who, where, and what they are there.
    pub event: Arc<EventRecord>,
    /// The plugins that have handed it on by calling a function, the first one first.
    pub via: Vec<PluginName>,
    /// What whoever acts may through a web page, by their role there; `None`: they act at Discord, as whoever they are there.
    pub rights: Option<Arc<Rights>>,
}

/// What somebody may through a web page: their role there, as it is now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights {
    /// The role.
    pub role: String,
    /// Whether it may everything, as the bot's owners may.
    pub all: bool,
    /// What it may: host calls, and plugins' own rights (`<plugin>/<right>`).
    pub names: BTreeSet<String>,
    /// Whether it is for the servers alone that whoever has it owns or manages.
    pub own_servers: bool,
}

impl Rights {
    /// All there are.
    #[must_use]
    pub fn all(role: impl Into<String>) -> Self {
        Self {
            role: role.into(),
            all: true,
            ..Self::default()
        }
    }

    /// Whether a right is among them.
    #[must_use]
    pub fn has(&self, right: &str) -> bool {
        self.all || self.names.contains(right)
    }

    /// Whether whoever has these may give others `rights`: nobody gives what they don't have.
    #[must_use]
    pub fn covers(&self, rights: &Self) -> bool {
        self.all
            || (!rights.all
                && (!self.own_servers || rights.own_servers)
                && rights.names.is_subset(&self.names))
    }
}

/// For whom a host call is made.
#[derive(Debug, Clone, Default)]
pub enum Behalf {
    /// For the plugin alone: a background task, a listener, a schedule.
    #[default]
    Plugin,
    /// For an invocation that is over, that never was, or that is another plugin's.
    Over,
    /// For whoever started this.
    Somebody(Arc<Invocation>),
}

impl Invocation {
    /// The same, handed on by `plugin` to another one's function.
    #[must_use]
    pub fn handed_on(&self, plugin: &PluginName) -> Arc<Self> {
        let mut via = self.via.clone();
        via.push(plugin.clone());
        Arc::new(Self {
            id: self.id,
            way: self.way,
            what: self.what.clone(),
            plugin: self.plugin.clone(),
            event: Arc::clone(&self.event),
            via,
            rights: self.rights.clone(),
        })
    }
}
