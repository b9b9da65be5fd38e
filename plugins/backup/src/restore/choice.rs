//! Choice of what is restored: the snapshot, its parts, and what becomes of the rest; typed, and as it stands in components.

use std::collections::BTreeSet;

use plugin_api::prelude::*;

use crate::plan::Part;

/// What is to be restored, as it stands in the components.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) number: u64,
    pub(super) parts: BTreeSet<Part>,
    pub(super) mode: Mode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// What is there besides stays.
    Add,
    /// It goes.
    Exact,
    /// What the last restore has made goes.
    Undo,
}

impl Choice {
    /// `3.127.a`.
    pub(super) fn written(&self) -> String {
        let bits = Part::ALL.iter().enumerate();
        let bits = bits.map(|(at, part)| u32::from(self.parts.contains(part)) << at);
        let mode = match self.mode {
            Mode::Add => 'a',
            Mode::Exact => 'e',
            Mode::Undo => 'u',
        };
        format!("{}.{}.{mode}", self.number, bits.sum::<u32>())
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        let mut words = text.split('.');
        let number = words.next()?.parse().ok()?;
        let bits: u32 = words.next()?.parse().ok()?;
        let parts = Part::ALL.into_iter().enumerate();
        let parts = parts.filter(|(at, _)| bits & (1 << at) != 0);
        let mode = match words.next()? {
            "a" => Mode::Add,
            "e" => Mode::Exact,
            "u" => Mode::Undo,
            _ => return None,
        };
        Some(Self {
            number,
            parts: parts.map(|(_, part)| part).collect(),
            mode,
        })
    }
}

/// Parts as they are typed; all, where none is.
pub(super) fn parts(typed: Option<&str>) -> Result<BTreeSet<Part>> {
    let Some(typed) = typed else {
        return Ok(Part::ALL.into_iter().collect());
    };
    let typed = typed.split([' ', ',']).filter(|word| !word.is_empty());
    let part = |word: &str| {
        let mut all = Part::ALL.into_iter();
        let found = all.find(|part| part.words().0 == word.to_lowercase());
        found.ok_or_else(|| {
            let names: Vec<_> = Part::ALL.iter().map(|part| part.words().0).collect();
            Error::user(format!(
                "`{}` is no part. There are: {}.",
                word.replace('`', "'"),
                names.join(", ")
            ))
        })
    };
    let parts = typed.map(part).collect::<Result<BTreeSet<_>>>()?;
    match parts.is_empty() {
        true => Err(Error::user(
            "Name the parts, such as `roles channels`, or leave them out for all.",
        )),
        false => Ok(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_read_as_it_was_written() {
        for mode in [Mode::Add, Mode::Exact, Mode::Undo] {
            for parts in [
                vec![],
                vec![Part::Roles],
                vec![Part::Emojis, Part::Members],
                Part::ALL.into(),
            ] {
                let choice = Choice {
                    number: 17,
                    parts: parts.into_iter().collect(),
                    mode,
                };
                assert_eq!(Choice::read(&choice.written()), Some(choice));
            }
        }
        for odd in ["", "1", "1.2", "1.x.a", "1.2.z", "a.1.a"] {
            assert_eq!(Choice::read(odd), None, "{odd}");
        }
    }

    #[test]
    fn parts_are_named_by_words() {
        assert_eq!(parts(None).unwrap().len(), Part::ALL.len());
        assert_eq!(
            parts(Some("Roles, emojis")).unwrap(),
            BTreeSet::from([Part::Roles, Part::Emojis])
        );
        let refused = parts(Some("rolls")).unwrap_err();
        assert!(
            refused
                .user_message()
                .unwrap()
                .contains("There are: roles, channels")
        );
        assert!(parts(Some(" , ")).is_err());
    }
}
