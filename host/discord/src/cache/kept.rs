//! Cache entries of servers, channels and roles: packed JSON, in which what permissions and routing need is found first, and
//! whether that could be read.

use std::{collections::HashMap, sync::LazyLock};

use twilight_model::{
    channel::permission_overwrite::{PermissionOverwrite, PermissionOverwriteType},
    guild::Permissions,
    id::Id,
};

use super::{
    packed::{Object, Packer, Scanner, Value, words::code},
    shelf::{Filling, Item, ItemRef, Shelf},
};
use crate::lenient::{Faults, Field};

pub(super) const ID: u8 = code("id");
pub(super) const NAME: u8 = code("name");
pub(super) const TYPE: u8 = code("type");
pub(super) const GUILD_ID: u8 = code("guild_id");
pub(super) const THREAD_METADATA: u8 = code("thread_metadata");
const PERMISSIONS: u8 = code("permissions");
const OVERWRITES: u8 = code("permission_overwrites");
const PARENT_ID: u8 = code("parent_id");
const NSFW: u8 = code("nsfw");

/// What is asked of a channel at each check comes first.
const CHANNEL_FIRST: &[u8] = &[OVERWRITES, PARENT_ID, NAME, TYPE];
const ROLE_FIRST: &[u8] = &[PERMISSIONS, NAME];

/// Fields of most roles, which twilight's role has anyway (`model::role`): a third of what each would take.
const ROLE_DEFAULTS: &str = r#"{"color":0,"colors":{"primary_color":0,"secondary_color":null,"tertiary_color":null},
    "hoist":false,"managed":false,"mentionable":false,"flags":0}"#;

/// Of a role: its permissions could be read.
const HAS_PERMISSIONS: u8 = 1;

/// Of a channel: it is a thread.
const IS_THREAD: u8 = 1;
/// Its overwrites could be read, each of them.
const HAS_OVERWRITES: u8 = 2;
/// It could be read whether it is for adults.
const HAS_AGE: u8 = 4;
/// It is below another one, which could be read.
const HAS_PARENT: u8 = 8;

/// A server.
#[derive(Debug, Default)]
pub(super) struct GuildKept {
    /// `None` if it could not be read.
    pub(super) owner: Option<u64>,
    /// Discord has an outage there.
    pub(super) is_out: bool,
    /// Whether each role of the server is in `roles`; if not, one that is missing need not be deleted.
    pub(super) has_all_roles: bool,
    pub(super) members: u64,
    pub(super) roles: Shelf,
    pub(super) channels: Shelf,
    /// Who is in a voice channel, by user: the voice state. `None` where the bot is not told, or could not read it.
    pub(super) voice: Option<HashMap<u64, Box<str>>>,
    /// Without its lists, and empty if nothing is known.
    pub(super) rest: Box<[u8]>,
}

/// A role.
#[derive(Debug, Clone, Copy)]
pub(super) struct Role<'a>(pub(super) ItemRef<'a>);

/// A channel, or a thread that is not archived.
#[derive(Debug, Clone, Copy)]
pub(super) struct Channel<'a>(pub(super) ItemRef<'a>);

impl GuildKept {
    pub(super) fn object(&self) -> Object<'_> {
        Object::new(&self.rest)
    }

    pub(super) fn channel(&self, id: u64) -> Option<Channel<'_>> {
        self.channels.get(id).map(Channel)
    }

    pub(super) fn channels(&self) -> impl Iterator<Item = (u64, Channel<'_>)> {
        self.channels.iter().map(|(id, item)| (id, Channel(item)))
    }

    pub(super) fn role(&self, id: u64) -> Option<Role<'_>> {
        self.roles.get(id).map(Role)
    }

    pub(super) fn roles(&self) -> impl Iterator<Item = (u64, Role<'_>)> {
        self.roles.iter().map(|(id, item)| (id, Role(item)))
    }

    /// Whether every role could be read when it came last.
    pub(super) fn knows_roles(&self) -> bool {
        self.has_all_roles && self.roles().all(|(_, role)| role.permissions().is_some())
    }

    /// Nothing that permissions rest on is known any more: something has changed, and it could not be read what.
    pub(super) fn forget(&mut self) {
        self.owner = None;
        self.forget_roles();
        self.forget_channels();
    }

    pub(super) fn forget_roles(&mut self) {
        self.has_all_roles = false;
        self.roles.clear_flags(HAS_PERMISSIONS, 0);
    }

    pub(super) fn forget_channels(&mut self) {
        self.channels.clear_flags(HAS_OVERWRITES | HAS_AGE, 0);
    }

    /// Its threads may be below any channel.
    pub(super) fn forget_threads(&mut self) {
        self.channels.clear_flags(HAS_PARENT, IS_THREAD);
    }
}

impl Role<'_> {
    /// `None` if they could not be read.
    pub(super) fn permissions(self) -> Option<Permissions> {
        let is_known = self.0.flags & HAS_PERMISSIONS != 0;
        let value = self.0.object.get(PERMISSIONS).filter(|_| is_known)?;
        permissions(value)
    }

    /// Reads a role; `None` if it is not told which.
    pub(super) fn read(json: &str, faults: &mut Faults) -> Option<(u64, Item)> {
        let mut packer = Packer::default();
        if packer.text(json).is_none() {
            faults.note("");
            return None;
        }
        let (id, flags) = role(&mut packer, faults)?;
        Some((id, Item::new(flags, &packer, ROLE_FIRST)))
    }

    /// Reads the role that comes next in a list; `None` if that is no JSON.
    pub(super) fn take(
        from: &mut Scanner<'_>,
        into: &mut Filling,
        packer: &mut Packer,
        faults: &mut Faults,
    ) -> Option<bool> {
        let read = next(from, packer, faults)?;
        let read = read.then(|| role(packer, faults)).flatten();
        if let Some((id, flags)) = read {
            into.push(id, flags, packer, ROLE_FIRST);
        }
        Some(read.is_some())
    }

    /// The role that was kept elsewhere in this form.
    pub(super) fn restored(json: &str, is_known: bool) -> Item {
        let packer = repacked(json);
        Item::new(
            if is_known { HAS_PERMISSIONS } else { 0 },
            &packer,
            ROLE_FIRST,
        )
    }
}

impl<'a> Channel<'a> {
    pub(super) fn is_thread(self) -> bool {
        self.has(IS_THREAD)
    }

    pub(super) fn parent(self) -> Option<u64> {
        let parent = self.0.object.get(PARENT_ID)?.id();
        parent.filter(|_| self.has(HAS_PARENT))
    }

    /// `None` if they could not be read. Threads have those of their parent.
    pub(super) fn overwrites(self) -> Option<Box<[PermissionOverwrite]>> {
        let list = self
            .0
            .object
            .get(OVERWRITES)
            .filter(|_| self.has(HAS_OVERWRITES))?;
        list.items()?.map(overwrite).collect()
    }

    /// `None` if it could not be read.
    pub(super) fn is_age_restricted(self) -> Option<bool> {
        let value = self.0.object.get(NSFW).map_or(Some(false), Value::flag);
        value.filter(|_| self.has(HAS_AGE))
    }

    /// Whether all is known that permissions depend on.
    pub(super) fn is_known(self) -> bool {
        let has_rules = if self.is_thread() {
            self.parent().is_some()
        } else {
            self.has(HAS_OVERWRITES)
        };
        has_rules && self.has(HAS_AGE)
    }

    pub(super) fn object(self) -> Object<'a> {
        self.0.object
    }

    fn has(self, flag: u8) -> bool {
        self.0.flags & flag != 0
    }

    /// Reads a channel of a server; `None` if it is not told which. What is listed as a thread is one.
    pub(super) fn read(json: &str, is_thread: bool, faults: &mut Faults) -> Option<(u64, Item)> {
        let mut packer = Packer::default();
        if packer.text(json).is_none() {
            faults.note("");
            return None;
        }
        let (id, flags) = channel(&mut packer, is_thread, faults)?;
        Some((id, Item::new(flags, &packer, CHANNEL_FIRST)))
    }

    /// Reads the channel that comes next in a list; `None` if that is no JSON.
    pub(super) fn take(
        from: &mut Scanner<'_>,
        is_thread: bool,
        into: &mut Filling,
        packer: &mut Packer,
        faults: &mut Faults,
    ) -> Option<()> {
        let read = next(from, packer, faults)?;
        let read = read.then(|| channel(packer, is_thread, faults)).flatten();
        if let Some((id, flags)) = read {
            into.push(id, flags, packer, CHANNEL_FIRST);
        }
        Some(())
    }

    /// The same with a field, as JSON, in place of another one.
    pub(super) fn with(self, name: &str, raw: &str) -> Item {
        let mut packer = repacked(&format!("{{\"{name}\":{raw}}}"));
        packer.add_missing(self.0.object);
        Item::new(self.0.flags, &packer, CHANNEL_FIRST)
    }

    /// The channel that was kept elsewhere in this form.
    pub(super) fn restored(json: &str, is_thread: bool, has: [bool; 3]) -> Item {
        let flags = [HAS_PARENT, HAS_OVERWRITES, HAS_AGE].into_iter().zip(has);
        let flags = flags.filter(|it| it.1).map(|it| it.0).sum::<u8>();
        let flags = flags | if is_thread { IS_THREAD } else { 0 };
        Item::new(flags, &repacked(json), CHANNEL_FIRST)
    }
}

/// What was kept as JSON. What it is kept by, the id, is not in it.
pub(super) fn repacked(json: &str) -> Packer {
    let mut packer = Packer::default();
    if packer.text(json).is_none() {
        packer.clear();
    }
    packer.leave_out(ID);
    packer
}

/// Packs the next of a list: whether it is an object that can be read. `None` if it is no JSON.
pub(super) fn next(
    from: &mut Scanner<'_>,
    packer: &mut Packer,
    faults: &mut Faults,
) -> Option<bool> {
    let start = from.clone();
    if packer.object(from, |_, _| Some(false)).is_some() {
        return Some(true);
    }
    *from = start;
    from.value()?;
    faults.note("");
    Some(false)
}

/// A field of a packed object.
pub(super) fn field<'a, T>(
    value: Option<Value<'a>>,
    read: impl FnOnce(Value<'a>) -> Option<T>,
) -> Field<T> {
    match value {
        None => Field::Absent,
        Some(value) => read(value).map_or(Field::Unreadable, Field::Is),
    }
}

fn role(packer: &mut Packer, faults: &mut Faults) -> Option<(u64, u8)> {
    let id = id(packer, faults);
    let flags = if packer.get(PERMISSIONS).and_then(permissions).is_some() {
        HAS_PERMISSIONS
    } else {
        faults.note("permissions");
        0
    };
    static DEFAULTS: LazyLock<Box<[u8]>> = LazyLock::new(|| repacked(ROLE_DEFAULTS).boxed());
    packer.leave_out_same(Object::new(&DEFAULTS));
    Some((id?, flags))
}

fn channel(packer: &mut Packer, is_thread: bool, faults: &mut Faults) -> Option<(u64, u8)> {
    let id = id(packer, faults);
    let kind = field(packer.get(TYPE), Value::number).noted(faults, "type");
    let metadata = packer.get(THREAD_METADATA).and_then(Value::object);
    let is_thread = is_thread || matches!(kind, Field::Is(10..=12)) || metadata.is_some();
    let overwrites = packer.get(OVERWRITES).and_then(Value::items);
    let has_overwrites = overwrites.is_some_and(|mut all| all.all(|it| overwrite(it).is_some()));
    if !has_overwrites && !is_thread {
        faults.note("permission_overwrites");
    }
    let age = field(packer.get(NSFW), Value::flag).noted(faults, "nsfw");
    let parent = field(packer.get(PARENT_ID), Value::id).noted(faults, "parent_id");
    // It is kept below that server.
    if packer.get(GUILD_ID).and_then(Value::id).is_some() {
        packer.leave_out(GUILD_ID);
    }
    let flags = [
        (IS_THREAD, is_thread),
        (HAS_OVERWRITES, has_overwrites),
        (HAS_AGE, age != Field::Unreadable),
        (HAS_PARENT, matches!(parent, Field::Is(_))),
    ];
    let flags = flags.into_iter().filter(|it| it.1).map(|it| it.0).sum();
    Some((id?, flags))
}

/// The id, which is not kept: it is what the object is kept by.
fn id(packer: &mut Packer, faults: &mut Faults) -> Option<u64> {
    let id = packer.get(ID).and_then(Value::id);
    match id {
        Some(_) => packer.leave_out(ID),
        None => faults.note("id"),
    }
    id
}

/// Permissions as Discord writes them: what is not one number of 64 bits can't be read.
fn permissions(value: Value<'_>) -> Option<Permissions> {
    value.number().map(Permissions::from_bits_truncate)
}

/// One that can't be read may be the one that forbids: nothing is known of the channel then.
fn overwrite(value: Value<'_>) -> Option<PermissionOverwrite> {
    let fields = value.object()?;
    let kind = match fields.last(TYPE)?.number()? {
        0 => PermissionOverwriteType::Role,
        1 => PermissionOverwriteType::Member,
        _ => return None,
    };
    Some(PermissionOverwrite {
        id: Id::new_checked(fields.last(ID)?.id()?)?,
        kind,
        allow: fields.last(const { code("allow") }).and_then(permissions)?,
        deny: fields.last(const { code("deny") }).and_then(permissions)?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value as Json, json};

    use super::*;
    use crate::cache::model;

    #[test]
    fn what_is_left_out_of_a_role_is_what_its_model_begins_with() {
        let defaults: Map<String, Json> = serde_json::from_str(ROLE_DEFAULTS).unwrap();
        for (name, default) in defaults {
            let is_kept = |value: Json| {
                let told = json!({"id": "5", "permissions": "0", &name: value}).to_string();
                let (_, item) = Role::read(&told, &mut Faults::default()).unwrap();
                let kept = item.view().object;
                let read =
                    |json: &str| model::read::<twilight_model::guild::Role>(json, model::role(5));
                assert_eq!(read(&kept.json()), read(&told), "{name}");
                kept.fields().count() > 1
            };
            assert!(!is_kept(default));
            assert!(
                [json!(7), json!(true), json!({"primary_color": 1})]
                    .into_iter()
                    .all(is_kept)
            );
        }
    }
}
