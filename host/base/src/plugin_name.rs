//! Name of a plugin, in the one way in which the host writes it.

use std::{fmt, ops::Deref, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A plugin's name as the host uses it: its package's name with dashes and spaces as underscores, as in its file's name.
///
/// What names a plugin is written by many hands: a package says `my-plugin`, its file is `libmy_plugin.so`, an owner types either, and
/// so may a table of config.toml. Each becomes a `PluginName` where it comes in, once, and all that is kept by plugin is kept by it.
/// So no map can be asked for a name in another spelling: it does not compile.
///
/// Names that differ in upper and lower case are two names here, of which the loader refuses the second: see [`names`](crate::names).
/// A clone costs a counter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PluginName(Arc<str>);

impl PluginName {
    /// The name that somebody has written in one way or another. Any text is one; whether a plugin has it is another question.
    #[must_use]
    pub fn new(written: &str) -> Self {
        if written.contains(is_other) {
            Self(written.replace(is_other, "_").into())
        } else {
            Self(written.into())
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `one, another, a third`.
    #[must_use]
    pub fn list(names: &[Self]) -> String {
        names
            .iter()
            .map(Self::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Whether somebody who wrote this meant this plugin.
    #[must_use]
    pub fn is(&self, written: &str) -> bool {
        let char = |it| if is_other(it) { '_' } else { it };
        self.0.chars().eq(written.chars().map(char))
    }
}

/// Whether a character stands for an underscore.
fn is_other(it: char) -> bool {
    it == '-' || it.is_whitespace()
}

impl Deref for PluginName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for PluginName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for PluginName {
    fn from(written: &str) -> Self {
        Self::new(written)
    }
}

impl From<&Self> for PluginName {
    fn from(name: &Self) -> Self {
        name.clone()
    }
}

impl From<PluginName> for String {
    fn from(name: PluginName) -> Self {
        name.as_str().to_owned()
    }
}

impl PartialEq<str> for PluginName {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for PluginName {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl fmt::Display for PluginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for PluginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for PluginName {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for PluginName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self::new(&String::deserialize(from)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_it_is_written_it_is_one_name() {
        for written in ["my-plugin", "my_plugin", "my plugin", "my\tplugin"] {
            assert_eq!(PluginName::new(written), "my_plugin");
            assert!(PluginName::new("my-plugin").is(written));
        }
        for other in ["my.plugin", "My_plugin", "my_plugi", "my_plugins", ""] {
            assert_ne!(
                PluginName::new(other),
                PluginName::new("my_plugin"),
                "{other}"
            );
            assert!(!PluginName::new("my_plugin").is(other), "{other}");
        }
        let read: PluginName = serde_json::from_str(r#""my-plugin""#).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), r#""my_plugin""#);
    }
}
