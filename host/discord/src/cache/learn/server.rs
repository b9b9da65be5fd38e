//! Reader of a server, as GUILD_CREATE, GUILD_UPDATE and Discord's answers have it: the text is read once, and what is kept is packed
//! on the way.

use super::super::{
    kept::{Channel, GuildKept, ID, NAME, Role, field},
    packed::{Packer, Scanner, Value, words::code},
    seen::{Read, Reader},
    shelf::Filling,
};
use crate::lenient::{self, Faults, Field};

const OWNER_ID: u8 = code("owner_id");
const MEMBER_COUNT: u8 = code("member_count");
const UNAVAILABLE: u8 = code("unavailable");
const ROLES: u8 = code("roles");
const CHANNELS: u8 = code("channels");
const THREADS: u8 = code("threads");
const MEMBERS: u8 = code("members");
const VOICE_STATES: u8 = code("voice_states");

/// Lists that are not kept, and not read.
const SKIPPED: &[u8] = &[
    code("presences"),
    code("emojis"),
    code("stickers"),
    code("stage_instances"),
    code("guild_scheduled_events"),
    code("soundboard_sounds"),
];

/// What is read of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Parts {
    /// All of it: what was known before is of no use.
    All,
    /// What belongs to it is told elsewhere.
    ButChannelsAndMembers,
}

/// A server that was read.
#[derive(Debug, Default)]
pub(in super::super) struct Told<'a> {
    pub(in super::super) id: Option<u64>,
    pub(in super::super) is_out: bool,
    /// `None` if the list could not be read.
    pub(super) members: Option<Vec<Read>>,
    rest: Packer,
    owner: Option<u64>,
    count: Option<u64>,
    roles: Filling,
    /// Whether each of the roles could be read.
    has_all_roles: bool,
    channels: Filling,
    /// As they came.
    voice_states: Option<&'a str>,
}

/// A list, and what could not be read in it.
#[derive(Debug)]
struct List {
    told: Field<()>,
    faults: Faults,
}

impl Default for List {
    fn default() -> Self {
        Self {
            told: Field::Absent,
            faults: Faults::default(),
        }
    }
}

impl List {
    /// Reads the list that comes next, item by item. `None` if it is no JSON.
    fn read<'a>(
        &mut self,
        name: &str,
        from: &mut Scanner<'a>,
        mut item: impl FnMut(&mut Scanner<'a>, &mut Faults) -> Option<()>,
    ) -> Option<bool> {
        // Of one that is there twice, the last counts.
        *self = Self::default();
        if from.peek()? != b'[' {
            if from.value()? != "null" {
                self.told = Field::Unreadable;
            }
            return Some(true);
        }
        self.told = Field::Is(());
        from.enter(b'[')?;
        let (mut is_first, mut number) = (true, 0_usize);
        while from.more(&mut is_first, b']')? {
            let path = || format!("{name}[{number}]");
            self.faults.inside(path, |faults| item(from, faults))?;
            number += 1;
        }
        Some(true)
    }

    /// Passes on what could not be read; a list that is `needed` has to be there.
    fn noted(self, name: &str, is_needed: bool, faults: &mut Faults) -> Field<()> {
        if self.told == Field::Unreadable || (is_needed && self.told == Field::Absent) {
            faults.note(name);
        }
        faults.add(self.faults);
        self.told
    }
}

impl<'a> Told<'a> {
    /// Reads a server; `None` if it is no object.
    pub(in super::super) fn read(json: &'a str, parts: Parts, faults: &mut Faults) -> Option<Self> {
        let mut told = Self::default();
        let (mut item, mut reader) = (Packer::default(), Reader::default());
        let [mut roles, mut channels, mut threads, mut members] = [(); 4].map(|()| List::default());
        let (mut active, mut read) = (Filling::default(), Vec::new());
        let mut from = Scanner::new(json);
        let rest = &mut told.rest;
        rest.object(&mut from, |code, from| match code {
            ROLES => {
                told.roles.clear();
                told.has_all_roles = true;
                roles.read("roles", from, |from, faults| {
                    told.has_all_roles &= Role::take(from, &mut told.roles, &mut item, faults)?;
                    Some(())
                })
            }
            CHANNELS if parts == Parts::All => {
                told.channels.clear();
                let into = &mut told.channels;
                let take = |from: &mut _, faults: &mut _| {
                    Channel::take(from, false, into, &mut item, faults)
                };
                channels.read("channels", from, take)
            }
            THREADS if parts == Parts::All => {
                active.clear();
                let take = |from: &mut _, faults: &mut _| {
                    Channel::take(from, true, &mut active, &mut item, faults)
                };
                threads.read("threads", from, take)
            }
            MEMBERS if parts == Parts::All => {
                read.clear();
                members.read("members", from, |from, faults| {
                    read.push(member(&mut reader, from, faults)?);
                    Some(())
                })
            }
            VOICE_STATES => {
                told.voice_states = Some(from.value()?);
                Some(true)
            }
            CHANNELS | THREADS | MEMBERS => from.value().map(|_| true),
            code if SKIPPED.contains(&code) => from.value().map(|_| true),
            _ => Some(false),
        })?;
        if !from.is_over() {
            return None;
        }
        told.id = rest.get(ID).and_then(Value::id);
        let is_out = field(rest.get(UNAVAILABLE), Value::flag);
        // What is neither true nor false is no word that it was left; and a server that is told whole is there.
        let is_whole = rest.get(NAME).is_some();
        told.is_out = is_out == Field::Is(true) || (is_out == Field::Unreadable && !is_whole);
        if parts == Parts::All && (told.is_out || told.id.is_none()) {
            return Some(told);
        }
        let owner = field(rest.get(OWNER_ID), Value::id);
        told.owner = owner.noted(faults, "owner_id").known();
        if parts == Parts::All {
            let count = field(rest.get(MEMBER_COUNT), Value::number);
            told.count = count.noted(faults, "member_count").known();
        }
        for code in [ID, MEMBER_COUNT, UNAVAILABLE] {
            rest.leave_out(code);
        }
        let listed = roles.noted("roles", true, faults);
        told.has_all_roles &= listed == Field::Is(());
        if parts == Parts::All {
            channels.noted("channels", false, faults);
            threads.noted("threads", false, faults);
            told.channels.append(&active);
            told.members = match members.noted("members", true, faults) {
                Field::Is(()) => Some(read),
                Field::Absent | Field::Unreadable => None,
            };
        }
        Some(told)
    }

    /// Its voice states as they came; `None` if they are not there, or can't be read.
    pub(super) fn voice_states(&self, faults: &mut Faults) -> Option<Vec<&'a str>> {
        let raw = self.voice_states.filter(|raw| *raw != "null")?;
        let items = lenient::items(raw);
        if items.is_none() {
            faults.note("voice_states");
        }
        items
    }

    /// The server that was told of, with nobody in its voice channels.
    pub(super) fn server(&mut self) -> GuildKept {
        GuildKept {
            owner: self.owner,
            is_out: false,
            has_all_roles: self.has_all_roles,
            members: self.count.unwrap_or_default(),
            roles: self.roles.finish(),
            channels: self.channels.finish(),
            voice: None,
            rest: self.rest.boxed(),
        }
    }
}

impl GuildKept {
    /// Takes over the fields of a GUILD_UPDATE; what it leaves out stays, but for the owner and the roles, which it always has.
    pub(in super::super) fn update(&mut self, told: &mut Told<'_>) {
        self.owner = told.owner;
        self.roles = told.roles.finish();
        self.has_all_roles = told.has_all_roles;
        told.rest.add_missing(self.object());
        self.rest = told.rest.boxed();
    }
}

fn member(reader: &mut Reader, from: &mut Scanner<'_>, faults: &mut Faults) -> Option<Read> {
    let start = from.clone();
    if let Some(read) = reader.read(from, None, None, faults) {
        return Some(read);
    }
    *from = start;
    from.value()?;
    faults.note("");
    Some((None, None))
}
