//! Guilds and members.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};

use super::{
    Collection, Members, Record, Role, World,
    snowflake::{created_us, iso},
};

/// A guild; its channels lie in the world.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guild {
    pub id: u64,
    pub name: String,
    pub owner: u64,
    pub roles: BTreeMap<u64, Role>,
    pub members: Members,
    /// Who is banned, and why.
    pub bans: BTreeMap<u64, Option<String>>,
    /// What was done to it, oldest first.
    pub audit: VecDeque<super::AuditEntry>,
    /// What differs from a new guild's settings, by the names in the guild object.
    pub settings: Record,
    /// Emojis, stickers and the like.
    pub shelves: BTreeMap<Collection, BTreeMap<u64, Record>>,
    /// Who is interested in which scheduled event.
    pub interested: BTreeMap<u64, BTreeSet<u64>>,
    /// `welcome_screen` and `onboarding`.
    pub documents: BTreeMap<&'static str, Record>,
    /// The one template that was made of it.
    pub template: Option<Record>,
}

impl Guild {
    /// Whether Discord has given a guild this feature.
    pub(crate) fn has_feature(&self, feature: &str) -> bool {
        let features = self.settings.get("features").and_then(Value::as_array);
        features.is_some_and(|features| features.iter().any(|known| known == feature))
    }
}

impl World {
    /// The member object with its user; `None` if the user is not in the guild.
    pub(crate) fn member_json(&self, guild: u64, user: u64) -> Option<Value> {
        let mut member = self.guilds.get(&guild)?.members.get(&user)?.partial_json();
        member["user"] = self.users.get(&user)?.json();
        Some(member)
    }

    /// The guild object as REST gives it.
    pub(crate) fn guild_json(&self, guild: &Guild) -> Value {
        let channel = |name: &str| {
            self.channels_of(guild.id)
                .find(|channel| channel.name == name)
                .map(|channel| channel.id.to_string())
        };
        let mut json = json!({
            "id": guild.id.to_string(),
            "name": guild.name,
            "icon": null,
            "description": null,
            "home_header": null,
            "splash": null,
            "discovery_splash": null,
            "features": [],
            "banner": null,
            "owner_id": guild.owner.to_string(),
            "application_id": null,
            "region": "rotterdam",
            "afk_channel_id": null,
            "afk_timeout": 300,
            "system_channel_id": channel("general"),
            "system_channel_flags": 0,
            "widget_enabled": false,
            "widget_channel_id": null,
            "verification_level": 0,
            "roles": guild.roles.values().map(Role::json).collect::<Vec<_>>(),
            "default_message_notifications": 0,
            "mfa_level": 0,
            "explicit_content_filter": 0,
            "max_presences": null,
            "max_members": 500_000,
            "max_stage_video_channel_users": 50,
            "max_video_channel_users": 25,
            "vanity_url_code": null,
            "premium_tier": 0,
            "premium_subscription_count": 0,
            "preferred_locale": "en-US",
            "rules_channel_id": null,
            "safety_alerts_channel_id": null,
            "public_updates_channel_id": null,
            "premium_progress_bar_enabled": false,
            "nsfw": false,
            "nsfw_level": 0,
            "emojis": self.shelf_json(guild.id, Collection::Emojis),
            "stickers": self.shelf_json(guild.id, Collection::Stickers),
            "incidents_data": null,
        });
        for (key, value) in &guild.settings {
            json[key] = value.clone();
        }
        json
    }

    /// The guild as GUILD_CREATE gives it. `with_members`: all members, or the bot alone.
    pub(crate) fn guild_create_json(&self, guild: &Guild, with_members: bool) -> Value {
        let bot = self.application.bot;
        let mut json = self.guild_json(guild);
        json["joined_at"] = json!(iso(guild
            .members
            .get(&bot)
            .map_or(created_us(guild.id), |m| m.joined_us)));
        json["large"] = json!(guild.members.len() > 250);
        json["unavailable"] = json!(false);
        json["member_count"] = json!(guild.members.len());
        json["members"] = if with_members {
            let members = guild.members.keys();
            members
                .filter_map(|id| self.member_json(guild.id, id))
                .collect()
        } else {
            self.member_json(guild.id, bot).into_iter().collect()
        };
        json["channels"] = self
            .channels_of(guild.id)
            .map(|channel| self.channel_json(channel))
            .collect();
        json["threads"] = self
            .active_threads_of(guild.id, bot)
            .into_iter()
            .map(|thread| self.synced_thread_json(thread))
            .collect();
        for (key, collection) in [
            ("stage_instances", Collection::Stages),
            ("guild_scheduled_events", Collection::ScheduledEvents),
            ("soundboard_sounds", Collection::Sounds),
        ] {
            json[key] = self.shelf_json(guild.id, collection);
        }
        for empty in ["voice_states", "presences"] {
            json[empty] = json!([]);
        }
        json
    }

    /// Takes a member out of a guild and tells everybody.
    pub(crate) fn leave(&mut self, guild: u64, user: u64) {
        self.leave_voice(guild, user);
        let was = self
            .guilds
            .get_mut(&guild)
            .and_then(|known| known.members.remove(&user));
        if was.is_some() {
            let user = self.users.get(&user).map(|user| user.json());
            let data = json!({"guild_id": guild.to_string(), "user": user});
            self.outbox
                .push(super::Event::of_guild("GUILD_MEMBER_REMOVE", guild, data));
        }
    }

    /// Whether a member's name or nickname begins with this text, which is in lower case.
    pub(crate) fn goes_by(&self, guild: &Guild, user: u64, start: &str) -> bool {
        let begins = |name: &str| name.to_lowercase().starts_with(start);
        let nick = || guild.members.get(&user)?.into_owned().nick;
        let known = self.users.get(&user);
        known.is_some_and(|user| begins(&user.name)) || nick().is_some_and(|nick| begins(&nick))
    }

    /// The guilds that a user is in.
    pub(crate) fn guilds_of(&self, user: u64) -> impl Iterator<Item = &Guild> {
        let all = self.guilds.values();
        all.filter(move |guild| guild.members.contains_key(&user))
    }

    /// Whether the bot is in a guild.
    pub(crate) fn bot_is_in(&self, guild: u64) -> bool {
        let known = self.guilds.get(&guild);
        known.is_some_and(|known| known.members.contains_key(&self.application.bot))
    }

    /// The guilds that the bot is in.
    pub(crate) fn bot_guilds(&self) -> impl Iterator<Item = &Guild> {
        self.guilds_of(self.application.bot)
    }
}
