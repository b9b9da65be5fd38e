//! Thread lifecycle: started, followed, archived and deleted.

use serde_json::{Value, json};
use twilight_model::{channel::ChannelType, guild::Permissions};

use super::{
    Alarm, Channel, ChannelKind, Draft, Event, Thread, World,
    message::{HAS_THREAD, THREAD_STARTER},
    snowflake::{created_us, iso},
    thread::ThreadMember,
};

/// The types of messages of the system about threads.
const RECIPIENT_ADD: u8 = 1;
const RECIPIENT_REMOVE: u8 = 2;
const NAME_CHANGE: u8 = 4;
const THREAD_CREATED: u8 = 18;
/// Users in a thread.
pub(crate) const MAX_THREAD_MEMBERS: usize = 1000;

/// A thread that is about to be started, already checked.
#[derive(Clone, Debug)]
pub(crate) struct NewThread {
    pub parent: u64,
    pub of: ChannelType,
    pub name: String,
    pub owner: u64,
    pub auto_archive_minutes: u16,
    pub rate_limit_per_user: u16,
    pub invitable: bool,
    pub applied_tags: Vec<u64>,
}

impl World {
    /// Starts a thread from a message of the parent, or without one, and tells everybody; gives its id.
    pub(crate) fn start_thread(&mut self, new: NewThread, message: Option<u64>) -> u64 {
        let (parent, owner, of) = (new.parent, new.owner, new.of);
        let name = new.name.clone();
        let thread = self.insert_thread(message, new);
        let guild = self.guild_of(parent).unwrap_or(0);
        let mut place =
            json!({"type": 0, "channel_id": thread.to_string(), "guild_id": guild.to_string()});
        match message {
            Some(id) => {
                if let Some(known) = self.message_mut(parent, id) {
                    known.flags |= HAS_THREAD;
                }
                self.tell_edit(parent, id);
                place["channel_id"] = json!(parent.to_string());
                place["message_id"] = json!(id.to_string());
                let kind = THREAD_STARTER;
                self.post_of_system(thread, owner, kind, String::new(), Some(place), Vec::new());
            }
            None if of != ChannelType::PrivateThread => {
                self.post_of_system(parent, owner, THREAD_CREATED, name, Some(place), Vec::new());
            }
            None => {}
        }
        thread
    }

    /// Starts a post in a forum with its first message, and tells everybody; gives the id of both.
    pub(crate) fn start_post(&mut self, new: NewThread, draft: Draft, author: u64) -> u64 {
        let parent = new.parent;
        let thread = self.insert_thread(None, new);
        self.post_with_id(thread, thread, author, draft);
        if let Some(forum) = self.channels.get_mut(&parent) {
            forum.last_message = Some(thread);
        }
        thread
    }

    fn insert_thread(&mut self, id: Option<u64>, new: NewThread) -> u64 {
        let id = id.unwrap_or_else(|| self.snowflakes.next());
        let guild = self.guild_of(new.parent).unwrap_or(0);
        let now = self.clock.now_us();
        let kind = ChannelKind::Guild { guild, of: new.of };
        let mut channel = Channel::new(id, &new.name, kind);
        channel.parent = Some(new.parent);
        channel.rate_limit_per_user = new.rate_limit_per_user;
        channel.nsfw = self
            .channels
            .get(&new.parent)
            .is_some_and(|parent| parent.nsfw);
        channel.thread = Some(Thread {
            owner: new.owner,
            created_us: now,
            archive_us: now,
            invitable: new.invitable,
            auto_archive_minutes: new.auto_archive_minutes,
            applied_tags: new.applied_tags,
            ..Thread::default()
        });
        self.channels.insert(id, channel);
        self.active_threads.insert(id);
        if self.users.contains_key(&new.owner) {
            self.put_into_thread(id, new.owner);
        }
        let mut data = self.thread_json(id);
        data["newly_created"] = json!(true);
        self.tell("THREAD_CREATE", id, data);
        if self.follows(id, new.owner) {
            self.tell_thread_members(id, &[new.owner], &[]);
        }
        self.watch_thread(id);
        id
    }

    /// The thread's channel object as the bot gets it, with its own membership.
    pub(crate) fn thread_json(&self, thread: u64) -> Value {
        let Some(channel) = self.channels.get(&thread) else {
            return Value::Null;
        };
        let mut json = self.channel_json(channel);
        if let Some(member) = self.thread_member_json(thread, self.application.bot, false) {
            json["member"] = member;
        }
        json
    }

    /// The thread as GUILD_CREATE has it: there the membership says neither whose nor where it is.
    pub(super) fn synced_thread_json(&self, thread: u64) -> Value {
        let mut json = self.thread_json(thread);
        if let Some(member) = json.get_mut("member").and_then(Value::as_object_mut) {
            member.remove("id");
            member.remove("user_id");
        }
        json
    }

    /// The thread member object; `None` if the user does not follow the thread.
    pub(crate) fn thread_member_json(&self, thread: u64, user: u64, whole: bool) -> Option<Value> {
        let known = self.channels.get(&thread)?.thread.as_ref()?;
        let member = known.members.get(&user)?;
        let mut json = json!({
            "id": thread.to_string(),
            "user_id": user.to_string(),
            "join_timestamp": iso(member.joined_us),
            "flags": member.flags,
        });
        if whole {
            json["member"] = self.member_json(self.guild_of(thread)?, user)?;
        }
        Some(json)
    }

    /// Whether a user follows a thread.
    pub(crate) fn follows(&self, thread: u64, user: u64) -> bool {
        let thread = self
            .channels
            .get(&thread)
            .and_then(|known| known.thread.as_ref());
        thread.is_some_and(|thread| thread.members.contains_key(&user))
    }

    fn put_into_thread(&mut self, thread: u64, user: u64) {
        let joined_us = self.clock.now_us();
        let known = self.channels.get_mut(&thread);
        if let Some(known) = known.and_then(|known| known.thread.as_mut()) {
            let member = ThreadMember {
                joined_us,
                flags: 1,
            };
            known.members.insert(user, member);
        }
    }

    /// Lets a user follow a thread, by their own wish or by somebody else's, and tells it.
    pub(crate) fn join_thread(&mut self, thread: u64, user: u64, by: u64) {
        if self.follows(thread, user) {
            return;
        }
        self.put_into_thread(thread, user);
        if user == self.application.bot {
            let data = self.thread_json(thread);
            self.tell("THREAD_CREATE", thread, data);
        }
        self.tell_thread_members(thread, &[user], &[]);
        if by != user {
            self.post_of_system(thread, by, RECIPIENT_ADD, String::new(), None, vec![user]);
        }
    }

    /// Lets a user follow a thread no longer, and tells it.
    pub(crate) fn leave_thread(&mut self, thread: u64, user: u64, by: u64) {
        let known = self.channels.get_mut(&thread);
        let members = known.and_then(|known| known.thread.as_mut());
        if members.is_none_or(|thread| thread.members.remove(&user).is_none()) {
            return;
        }
        self.tell_thread_members(thread, &[], &[user]);
        if by != user {
            self.post_of_system(
                thread,
                by,
                RECIPIENT_REMOVE,
                String::new(),
                None,
                vec![user],
            );
        }
    }

    fn tell_thread_members(&mut self, thread: u64, added: &[u64], removed: &[u64]) {
        let Some(guild) = self.guild_of(thread) else {
            return;
        };
        let known = self
            .channels
            .get(&thread)
            .and_then(|known| known.thread.as_ref());
        let count = known.map_or(0, |thread| thread.members.len().min(50));
        let mut data = json!({
            "id": thread.to_string(),
            "guild_id": guild.to_string(),
            "member_count": count,
        });
        if !added.is_empty() {
            let members = added.iter().filter_map(|user| {
                let mut member = self.thread_member_json(thread, *user, true)?;
                member["presence"] = Value::Null;
                Some(member)
            });
            data["added_members"] = members.collect();
        }
        if !removed.is_empty() {
            data["removed_member_ids"] = removed.iter().map(u64::to_string).collect();
        }
        // Who was taken out of a private thread is told so, though they see it no more.
        let place = self.channels.get(&thread).and_then(|known| known.parent);
        self.outbox.push(Event::in_channel(
            "THREAD_MEMBERS_UPDATE",
            Some(guild),
            place.unwrap_or(thread),
            data,
        ));
    }

    /// Tells that a thread has changed.
    pub(crate) fn tell_thread(&mut self, thread: u64) {
        let data = self.thread_json(thread);
        self.tell("THREAD_UPDATE", thread, data);
    }

    /// Archives a thread or brings it back, and tells it, unless it is so already.
    pub(crate) fn archive_thread(&mut self, thread: u64, archived: bool) {
        let now = self.clock.now_us();
        let Some(channel) = self.channels.get_mut(&thread) else {
            return;
        };
        let Some(known) = channel
            .thread
            .as_mut()
            .filter(|known| known.archived != archived)
        else {
            return;
        };
        known.archived = archived;
        known.archive_us = now;
        if archived {
            // Archiving unpins a post of a forum.
            channel.flags &= !PINNED_POST;
            self.active_threads.remove(&thread);
        } else {
            self.active_threads.insert(thread);
        }
        self.tell_thread(thread);
        if !archived {
            self.watch_thread(thread);
        }
        if !archived
            && let Some(mut data) = self.thread_member_json(thread, self.application.bot, false)
        {
            data["guild_id"] = json!(self.guild_of(thread).map(|guild| guild.to_string()));
            self.tell("THREAD_MEMBER_UPDATE", thread, data);
        }
    }

    /// When a thread has been quiet for long enough to be archived; `None` if it never will be.
    fn quiet_at_us(&self, thread: u64) -> Option<i64> {
        let channel = self.channels.get(&thread)?;
        let known = channel.thread.as_ref().filter(|known| !known.archived)?;
        if channel.flags & PINNED_POST != 0 {
            return None;
        }
        let last = channel.last_message.map_or(0, created_us);
        let quiet = i64::from(known.auto_archive_minutes) * 60_000_000;
        Some(last.max(known.archive_us) + quiet)
    }

    /// Sets the alarm for the time when a thread may have become quiet.
    pub(crate) fn watch_thread(&mut self, thread: u64) {
        if let Some(due) = self.quiet_at_us(thread) {
            self.alarms.set(due, Alarm::ThreadQuiet(thread));
        }
    }

    /// Archives a thread that nobody has written in for long enough, or looks again when that may be so.
    pub(super) fn archive_if_quiet(&mut self, thread: u64) {
        match self.quiet_at_us(thread) {
            Some(due) if due <= self.clock.now_us() => self.archive_thread(thread, true),
            Some(_) => self.watch_thread(thread),
            None => {}
        }
    }

    /// Tells in the thread that it has another name.
    pub(crate) fn tell_thread_name(&mut self, thread: u64, by: u64) {
        let name = self.channels.get(&thread).map(|known| known.name.clone());
        self.post_of_system(
            thread,
            by,
            NAME_CHANGE,
            name.unwrap_or_default(),
            None,
            Vec::new(),
        );
    }

    /// Takes a thread away and tells it.
    pub(crate) fn delete_thread(&mut self, thread: u64) {
        let Some(channel) = self.channels.get(&thread) else {
            return;
        };
        let data = json!({
            "id": thread.to_string(),
            "guild_id": channel.guild().map(|id| id.to_string()),
            "parent_id": channel.parent.map(|id| id.to_string()),
            "type": channel.type_number(),
        });
        let (guild, parent) = (channel.guild(), channel.parent.unwrap_or(thread));
        self.channels.remove(&thread);
        self.active_threads.remove(&thread);
        self.outbox
            .push(Event::in_channel("THREAD_DELETE", guild, parent, data));
    }

    /// What a message in a thread does to it: it comes back from the archive, the author and those who are
    /// mentioned follow it, and it is counted.
    pub(crate) fn touch_thread(&mut self, thread: u64, author: u64, mentioned: &[u64]) {
        let known = self.channels.get_mut(&thread);
        let Some(known) = known.and_then(|known| known.thread.as_mut()) else {
            return;
        };
        known.total_sent += 1;
        self.archive_thread(thread, false);
        let may_see = |world: &Self, user| {
            let parent = world.channels.get(&thread).and_then(|known| known.parent);
            parent.is_some_and(|parent| world.may(user, parent, Permissions::VIEW_CHANNEL))
        };
        for user in std::iter::once(&author).chain(mentioned) {
            if self.users.contains_key(user) && may_see(self, *user) {
                self.join_thread(thread, *user, *user);
            }
        }
    }

    /// The threads of a channel, archived ones included.
    pub(crate) fn threads_in(&self, parent: u64) -> impl Iterator<Item = (&Channel, &Thread)> {
        let guild = self.guild_of(parent).unwrap_or(0);
        let channels = self.channels.of_guild(guild);
        channels
            .filter(move |known| known.parent == Some(parent))
            .filter_map(|known| Some((known, known.thread.as_ref()?)))
    }

    /// The threads that a user can see, archived ones included, guild by guild.
    pub(crate) fn threads_for(&self, user: u64) -> impl Iterator<Item = &Channel> {
        let guilds = self.guilds_of(user);
        let channels = guilds.flat_map(|guild| self.channels.of_guild(guild.id));
        channels.filter(move |known| {
            known.is_thread() && self.may(user, known.id, Permissions::VIEW_CHANNEL)
        })
    }

    /// Seconds until slowmode lets a user write again; 0 for bots and for those who may pass it by.
    pub(crate) fn slowmode_left(&self, channel: u64, user: u64) -> u64 {
        let Some(known) = self.channels.get(&channel) else {
            return 0;
        };
        let slow = i64::from(known.rate_limit_per_user) * 1_000_000;
        let passes = Permissions::BYPASS_SLOWMODE;
        if slow == 0 || self.may(user, channel, passes) {
            return 0;
        }
        let mut newest = known.messages.values().rev();
        let last = newest.find(|message| message.author == user && Self::is_written(message));
        let ends = last.map_or(0, |message| created_us(message.id) + slow);
        let left = ends.saturating_sub(self.clock.now_us()).max(0);
        u64::try_from(left).unwrap_or(0).div_ceil(1_000_000)
    }

    /// Whether a user may write in a channel; in threads another permission counts than elsewhere.
    pub(crate) fn may_send(&self, user: u64, channel: u64) -> bool {
        let is_thread = self.channels.get(&channel).is_some_and(Channel::is_thread);
        let needed = if is_thread {
            Permissions::SEND_MESSAGES_IN_THREADS
        } else {
            Permissions::SEND_MESSAGES
        };
        self.may(user, channel, needed)
    }

    /// The active threads of a guild that a user can see.
    pub(crate) fn active_threads_of(&self, guild: u64, user: u64) -> Vec<u64> {
        let threads = self.active_threads.iter().copied();
        threads
            .filter(|id| self.guild_of(*id) == Some(guild))
            .filter(|id| self.may(user, *id, Permissions::VIEW_CHANNEL))
            .collect()
    }

    fn post_of_system(
        &mut self,
        channel: u64,
        author: u64,
        kind: u8,
        content: String,
        place: Option<Value>,
        mentions: Vec<u64>,
    ) {
        let draft = Draft {
            kind,
            content: Some(content),
            place,
            mentions,
            ..Draft::default()
        };
        self.post(channel, author, draft);
    }
}

/// The flag of a post that is pinned in its forum.
pub(crate) const PINNED_POST: u64 = 1 << 1;
