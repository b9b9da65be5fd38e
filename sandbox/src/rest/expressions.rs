//! Permission rules for emojis, stickers and sounds, and for scheduled events, whose rules are the same: whoever may
//! make them may change their own; changing those of others needs to manage them.

use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use super::{
    Answer, ApiError, Reply,
    call::{Call, id},
    guild_access::own_permissions,
    ok,
    validate::form::{Field, read_patch},
};
use crate::world::{Collection, Record, World, shown};

const CREATE: Permissions = Permissions::CREATE_GUILD_EXPRESSIONS;
const MANAGE: Permissions = Permissions::MANAGE_GUILD_EXPRESSIONS;

/// A sort of expressions: where they are kept, and what is its own.
pub(super) struct Sort {
    pub collection: Collection,
    /// What may be changed.
    pub change: &'static [Field],
    /// Checks a change, and puts in what a field left out or `null` means.
    pub settle: fn(Record) -> Result<Record, ApiError>,
    /// The list of all, as GET gives it.
    pub listed: fn(Vec<Value>) -> Value,
    pub unknown: fn() -> ApiError,
}

impl Sort {
    /// All routes below the sort's own, but the one that makes a new one.
    pub(super) fn route(
        &self,
        world: &mut World,
        call: &Call,
        method: &str,
        guild: u64,
        path: &[&str],
    ) -> Answer {
        match (method, path) {
            ("GET", []) => {
                let all = world.collection(guild, self.collection);
                let all = all.map(|record| seen(world, guild, record)).collect();
                ok((self.listed)(all))
            }
            ("GET", [one]) => ok(seen(world, guild, self.known(world, guild, id(one)?)?)),
            ("PATCH", [one]) => self.patch(world, call, guild, id(one)?),
            ("DELETE", [one]) => {
                let one = id(one)?;
                may_change(world, guild, self.known(world, guild, one)?)?;
                world.take(guild, self.collection, one, call.by(world));
                Ok(Reply::Empty)
            }
            _ => Err(ApiError::method_not_allowed()),
        }
    }

    fn patch(&self, world: &mut World, call: &Call, guild: u64, one: u64) -> Answer {
        let mut record = self.known(world, guild, one)?.clone();
        may_change(world, guild, &record)?;
        record.extend((self.settle)(read_patch(self.change, &call.body)?)?);
        world.put(guild, self.collection, one, record.clone(), call.by(world));
        ok(seen(world, guild, &record))
    }

    fn known<'a>(&self, world: &'a World, guild: u64, one: u64) -> Result<&'a Record, ApiError> {
        world
            .record_of(guild, self.collection, one)
            .ok_or_else(self.unknown)
    }
}

/// Refuses to make an expression.
pub(super) fn may_create(world: &World, guild: u64) -> Result<(), ApiError> {
    need_any(world, guild, CREATE | MANAGE)
}

/// Refuses to change or delete an expression.
fn may_change(world: &World, guild: u64, record: &Record) -> Result<(), ApiError> {
    may_change_own(world, guild, record, (CREATE, MANAGE))
}

/// Refuses what belongs to others without the second permission, and one's own without any.
pub(super) fn may_change_own(
    world: &World,
    guild: u64,
    record: &Record,
    (create, manage): (Permissions, Permissions),
) -> Result<(), ApiError> {
    let bot = json!(world.application.bot.to_string());
    let creator = record.get("user").or_else(|| record.get("creator"));
    let own = creator.is_some_and(|creator| creator["id"] == bot);
    let enough = if own { create | manage } else { manage };
    need_any(world, guild, enough)
}

/// Refuses who has none of these.
pub(super) fn need_any(world: &World, guild: u64, any: Permissions) -> Result<(), ApiError> {
    if own_permissions(world, guild)?.intersects(any) {
        Ok(())
    } else {
        Err(ApiError::missing_permissions())
    }
}

/// An expression as the bot sees it: who made it is told to those who may make or manage them.
fn seen(world: &World, guild: u64, record: &Record) -> Value {
    let mut seen = shown(record);
    if need_any(world, guild, CREATE | MANAGE).is_err()
        && let Some(fields) = seen.as_object_mut()
    {
        fields.remove("user");
    }
    seen
}
