//! Comparison of what Discord has with what it should have: by meaning, because Discord fills in defaults.

use serde_json::{Map, Number, Value};

use super::plan::Planned;
use crate::HOST;

/// Commands that Discord has and the plan knows nothing of, such as the one that opens an activity: they stay.
const FOREIGN: std::ops::RangeFrom<u64> = 4..;
/// What Discord adds.
const ADDED: [&str; 9] = [
    "id",
    "application_id",
    "version",
    "guild_id",
    "dm_permission",
    "integration_types",
    "handler",
    "name_localized",
    "description_localized",
];

/// Changes to be made.
#[derive(Debug, Default)]
pub(super) struct Diff<'a> {
    pub(super) create: Vec<&'a Planned>,
    /// With the ids that they have.
    pub(super) edit: Vec<(&'a str, &'a Planned)>,
    pub(super) same: Vec<&'a Planned>,
    pub(super) delete: Vec<&'a Value>,
    pub(super) foreign: Vec<&'a Value>,
}

/// Compares; a command is the one of the same kind and name.
pub(super) fn diff<'a>(known: &'a [Value], wanted: &'a [Planned], in_guild: bool) -> Diff<'a> {
    let mut diff = Diff::default();
    let is_same = |a: &Value, b: &Value| kind(a) == kind(b) && a["name"] == b["name"];
    for wanted in wanted {
        match known.iter().find(|known| is_same(known, &wanted.json)) {
            None => diff.create.push(wanted),
            Some(known) if meaning(known, in_guild) == meaning(&wanted.json, in_guild) => {
                diff.same.push(wanted);
            }
            Some(known) => diff
                .edit
                .push((known["id"].as_str().unwrap_or_default(), wanted)),
        }
    }
    for known in known {
        // The owners' group is registered by itself (`owners.rs`).
        let is_owners = in_guild && is_owners_group(known);
        if FOREIGN.contains(&kind(known)) || is_owners {
            diff.foreign.push(known);
        } else if !wanted.iter().any(|wanted| is_same(known, &wanted.json)) {
            diff.delete.push(known);
        }
    }
    diff
}

/// Whether a server has exactly this command.
pub(super) fn has(known: &[Value], wanted: &Value) -> bool {
    let is_same = |known: &Value| {
        kind(known) == kind(wanted)
            && known["name"] == wanted["name"]
            && meaning(known, true) == meaning(wanted, true)
    };
    known.iter().any(is_same)
}

impl Diff<'_> {
    pub(super) fn changes(&self) -> usize {
        self.create.len() + self.edit.len() + self.delete.len()
    }
}

/// Discord's number of a command's kind.
pub(super) fn kind(json: &Value) -> u64 {
    json["type"].as_u64().unwrap_or(1)
}

/// As a body that also takes away what is not in it: an edit leaves what it does not name.
pub(super) fn edit(json: &Value, in_guild: bool) -> Value {
    let mut body = json.as_object().cloned().unwrap_or_default();
    body.remove("type");
    let mut fill = |key: &str, value: Value| {
        body.entry(key).or_insert(value);
    };
    fill("name_localizations", Value::Null);
    fill("default_member_permissions", Value::Null);
    fill("nsfw", false.into());
    if !in_guild {
        fill("contexts", Value::Null);
    }
    if kind(json) == 1 {
        fill("description_localizations", Value::Null);
        fill("options", Value::Array(Vec::new()));
    }
    body.into()
}

/// A command without what is a default anyway.
fn meaning(json: &Value, in_guild: bool) -> Value {
    let mut json = plain(json);
    if let Some(fields) = json.as_object_mut() {
        let all = |contexts: &Value| {
            in_guild
                || (0..3).all(|it| {
                    contexts
                        .as_array()
                        .is_some_and(|all| all.contains(&it.into()))
                })
        };
        if fields.get("contexts").is_some_and(all) {
            fields.remove("contexts");
        } else if let Some(contexts) = fields.get_mut("contexts").and_then(Value::as_array_mut) {
            contexts.sort_by_key(Value::as_u64);
        }
    }
    json
}

fn plain(value: &Value) -> Value {
    match value {
        Value::Array(all) => all.iter().map(plain).collect(),
        Value::Number(number) => whole(number).into(),
        Value::Object(fields) => {
            let is_default = |key: &str, value: &Value| match value {
                Value::Null | Value::Bool(false) => true,
                Value::Array(all) => all.is_empty(),
                Value::Object(fields) => fields.is_empty(),
                Value::String(text) => key == "description" && text.is_empty(),
                _ => false,
            };
            let fields = fields.iter();
            let fields = fields.filter(|(key, _)| !ADDED.contains(&&***key));
            let fields = fields.map(|(key, value)| (key.clone(), plain(value)));
            let fields: Map<_, _> = fields
                .filter(|(key, value)| !is_default(key, value))
                .collect();
            fields.into()
        }
        other => other.clone(),
    }
}

/// 5.0 is 5.
fn whole(number: &Number) -> Number {
    let float = number
        .as_f64()
        .filter(|_| !number.is_i64() && !number.is_u64());
    match float {
        Some(float) if float.fract() == 0.0 && float.abs() < 1e15 => (float as i64).into(),
        _ => number.clone(),
    }
}

/// Whether a registered command is the group of the owners' commands.
pub(super) fn is_owners_group(command: &Value) -> bool {
    command["name"] == HOST && kind(command) == 1
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(known: Value, wanted: Value, expect: &str) {
        let wanted = [Planned {
            json: wanted,
            plugins: Default::default(),
            uses: 0,
        }];
        let known = [known];
        let diff = diff(&known, &wanted, false);
        let what = match (&*diff.create, &*diff.edit, &*diff.same) {
            ([_], [], []) => "create",
            ([], [_], []) => "edit",
            ([], [], [_]) => "same",
            _ => "?",
        };
        let deleted = if diff.delete.is_empty() {
            ""
        } else {
            ", delete"
        };
        assert_eq!(format!("{what}{deleted}"), expect);
    }

    #[test]
    fn defaults_that_discord_fills_in_are_no_difference() {
        let wanted = json!({"type": 1, "name": "a", "description": "d", "contexts": [1, 0], "options": [
            {"type": 10, "name": "o", "description": "d", "required": false, "min_value": 1.0}]});
        let mut known = json!({"id": "1", "application_id": "2", "version": "3", "type": 1, "name": "a", "description": "d",
            "name_localizations": null, "description_localizations": null, "default_member_permissions": null,
            "nsfw": false, "dm_permission": true, "contexts": [0, 1], "integration_types": [0], "options": [
            {"type": 10, "name": "o", "description": "d", "min_value": 1}]});
        check(known.clone(), wanted.clone(), "same");
        known["options"][0]["min_value"] = json!(2);
        check(known.clone(), wanted.clone(), "edit");
        known["type"] = json!(2);
        check(known.clone(), wanted.clone(), "create, delete");
        known["type"] = json!(4);
        check(known, wanted, "create");
        let bare = json!({"type": 1, "name": "a", "description": "d", "options": []});
        let known = json!({"type": 1, "name": "a", "description": "d", "contexts": [0, 1, 2]});
        check(known, bare, "same");
    }

    #[test]
    fn an_edit_takes_away_what_is_no_more() {
        let body = edit(
            &json!({"type": 1, "name": "a", "description": "d", "options": []}),
            false,
        );
        assert_eq!(body["contexts"], Value::Null);
        assert!(
            body.as_object()
                .unwrap()
                .contains_key("default_member_permissions")
        );
        assert!(!body.as_object().unwrap().contains_key("type"));
    }
}
