//! Voice states, by user and channel: <https://discord.com/developers/docs/resources/voice>. Nobody is heard.

use serde_json::{Value, json};
use twilight_model::{channel::ChannelType, guild::Permissions};

use super::{Event, World};

/// Somebody in a voice channel.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct VoiceState {
    pub channel: u64,
    pub session: String,
    pub self_mute: bool,
    pub self_deaf: bool,
    /// Whether the user must not speak: in a stage's audience, or without the permission.
    pub suppress: bool,
    /// When the user asked to speak on a stage.
    pub request_to_speak: Option<String>,
}

impl World {
    /// Brings a member into a voice channel, or from one into another, and tells it. Whoever is no bot leaves the
    /// voice channels of other guilds.
    pub(crate) fn enter_voice(
        &mut self,
        user: u64,
        channel: u64,
        session: Option<String>,
        (self_mute, self_deaf): (bool, bool),
    ) {
        let Some(guild) = self.guild_of(channel) else {
            return;
        };
        if user != self.application.bot {
            let elsewhere = self.voice.keys();
            let elsewhere = elsewhere.filter(|(other, who)| *who == user && *other != guild);
            for (other, _) in elsewhere.copied().collect::<Vec<_>>() {
                self.leave_voice(other, user);
            }
        }
        let before = self.voice.get(&(guild, user));
        let stays = before.is_some_and(|state| state.channel == channel);
        let session = session.or_else(|| before.map(|state| state.session.clone()));
        let session = session.unwrap_or_else(|| format!("{:032x}", self.snowflakes.next()));
        let before = self.voice.get(&(guild, user)).cloned();
        let state = VoiceState {
            channel,
            session,
            self_mute,
            self_deaf,
            suppress: match &before {
                Some(before) if stays => before.suppress,
                _ => self.is_audience(user, channel),
            },
            request_to_speak: before
                .as_ref()
                .filter(|_| stays)
                .and_then(|before| before.request_to_speak.clone()),
        };
        let left = before.map(|before| before.channel);
        self.voice.insert((guild, user), state);
        self.tell_voice(guild, user, left);
    }

    /// Takes a member out of voice, and tells it; nothing happens if the member is in none.
    pub(crate) fn leave_voice(&mut self, guild: u64, user: u64) {
        if let Some(state) = self.voice.remove(&(guild, user)) {
            self.tell_voice_left(guild, user, &state);
        }
    }

    /// Takes everybody out of a voice channel, before it goes.
    pub(crate) fn empty_voice(&mut self, channel: u64) {
        let inside = self.voice.iter();
        let inside = inside.filter(|(_, state)| state.channel == channel);
        for (guild, user) in inside.map(|(key, _)| *key).collect::<Vec<_>>() {
            self.leave_voice(guild, user);
        }
    }

    /// Takes a user out of voice everywhere.
    pub(crate) fn leave_all_voice(&mut self, user: u64) {
        let guilds = self.voice.keys().filter(|(_, who)| *who == user);
        for (guild, _) in guilds.copied().collect::<Vec<_>>() {
            self.leave_voice(guild, user);
        }
    }

    /// Changes the state of somebody who is in voice, and tells it.
    pub(crate) fn change_voice(
        &mut self,
        guild: u64,
        user: u64,
        change: impl FnOnce(&mut VoiceState),
    ) {
        let Some(state) = self.voice.get_mut(&(guild, user)) else {
            return;
        };
        change(state);
        let channel = state.channel;
        self.tell_voice(guild, user, Some(channel));
    }

    /// Why a user cannot get into a channel to speak and listen; `None` if nothing is in the way.
    pub(crate) fn bars_voice(&self, user: u64, channel: u64) -> Option<&'static str> {
        let known = self.channels.get(&channel);
        let is_voice = known.is_some_and(|channel| {
            matches!(
                channel.of(),
                ChannelType::GuildVoice | ChannelType::GuildStageVoice
            )
        });
        let permissions = self.permissions(channel, user);
        let limit = known.and_then(|channel| channel.settings.get("user_limit")?.as_u64());
        let inside = |state: &&VoiceState| state.channel == channel;
        let count = || self.voice.values().filter(inside).count() as u64;
        if !is_voice {
            Some("that is no voice channel")
        } else if !permissions.contains(Permissions::VIEW_CHANNEL | Permissions::CONNECT) {
            Some("the user may not connect")
        } else if limit.is_some_and(|limit| limit > 0 && count() >= limit)
            && !permissions.contains(Permissions::MOVE_MEMBERS)
        {
            Some("the channel is full")
        } else {
            None
        }
    }

    /// The members of a guild whom the bot sees in voice channels.
    pub(crate) fn seen_in_voice(&self, guild: u64) -> impl Iterator<Item = u64> {
        let states = self.voice.range((guild, 0)..=(guild, u64::MAX));
        let seen = states.filter(|((_, user), state)| self.bot_sees_voice(*user, state.channel));
        seen.map(|((_, user), _)| *user)
    }

    /// The voice states of a guild that the bot sees, as GUILD_CREATE has them.
    pub(crate) fn voice_states_json(&self, guild: u64) -> Vec<Value> {
        let json = |user: u64| {
            let state = self.voice.get(&(guild, user))?;
            let mut json = self.state_json(guild, user, state, true);
            if let Some(fields) = json.as_object_mut() {
                fields.remove("guild_id");
                fields.remove("member");
            }
            Some(json)
        };
        self.seen_in_voice(guild).filter_map(json).collect()
    }

    /// Since when somebody has been in a voice channel, in seconds since 1970.
    pub(crate) fn voice_since(&self, channel: u64) -> Option<u64> {
        self.voice_since.get(&channel).copied()
    }

    fn is_audience(&self, user: u64, channel: u64) -> bool {
        let permissions = self.permissions(channel, user);
        let of = self.channels.get(&channel).map(super::Channel::of);
        if of == Some(ChannelType::GuildStageVoice) {
            !permissions.contains(Permissions::MUTE_MEMBERS)
        } else {
            !permissions.contains(Permissions::SPEAK)
        }
    }

    fn bot_sees_voice(&self, user: u64, channel: u64) -> bool {
        let bot = self.application.bot;
        user == bot || self.may(bot, channel, Permissions::VIEW_CHANNEL)
    }

    /// The voice state object of a member; `None` if the bot sees the member in no voice channel.
    pub(crate) fn voice_state_json(&self, guild: u64, user: u64) -> Option<Value> {
        let state = self.voice.get(&(guild, user))?;
        self.bot_sees_voice(user, state.channel)
            .then(|| self.state_json(guild, user, state, true))
    }

    fn state_json(&self, guild: u64, user: u64, state: &VoiceState, inside: bool) -> Value {
        let member = self.guilds.get(&guild);
        let member = member.and_then(|guild| guild.members.get(&user));
        json!({
            "guild_id": guild.to_string(),
            "channel_id": inside.then(|| state.channel.to_string()),
            "user_id": user.to_string(),
            "member": self.member_json(guild, user),
            "session_id": state.session,
            "deaf": member.as_ref().is_some_and(|member| member.deaf),
            "mute": member.as_ref().is_some_and(|member| member.mute),
            "self_deaf": state.self_deaf,
            "self_mute": state.self_mute,
            "self_stream": false,
            "self_video": false,
            "suppress": state.suppress,
            "request_to_speak_timestamp": state.request_to_speak,
        })
    }

    /// Tells of somebody who is in a channel now, and was in `left` before.
    fn tell_voice(&mut self, guild: u64, user: u64, left: Option<u64>) {
        let Some(state) = self.voice.get(&(guild, user)).cloned() else {
            return;
        };
        if self.bot_sees_voice(user, state.channel) {
            let data = self.state_json(guild, user, &state, true);
            self.outbox
                .push(Event::of_guild("VOICE_STATE_UPDATE", guild, data));
        } else if let Some(left) = left.filter(|left| *left != state.channel) {
            // Gone behind a door, as far as the bot can tell.
            let seen = VoiceState {
                channel: left,
                ..state.clone()
            };
            self.tell_voice_left(guild, user, &seen);
        }
        self.settle_voice_start(state.channel);
        if let Some(left) = left {
            self.settle_voice_start(left);
        }
    }

    fn tell_voice_left(&mut self, guild: u64, user: u64, state: &VoiceState) {
        if self.bot_sees_voice(user, state.channel) {
            let data = self.state_json(guild, user, state, false);
            self.outbox
                .push(Event::of_guild("VOICE_STATE_UPDATE", guild, data));
        }
        self.settle_voice_start(state.channel);
    }

    /// Notes and tells when the first came and when the last went.
    fn settle_voice_start(&mut self, channel: u64) {
        let is_used = self.voice.values().any(|state| state.channel == channel);
        if is_used == self.voice_since.contains_key(&channel) {
            return;
        }
        let since = is_used.then(|| self.clock.now_ms() / 1000);
        match since {
            Some(since) => _ = self.voice_since.insert(channel, since),
            None => _ = self.voice_since.remove(&channel),
        }
        let guild = self.guild_of(channel).map(|guild| guild.to_string());
        let data = json!({"id": channel.to_string(), "guild_id": guild, "voice_start_time": since});
        self.tell("VOICE_CHANNEL_START_TIME_UPDATE", channel, data);
    }
}
