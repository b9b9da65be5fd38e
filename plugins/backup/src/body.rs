//! Bodies of the requests of a restore: what a snapshot has, in the ids that are there.

use serde_json::{Map, Value, json};

use crate::{
    fields,
    model::{COMMUNITY, Contents, Item, Kind, Overwrite, Snowflake},
    pairs::{Pairs, translated},
    plan::Plan,
};

/// Body of a request, and who is left out of a channel's rights, since their role is not there.
#[derive(Debug, PartialEq)]
pub(crate) struct Body {
    pub(crate) json: Value,
    pub(crate) without: Vec<String>,
}

/// What makes an item.
pub(crate) fn make(kind: Kind, item: &Item, wanted: &Contents, plan: &Plan, pairs: &Pairs) -> Body {
    let table = fields::of(kind, item.sort);
    let there = translated(item, pairs);
    let mut json = Map::new();
    for (key, _) in table {
        let is_known = there.fields.contains_key(*key) || *key == "permissions";
        if is_known && (*key != "unicode_emoji" || plan.has_role_icons) {
            json.insert((*key).to_owned(), fields::wish(table, &there.fields, key));
        }
    }
    let mut without = Vec::new();
    match kind {
        Kind::Role => grant(&mut json, item, plan),
        Kind::Channel => {
            json.insert("type".into(), json!(item.sort));
            if let Some(parent) = item.parent.and_then(|parent| pairs.get(&parent)) {
                json.insert("parent_id".into(), json!(parent));
            }
            let rights = overwrites(item, wanted, plan, pairs, &mut without);
            json.insert("permission_overwrites".into(), rights);
        }
        Kind::Emoji => {
            json.insert("roles".into(), roles(item, pairs));
        }
        Kind::Sticker => {}
    }
    Body {
        json: Value::Object(json),
        without,
    }
}

/// What changes these fields of an item.
pub(crate) fn change(
    kind: Kind,
    item: &Item,
    names: &[String],
    wanted: &Contents,
    plan: &Plan,
    pairs: &Pairs,
) -> Body {
    let table = fields::of(kind, item.sort);
    let there = translated(item, pairs);
    let (mut json, mut without) = (Map::new(), Vec::new());
    for name in names {
        let value = match name.as_str() {
            "type" => json!(item.sort),
            "parent_id" => json!(item.parent.and_then(|parent| pairs.get(&parent))),
            "permission_overwrites" => overwrites(item, wanted, plan, pairs, &mut without),
            "roles" => roles(item, pairs),
            // A picture, which is read by itself.
            "icon" => continue,
            // What has no colours of its own has the one colour.
            "colors" if !there.fields.contains_key("colors") => continue,
            key => fields::wish(table, &there.fields, key),
        };
        json.insert(name.clone(), value);
    }
    if names.iter().any(|name| name == "colors") && !json.contains_key("colors") {
        json.insert("color".into(), fields::wish(table, &there.fields, "color"));
    }
    if json.contains_key("permissions") {
        grant(&mut json, item, plan);
    }
    Body {
        json: Value::Object(json),
        without,
    }
}

/// What changes these settings of the server; `icon` is a data URI.
pub(crate) fn server(
    names: &[String],
    wanted: &Contents,
    pairs: &Pairs,
    icon: Option<String>,
) -> Value {
    let server = &wanted.server;
    let mut json = Map::new();
    for name in names {
        let value = match name.as_str() {
            "icon" => json!(icon),
            key if fields::SERVER_CHANNELS.contains(&key) => {
                json!(server.channels.get(key).and_then(|id| pairs.get(id)))
            }
            key => fields::wish(fields::SERVER, &server.fields, key),
        };
        json.insert(name.clone(), value);
    }
    Value::Object(json)
}

/// What switches Community on, with the settings that Discord wants along with it, or off; `None`: a channel that it takes is not there
/// ([reference](https://discord.com/developers/docs/resources/guild#guild-object-mutable-guild-features)).
pub(crate) fn community(
    on: bool,
    features: &[String],
    wanted: &Contents,
    pairs: &Pairs,
) -> Option<Value> {
    let others = features.iter().filter(|it| *it != COMMUNITY).cloned();
    let mut features: Vec<_> = others.collect();
    if !on {
        return Some(json!({"features": features}));
    }
    features.push(COMMUNITY.to_owned());
    let mut json = Map::from_iter([("features".to_owned(), json!(features))]);
    for key in fields::COMMUNITY_CHANNELS {
        let there = pairs.get(wanted.server.channels.get(*key)?)?;
        json.insert((*key).to_owned(), json!(there));
    }
    for key in ["verification_level", "explicit_content_filter"] {
        let value = fields::wish(fields::SERVER, &wanted.server.fields, key);
        json.insert(key.to_owned(), value);
    }
    Some(Value::Object(json))
}

/// A channel without the rights of single members, for those who have no account any more.
pub(crate) fn without_members(body: &mut Value) -> bool {
    let Some(all) = body["permission_overwrites"].as_array_mut() else {
        return false;
    };
    let before = all.len();
    all.retain(|it| it["type"] == 0);
    all.len() != before
}

fn grant(json: &mut Map<String, Value>, item: &Item, plan: &Plan) {
    if let Some(bits) = plan.granted.get(&item.id) {
        json.insert("permissions".into(), json!(bits.to_string()));
    }
}

fn roles(item: &Item, pairs: &Pairs) -> Value {
    item.roles
        .iter()
        .filter_map(|role| pairs.get(role))
        .map(|id| json!(id))
        .collect()
}

fn overwrites(
    item: &Item,
    wanted: &Contents,
    plan: &Plan,
    pairs: &Pairs,
    without: &mut Vec<String>,
) -> Value {
    let all = plan.overwrites.get(&item.id).unwrap_or(&item.overwrites);
    let written = |id: &Snowflake, it: &Overwrite| json!({"id": id, "type": it.kind, "allow": it.allow, "deny": it.deny});
    let mut there = Vec::new();
    for it in all {
        match (it.kind, pairs.get(&it.id)) {
            (0, Some(id)) => there.push(written(id, it)),
            (0, None) => {
                let role = wanted.item(Kind::Role, it.id);
                without.push(role.map_or_else(|| it.id.to_string(), |role| role.name().to_owned()));
            }
            _ => there.push(written(&it.id, it)),
        }
    }
    Value::Array(there)
}

/// Ids and positions that put roles into the snapshot's order, from the lowest up: of those that are in reach, the others among them stay
/// where they are.
pub(crate) fn role_order(
    wanted: &Contents,
    live: &Contents,
    pairs: &Pairs,
    reaches: impl Fn(&Item) -> bool,
) -> Vec<(Snowflake, i64)> {
    let in_reach = live
        .roles
        .iter()
        .filter(|role| role.id != live.server.id && reaches(role));
    let live: Vec<_> = in_reach.map(|role| role.id).collect();
    let order = wanted
        .roles
        .iter()
        .filter_map(|role| pairs.get(&role.id).copied());
    let order: Vec<_> = order.collect();
    crate::order::arranged(&live, &order)
        .into_iter()
        .zip(1..)
        .collect()
}

/// The same for channels, among those of the same category and kind.
pub(crate) fn channel_order(
    wanted: &Contents,
    live: &Contents,
    pairs: &Pairs,
) -> Vec<(Snowflake, i64)> {
    let group = |it: &Item| (it.parent, crate::diff::rank_of_sort(Kind::Channel, it.sort));
    let mut groups: Vec<_> = live.channels.iter().map(group).collect();
    groups.sort_unstable();
    groups.dedup();
    let wanted: Vec<_> = wanted
        .channels
        .iter()
        .filter_map(|it| pairs.get(&it.id).copied())
        .collect();
    let mut places = Vec::new();
    for its in groups {
        let siblings = live.channels.iter().filter(|it| group(it) == its);
        let siblings: Vec<_> = siblings.map(|it| it.id).collect();
        let order = crate::order::arranged(&siblings, &wanted);
        if order != siblings {
            places.extend(order.into_iter().zip(0..));
        }
    }
    places
}
