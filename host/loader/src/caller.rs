//! Caller of a host call.

use std::fmt;

use host_base::PluginName;

/// One generation of one plugin: who makes a host call, and to whom belongs what the call registers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Caller {
    /// The plugin's name.
    pub plugin: PluginName,
    /// Which load of it, counted from 1.
    pub generation: u64,
}

impl Caller {
    /// The generation of that number.
    #[must_use]
    pub fn new(plugin: impl Into<PluginName>, generation: u64) -> Self {
        Self {
            plugin: plugin.into(),
            generation,
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.plugin, self.generation)
    }
}
