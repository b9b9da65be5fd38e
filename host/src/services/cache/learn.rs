//! What the cache learns from an event.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use serde::Deserialize;
use twilight_gateway::EventTypeFlags;
use twilight_model::{
    channel::{Channel, ChannelType},
    gateway::{
        Intents,
        event::Event,
        payload::incoming::{
            GuildDelete, RoleDelete, ThreadDelete, ThreadListSync, UnavailableGuild, UserUpdate,
        },
    },
    guild::{Guild, Member, MemberFlags},
    id::{
        Id,
        marker::{ChannelMarker, GuildMarker, RoleMarker, UserMarker},
    },
    user::{AvatarDecorationData, CurrentUser, User},
    util::{ImageHash, Timestamp},
};

use super::Cache;

/// The start of a session.
#[derive(Deserialize)]
struct Ready {
    user: CurrentUser,
    guilds: Vec<Gone>,
    #[serde(default)]
    shard: Option<(u64, u64)>,
}

#[derive(Deserialize)]
struct Gone {
    id: Id<GuildMarker>,
    #[serde(default)]
    unavailable: bool,
}

/// The members that come with events about something else.
#[derive(Deserialize)]
struct Seen {
    guild_id: Option<Id<GuildMarker>>,
    /// Of a message; its `member` lacks the user.
    author: Option<User>,
    webhook_id: Option<serde::de::IgnoredAny>,
    member: Option<AnyMember>,
    #[serde(default)]
    mentions: Vec<Mention>,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Mention {
    #[serde(flatten)]
    user: User,
    member: Option<AnyMember>,
}

#[derive(Deserialize)]
struct Data {
    resolved: Option<Resolved>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Resolved {
    users: HashMap<Id<UserMarker>, User>,
    members: HashMap<Id<UserMarker>, AnyMember>,
}

/// A member as any event has it: each leaves something else out.
#[derive(Deserialize)]
struct AnyMember {
    #[serde(default)]
    avatar: Option<ImageHash>,
    #[serde(default)]
    avatar_decoration_data: Option<AvatarDecorationData>,
    #[serde(default)]
    banner: Option<ImageHash>,
    #[serde(default)]
    communication_disabled_until: Option<Timestamp>,
    #[serde(default)]
    deaf: Option<bool>,
    #[serde(default)]
    flags: Option<MemberFlags>,
    #[serde(default)]
    joined_at: Option<Timestamp>,
    #[serde(default)]
    mute: Option<bool>,
    #[serde(default)]
    nick: Option<String>,
    #[serde(default)]
    pending: Option<bool>,
    #[serde(default)]
    premium_since: Option<Timestamp>,
    roles: Vec<Id<RoleMarker>>,
    #[serde(default)]
    user: Option<User>,
}

#[derive(Deserialize)]
struct OfGuild {
    guild_id: Id<GuildMarker>,
    #[serde(flatten)]
    member: AnyMember,
}

#[derive(Deserialize)]
struct Left {
    guild_id: Id<GuildMarker>,
    user: User,
}

#[derive(Deserialize)]
struct Chunk {
    guild_id: Id<GuildMarker>,
    members: Vec<Member>,
}

impl Cache {
    /// Learns from one event: `payload` is what the gateway sent, `data` its `d`; `intents` are those of its session.
    pub fn learn(&self, intents: Intents, name: &str, payload: &str, data: &str) {
        let learnt = match name {
            "MESSAGE_CREATE"
            | "INTERACTION_CREATE"
            | "MESSAGE_REACTION_ADD"
            | "TYPING_START"
            | "VOICE_STATE_UPDATE" => self.seen(data),
            "READY" => self.ready(data),
            "USER_UPDATE" => {
                read(data).map(|user: CurrentUser| self.kept.update(&UserUpdate(user)))
            }
            "GUILD_CREATE" => self.guild_created(intents, payload, data),
            "GUILD_DELETE" => self.guild_deleted(data),
            "GUILD_UPDATE"
            | "CHANNEL_CREATE"
            | "CHANNEL_UPDATE"
            | "CHANNEL_PINS_UPDATE"
            | "THREAD_CREATE"
            | "GUILD_ROLE_CREATE"
            | "GUILD_ROLE_UPDATE" => self.event(payload),
            "CHANNEL_DELETE" => self.channel_deleted(payload, data),
            "THREAD_UPDATE" => self.thread_updated(payload, data),
            "THREAD_DELETE" => self.event(payload),
            "THREAD_LIST_SYNC" => self.threads_listed(payload, data),
            "GUILD_ROLE_DELETE" => self.role_deleted(payload, data),
            "GUILD_MEMBER_ADD" => self.event(payload).and_then(|()| self.member_changed(data)),
            "GUILD_MEMBER_UPDATE" => self.member_changed(data),
            "GUILD_MEMBER_REMOVE" => self.member_left(payload, data),
            "GUILD_MEMBERS_CHUNK" => read(data).map(|chunk: Chunk| {
                for member in chunk.members {
                    self.saw(chunk.guild_id, member);
                }
            }),
            _ => Ok(()),
        };
        if let Err(error) = learnt {
            tracing::warn!(event = name, "the cache can't read an event: {error}");
        }
    }

    /// Takes note of a member that was seen: in an event, or in Discord's answer to a request.
    pub(super) fn saw(&self, guild: Id<GuildMarker>, member: Member) {
        if member.user.id.get() == self.bot_id() {
            self.members.saw_own(guild.get(), member);
        } else {
            self.members.saw(guild.get(), member, Instant::now());
        }
    }

    /// twilight's cache does the rest.
    fn event(&self, payload: &str) -> Learnt {
        match twilight_gateway::parse(payload.to_owned(), EventTypeFlags::all()) {
            Ok(event) => {
                if let Some(event) = event {
                    self.kept.update(&Event::from(event));
                }
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// A new session. What the last one told stays until each server is told anew, so that a change of intents leaves the bot
    /// no moment without knowledge; servers that are not in the list were left in between.
    fn ready(&self, data: &str) -> Learnt {
        let ready: Ready = read(data)?;
        self.kept.update(&UserUpdate(ready.user));
        let listed: HashSet<_> = ready.guilds.iter().map(|guild| guild.id).collect();
        for id in &listed {
            self.members.told(id.get(), false, Instant::now());
        }
        let (shard, shards) = ready.shard.unwrap_or((0, 1));
        // https://discord.com/developers/docs/events/gateway#sharding-sharding-formula
        let of_shard = |id: &Id<GuildMarker>| (id.get() >> 22) % shards.max(1) == shard;
        let known = self.guilds().into_iter();
        for id in known.filter(|id| of_shard(id) && !listed.contains(id)) {
            self.forget(id);
        }
        Ok(())
    }

    fn guild_created(&self, intents: Intents, payload: &str, data: &str) -> Learnt {
        let Gone { id, unavailable } = read(data)?;
        if unavailable {
            self.kept.update(&UnavailableGuild { id });
            return Ok(());
        }
        let mut guild: Guild = read(data)?;
        let members = std::mem::take(&mut guild.members);
        // Before the members: they were seen after it.
        let is_told = intents.contains(Intents::GUILD_MEMBERS);
        self.members.told(id.get(), is_told, Instant::now());
        for member in members {
            self.saw(id, member);
        }
        // twilight adds what comes, and leaves what is gone.
        let threads = guild.threads.iter().chain(&guild.channels);
        let channels: HashSet<_> = threads.map(|channel| channel.id).collect();
        let roles: HashSet<_> = guild.roles.iter().map(|role| role.id).collect();
        let old_channels = self.kept.guild_channels(id).map(|ids| ids.clone());
        let old_roles = self.kept.guild_roles(id).map(|ids| ids.clone());
        self.event(payload)?;
        for channel in old_channels.unwrap_or_default().difference(&channels) {
            self.drop_channel(id, *channel);
        }
        for role_id in old_roles.unwrap_or_default().difference(&roles) {
            let (guild_id, role_id) = (id, *role_id);
            self.kept.update(&RoleDelete { guild_id, role_id });
        }
        Ok(())
    }

    /// A server that was left, or an outage.
    fn guild_deleted(&self, data: &str) -> Learnt {
        let Gone { id, unavailable } = read(data)?;
        if unavailable {
            self.kept.update(&UnavailableGuild { id });
            self.members.told(id.get(), false, Instant::now());
        } else {
            self.forget(id);
        }
        Ok(())
    }

    fn forget(&self, id: Id<GuildMarker>) {
        let unavailable = None;
        self.kept.update(&GuildDelete { id, unavailable });
        self.members.guild_left(id.get());
    }

    /// A channel takes its threads along; Discord does not tell of each.
    fn channel_deleted(&self, payload: &str, data: &str) -> Learnt {
        let channel: Channel = read(data)?;
        self.event(payload)?;
        if let Some(guild) = channel.guild_id {
            self.drop_threads(guild, |parent| parent == channel.id, &[]);
        }
        Ok(())
    }

    /// Archived threads are not kept: Discord does not list them either when a session starts.
    fn thread_updated(&self, payload: &str, data: &str) -> Learnt {
        let thread: Channel = read(data)?;
        let is_archived = thread.thread_metadata.is_some_and(|it| it.archived);
        match thread.guild_id {
            Some(guild) if is_archived => {
                self.drop_channel(guild, thread.id);
                Ok(())
            }
            _ => self.event(payload),
        }
    }

    /// The active threads of some channels, or of the server: those that are kept and not listed are active no more.
    fn threads_listed(&self, payload: &str, data: &str) -> Learnt {
        let listed: ThreadListSync = read(data)?;
        let ids: Vec<_> = listed.threads.iter().map(|thread| thread.id).collect();
        let parents = &listed.channel_ids;
        let is_meant = |parent| parents.is_empty() || parents.contains(&parent);
        self.drop_threads(listed.guild_id, is_meant, &ids);
        self.event(payload)
    }

    fn drop_threads(
        &self,
        guild: Id<GuildMarker>,
        of: impl Fn(Id<ChannelMarker>) -> bool,
        but: &[Id<ChannelMarker>],
    ) {
        let kept = self.kept.guild_channels(guild).map(|ids| ids.clone());
        for id in kept.unwrap_or_default() {
            let is_meant = self.kept.channel(id).is_some_and(|channel| {
                channel.kind.is_thread() && channel.parent_id.is_some_and(&of)
            });
            if is_meant && !but.contains(&id) {
                self.drop_channel(guild, id);
            }
        }
    }

    fn drop_channel(&self, guild_id: Id<GuildMarker>, id: Id<ChannelMarker>) {
        self.kept.update(&ThreadDelete {
            guild_id,
            id,
            // twilight looks at the id alone.
            kind: ChannelType::PublicThread,
            parent_id: id,
        });
    }

    fn role_deleted(&self, payload: &str, data: &str) -> Learnt {
        let RoleDelete { guild_id, role_id } = read(data)?;
        self.members.role_deleted(guild_id.get(), role_id);
        self.event(payload)
    }

    fn member_changed(&self, data: &str) -> Learnt {
        let OfGuild { guild_id, member } = read(data)?;
        if let Some(member) = member.whole(None) {
            self.saw(guild_id, member);
        }
        Ok(())
    }

    fn member_left(&self, payload: &str, data: &str) -> Learnt {
        let Left { guild_id, user } = read(data)?;
        self.members.left(guild_id.get(), user.id.get());
        // twilight counts down, below zero if need be.
        if self
            .kept
            .guild(guild_id)
            .is_some_and(|guild| guild.member_count() > Some(0))
        {
            self.event(payload)?;
        }
        Ok(())
    }

    fn seen(&self, data: &str) -> Learnt {
        let seen: Seen = read(data)?;
        let (Some(guild), None) = (seen.guild_id, seen.webhook_id) else {
            return Ok(());
        };
        let named = seen.member.and_then(|member| member.whole(seen.author));
        let mentioned = seen.mentions.into_iter();
        let mentioned = mentioned.filter_map(|it| it.member?.whole(Some(it.user)));
        let Resolved { mut users, members } =
            seen.data.and_then(|data| data.resolved).unwrap_or_default();
        let resolved = members.into_iter();
        let resolved = resolved.filter_map(|(id, member)| member.whole(users.remove(&id)));
        for member in named.into_iter().chain(mentioned).chain(resolved) {
            self.saw(guild, member);
        }
        Ok(())
    }
}

impl AnyMember {
    /// The member, where it or the event about it names the user.
    fn whole(self, user: Option<User>) -> Option<Member> {
        Some(Member {
            avatar: self.avatar,
            avatar_decoration_data: self.avatar_decoration_data,
            banner: self.banner,
            communication_disabled_until: self.communication_disabled_until,
            deaf: self.deaf.unwrap_or_default(),
            flags: self.flags.unwrap_or(MemberFlags::empty()),
            joined_at: self.joined_at,
            mute: self.mute.unwrap_or_default(),
            nick: self.nick,
            pending: self.pending.unwrap_or_default(),
            premium_since: self.premium_since,
            roles: self.roles,
            user: self.user.or(user)?,
        })
    }
}

type Learnt = Result<(), String>;

fn read<'a, T: Deserialize<'a>>(data: &'a str) -> Result<T, String> {
    serde_json::from_str(data).map_err(|error| error.to_string())
}
