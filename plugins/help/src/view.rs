//! View: which page is shown, as it stands in the custom ids of its buttons.

use std::fmt;

use plugin_api::{CommandView, abi::CommandKind};

/// Which page is shown. It is written into custom ids and values, and read again after a reload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum View {
    /// The categories.
    Menu { page: usize },
    /// The commands and groups of a category.
    Category { key: Key, page: usize },
    /// The commands of a group.
    Group { key: Key, page: usize },
    /// The commands with a word in them.
    Search { word: String, page: usize },
    /// One command.
    Command { key: Key },
}

/// Number of a command, a group or a category, made of its name: names are too long for custom ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(u64);

impl View {
    /// Reads what [`Display`](fmt::Display) wrote.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let kind = text.chars().next()?;
        let (page, rest) = text.get(kind.len_utf8()..)?.split_once(':')?;
        let page = page.parse().ok()?;
        let key = || u64::from_str_radix(rest, 16).ok().map(Key);
        Some(match kind {
            'm' => Self::Menu { page },
            'c' => Self::Category { key: key()?, page },
            'g' => Self::Group { key: key()?, page },
            's' => Self::Search {
                word: rest.to_owned(),
                page,
            },
            'o' => Self::Command { key: key()? },
            _ => return None,
        })
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Menu { page } => write!(f, "m{page}:"),
            Self::Category { key, page } => write!(f, "c{page}:{:x}", key.0),
            Self::Group { key, page } => write!(f, "g{page}:{:x}", key.0),
            Self::Search { word, page } => write!(f, "s{page}:{word}"),
            Self::Command { key } => write!(f, "o0:{:x}", key.0),
        }
    }
}

impl Key {
    pub(crate) fn of_command(command: &CommandView) -> Self {
        let kind = match command.kind {
            CommandKind::User => 'u',
            CommandKind::Message => 'm',
            _ => 'c',
        };
        Self::of(kind, &command.path)
    }

    pub(crate) fn of_group(path: &str) -> Self {
        Self::of('g', path)
    }

    pub(crate) fn of_category(title: &str) -> Self {
        Self::of('k', &title.to_lowercase())
    }

    /// FNV-1a, 64 bits: the same for every compiler and in the next release.
    fn of(kind: char, name: &str) -> Self {
        let bytes = std::iter::once(kind as u8).chain(name.bytes());
        Self(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_as_it_was_written_and_fits_a_custom_id() {
        let key = Key(u64::MAX);
        for view in [
            View::Menu { page: 2 },
            View::Category { key, page: 1 },
            View::Group { key, page: 40 },
            View::Search {
                word: "é:~ x".repeat(8),
                page: 199,
            },
            View::Command { key },
        ] {
            let text = view.to_string();
            assert_eq!(View::parse(&text), Some(view));
            // The button's letter, and `cw1:help:`, handler, owner and timeout.
            assert!(text.chars().count() + 1 + 35 <= 100, "{text}");
        }
        for odd in ["", "x0:", "c:", "cé:1", "c0:zz", "m-1:", "🫖"] {
            assert_eq!(View::parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_group_a_category_and_a_command_of_one_name_are_three() {
        let mut command = CommandView::default();
        command.path = "tag".into();
        let keys = [
            Key::of_command(&command),
            Key::of_group("tag"),
            Key::of_category("tag"),
        ];
        assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2]);
        assert_eq!(Key::of_category("Tag"), keys[2]);
    }
}
