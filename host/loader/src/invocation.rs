//! Invocation: work that was started for somebody, as the host knows it from the frame, and not from the plugin.

use std::sync::Arc;

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
        })
    }
}
