//! Entitlements and subscriptions: `applications/{id}/entitlements`, `skus/{id}/subscriptions`.

use serde_json::{Value, json};

use super::{
    Answer, ApiError, Reply,
    call::{Call, body_id, id},
    ok,
    validate::form::{Field, Kind, read},
};
use crate::world::{Record, World};

const GRANT: &[Field] = &[
    Field::new("sku_id", Kind::Id).required(),
    Field::new("owner_id", Kind::Id).required(),
    Field::new("owner_type", Kind::Choice(&[1, 2])).required(),
];

/// Routes below `applications/{id}/entitlements`.
pub(super) fn entitlements(world: &mut World, call: &Call, method: &str, path: &[&str]) -> Answer {
    match (method, path) {
        ("GET", []) => list(world, call),
        ("POST", []) => grant(world, call),
        (method, [entitlement, rest @ ..]) => {
            let entitlement = id(entitlement)?;
            let known = world.store.entitlements.get_mut(&entitlement);
            let known = known.filter(|known| known["deleted"] == false);
            let known = known.ok_or_else(ApiError::unknown_entitlement)?;
            match (method, rest) {
                ("GET", []) => ok(Value::Object(known.clone())),
                ("POST", ["consume"]) => Err(ApiError::not_consumable()),
                ("DELETE", []) => {
                    known.insert("deleted".to_owned(), json!(true));
                    world.tell_entitlement("ENTITLEMENT_DELETE", entitlement);
                    Ok(Reply::Empty)
                }
                _ => Err(ApiError::unknown_route()),
            }
        }
        _ => Err(ApiError::unknown_route()),
    }
}

fn list(world: &World, call: &Call) -> Answer {
    let limit = call.query_limit("limit", 100, 100)?;
    let before = call.query_number("before").unwrap_or(u64::MAX);
    let after = call.query_number("after").unwrap_or(0);
    let asked = |key: &str| call.query.get(key).map(String::as_str);
    let same = |known: &Record, field: &str, key: &str| {
        asked(key).is_none_or(|wanted| known[field] == wanted)
    };
    let skus = asked("sku_ids").map(|ids| ids.split(',').collect::<Vec<_>>());
    let fits = |(id, known): &(&u64, &Record)| {
        **id > after
            && **id < before
            && same(known, "user_id", "user_id")
            && same(known, "guild_id", "guild_id")
            && skus
                .as_ref()
                .is_none_or(|skus| skus.iter().any(|sku| known["sku_id"] == *sku))
            && (known["deleted"] == false || asked("exclude_deleted") == Some("false"))
    };
    let found = world.store.entitlements.iter().filter(fits);
    let json = |(_, known): (&u64, &Record)| Value::Object(known.clone());
    if asked("after").is_some() {
        return ok(found.take(limit).map(json).collect());
    }
    let mut newest: Vec<_> = found.rev().take(limit).map(json).collect();
    newest.reverse();
    ok(json!(newest))
}

fn grant(world: &mut World, call: &Call) -> Answer {
    let body = read(GRANT, &call.body)?;
    let number = |key: &str| body.get(key).and_then(body_id).unwrap_or(0);
    let (sku, owner) = (number("sku_id"), number("owner_id"));
    if !world.store.skus.contains_key(&sku) {
        return Err(ApiError::unknown_sku());
    }
    let guild = (number("owner_type") == 1).then_some(owner);
    let user = match guild {
        Some(guild) => world
            .guilds
            .get(&guild)
            .map(|known| known.owner)
            .ok_or_else(ApiError::unknown_guild)?,
        None if world.users.contains_key(&owner) => owner,
        None => return Err(ApiError::unknown_user()),
    };
    let id = world.entitle(sku, guild, user);
    let made = world.store.entitlements.get(&id).cloned();
    ok(Value::Object(made.unwrap_or_default()))
}

/// Routes below `skus/{id}`. Nobody can subscribe in the sandbox, so there are no subscriptions.
pub(super) fn skus(world: &World, method: &str, sku: u64, path: &[&str]) -> Answer {
    if !world.store.skus.contains_key(&sku) {
        return Err(ApiError::unknown_sku());
    }
    match (method, path) {
        ("GET", ["subscriptions"]) => ok(json!([])),
        ("GET", ["subscriptions", _]) => Err(ApiError::unknown_subscription()),
        _ => Err(ApiError::unknown_route()),
    }
}
