//! Form of what is kept in a snapshot: Discord's JSON, and beside it what was read of it. It is the same whatever the cache keeps in
//! memory, so that a process reads what the version before has written.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use twilight_model::{channel::permission_overwrite::PermissionOverwrite, guild::Permissions};

use super::{
    Seen,
    kept::{self, Channel, GuildKept},
    seen::TimeOut,
    shelf::Filling,
};

/// A server.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Server {
    owner: Option<u64>,
    is_out: bool,
    members: u64,
    roles: HashMap<u64, Role>,
    has_all_roles: bool,
    channels: HashMap<u64, Place>,
    voice: Option<HashMap<u64, Box<str>>>,
    /// Empty if nothing is known.
    json: Box<str>,
}

/// A role.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Role {
    permissions: Option<Permissions>,
    json: Box<str>,
}

/// A channel.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    is_thread: bool,
    parent: Option<u64>,
    overwrites: Option<Box<[PermissionOverwrite]>>,
    is_age_restricted: Option<bool>,
    json: Box<str>,
}

/// A member.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Member {
    user: u64,
    roles: Box<[u64]>,
    time_out: TimeOut,
    /// In lower-case letters, a line each: for versions that don't look them up in the JSON.
    names: Box<str>,
    json: Box<str>,
}

impl Server {
    pub(super) fn of(kept: &GuildKept) -> Self {
        let role = |(id, role): (u64, kept::Role<'_>)| {
            let role = Role {
                permissions: role.permissions(),
                json: role.0.object.json().into(),
            };
            (id, role)
        };
        let place = |(id, channel): (u64, Channel<'_>)| {
            let place = Place {
                is_thread: channel.is_thread(),
                parent: channel.parent(),
                overwrites: channel.overwrites(),
                is_age_restricted: channel.is_age_restricted(),
                json: channel.object().json().into(),
            };
            (id, place)
        };
        let is_empty = kept.rest.is_empty();
        Self {
            owner: kept.owner,
            is_out: kept.is_out,
            members: kept.members,
            roles: kept.roles().map(role).collect(),
            has_all_roles: kept.has_all_roles,
            channels: kept.channels().map(place).collect(),
            voice: kept.voice.clone(),
            json: if is_empty {
                String::new()
            } else {
                kept.object().json()
            }
            .into(),
        }
    }

    pub(super) fn restored(self) -> GuildKept {
        let (mut roles, mut channels) = (Filling::default(), Filling::default());
        for (id, role) in &self.roles {
            let item = kept::Role::restored(&role.json, role.permissions.is_some());
            roles.push_item(*id, &item);
        }
        for (id, place) in &self.channels {
            let has = [
                place.parent.is_some(),
                place.overwrites.is_some(),
                place.is_age_restricted.is_some(),
            ];
            let item = Channel::restored(&place.json, place.is_thread, has);
            channels.push_item(*id, &item);
        }
        GuildKept {
            owner: self.owner,
            is_out: self.is_out,
            has_all_roles: self.has_all_roles,
            members: self.members,
            roles: roles.finish(),
            channels: channels.finish(),
            voice: self.voice,
            rest: kept::repacked(&self.json).boxed(),
        }
    }
}

impl Member {
    pub(super) fn of(seen: &Seen) -> Self {
        Self {
            user: seen.user,
            roles: seen.roles.clone(),
            time_out: seen.time_out,
            names: seen.names().join("\n").into(),
            json: seen.json().into(),
        }
    }

    pub(super) fn restored(self) -> Seen {
        Seen::restored(self.user, self.roles, self.time_out, &self.json)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::json;

    use super::*;

    /// As version 0.9 wrote them: ids and roles are in the JSON, too.
    #[test]
    fn what_the_version_before_has_written_is_read() {
        let role = |known: Option<&str>, json: serde_json::Value| json!({"permissions": known, "json": json.to_string()});
        let place = json!({"id": "200", "type": 0, "name": "open", "nsfw": true, "guild_id": "100", "topic": null,
            "permission_overwrites": [{"id": "101", "type": 0, "allow": "1024", "deny": "0"}]});
        let server = json!({
            "owner": 5, "is_out": false, "members": 3, "has_all_roles": true, "voice": null, "json": r#"{"id":"100","name":"Tea"}"#,
            "roles": {
                "101": role(Some("1024"), json!({"id": "101", "name": "a", "permissions": "1024"})),
                "102": role(None, json!({"id": "102", "name": "b", "permissions": "8"})),
            },
            "channels": {
                "200": {"is_thread": false, "parent": null, "is_age_restricted": true, "json": place.to_string(),
                    "overwrites": [{"id": "101", "type": 0, "allow": "1024", "deny": "0"}]},
                "301": {"is_thread": true, "parent": 200, "overwrites": null, "is_age_restricted": null,
                    "json": r#"{"id":"301","type":11,"parent_id":"200"}"#},
            },
        });
        let read: Server = serde_json::from_value(server).unwrap();
        let kept = read.restored();
        assert_eq!(
            (kept.owner, kept.members, kept.has_all_roles),
            (Some(5), 3, true)
        );
        assert_eq!(
            kept.role(101).unwrap().permissions(),
            Some(Permissions::VIEW_CHANNEL)
        );
        assert_eq!(
            kept.role(102).unwrap().permissions(),
            None,
            "it was not known"
        );
        let channel = kept.channel(200).unwrap();
        let overwrites = channel.overwrites().unwrap();
        assert_eq!(
            (overwrites[0].id.get(), overwrites[0].allow),
            (101, Permissions::VIEW_CHANNEL)
        );
        assert!(
            channel.is_age_restricted() == Some(true) && channel.is_known() && !channel.is_thread()
        );
        let thread = kept.channel(301).unwrap();
        assert!(thread.is_thread() && !thread.is_known());
        assert_eq!((thread.parent(), thread.overwrites()), (Some(200), None));
        // Written again, and read again, it is the same.
        let again = serde_json::to_value(Server::of(&kept)).unwrap();
        let names: HashSet<&String> = again.as_object().unwrap().keys().collect();
        assert_eq!(names.len(), 8);
        let twice: Server = serde_json::from_value(again.clone()).unwrap();
        assert_eq!(
            serde_json::to_value(Server::of(&twice.restored())).unwrap(),
            again
        );

        let member = json!({"user": 7, "roles": [101], "time_out": {"Until": 0}, "names": "n\nu",
            "json": r#"{"nick":"N","roles":["101"],"user":{"id":"7","username":"u"}}"#});
        let member: Member = serde_json::from_value(member).unwrap();
        let seen = member.restored();
        assert_eq!(
            (seen.user, &*seen.roles, seen.names().join(",")),
            (7, &[101][..], "n,u".into())
        );
        let model = seen.model().unwrap();
        assert_eq!(
            (model.user.id.get(), &*model.user.name, model.roles.len()),
            (7, "u", 1)
        );
        assert_eq!(Member::of(&seen).restored(), seen);
    }
}
