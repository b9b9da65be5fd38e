//! Name equality: the one rule for when two names are the same, for plugins and for all that they name.
//!
//! SQLite, file systems of other systems and people who type do not tell upper from lower case, while Rust does. So names that
//! differ in case alone are one name, and a plugin that would bring the second is refused.

use std::collections::HashMap;

/// Whether two names are one, written in two ways or in the same.
#[must_use]
pub fn same(one: &str, other: &str) -> bool {
    one == other || folded(one) == folded(other)
}

/// A name as it is compared.
#[must_use]
pub fn folded(name: &str) -> String {
    // Upper case first: `ß` and `SS`, `ſ` and `s` are the same in one direction only.
    name.to_uppercase().to_lowercase()
}

/// The first of the other names that differs from `name` in case alone.
pub fn twin<'a>(name: &str, others: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    others
        .into_iter()
        .find(|other| *other != name && same(name, other))
}

/// What is wrong with names of one kind (`function`, say) that a plugin brings: each pair that differs in case alone.
pub fn problems<'a>(
    kind: &str,
    names: impl IntoIterator<Item = &'a str>,
    problems: &mut Vec<String>,
) {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for name in names {
        match seen.insert(folded(name), name) {
            Some(other) if other != name => problems.push(format!(
                "{kind} `{name}` and {kind} `{other}` differ in upper and lower case alone, which makes them one name: give one of \
                 them another"
            )),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_case_alone_are_one() {
        for (one, other) in [
            ("victim", "Victim"),
            ("VICTIM", "victim"),
            ("größe", "GRÖSSE"),
            ("a_1", "A_1"),
            ("ſhop", "shop"),
            ("same", "same"),
        ] {
            assert!(same(one, other), "{one} {other}");
        }
        for (one, other) in [("a", "b"), ("a_b", "ab"), ("a", "a_"), ("", "a")] {
            assert!(!same(one, other), "{one} {other}");
        }
        assert_eq!(twin("a", ["a", "b", "A"]), Some("A"));
        assert_eq!(twin("a", ["a", "b"]), None);
        let mut found = Vec::new();
        problems("setting", ["a", "b", "A", "b"], &mut found);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("setting `A` and setting `a` differ"),
            "{found:?}"
        );
    }
}
