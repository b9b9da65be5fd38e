//! JSON records: things that the sandbox keeps as Discord's JSON, because it only hands them back, and what changes in
//! them.

use serde_json::{Map, Value, json};

/// The fields of a thing by their names in Discord's JSON.
pub(crate) type Record = Map<String, Value>;

/// What differs between two states of a thing, as the audit log tells it.
/// <https://discord.com/developers/docs/resources/audit-log#audit-log-change-object>.
pub(crate) fn changes(before: &Record, after: &Record) -> Vec<Value> {
    let nothing = Value::Null;
    let mut keys: Vec<_> = before.keys().chain(after.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let differing = keys.into_iter().filter_map(|key| {
        let old = before.get(key).unwrap_or(&nothing);
        let new = after.get(key).unwrap_or(&nothing);
        (old != new).then(|| change(key, old, new))
    });
    differing.collect()
}

/// One change; a value that is `null` is left out.
pub(crate) fn change(key: &str, old: &Value, new: &Value) -> Value {
    let mut change = json!({"key": key});
    for (name, value) in [("old_value", old), ("new_value", new)] {
        if !value.is_null() {
            change[name] = value.clone();
        }
    }
    change
}

/// What a new thing consists of, as the audit log tells it.
pub(crate) fn all_of(after: &Record) -> Vec<Value> {
    changes(&Record::new(), after)
}

/// An object's fields; none for anything else.
pub(crate) fn fields(value: Value) -> Record {
    match value {
        Value::Object(fields) => fields,
        _ => Record::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        let before = fields(json!({"name": "a", "topic": "t", "nsfw": false}));
        let after = fields(json!({"name": "b", "topic": null, "nsfw": false, "position": 1}));
        assert_eq!(
            changes(&before, &after),
            [
                json!({"key": "name", "old_value": "a", "new_value": "b"}),
                json!({"key": "position", "new_value": 1}),
                json!({"key": "topic", "old_value": "t"}),
            ]
        );
    }
}
