//! `invites/{code}`, and the invites of channels and guilds: <https://discord.com/developers/docs/resources/invite>.

use serde_json::{Value, json};
use twilight_model::{
    channel::ChannelType,
    guild::{Permissions, audit_log::AuditLogEventType},
};

use super::{
    Answer, ApiError,
    call::{Call, body_id},
    channel_access::need,
    guild_access::{known, need as need_in_guild, own_permissions},
    ok,
    roles::need_above,
    validate::form::{Field, Kind, read},
};
use crate::world::{Invite, Record, World, all_of, changes, fields};

/// Invites that a guild holds.
const MAX_INVITES: usize = 1000;
/// Without a wish an invite lives for a day.
const DAY_SECONDS: i64 = 86_400;

const INVITE: &[Field] = &[
    Field::new("max_age", Kind::Int(0, 604_800)).nullable(),
    Field::new("max_uses", Kind::Int(0, 100)).nullable(),
    Field::new("temporary", Kind::Bool).nullable(),
    Field::new("unique", Kind::Bool).nullable(),
    Field::new("target_type", Kind::Choice(&[1, 2])).nullable(),
    Field::new("target_user_id", Kind::Id).nullable(),
    Field::new("target_application_id", Kind::Id).nullable(),
    Field::new("role_ids", Kind::List(&Kind::Id, 250)).nullable(),
];

/// Answers `GET` and `DELETE invites/{code}`.
pub(super) fn route(world: &mut World, call: &Call, method: &str, code: &str) -> Answer {
    let invite = world
        .living_invite(code)
        .ok_or_else(ApiError::unknown_invite)?
        .clone();
    let mut json = world.invite_json(&invite, false);
    match method {
        "GET" => {
            if call.query_flag("with_counts") {
                let members = known(world, invite.guild)?.members.len();
                json["approximate_member_count"] = json!(members);
                json["approximate_presence_count"] = json!(members);
            }
            ok(json)
        }
        "DELETE" => {
            if !world.bot_is_in(invite.guild) {
                return Err(ApiError::missing_access());
            }
            if !own_permissions(world, invite.guild)?.contains(Permissions::MANAGE_GUILD) {
                need(world, invite.channel, Permissions::MANAGE_CHANNELS)?;
            }
            world.uninvite(code);
            let told = changes(&told(&invite), &Record::new());
            audit(
                world,
                call,
                invite.guild,
                AuditLogEventType::InviteDelete,
                told,
            );
            ok(json)
        }
        _ => Err(ApiError::method_not_allowed()),
    }
}

/// Answers `GET guilds/{id}/invites`: with the audit log alone one sees no more than that they are there.
pub(super) fn of_guild(world: &World, guild: u64) -> Answer {
    let own = own_permissions(world, guild)?;
    if !own.intersects(Permissions::MANAGE_GUILD | Permissions::VIEW_AUDIT_LOG) {
        return Err(ApiError::missing_permissions());
    }
    let with_metadata = own.contains(Permissions::MANAGE_GUILD);
    let invites = world.invites.values();
    let alive =
        invites.filter(|invite| invite.guild == guild && invite.is_alive(world.clock.now_us()));
    ok(alive
        .map(|invite| world.invite_json(invite, with_metadata))
        .collect())
}

/// Answers `GET` and `POST channels/{id}/invites`.
pub(super) fn of_channel(world: &mut World, call: &Call, method: &str, channel: u64) -> Answer {
    let guild = world
        .guild_of(channel)
        .ok_or_else(ApiError::not_in_direct_messages)?;
    match method {
        "GET" => {
            need(world, channel, Permissions::MANAGE_CHANNELS)?;
            let invites = world.invites.values();
            let alive = invites.filter(|invite| {
                invite.channel == channel && invite.is_alive(world.clock.now_us())
            });
            ok(alive
                .map(|invite| world.invite_json(invite, true))
                .collect())
        }
        "POST" => create(world, call, guild, channel),
        _ => Err(ApiError::method_not_allowed()),
    }
}

fn create(world: &mut World, call: &Call, guild: u64, channel: u64) -> Answer {
    let of = world.channels.get(&channel).map(|channel| channel.of());
    if of.is_none_or(|of| of == ChannelType::GuildCategory || of.is_thread()) {
        return Err(ApiError::wrong_channel_type());
    }
    need(world, channel, Permissions::CREATE_INVITE)?;
    let body = read(INVITE, &call.body)?;
    let number = |key: &str| body.get(key).and_then(Value::as_i64);
    let on = |key: &str| body.get(key) == Some(&json!(true));
    let roles = body.get("role_ids").and_then(Value::as_array);
    let roles: Vec<u64> = roles.into_iter().flatten().filter_map(body_id).collect();
    for role in &roles {
        need_in_guild(world, guild, Permissions::MANAGE_ROLES)?;
        need_above(world, guild, *role)?;
    }
    let invite = Invite {
        code: String::new(),
        guild,
        channel,
        inviter: world.application.bot,
        max_age: number("max_age").unwrap_or(DAY_SECONDS),
        max_uses: number("max_uses")
            .and_then(|uses| u64::try_from(uses).ok())
            .unwrap_or(0),
        uses: 0,
        temporary: on("temporary"),
        created_us: world.clock.now_us(),
        roles,
    };
    let of_guild = world
        .invites
        .values()
        .filter(|known| known.guild == guild && known.is_alive(world.clock.now_us()));
    let (mut count, mut same) = (0, None);
    for known in of_guild {
        count += 1;
        let alike = |known: &Invite| {
            (
                known.channel,
                known.inviter,
                known.max_age,
                known.max_uses,
                known.temporary,
            ) == (
                channel,
                invite.inviter,
                invite.max_age,
                invite.max_uses,
                invite.temporary,
            )
        };
        if !on("unique") && alike(known) && known.roles == invite.roles {
            same = Some(known);
        }
    }
    if let Some(same) = same {
        return ok(world.invite_json(same, true));
    }
    if count >= MAX_INVITES {
        return Err(ApiError::too_many_invites());
    }
    let code = world.invite(invite);
    let made = world.invites[&code].clone();
    audit(
        world,
        call,
        guild,
        AuditLogEventType::InviteCreate,
        all_of(&told(&made)),
    );
    ok(world.invite_json(&made, true))
}

/// The fields of an invite that the audit log speaks of.
fn told(invite: &Invite) -> Record {
    fields(json!({
        "code": invite.code,
        "channel_id": invite.channel.to_string(),
        "inviter_id": invite.inviter.to_string(),
        "max_age": invite.max_age,
        "max_uses": invite.max_uses,
        "temporary": invite.temporary,
        "uses": invite.uses,
    }))
}

fn audit(
    world: &mut World,
    call: &Call,
    guild: u64,
    action: AuditLogEventType,
    changes: Vec<Value>,
) {
    let bot = world.application.bot;
    world.audit(guild, bot, action, None, changes, call.reason.as_deref());
}
