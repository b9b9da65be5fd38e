//! World state: users, guilds, channels, messages, commands and interactions, and what happens in it.
//!
//! A change is a method; what Discord would tell about it is pushed to `outbox`, from where the
//! one owner of the world ([`crate::state`]) hands it to the gateway.

mod alarm;
mod audit;
mod automod;
mod ban;
mod blueprint;
mod build;
mod channel;
mod channels;
mod collection;
mod command;
mod command_permission;
mod crowd;
mod daily;
mod demolish;
mod emoji;
mod event;
mod expression;
mod file;
mod follow;
mod forward;
mod furnish;
mod guild;
mod interaction;
mod interest;
mod invite;
mod member;
mod member_change;
mod members;
mod mention;
mod message;
mod message_json;
mod oauth;
mod permission;
#[cfg(test)]
mod permission_trials;
mod picture;
mod pin;
mod poll;
mod presence;
mod reaction;
mod record;
mod role;
mod roles;
mod sight;
mod size;
pub(crate) mod snowflake;
mod store;
mod thread;
mod threads;
mod user;
mod users;
mod voice;
mod votes;
mod webhook;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

pub use self::blueprint::{WorldError, WorldProblem};
use self::snowflake::Snowflakes;
pub(crate) use self::{
    alarm::{Alarm, Alarms},
    audit::AuditEntry,
    channel::{Channel, ChannelKind, Overwrite},
    channels::Channels,
    collection::{By, Collection, shown},
    command::{Command, CommandKind},
    command_permission::{CommandOverride, OverrideOf},
    daily::DailyCreates,
    emoji::Emoji,
    event::{Data, Event},
    file::{MAX_FILE_BYTES, clean, guess_type},
    guild::Guild,
    interaction::{Interaction, InteractionKind, NewInteraction, RawInteraction, Response},
    invite::Invite,
    member::Member,
    members::Members,
    message::{Attachment, Draft, EPHEMERAL, LOADING, Message, SUPPRESS_EMBEDS, TYPING_US},
    oauth::{
        AuthorizationRequest, Denied, Exchange, OAuth, RequestFault, Scopes, TOKEN_LIFE, Tokens,
        is_redirect_uri,
    },
    permission::EVERYONE,
    poll::{NewPoll, Poll, VoteRefused},
    presence::Presence,
    record::{Record, all_of, change, changes, fields},
    role::Role,
    sight::Sighting,
    store::Store,
    thread::Thread,
    threads::{MAX_THREAD_MEMBERS, NewThread, PINNED_POST},
    user::{Application, User},
    users::Users,
    voice::VoiceState,
    webhook::{Face, Webhook, WebhookKind},
};
use crate::clock::Clock;

/// Everything that exists in a sandbox, built in code before the start.
///
/// # Examples
///
/// ```
/// use sandbox::World;
/// use twilight_model::guild::Permissions;
///
/// let mut world = World::sandbox();
/// let guest = world.add_user("guest");
/// let club = world.add_guild("Club", guest);
/// let lounge = world.add_channel(club, "lounge");
/// world.deny(lounge, club, Permissions::SEND_MESSAGES);
/// ```
#[derive(Debug)]
pub struct World {
    /// The only source of time; see [`Clock`].
    pub(crate) clock: Clock,
    /// What falls due by the clock.
    pub(crate) alarms: Alarms,
    /// How long an interaction may stay without a response.
    pub(crate) acknowledge_within: Duration,
    pub(crate) snowflakes: Snowflakes,
    pub(crate) application: Application,
    pub(crate) users: Users,
    pub(crate) guilds: BTreeMap<u64, Guild>,
    /// Where to look for a guild's name first; it may have another one by now.
    pub(crate) guild_names: HashMap<String, u64>,
    pub(crate) channels: Channels,
    pub(crate) commands: BTreeMap<u64, Command>,
    /// When the bot last sent a request of any kind.
    pub(crate) asked: Option<Instant>,
    /// When the bot last asked for its commands or changed them.
    pub(crate) commands_touched: Option<Instant>,
    pub(crate) daily_creates: DailyCreates,
    pub(crate) interactions: BTreeMap<u64, Interaction>,
    pub(crate) webhooks: BTreeMap<u64, Webhook>,
    /// Who may use commands, by guild and by command (or by the application, for all of them).
    pub(crate) command_overrides: BTreeMap<(u64, u64), Vec<CommandOverride>>,
    /// What the application has besides commands.
    pub(crate) store: Store,
    /// Its OAuth2 client, and what users have granted it.
    pub(crate) oauth: OAuth,
    /// The threads that are not archived.
    pub(crate) active_threads: BTreeSet<u64>,
    /// The presences that were set; see [`World::presence`].
    pub(crate) presences: BTreeMap<u64, Presence>,
    /// Who is in which voice channel, by guild and user.
    pub(crate) voice: BTreeMap<(u64, u64), VoiceState>,
    /// Since when voice channels have been in use, in seconds since 1970.
    pub(crate) voice_since: BTreeMap<u64, u64>,
    /// The status of voice channels that have one.
    pub(crate) voice_statuses: BTreeMap<u64, String>,
    /// By code, dead ones included.
    pub(crate) invites: BTreeMap<String, Invite>,
    /// Who takes no direct messages of the bot.
    pub(crate) refuses_messages: BTreeSet<u64>,
    /// Uploaded files by attachment id, served at `/attachments/…`.
    pub(crate) files: BTreeMap<u64, Attachment>,
    /// Where files are served: the sandbox's own address, known once it listens.
    pub(crate) files_base: String,
    /// Who types where, and since when, in microseconds since 1970.
    pub(crate) typing: BTreeMap<(u64, u64), i64>,
    /// What has happened and is not yet told.
    pub(crate) outbox: Vec<Event>,
    /// Messages and edits of the bot in the order in which users could see them.
    pub(crate) sightings: VecDeque<Sighting>,
    /// The numbers of those that reply to a message, by its id: hundreds of users may wait for theirs.
    pub(crate) replies: HashMap<u64, Vec<u64>>,
    /// The number of the next sighting.
    pub(crate) next_sighting: u64,
    /// Which sightings a user's `expects` has used up.
    pub(crate) consumed: HashMap<u64, BTreeSet<u64>>,
}

impl World {
    /// The user of that name, for the world's builder and tests.
    #[must_use]
    pub fn user_named(&self, name: &str) -> Option<u64> {
        self.users.named(name)
    }

    /// The guild of that name.
    #[must_use]
    pub fn guild_named(&self, name: &str) -> Option<u64> {
        let has_it = |guild: &&Guild| guild.name == name;
        let first = self.guild_names.get(name);
        let first = first.and_then(|id| self.guilds.get(id)).filter(has_it);
        let renamed = || self.guilds.values().find(has_it);
        first.or_else(renamed).map(|guild| guild.id)
    }

    /// The guild channel of that name; the oldest, should several guilds have one.
    #[must_use]
    pub fn channel_named(&self, name: &str) -> Option<u64> {
        self.channels
            .values()
            .find(|channel| channel.guild().is_some() && channel.name == name)
            .map(|channel| channel.id)
    }

    /// The channel of that name in the guild of that name.
    #[must_use]
    pub fn channel_in(&self, guild: &str, name: &str) -> Option<u64> {
        let mut channels = self.channels_of(self.guild_named(guild)?);
        channels
            .find(|channel| channel.name == name)
            .map(|channel| channel.id)
    }

    /// A user's name, or the id of a user who is gone.
    pub(crate) fn name_of(&self, user: u64) -> String {
        self.users
            .get(&user)
            .map_or_else(|| user.to_string(), |user| user.name.clone())
    }

    /// The guild of a channel.
    pub(crate) fn guild_of(&self, channel: u64) -> Option<u64> {
        self.channels.get(&channel).and_then(Channel::guild)
    }

    /// Tells something that happened in a channel.
    pub(crate) fn tell(&mut self, name: &str, channel: u64, data: impl Into<Data>) {
        let guild = self.guild_of(channel);
        self.outbox
            .push(Event::in_channel(name, guild, channel, data));
    }
}

impl Default for World {
    fn default() -> Self {
        Self::sandbox()
    }
}
