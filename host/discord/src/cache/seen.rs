//! Partial members, as some event or answer had them: each leaves something else out.

use std::cell::Cell;

use serde::{Deserialize, Serialize};
use serde_json::json;
use twilight_model::{guild::Member, user::User, util::Timestamp};

use super::{
    kept::{GUILD_ID, ID, field},
    model,
    packed::{Object, Packer, Scanner, Value, words::code},
};
use crate::lenient::{self, Faults, Field};

const USER: u8 = code("user");
const ROLES: u8 = code("roles");
const MEMBER: u8 = code("member");
const UNTIL: u8 = code("communication_disabled_until");

/// A member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Whose membership it is.
    pub user: u64,
    /// The member's roles.
    pub roles: Box<[u64]>,
    pub(super) time_out: TimeOut,
    /// Packed, without what is above.
    rest: Box<[u8]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum TimeOut {
    /// It was not said.
    Untold,
    /// None, or one that is over at this time, in microseconds since 1970.
    Until(i64),
}

/// A member that was read: whose membership it is, and the member; each `None` if it can't be read.
pub(super) type Read = (Option<u64>, Option<Seen>);

/// Room for reading members one after the other.
#[derive(Debug, Default)]
pub(super) struct Reader {
    member: Packer,
    user: Packer,
    roles: Vec<u64>,
}

/// What a member has of a field that is read apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Absent,
    Unreadable,
    Is,
}

impl Reader {
    /// Reads the member that comes next; `user` is the user's JSON where the event has it elsewhere, and `id` whose membership it is
    /// where that is known without. What is known of the member is out of date if it can't be told whose, or which roles. `None` if
    /// it is no object.
    pub(super) fn read(
        &mut self,
        from: &mut Scanner<'_>,
        user: Option<&str>,
        id: Option<u64>,
        faults: &mut Faults,
    ) -> Option<Read> {
        let (mut has_user, has_roles) = self.pack(from)?;
        let Self {
            member, user: own, ..
        } = &mut *self;
        let told = (has_user == Part::Is).then(|| own.get(ID).and_then(Value::id));
        let mut told = told.flatten();
        if let (None, Some(user)) = (told, user) {
            if has_user == Part::Absent {
                has_user = take_user(&mut Scanner::new(user), own).unwrap_or(Part::Unreadable);
                told = (has_user == Part::Is)
                    .then(|| own.get(ID).and_then(Value::id))
                    .flatten();
            } else {
                let fields = lenient::Fields::read(user);
                told = fields.and_then(|fields| fields.id("id").known());
            }
        }
        let id = told.or(id);
        if id.is_none() {
            faults.note("user.id");
        }
        if has_roles != Part::Is {
            faults.note("roles");
        }
        let time_out =
            field(member.get(UNTIL), until).noted(faults, "communication_disabled_until");
        let time_out = match time_out {
            Field::Is(until) => TimeOut::Until(until),
            // One that can't be read is one that is not over.
            Field::Unreadable => TimeOut::Until(i64::MAX),
            Field::Absent if member.saw(UNTIL) => TimeOut::Until(0),
            Field::Absent => TimeOut::Untold,
        };
        let (Some(user_id), Part::Is) = (id, has_roles) else {
            return Some((id, None));
        };
        let roles = self.roles.as_slice().into();
        let seen = Seen {
            user: user_id,
            roles,
            time_out,
            rest: self.rest(has_user),
        };
        Some((id, Some(seen)))
    }

    /// Packs the member that comes next: whether it has a user, and roles.
    fn pack(&mut self, from: &mut Scanner<'_>) -> Option<(Part, Part)> {
        let (mut has_user, mut has_roles) = (Part::Absent, Part::Absent);
        let Self {
            member,
            user,
            roles,
        } = self;
        member.object(from, |code, from| {
            match code {
                USER => has_user = take_user(from, user)?,
                ROLES => has_roles = take_roles(from, roles)?,
                _ => return Some(false),
            }
            Some(true)
        })?;
        Some((has_user, has_roles))
    }

    /// What is kept of it besides its user's id and its roles.
    fn rest(&mut self, has_user: Part) -> Box<[u8]> {
        self.member.leave_out(GUILD_ID);
        if has_user == Part::Is {
            self.user.leave_out(ID);
            self.member.add_object(USER, &self.user);
        }
        self.member.boxed()
    }
}

/// A user, without the member that mentions have there.
fn take_user(from: &mut Scanner<'_>, into: &mut Packer) -> Option<Part> {
    let start = from.clone();
    let read = into.object(from, |code, from| {
        let is_left_out = code == MEMBER;
        if is_left_out {
            from.value()?;
        }
        Some(is_left_out)
    });
    if read.is_some() {
        return Some(Part::Is);
    }
    *from = start;
    let is_null = from.value()? == "null";
    Some(if is_null {
        Part::Absent
    } else {
        Part::Unreadable
    })
}

fn take_roles(from: &mut Scanner<'_>, into: &mut Vec<u64>) -> Option<Part> {
    into.clear();
    if from.peek()? != b'[' {
        let is_null = from.value()? == "null";
        return Some(if is_null {
            Part::Absent
        } else {
            Part::Unreadable
        });
    }
    from.enter(b'[')?;
    let (mut is_first, mut all) = (true, Part::Is);
    while from.more(&mut is_first, b']')? {
        match lenient::id(from.value()?) {
            Some(role) => into.push(role),
            None => all = Part::Unreadable,
        }
    }
    Some(all)
}

impl Seen {
    /// Reads a member, as [`Reader::read`] does, from a text of its own; `None` if that is no object.
    pub(super) fn read(
        json: &str,
        user: Option<&str>,
        id: Option<u64>,
        faults: &mut Faults,
    ) -> Option<Read> {
        thread_local! {
            static READER: Cell<Reader> = Cell::default();
        }
        // One that is used already is as good as a new one.
        let mut reader = READER.take();
        let read = reader.read(&mut Scanner::new(json), user, id, faults);
        READER.set(reader);
        read
    }

    /// The member that was kept elsewhere: its JSON may have its user's id and its roles, or not.
    pub(super) fn restored(user: u64, roles: Box<[u64]>, time_out: TimeOut, json: &str) -> Self {
        let mut reader = Reader::default();
        let packed = reader.pack(&mut Scanner::new(json));
        Self {
            user,
            roles,
            time_out,
            rest: packed
                .map(|(has_user, _)| reader.rest(has_user))
                .unwrap_or_default(),
        }
    }

    /// The member as JSON, without its user's id and its roles.
    pub(super) fn json(&self) -> String {
        Object::new(&self.rest).json()
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
        let left = self.roles.iter().copied().filter(|id| *id != role);
        self.roles = left.collect();
    }

    /// Whether the member goes by this name, which is in lower-case letters: in the server, everywhere, or as a user.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.names().iter().any(|own| own == name)
    }

    /// How the member is called, in lower-case letters: in the server, everywhere, and as a user.
    pub(super) fn names(&self) -> Vec<String> {
        let member = Object::new(&self.rest);
        let user = member.get(USER).and_then(Value::object).unwrap_or_default();
        let own = [
            member.text(const { code("nick") }),
            user.text(const { code("global_name") }),
            user.text(const { code("username") }),
        ];
        own.into_iter()
            .flatten()
            .map(|own| own.to_lowercase())
            .collect()
    }

    /// Whether the member is in time-out at a time, in microseconds since 1970.
    pub(super) fn is_timed_out(&self, now_us: i64) -> bool {
        matches!(self.time_out, TimeOut::Until(until) if until > now_us)
    }

    /// The member as twilight has it; what it can't read is left out.
    #[must_use]
    pub fn model(&self) -> Option<Member> {
        let member = Object::new(&self.rest);
        let user = member.get(USER).and_then(Value::object).unwrap_or_default();
        let user: User = model::read(&user.json(), model::user(self.user))?;
        let user = serde_json::to_value(user).ok()?;
        let roles: Vec<String> = self.roles.iter().map(u64::to_string).collect();
        let template = json!({"deaf": false, "mute": false, "flags": 0, "roles": roles, "user": user, "pending": false});
        let mut rest = Packer::default();
        rest.add_missing(member);
        rest.leave_out(USER);
        model::read(&Object::new(&rest.boxed()).json(), template)
    }
}

fn until(value: Value<'_>) -> Option<i64> {
    let text = value.text()?;
    Timestamp::parse(&text).ok().map(|until| until.as_micros())
}
