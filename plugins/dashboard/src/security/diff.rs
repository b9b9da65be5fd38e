//! Differences between two values: line by line of what each holds.

use std::collections::BTreeSet;

use serde_json::Value;

/// Lines at most: a journal's values are short.
const LINES: usize = 400;

/// A line, and on which side it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// Before alone.
    Gone(String),
    /// After alone.
    Come(String),
    /// On both.
    Same(String),
}

/// What two values have in common and what not, by the places of what they hold: `rights.3: "plugins.list"`.
pub(super) fn lines(before: &Value, after: &Value) -> Vec<Line> {
    let (mut old, mut new) = (Vec::new(), Vec::new());
    flat("", before, &mut old);
    flat("", after, &mut new);
    let (olds, news): (BTreeSet<_>, BTreeSet<_>) = (old.iter().collect(), new.iter().collect());
    let text = |(place, value): &(String, String)| match &**place {
        "" => value.clone(),
        place => format!("{place}: {value}"),
    };
    let mut lines = Vec::new();
    let mut rest = new.iter().peekable();
    for entry in &old {
        // What is new at places that come first stands first.
        while let Some(next) = rest.next_if(|next| !olds.contains(next) && next.0 < entry.0) {
            lines.push(Line::Come(text(next)));
        }
        if news.contains(entry) {
            rest.next_if(|next| *next == entry);
            lines.push(Line::Same(text(entry)));
        } else {
            lines.push(Line::Gone(text(entry)));
        }
    }
    let come = rest.filter(|next| !olds.contains(next));
    lines.extend(come.map(|next| Line::Come(text(next))));
    lines.truncate(LINES);
    lines
}

/// All that a value holds, by its place; a list's items have no place of their own, since one that is taken out moves the rest.
fn flat(place: &str, value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Null if place.is_empty() => {}
        Value::Object(fields) if !fields.is_empty() => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            for (name, value) in fields {
                let place = match place {
                    "" => name.clone(),
                    place => format!("{place}.{name}"),
                };
                flat(&place, value, found);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                flat(&format!("{place}[]"), item, found);
            }
        }
        Value::String(text) => found.push((place.to_owned(), text.clone())),
        value => found.push((place.to_owned(), value.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(before: &Value, after: &Value, expected: &[&str]) {
        let shown: Vec<String> = lines(before, after)
            .into_iter()
            .map(|line| match line {
                Line::Gone(text) => format!("-{text}"),
                Line::Come(text) => format!("+{text}"),
                Line::Same(text) => format!(" {text}"),
            })
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_change_is_the_line_that_went_and_the_one_that_came() {
        check(
            &json!({"enabled": true, "name": "tea"}),
            &json!({"enabled": false, "name": "tea"}),
            &["-enabled: true", "+enabled: false", " name: tea"],
        );
    }

    #[test]
    fn of_a_list_what_went_and_what_came_is_shown_and_nothing_moves() {
        check(
            &json!({"rights": ["a", "b", "c"]}),
            &json!({"rights": ["b", "c", "d"]}),
            &[
                "-rights[]: a",
                " rights[]: b",
                " rights[]: c",
                "+rights[]: d",
            ],
        );
    }

    #[test]
    fn nothing_became_something_and_something_nothing() {
        check(&Value::Null, &json!({"role": "x"}), &["+role: x"]);
        check(&json!({"role": "x"}), &Value::Null, &["-role: x"]);
        check(&json!(1), &json!("2"), &["-1", "+2"]);
        check(&Value::Null, &Value::Null, &[]);
        check(&json!({"a": {}}), &json!({"a": []}), &["-a: {}", "+a: []"]);
    }
}
