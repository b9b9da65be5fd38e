//! Visibility of a group: whoever may use one of its commands sees it. What each of them asks for, the host checks
//! itself.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Gives `group` what makes it seen by all who may see one of `declared`.
pub(super) fn who_sees<'a>(
    group: &mut Map<String, Value>,
    declared: impl Iterator<Item = &'a Value> + Clone,
) {
    let mut permissions = declared.clone().map(permissions);
    if let Some(first) = permissions.next()
        && let Some(bits) = permissions.fold(first, wider)
    {
        group.insert("default_member_permissions".into(), bits.to_string().into());
    }
    let mut contexts = declared.clone().map(|json| json["contexts"].as_array());
    let all: Option<Vec<_>> = contexts.by_ref().collect();
    if let Some(all) = all {
        let union: BTreeSet<u64> = all
            .into_iter()
            .flatten()
            .filter_map(Value::as_u64)
            .collect();
        group.insert("contexts".into(), union.into_iter().collect());
    }
    if declared.clone().all(|json| json["nsfw"] == true) {
        group.insert("nsfw".into(), true.into());
    }
}

/// The permissions that are needed to see it; `None`: none, 0: those of an administrator.
fn permissions(json: &Value) -> Option<u64> {
    json["default_member_permissions"].as_str()?.parse().ok()
}

/// What both a member with `a` and a member with `b` have: all bits are needed, so fewer bits are more members.
fn wider(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a?, b?) {
        (0, other) | (other, 0) => Some(other),
        (a, b) => (a & b != 0).then_some(a & b),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(declared: &[Value], expect: Value) {
        let mut group = Map::new();
        who_sees(&mut group, declared.iter());
        assert_eq!(Value::Object(group), expect);
    }

    #[test]
    fn whoever_may_use_one_sees_the_group() {
        let for_all = json!({"name": "a"});
        let admin = json!({"default_member_permissions": "0", "contexts": [0], "nsfw": true});
        let ban = json!({"default_member_permissions": "4", "contexts": [0]});
        let both = json!({"default_member_permissions": "6", "contexts": [1, 0], "nsfw": true});
        let kick = json!({"default_member_permissions": "2", "contexts": [0]});
        check(&[for_all, admin.clone()], json!({}));
        check(
            &[admin.clone(), admin.clone()],
            json!({"default_member_permissions": "0", "contexts": [0], "nsfw": true}),
        );
        check(
            &[admin, both.clone()],
            json!({"default_member_permissions": "6", "contexts": [0, 1], "nsfw": true}),
        );
        check(
            &[ban.clone(), both],
            json!({"default_member_permissions": "4", "contexts": [0, 1]}),
        );
        check(&[ban, kick], json!({"contexts": [0]}));
    }
}
