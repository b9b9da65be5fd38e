//! Lines of owner commands that are more than a name, read.

use std::collections::BTreeSet;

use host_loader::RollBack;

/// The word behind a plugin's name for its canary.
pub(super) const CANARY: &str = "canary";

/// What stands behind `unload`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unload<'a> {
    pub(super) name: &'a str,
    pub(super) force: bool,
    pub(super) reason: &'a str,
}

impl<'a> Unload<'a> {
    /// A name, `force` right behind it, and a reason of any words.
    pub(super) fn of(line: &'a str) -> Self {
        let (name, rest) = first_word(line);
        let (force, reason) = match first_word(rest) {
            ("force", reason) => (true, reason),
            _ => (false, rest),
        };
        Self {
            name,
            force,
            reason,
        }
    }
}

fn first_word(line: &str) -> (&str, &str) {
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    (word, rest.trim())
}

/// What stands behind `rollback`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted<'a> {
    pub(super) name: &'a str,
    pub(super) list: bool,
    pub(super) wish: RollBack,
    /// A word that is none of these.
    pub(super) unknown: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    /// The name, and the rest in any order; `with` and `state` are there to be read.
    pub(super) fn of(line: &'a str) -> Self {
        let (name, rest) = first_word(line);
        let mut wanted = Self {
            name,
            ..Self::default()
        };
        for word in rest.split_whitespace() {
            match &*word.to_lowercase() {
                "list" => wanted.list = true,
                "then" => wanted.wish.then = true,
                "again" => wanted.wish.again = true,
                "now" | "with" | "state" | "to" => {}
                which if wanted.wish.which.is_empty() && is_which(which) => {
                    wanted.wish.which = which.to_owned();
                }
                _ => wanted.unknown = Some(word),
            }
        }
        wanted
    }

    /// Whether nothing is to be changed.
    pub(super) fn shows(&self) -> bool {
        self.name.is_empty() || self.list || self.unknown.is_some()
    }
}

fn is_which(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_hexdigit())
}

/// What stands behind `reload NAME canary`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Canary {
    /// How it is.
    Show,
    /// It is to serve these servers; 0: the one where this was said.
    Serve(BTreeSet<u64>),
    /// It is to serve all.
    Promote,
    /// It is to serve none.
    Back,
    /// A word that is none of these.
    Unknown(String),
}

impl Canary {
    pub(super) fn of(words: &[&str]) -> Self {
        match words {
            [] => Self::Show,
            ["promote"] => Self::Promote,
            ["back"] => Self::Back,
            servers => servers
                .iter()
                .map(|word| match *word {
                    "here" => Ok(0),
                    word => match word.trim_end_matches(',').parse() {
                        Ok(id) if id > 0 => Ok(id),
                        _ => Err(word),
                    },
                })
                .collect::<Result<_, _>>()
                .map_or_else(|word| Self::Unknown(word.to_owned()), Self::Serve),
        }
    }
}

/// Whether a line behind `reload` only shows a canary.
pub(super) fn shows_canary(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    matches!(&words[..], [_, CANARY])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_all_that_stands_behind_the_name_and_force() {
        let of = |name, force, reason| Unload {
            name,
            force,
            reason,
        };
        assert_eq!(Unload::of(""), of("", false, ""));
        assert_eq!(Unload::of("tea force"), of("tea", true, ""));
        assert_eq!(Unload::of("tea  too cold "), of("tea", false, "too cold"));
        assert_eq!(
            Unload::of("tea force it floods"),
            of("tea", true, "it floods")
        );
        assert_eq!(Unload::of("tea by force"), of("tea", false, "by force"));
    }

    #[test]
    fn a_rollback_is_typed_in_any_order_and_by_slash() {
        let of = |line| {
            let wanted = Wanted::of(line);
            let RollBack { which, then, again } = wanted.wish.clone();
            (wanted.name, which, then, again, wanted.shows())
        };
        let is = |which: &str, then, again, shows| ("tea", which.to_owned(), then, again, shows);
        assert_eq!(of("tea"), is("", false, false, false));
        assert_eq!(of("tea 2 with state then"), is("2", true, false, false));
        assert_eq!(
            of("tea with state now to ABCD"),
            is("abcd", false, false, false)
        );
        assert_eq!(of("tea 2 then again"), is("2", true, true, false));
        assert_eq!(of("tea list"), is("", false, false, true));
        assert_eq!(Wanted::of("tea 2 3").unknown, Some("3"));
        assert_eq!(Wanted::of("tea please").unknown, Some("please"));
        assert!(Wanted::of("").shows());
    }

    #[test]
    fn words_behind_canary_are_servers_or_what_becomes_of_it() {
        let servers = |ids: &[u64]| Canary::Serve(ids.iter().copied().collect());
        assert_eq!(Canary::of(&[]), Canary::Show);
        assert_eq!(Canary::of(&["promote"]), Canary::Promote);
        assert_eq!(Canary::of(&["back"]), Canary::Back);
        assert_eq!(Canary::of(&["here"]), servers(&[0]));
        assert_eq!(Canary::of(&["12,", "34", "here"]), servers(&[0, 12, 34]));
        for word in ["everywhere", "-3", "0", "12a"] {
            assert_eq!(Canary::of(&["12", word]), Canary::Unknown(word.to_owned()));
        }
        assert!(
            shows_canary("tea canary") && !shows_canary("tea canary here") && !shows_canary("tea")
        );
    }
}
