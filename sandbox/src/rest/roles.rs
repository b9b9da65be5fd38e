//! `guilds/{id}/roles`: <https://discord.com/developers/docs/resources/guild#create-guild-role>.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use twilight_model::guild::{Permissions, audit_log::AuditLogEventType};

use super::{
    Answer, ApiError, Reply,
    call::{Call, id},
    error::FormErrors,
    guild_access::{known, known_mut, need, own_permissions},
    ok,
    validate::form::{self, Field, Kind, read_patch},
};
use crate::world::{self, Record, Role, World};

/// Roles that a guild holds, @everyone included.
const MAX_ROLES: usize = 250;

const ROLE: &[Field] = &[
    Field::new("name", Kind::Text(0, 100)).nullable(),
    Field::new("permissions", Kind::Permissions).nullable(),
    Field::new("color", Kind::Int(0, 0xff_ff_ff)).nullable(),
    Field::new("colors", Kind::Object(COLORS)).nullable(),
    Field::new("hoist", Kind::Bool).nullable(),
    Field::new("icon", Kind::Image(256)).nullable(),
    Field::new("unicode_emoji", Kind::Text(0, 100)).nullable(),
    Field::new("mentionable", Kind::Bool).nullable(),
];
const COLORS: &[Field] = &[
    Field::new("primary_color", Kind::Int(0, 0xff_ff_ff)).required(),
    Field::new("secondary_color", Kind::Int(0, 0xff_ff_ff)).nullable(),
    Field::new("tertiary_color", Kind::Int(0, 0xff_ff_ff)).nullable(),
];
const PLACE: &[Field] = &[
    Field::new("id", Kind::Id).required(),
    Field::new("position", Kind::Int(0, 1_000)).nullable(),
];

/// Routes below `guilds/{id}/roles`.
pub(super) fn route(
    world: &mut World,
    call: &Call,
    method: &str,
    guild: u64,
    path: &[&str],
) -> Answer {
    match (method, path) {
        ("GET", []) => ok(known(world, guild)?
            .roles
            .values()
            .map(Role::json)
            .collect()),
        ("GET", ["member-counts"]) => member_counts(world, guild),
        ("GET", [role]) => ok(role_of(world, guild, id(role)?)?.json()),
        ("POST", []) => create(world, call, guild),
        ("PATCH", []) => reorder(world, call, guild),
        ("PATCH", [role]) => patch(world, call, guild, id(role)?),
        ("DELETE", [role]) => delete(world, call, guild, id(role)?),
        _ => Err(ApiError::method_not_allowed()),
    }
}

/// Refuses roles that do not exist or do not stand below the bot's highest.
pub(super) fn need_above(world: &World, guild: u64, role: u64) -> Result<(), ApiError> {
    let known = known(world, guild)?;
    let role = role_of(world, guild, role)?;
    let bot = world.application.bot;
    if known.owner == bot || world.highest_role(known, bot) > role.rank() {
        Ok(())
    } else {
        Err(ApiError::missing_permissions())
    }
}

fn role_of(world: &World, guild: u64, role: u64) -> Result<&Role, ApiError> {
    known(world, guild)?
        .roles
        .get(&role)
        .ok_or_else(ApiError::unknown_role)
}

fn member_counts(world: &World, guild: u64) -> Answer {
    let known = known(world, guild)?;
    let roles = known.roles.keys().filter(|role| **role != guild);
    let mut counts: BTreeMap<u64, u64> = roles.map(|role| (*role, 0)).collect();
    for (_, member) in known.members.iter() {
        for role in &member.roles {
            counts.entry(*role).and_modify(|count| *count += 1);
        }
    }
    let counts = counts.into_iter();
    let counts: Record = counts
        .map(|(role, count)| (role.to_string(), json!(count)))
        .collect();
    ok(Value::Object(counts))
}

fn create(world: &mut World, call: &Call, guild: u64) -> Answer {
    need(world, guild, Permissions::MANAGE_ROLES)?;
    let mut body = read_patch(ROLE, &call.body)?;
    if known(world, guild)?.roles.len() >= MAX_ROLES {
        return Err(ApiError::too_many_roles());
    }
    take_icon(world, guild, &mut body)?;
    let everyone = role_of(world, guild, guild)?.permissions;
    let granted = permissions_in(&body);
    if granted.is_some_and(|granted| !own_may(world, guild).contains(granted)) {
        return Err(ApiError::missing_permissions());
    }
    body.retain(|_, value| !value.is_null());
    let id = world.snowflakes.next();
    let mut role = Role {
        id,
        name: "new role".to_owned(),
        permissions: granted.unwrap_or(everyone),
        position: 1,
        ..Role::default()
    };
    apply(&mut role, &body);
    let json = role.json();
    let changes = world::all_of(&told(&role));
    known_mut(world, guild)?.roles.insert(id, role);
    world.tell_role("GUILD_ROLE_CREATE", guild, id);
    audit(
        world,
        call,
        guild,
        AuditLogEventType::RoleCreate,
        id,
        changes,
    );
    ok(json)
}

fn patch(world: &mut World, call: &Call, guild: u64, role: u64) -> Answer {
    let before = role_of(world, guild, role)?.clone();
    need(world, guild, Permissions::MANAGE_ROLES)?;
    need_above(world, guild, role)?;
    let mut body = read_patch(ROLE, &call.body)?;
    take_icon(world, guild, &mut body)?;
    if let Some(wished) = permissions_in(&body)
        && !own_may(world, guild).contains(wished - before.permissions)
    {
        return Err(ApiError::missing_permissions());
    }
    let mut after = before.clone();
    apply(&mut after, &body);
    if role == guild {
        after.name.clone_from(&before.name);
    }
    let changes = world::changes(&told(&before), &told(&after));
    let json = after.json();
    known_mut(world, guild)?.roles.insert(role, after);
    if !changes.is_empty() {
        world.tell_role("GUILD_ROLE_UPDATE", guild, role);
        audit(
            world,
            call,
            guild,
            AuditLogEventType::RoleUpdate,
            role,
            changes,
        );
    }
    ok(json)
}

fn reorder(world: &mut World, call: &Call, guild: u64) -> Answer {
    need(world, guild, Permissions::MANAGE_ROLES)?;
    let mut errors = FormErrors::default();
    let places: Vec<_> = call
        .body
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
        .map(|(index, place)| form::record(PLACE, place, &index.to_string(), true, &mut errors))
        .collect();
    errors.check()?;
    let own = world.highest_role(known(world, guild)?, world.application.bot);
    let mut wishes = Vec::new();
    for place in &places {
        let role = place["id"].as_str().and_then(|id| id.parse().ok());
        let role = role.unwrap_or(0);
        let Some(position) = place.get("position").and_then(Value::as_i64) else {
            continue;
        };
        need_above(world, guild, role)?;
        if role == guild {
            return Err(ApiError::invalid_role());
        }
        if position > own.0 && known(world, guild)?.owner != world.application.bot {
            return Err(ApiError::missing_permissions());
        }
        wishes.push((role, position));
    }
    for (role, changes) in world.place_roles(guild, &wishes) {
        world.tell_role("GUILD_ROLE_UPDATE", guild, role);
        if wishes.iter().any(|(wished, _)| *wished == role) {
            audit(
                world,
                call,
                guild,
                AuditLogEventType::RoleUpdate,
                role,
                changes,
            );
        }
    }
    ok(known(world, guild)?
        .roles
        .values()
        .map(Role::json)
        .collect())
}

fn delete(world: &mut World, call: &Call, guild: u64, role: u64) -> Answer {
    let known = role_of(world, guild, role)?;
    if role == guild || known.bot.is_some() {
        return Err(ApiError::invalid_role());
    }
    let told: Record = told(known);
    need(world, guild, Permissions::MANAGE_ROLES)?;
    need_above(world, guild, role)?;
    world.delete_role(guild, role);
    let changes = world::changes(&told, &Record::new());
    audit(
        world,
        call,
        guild,
        AuditLogEventType::RoleDelete,
        role,
        changes,
    );
    Ok(Reply::Empty)
}

/// What the bot may grant to others.
fn own_may(world: &World, guild: u64) -> Permissions {
    own_permissions(world, guild).unwrap_or(Permissions::empty())
}

fn permissions_in(body: &Record) -> Option<Permissions> {
    let bits = body.get("permissions")?.as_str()?.parse().ok()?;
    Some(Permissions::from_bits_truncate(bits))
}

/// Icons of roles are for boosted guilds: those that have the feature `ROLE_ICONS`. Keeps the picture of one, and puts its hash in its
/// place.
fn take_icon(world: &mut World, guild: u64, body: &mut Record) -> Result<(), ApiError> {
    let set = |key| body.get(key).is_some_and(|value| !value.is_null());
    if (set("icon") || set("unicode_emoji")) && !known(world, guild)?.has_feature("ROLE_ICONS") {
        return Err(ApiError::needs_boosts());
    }
    if let Some(icon) = body.get_mut("icon").filter(|icon| icon.is_string()) {
        let id = world.snowflakes.next();
        world.keep_picture(id, icon.as_str().unwrap_or_default());
        *icon = format!("{id:032x}").into();
    }
    Ok(())
}

/// Puts the fields of a body into a role.
fn apply(role: &mut Role, body: &Record) {
    if let Some(name) = body.get("name").and_then(Value::as_str) {
        role.name = if name.is_empty() { "new role" } else { name }.to_owned();
    }
    if let Some(permissions) = permissions_in(body) {
        role.permissions = permissions;
    }
    let color = body
        .get("colors")
        .map_or_else(|| body.get("color"), |colors| colors.get("primary_color"));
    if let Some(color) = color.and_then(Value::as_u64) {
        role.color = u32::try_from(color).unwrap_or(0);
    }
    for (key, place) in [
        ("icon", &mut role.icon),
        ("unicode_emoji", &mut role.unicode_emoji),
    ] {
        if let Some(value) = body.get(key) {
            *place = value.as_str().map(str::to_owned);
        }
    }
    for (key, switch) in [
        ("hoist", &mut role.hoist),
        ("mentionable", &mut role.mentionable),
    ] {
        if let Some(on) = body.get(key).and_then(Value::as_bool) {
            *switch = on;
        }
    }
}

/// The fields of a role that the audit log speaks of.
fn told(role: &Role) -> Record {
    let mut told = world::fields(role.json());
    told.retain(|key, value| match key.as_str() {
        "name" | "permissions" | "color" | "hoist" | "mentionable" => true,
        "icon" | "unicode_emoji" => !value.is_null(),
        _ => false,
    });
    if let Some(icon) = told.remove("icon") {
        told.insert("icon_hash".to_owned(), icon);
    }
    told
}

fn audit(
    world: &mut World,
    call: &Call,
    guild: u64,
    action: AuditLogEventType,
    role: u64,
    changes: Vec<Value>,
) {
    let bot = world.application.bot;
    world.audit(
        guild,
        bot,
        action,
        Some(role),
        changes,
        call.reason.as_deref(),
    );
}
