//! Partial members, as some event or answer had them: each leaves something else out.

use serde::{Deserialize, Serialize};
use serde_json::json;
use twilight_model::{guild::Member, user::User, util::Timestamp};

use super::{kept::object, model};
use crate::lenient::{self, Faults, Field, Fields};

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// Whose membership it is.
    pub user: u64,
    /// The member's roles.
    pub roles: Box<[u64]>,
    time_out: TimeOut,
    /// In lower-case letters, a line each.
    names: Box<str>,
    json: Box<str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum TimeOut {
    /// It was not said.
    Untold,
    /// None, or one that is over at this time, in microseconds since 1970.
    Until(i64),
}

impl Seen {
    /// Reads a member; `user` is the user's JSON where the event has it elsewhere, and `id` whose membership it is where that is
    /// known without. `None` if it can't be told whose, or which roles: what is known of the member is out of date then.
    pub(super) fn read(
        fields: &Fields<'_>,
        user: Option<&str>,
        id: Option<u64>,
        faults: &mut Faults,
    ) -> Option<Self> {
        let user = fields.raw("user").or(user);
        let id = id.or_else(|| user_id(user?));
        if id.is_none() {
            faults.note("user.id");
        }
        let roles = fields.list("roles").known();
        let roles = roles.and_then(|roles| roles.into_iter().map(lenient::id).collect());
        if roles.is_none() {
            faults.note("roles");
        }
        let time_out = fields.get("communication_disabled_until", until);
        let time_out = match time_out.noted(faults, "communication_disabled_until") {
            Field::Is(until) => TimeOut::Until(until),
            // One that can't be read is one that is not over.
            Field::Unreadable => TimeOut::Until(i64::MAX),
            Field::Absent
                if fields
                    .iter()
                    .any(|it| it.0 == "communication_disabled_until") =>
            {
                TimeOut::Until(0)
            }
            Field::Absent => TimeOut::Untold,
        };
        let names = names(fields, user);
        let user = user.map(|user| ("user", user));
        let rest = fields.iter().filter(|(name, _)| *name != "user");
        Some(Self {
            user: id?,
            roles: roles?,
            time_out,
            names,
            json: object(rest.chain(user)),
        })
    }

    /// The same after `before`, which may have told of a time-out that this does not tell of.
    pub(super) fn after(mut self, before: &Self) -> Self {
        if self.time_out == TimeOut::Untold {
            self.time_out = before.time_out;
        }
        self
    }

    /// The same without a role that was deleted.
    pub(super) fn without(&mut self, role: u64) {
        if !self.roles.contains(&role) {
            return;
        }
        self.roles = self
            .roles
            .iter()
            .copied()
            .filter(|id| *id != role)
            .collect();
        let left: Vec<String> = self.roles.iter().map(|id| format!("\"{id}\"")).collect();
        let left = format!("[{}]", left.join(","));
        let fields = Fields::read(&self.json).unwrap_or_default();
        let rest = fields.iter().filter(|(name, _)| *name != "roles");
        self.json = object(rest.chain([("roles", &*left)]));
    }

    /// Whether the member goes by this name, which is in lower-case letters: in the server, everywhere, or as a user.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.names.lines().any(|own| own == name)
    }

    /// Whether the member is in time-out at a time, in microseconds since 1970.
    pub(super) fn is_timed_out(&self, now_us: i64) -> bool {
        matches!(self.time_out, TimeOut::Until(until) if until > now_us)
    }

    /// The member as twilight has it; what it can't read is left out.
    #[must_use]
    pub fn model(&self) -> Option<Member> {
        let fields = Fields::read(&self.json)?;
        let user = fields.raw("user").unwrap_or("{}");
        let user: User = model::read(user, model::user(self.user))?;
        let user = serde_json::to_value(user).ok()?;
        let roles: Vec<String> = self.roles.iter().map(u64::to_string).collect();
        let template = json!({"deaf": false, "mute": false, "flags": 0, "roles": roles, "user": user, "pending": false});
        let rest = fields.iter();
        let rest = object(rest.filter(|(name, _)| !matches!(*name, "user" | "roles")));
        model::read(&rest, template)
    }
}

/// The id in a user.
fn user_id(json: &str) -> Option<u64> {
    Fields::read(json)?.id("id").known()
}

fn names(member: &Fields<'_>, user: Option<&str>) -> Box<str> {
    let user = user.and_then(Fields::read).unwrap_or_default();
    let names = [
        member.get("nick", lenient::text),
        user.get("global_name", lenient::text),
        user.get("username", lenient::text),
    ];
    let names = names.into_iter().filter_map(Field::known);
    let names: Vec<String> = names.map(|name| name.to_lowercase()).collect();
    names.join("\n").into()
}

fn until(raw: &str) -> Option<i64> {
    let text = lenient::text(raw)?;
    Timestamp::parse(&text).ok().map(|until| until.as_micros())
}
