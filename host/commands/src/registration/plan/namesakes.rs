//! Localised name conflicts: Discord accepts no two commands of a kind that are called the same in a language, nor two
//! options.
//!
//! A plugin can't know what others are called in all languages. Where two names clash, one of them is not localised in that
//! language, and everything else stays as it is.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

const NAMES: &str = "name_localizations";

/// Takes out what clashes among all commands and within each; what was taken out, in words.
pub fn settle<'a>(commands: impl Iterator<Item = &'a mut Value>) -> Vec<String> {
    let mut by_kind: HashMap<u64, Vec<&mut Value>> = HashMap::new();
    for command in commands {
        let kind = command["type"].as_u64().unwrap_or(1);
        by_kind.entry(kind).or_default().push(command);
    }
    let mut dropped = Vec::new();
    for siblings in by_kind.into_values() {
        among(siblings, "", &mut dropped);
    }
    dropped.sort();
    dropped
}

/// Among what a member sees in one list, and within each of it.
fn among(mut siblings: Vec<&mut Value>, above: &str, dropped: &mut Vec<String>) {
    let localized = siblings.iter().filter_map(|it| it.get(NAMES)?.as_object());
    let locales: BTreeSet<String> = localized.flat_map(|names| names.keys().cloned()).collect();
    for locale in locales {
        while let Some((loser, winner)) = clash(&siblings, &locale) {
            let names = siblings[loser].get_mut(NAMES);
            let Some(name) = names
                .and_then(Value::as_object_mut)
                .and_then(|names| names.remove(&locale))
            else {
                break;
            };
            let (loser, winner) = (own_name(siblings[loser]), own_name(siblings[winner]));
            dropped.push(format!(
                "`{above}{loser}` keeps its name in the language {locale}: `{}` is `{above}{winner}` there",
                name.as_str().unwrap_or_default()
            ));
        }
    }
    for sibling in siblings {
        let above = format!("{above}{} ", own_name(sibling));
        let Some(fields) = sibling.as_object_mut() else {
            continue;
        };
        if fields
            .get(NAMES)
            .and_then(Value::as_object)
            .is_some_and(|names| names.is_empty())
        {
            fields.remove(NAMES);
        }
        if let Some(inside) = fields.get_mut("options").and_then(Value::as_array_mut) {
            among(inside.iter_mut().collect(), &above, dropped);
        }
    }
}

/// Two that are called the same: which loses its localised name, and to which. A name of its own is kept, and of two localised
/// ones that of the first by their own names, so that it does not depend on their order.
fn clash(siblings: &[&mut Value], locale: &str) -> Option<(usize, usize)> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (index, sibling) in siblings.iter().enumerate() {
        let name = localized(sibling, locale).unwrap_or(own_name(sibling));
        let Some(other) = seen.insert(name, index) else {
            continue;
        };
        let rank = |index: usize| {
            let it = &*siblings[index];
            (localized(it, locale).is_some(), own_name(it))
        };
        let (winner, loser) = if rank(index) < rank(other) {
            (index, other)
        } else {
            (other, index)
        };
        return Some((loser, winner));
    }
    None
}

fn localized<'a>(json: &'a Value, locale: &str) -> Option<&'a str> {
    json.get(NAMES)?.get(locale)?.as_str()
}

fn own_name(json: &Value) -> &str {
    json["name"].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(mut commands: Vec<Value>, names: &[Value], dropped: &[&str]) {
        let warnings = settle(commands.iter_mut());
        assert_eq!(warnings, dropped);
        let left: Vec<Value> = commands.iter().map(|it| it[NAMES].clone()).collect();
        assert_eq!(left, names);
        for command in &mut commands {
            command["description"] = "d".into();
        }
        sandbox::check_commands(&commands).unwrap();
    }

    #[test]
    fn a_name_of_its_own_is_kept_and_of_two_localised_ones_the_first() {
        check(
            vec![
                json!({"name": "b", "name_localizations": {"de": "x", "fr": "f"}}),
                json!({"name": "a", "name_localizations": {"de": "x"}}),
                json!({"name": "f"}),
            ],
            &[Value::Null, json!({"de": "x"}), Value::Null],
            &[
                "`b` keeps its name in the language de: `x` is `a` there",
                "`b` keeps its name in the language fr: `f` is `f` there",
            ],
        );
        // Each would take the other's name: that is no clash.
        let swapped = [json!({"de": "b"}), json!({"de": "a"})];
        check(
            vec![
                json!({"name": "a", "name_localizations": {"de": "b"}}),
                json!({"name": "b", "name_localizations": {"de": "a"}}),
            ],
            &swapped,
            &[],
        );
        // Without its localised name one is in the way of the next.
        check(
            vec![
                json!({"name": "a", "name_localizations": {"de": "c"}}),
                json!({"name": "b", "name_localizations": {"de": "a"}}),
                json!({"name": "c"}),
            ],
            &[Value::Null, Value::Null, Value::Null],
            &[
                "`a` keeps its name in the language de: `c` is `c` there",
                "`b` keeps its name in the language de: `a` is `a` there",
            ],
        );
    }

    #[test]
    fn what_is_in_a_group_and_options_are_lists_of_their_own_and_so_is_each_kind() {
        let option = |name: &str| json!({"type": 3, "name": name, "description": "d", "name_localizations": {"de": "text"}});
        let sub = |name: &str| {
            json!({"type": 1, "name": name, "description": "d", "name_localizations": {"de": "x"},
                "options": [option("text"), option("words")]})
        };
        let mut commands = vec![
            json!({"name": "tag", "description": "d", "name_localizations": {"de": "x"}, "options": [sub("add"), sub("show")]}),
            json!({"name": "x", "type": 2}),
        ];
        let warnings = settle(commands.iter_mut());
        assert_eq!(
            warnings,
            [
                "`tag add words` keeps its name in the language de: `text` is `tag add text` there",
                "`tag show words` keeps its name in the language de: `text` is `tag show text` there",
                "`tag show` keeps its name in the language de: `x` is `tag add` there",
            ]
        );
        assert_eq!(commands[0][NAMES], json!({"de": "x"}));
        sandbox::check_commands(&commands).unwrap();
    }
}
