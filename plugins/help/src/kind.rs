//! Kinds of commands: how one is reached, as a mark and in words.

use plugin_api::{CommandView, abi::CommandKind};

/// How a command is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Hybrid,
    Prefix,
    Slash,
    Menu,
    /// Discord has not got it as it is declared.
    Limited,
}

impl Kind {
    pub(crate) fn of(command: &CommandView) -> Self {
        let reached = &*command.reached;
        if command.kind != CommandKind::Chat {
            return match reached.starts_with("not registered") {
                true => Self::Limited,
                false => Self::Menu,
            };
        }
        match (command.prefix, command.slash) {
            _ if reached.starts_with("not registered") || reached.starts_with("prefix only:") => {
                Self::Limited
            }
            (true, true) => Self::Hybrid,
            (true, false) => Self::Prefix,
            _ => Self::Slash,
        }
    }

    pub(crate) const fn mark(self) -> &'static str {
        match self {
            Self::Hybrid => "🔷",
            Self::Prefix => "💬",
            Self::Slash => "🔹",
            Self::Menu => "🖱️",
            Self::Limited => "🚧",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Hybrid => "by prefix and by slash",
            Self::Prefix => "by prefix alone",
            Self::Slash => "by slash alone",
            Self::Menu => "in a context menu (right click, Apps)",
            Self::Limited => "no slash command at present",
        }
    }
}

/// What the marks mean, those that are there.
pub(crate) fn legend<'a>(commands: impl Iterator<Item = &'a CommandView>) -> String {
    let mut kinds: Vec<Kind> = commands.map(Kind::of).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let each: Vec<String> = kinds
        .into_iter()
        .map(|kind| format!("{} {}", kind.mark(), kind.words()))
        .collect();
    each.join(" · ")
}
