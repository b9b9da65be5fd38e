//! Cache updates about members: from events about them, and from those in which they are merely seen.

use std::time::Instant;

use super::super::{Cache, Seen, seen::Read};
use crate::lenient::{self, Faults, Field, Fields};

impl Cache {
    /// Takes note of a member that was seen: in an event, or in Discord's answer to a request. One that could not be read is
    /// forgotten.
    pub(in super::super) fn saw(&self, guild: u64, user: Option<u64>, member: Option<Seen>) {
        match member {
            Some(member) if member.user == self.bot_id() => self.members.saw_own(guild, member),
            Some(member) => self.members.saw(guild, member, Instant::now()),
            None => self.members.forget(Some(guild), user),
        }
    }

    /// The same where it may be that the server can't be told: what is known of the member in any of them may be out of date.
    fn saw_somewhere(&self, guild: Option<u64>, (user, member): Read) {
        match guild {
            Some(guild) => self.saw(guild, user, member),
            None => self.members.forget(None, user),
        }
    }

    /// The members of a list, which tells how they are now. One of which it can't be told who it is may be anybody.
    pub(super) fn members_of(
        &self,
        guild: Option<u64>,
        list: &str,
        fields: &Fields<'_>,
        faults: &mut Faults,
    ) {
        let Field::Is(items) = fields.list(list) else {
            faults.note(list);
            return self.members.forget(guild, None);
        };
        let mut members = Vec::with_capacity(items.len());
        for (number, item) in items.iter().enumerate() {
            let path = || format!("{list}[{number}]");
            members.push(faults.inside(path, |faults| {
                match Seen::read(item, None, None, faults) {
                    Some(read) => read,
                    None => {
                        faults.note("");
                        (None, None)
                    }
                }
            }));
        }
        self.members_are(guild, members);
    }

    /// How the members of a list are now.
    pub(super) fn members_are(&self, guild: Option<u64>, members: Vec<Read>) {
        if members.iter().any(|(user, _)| user.is_none()) {
            self.members.forget(guild, None);
        }
        for read in members.into_iter().filter(|(user, _)| user.is_some()) {
            self.saw_somewhere(guild, read);
        }
    }

    /// Members that somebody has asked for, and who of those there are not.
    pub(super) fn members_listed(&self, fields: &Fields<'_>, faults: &mut Faults) {
        let guild = fields.id("guild_id").known();
        if guild.is_none() {
            faults.note("guild_id");
        }
        self.members_of(guild, "members", fields, faults);
        let gone = fields.list("not_found").noted(faults, "not_found");
        let gone = match gone {
            Field::Is(gone) => gone.into_iter().map(lenient::id).collect(),
            Field::Absent => return,
            Field::Unreadable => vec![None],
        };
        for user in gone {
            self.members.forget(guild, user);
        }
    }

    pub(super) fn member_changed(&self, data: &str, fields: &Fields<'_>, faults: &mut Faults) {
        let guild = fields.id("guild_id").known();
        if guild.is_none() {
            faults.note("guild_id");
        }
        let read = Seen::read(data, None, None, faults).unwrap_or_else(|| {
            faults.note("user.id");
            (None, None)
        });
        self.saw_somewhere(guild, read);
    }

    pub(super) fn member_left(&self, fields: &Fields<'_>, faults: &mut Faults) {
        let guild = fields.id("guild_id").known();
        let user = fields.object("user").known();
        let user = user.and_then(|user| user.id("id").known());
        if guild.is_none() || user.is_none() {
            faults.note(if guild.is_none() {
                "guild_id"
            } else {
                "user.id"
            });
        }
        self.members.forget(guild, user);
        self.count(fields, |members| members.saturating_sub(1));
    }

    /// The members that come with events about something else. Where it can't be told who it is, nothing was told of anybody: it
    /// is no change, and the next event tells it again.
    pub(super) fn seen(&self, name: &str, fields: &Fields<'_>, faults: &mut Faults) {
        let told = fields.id("guild_id").noted(faults, "guild_id");
        let is_lost = told == Field::Unreadable || fields.raw("member").is_some();
        // As for whoever reads the event: where the server can't be read, the channel tells it.
        let channel = fields.id("channel_id").known();
        let guild = told
            .known()
            .or_else(|| self.guild_of(channel?))
            .or_else(|| fields.object("guild").known()?.id("id").known());
        if guild.is_none() && !is_lost {
            return;
        }
        let see = |(user, member): Read| {
            if user.is_some() {
                self.saw_somewhere(guild, (user, member));
            }
        };
        let author = fields.raw("author");
        let user = author.and_then(user_id);
        let user = user.or_else(|| fields.id("user_id").known());
        let path = || "member".into();
        match member(fields, path, author, user, faults) {
            Field::Is(read) => see(read),
            Field::Unreadable => see((user, None)),
            // Every message of a member has one. Who writes without may have left; a webhook is nobody.
            Field::Absent if name == "MESSAGE_CREATE" && fields.raw("webhook_id").is_none() => {
                see((user, None));
            }
            Field::Absent => {}
        }
        mentioned(fields, faults, see);
        resolved(fields, faults, see);
    }

    /// Members who have joined a thread.
    pub(super) fn seen_in_thread(&self, fields: &Fields<'_>, faults: &mut Faults) {
        let guild = fields.id("guild_id").noted(faults, "guild_id").known();
        let guild = guild.or_else(|| self.guild_of(fields.id("id").known()?));
        let added = fields.list("added_members");
        let added = match added.noted(faults, "added_members") {
            Field::Is(added) => added,
            Field::Absent => return,
            Field::Unreadable => return self.members.forget(guild, None),
        };
        for (number, item) in added.iter().enumerate() {
            let path = || format!("added_members[{number}]");
            let read = faults.inside(path, |faults| {
                let added = Fields::read(item).unwrap_or_default();
                let user = added.id("user_id").known();
                let path = || "member".into();
                match member(&added, path, None, user, faults) {
                    Field::Is(read) => read,
                    Field::Unreadable => (user, None),
                    Field::Absent => {
                        faults.note("member");
                        (user, None)
                    }
                }
            });
            self.saw_somewhere(guild, read);
        }
    }
}

/// The members among those whom a message mentions.
fn mentioned(fields: &Fields<'_>, faults: &mut Faults, see: impl Fn(Read)) {
    let mentions = fields.list("mentions").noted(faults, "mentions").known();
    for (number, raw) in mentions.iter().flatten().enumerate() {
        let Some(user) = Fields::read(raw) else {
            continue;
        };
        let path = || format!("mentions[{number}].member");
        match member(&user, path, Some(raw), None, faults) {
            Field::Is(read) => see(read),
            Field::Unreadable => see((user.id("id").known(), None)),
            Field::Absent => {}
        }
    }
}

/// The members whom an interaction has picked.
fn resolved(fields: &Fields<'_>, faults: &mut Faults, see: impl Fn(Read)) {
    const PLACE: &str = "data.resolved.members";
    let data = fields.object("data").known();
    let resolved = data.and_then(|data| data.object("resolved").known());
    let Some(resolved) = resolved else {
        return;
    };
    let users = resolved.object("users").known().unwrap_or_default();
    let members = resolved.object("members").noted(faults, PLACE).known();
    for (id, it) in members.unwrap_or_default().iter() {
        let user = lenient::id(id);
        let read = faults.inside(
            || PLACE.into(),
            |faults| {
                let read = Seen::read(it, users.raw(id), user, faults);
                read.unwrap_or_else(|| {
                    faults.note("");
                    (user, None)
                })
            },
        );
        see(read);
    }
}

/// The field `member`, whose user's JSON may stand elsewhere, and whose id may be known without.
fn member(
    fields: &Fields<'_>,
    path: impl FnOnce() -> String,
    user: Option<&str>,
    id: Option<u64>,
    faults: &mut Faults,
) -> Field<Read> {
    let Some(raw) = fields.raw("member") else {
        return Field::Absent;
    };
    faults.inside(path, |faults| match Seen::read(raw, user, id, faults) {
        Some(read) => Field::Is(read),
        None => {
            faults.note("");
            Field::Unreadable
        }
    })
}

/// The id in a user.
fn user_id(user: &str) -> Option<u64> {
    Fields::read(user)?.id("id").known()
}
