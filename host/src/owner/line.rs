//! Lines of owner commands that are more than a name, read.

use host_loader::RollBack;

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
}
