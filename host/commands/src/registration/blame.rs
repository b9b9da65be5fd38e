//! Attribution of Discord's refusals to single commands.

use std::collections::BTreeMap;

use plugin_api::manifest::CommandKind;
use serde_json::Value;

use super::{diff, plan::Plan};
use crate::{How, Key};

/// The commands that these places in `sent` are about, each with Discord's reasons. A place is `3.options.0.name` in a list,
/// and `options.0.name` in a single command.
pub(super) fn blame(
    places: &[(String, String)],
    sent: &[Value],
    plan: &Plan,
) -> BTreeMap<Key, String> {
    let mut blamed: BTreeMap<Key, String> = BTreeMap::new();
    for (place, why) in places {
        let mut parts = place.split('.').peekable();
        let first = parts.peek().and_then(|part| part.parse::<usize>().ok());
        if first.is_some() {
            parts.next();
        }
        let Some(json) = sent.get(first.unwrap_or_default()) else {
            continue;
        };
        let (names, rest) = narrowed(json, parts);
        let reason = if rest.is_empty() {
            why.clone()
        } else {
            format!("{rest}: {why}")
        };
        for key in refused_keys(json, &names, plan) {
            let reasons = blamed.entry(key).or_default();
            if !reasons.is_empty() {
                reasons.push_str("; ");
            }
            reasons.push_str(&reason);
        }
    }
    blamed
}

/// The names down to the group or command that is meant, and the rest of the place.
fn narrowed<'a>(json: &Value, parts: impl Iterator<Item = &'a str>) -> (Vec<String>, String) {
    let name = |json: &Value| json["name"].as_str().unwrap_or_default().to_owned();
    let mut parts: Vec<&str> = parts.collect();
    let mut names = vec![name(json)];
    let mut here = json;
    while let ["options", index, ..] = &*parts {
        let inside = index
            .parse()
            .ok()
            .and_then(|index: usize| here["options"].get(index));
        let Some(inside) = inside.filter(|inside| matches!(inside["type"].as_u64(), Some(1 | 2)))
        else {
            break;
        };
        names.push(name(inside));
        here = inside;
        parts.drain(..2);
    }
    (names, parts.join("."))
}

/// The planned commands that are registered below these names.
fn refused_keys(json: &Value, names: &[String], plan: &Plan) -> Vec<Key> {
    let kind = match diff::kind(json) {
        2 => CommandKind::User,
        3 => CommandKind::Message,
        _ => CommandKind::Chat,
    };
    let is_below = |path: &str, how: &How| match how {
        How::Grouped(registered) => registered.starts_with(names),
        How::Itself if kind == CommandKind::Chat => {
            let path: Vec<&str> = path.split(' ').collect();
            path.len() >= names.len() && path.iter().zip(names).all(|(a, b)| a == b)
        }
        How::Itself => path == names[0],
        How::InMenu(menu) => *menu == names[0],
        _ => false,
    };
    let listed = plan.listed.iter();
    let refused = listed.filter(|((known, path), it)| *known == kind && is_below(path, &it.how));
    refused.map(|(key, _)| key.clone()).collect()
}
