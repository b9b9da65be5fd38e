//! Cache entries of servers, channels and roles: what permissions and routing need, read once; the rest as Discord's
//! JSON. They are written to a snapshot as they are: whoever changes one counts up its format (`snapshot.rs`).

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use twilight_model::{
    channel::permission_overwrite::{PermissionOverwrite, PermissionOverwriteType},
    guild::Permissions,
    id::Id,
};

use crate::lenient::{self, Faults, Field, Fields};

/// Fields of a server that are not kept, or elsewhere.
const LISTS: &[&str] = &[
    "channels",
    "threads",
    "roles",
    "members",
    "presences",
    "voice_states",
    "emojis",
    "stickers",
    "stage_instances",
    "guild_scheduled_events",
    "soundboard_sounds",
    "member_count",
    "unavailable",
];

/// A server.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GuildKept {
    /// `None` if it could not be read.
    pub(super) owner: Option<u64>,
    /// Discord has an outage there.
    pub(super) is_out: bool,
    pub(super) members: u64,
    pub(super) roles: HashMap<u64, RoleKept>,
    /// Whether each role of the server is in `roles`; if not, one that is missing need not be deleted.
    pub(super) has_all_roles: bool,
    pub(super) channels: HashMap<u64, ChannelKept>,
    /// Who is in a voice channel, by user: the voice state. `None` where the bot is not told, or could not read it.
    pub(super) voice: Option<HashMap<u64, Box<str>>>,
    /// Without its [`LISTS`].
    pub(super) json: Box<str>,
}

/// A role.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleKept {
    /// `None` if they could not be read.
    pub(super) permissions: Option<Permissions>,
    pub(super) json: Box<str>,
}

/// A channel, or a thread that is not archived.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChannelKept {
    pub(super) is_thread: bool,
    pub(super) parent: Option<u64>,
    /// `None` if they could not be read. Threads have those of their parent.
    pub(super) overwrites: Option<Box<[PermissionOverwrite]>>,
    /// `None` if it could not be read.
    pub(super) is_age_restricted: Option<bool>,
    pub(super) json: Box<str>,
}

impl GuildKept {
    /// Reads a server, without its channels. What can't be read is not known.
    pub(super) fn read(fields: &Fields<'_>, faults: &mut Faults) -> Self {
        let mut guild = Self {
            owner: fields.id("owner_id").noted(faults, "owner_id").known(),
            members: fields
                .get("member_count", lenient::number)
                .noted(faults, "member_count")
                .known()
                .unwrap_or_default(),
            json: object(fields.iter().filter(|(name, _)| !LISTS.contains(name))),
            ..Self::default()
        };
        guild.read_roles(&fields.list("roles"), faults);
        guild
    }

    /// Takes over the fields of a GUILD_UPDATE; what it leaves out stays, but for the owner and the roles, which it always has.
    pub(super) fn update(&mut self, fields: &Fields<'_>, faults: &mut Faults) {
        self.owner = fields.id("owner_id").noted(faults, "owner_id").known();
        self.read_roles(&fields.list("roles"), faults);
        let before = std::mem::take(&mut self.json);
        let before = Fields::read(&before).unwrap_or_default();
        let stays = before
            .iter()
            .filter(|(name, _)| fields.iter().all(|(it, _)| it != *name));
        let told = fields.iter().filter(|(name, _)| !LISTS.contains(name));
        self.json = object(stays.chain(told));
    }

    /// Replaces the roles by those of a list.
    pub(super) fn read_roles(&mut self, list: &Field<Vec<&str>>, faults: &mut Faults) {
        self.roles.clear();
        self.has_all_roles = matches!(list, Field::Is(_));
        let Field::Is(items) = list else {
            faults.note("roles");
            return;
        };
        for (number, item) in items.iter().enumerate() {
            let path = || format!("roles[{number}]");
            match faults.inside(path, |faults| RoleKept::read(item, faults)) {
                Some((id, role)) => {
                    self.roles.insert(id, role);
                }
                None => self.has_all_roles = false,
            }
        }
    }

    /// Whether every role could be read when it came last.
    pub(super) fn knows_roles(&self) -> bool {
        self.has_all_roles && self.roles.values().all(|role| role.permissions.is_some())
    }

    /// Nothing that permissions rest on is known any more: something has changed, and it could not be read what.
    pub(super) fn forget(&mut self) {
        self.owner = None;
        self.forget_roles();
        self.forget_channels();
    }

    pub(super) fn forget_roles(&mut self) {
        self.has_all_roles = false;
        for role in self.roles.values_mut() {
            role.permissions = None;
        }
    }

    pub(super) fn forget_channels(&mut self) {
        for channel in self.channels.values_mut() {
            channel.overwrites = None;
            channel.is_age_restricted = None;
        }
    }
}

impl RoleKept {
    /// Reads a role; `None` if it is not told which.
    pub(super) fn read(json: &str, faults: &mut Faults) -> Option<(u64, Self)> {
        let Some(fields) = Fields::read(json) else {
            faults.note("");
            return None;
        };
        let id = fields.id("id").known();
        if id.is_none() {
            faults.note("id");
        }
        let permissions = fields.get("permissions", permissions).known();
        if permissions.is_none() {
            faults.note("permissions");
        }
        Some((
            id?,
            Self {
                permissions,
                json: json.into(),
            },
        ))
    }
}

impl ChannelKept {
    /// Reads a channel of a server; `None` if it is not told which. What is listed as a thread is one.
    pub(super) fn read(json: &str, is_thread: bool, faults: &mut Faults) -> Option<(u64, Self)> {
        let Some(fields) = Fields::read(json) else {
            faults.note("");
            return None;
        };
        let id = fields.id("id").known();
        if id.is_none() {
            faults.note("id");
        }
        let kind = fields.get("type", lenient::number).noted(faults, "type");
        let is_thread = is_thread
            || matches!(kind, Field::Is(10..=12))
            || matches!(fields.object("thread_metadata"), Field::Is(_));
        let overwrites = match fields.list("permission_overwrites") {
            Field::Is(items) => items.into_iter().map(overwrite).collect(),
            Field::Absent | Field::Unreadable => None,
        };
        if overwrites.is_none() && !is_thread {
            faults.note("permission_overwrites");
        }
        let is_age_restricted = match fields.get("nsfw", lenient::flag).noted(faults, "nsfw") {
            Field::Is(is) => Some(is),
            Field::Absent => Some(false),
            Field::Unreadable => None,
        };
        let channel = Self {
            is_thread,
            parent: fields.id("parent_id").noted(faults, "parent_id").known(),
            overwrites,
            is_age_restricted,
            json: json.into(),
        };
        Some((id?, channel))
    }
}

impl ChannelKept {
    /// Whether all is known that permissions depend on.
    pub(super) fn is_known(&self) -> bool {
        let has_rules = if self.is_thread {
            self.parent.is_some()
        } else {
            self.overwrites.is_some()
        };
        has_rules && self.is_age_restricted.is_some()
    }
}

/// Permissions as Discord writes them: what is not one number of 64 bits can't be read.
fn permissions(raw: &str) -> Option<Permissions> {
    lenient::number(raw).map(Permissions::from_bits_truncate)
}

/// One that can't be read may be the one that forbids: nothing is known of the channel then.
fn overwrite(json: &str) -> Option<PermissionOverwrite> {
    let fields = Fields::read(json)?;
    let kind = match fields.get("type", lenient::number).known()? {
        0 => PermissionOverwriteType::Role,
        1 => PermissionOverwriteType::Member,
        _ => return None,
    };
    Some(PermissionOverwrite {
        id: Id::new_checked(fields.id("id").known()?)?,
        kind,
        allow: fields.get("allow", permissions).known()?,
        deny: fields.get("deny", permissions).known()?,
    })
}

/// An object with these fields.
pub(super) fn object<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Box<str> {
    let mut json = String::from("{");
    for (name, raw) in fields {
        if json.len() > 1 {
            json.push(',');
        }
        json.push_str(&serde_json::Value::from(name).to_string());
        json.push(':');
        json.push_str(raw);
    }
    json.push('}');
    json.into()
}
