//! Invites to guilds.

use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use super::{Event, World, crowd::mix, snowflake::iso};

/// The letters of a code.
const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";

/// An invite to a channel, and with it to the channel's guild.
#[derive(Clone, Debug)]
pub(crate) struct Invite {
    pub code: String,
    pub guild: u64,
    pub channel: u64,
    pub inviter: u64,
    /// Seconds that it lives; 0 for ever.
    pub max_age: i64,
    /// 0 for any number.
    pub max_uses: u64,
    pub uses: u64,
    pub temporary: bool,
    /// Microseconds since 1970.
    pub created_us: i64,
    /// Roles that whoever comes by it gets.
    pub roles: Vec<u64>,
}

impl Invite {
    /// Whether it can still be used.
    pub(crate) fn is_alive(&self, now_us: i64) -> bool {
        self.max_age == 0 || self.expires_us() > now_us
    }

    fn expires_us(&self) -> i64 {
        self.created_us + self.max_age * 1_000_000
    }

    fn expires_json(&self) -> Value {
        if self.max_age == 0 {
            Value::Null
        } else {
            json!(iso(self.expires_us()))
        }
    }
}

impl World {
    /// Makes an invite and tells it to a bot that may manage the channel.
    pub(crate) fn invite(&mut self, mut invite: Invite) -> String {
        let mut dice = mix(self.snowflakes.next());
        invite.code = (0..8)
            .map(|_| {
                let index = usize::try_from(dice % LETTERS.len() as u64).unwrap_or(0);
                dice /= LETTERS.len() as u64;
                char::from(LETTERS[index])
            })
            .collect();
        let code = invite.code.clone();
        let data = json!({
            "code": code,
            "channel_id": invite.channel.to_string(),
            "guild_id": invite.guild.to_string(),
            "inviter": self.user_json(invite.inviter),
            "created_at": iso(invite.created_us),
            "expires_at": invite.expires_json(),
            "max_age": invite.max_age,
            "max_uses": invite.max_uses,
            "temporary": invite.temporary,
            "uses": 0,
            "type": 0,
        });
        let (guild, channel) = (invite.guild, invite.channel);
        self.invites.insert(code.clone(), invite);
        self.tell_invite("INVITE_CREATE", guild, channel, data);
        code
    }

    /// Takes an invite away and tells it.
    pub(crate) fn uninvite(&mut self, code: &str) -> Option<Invite> {
        let gone = self.invites.remove(code)?;
        let data = json!({
            "code": code,
            "channel_id": gone.channel.to_string(),
            "guild_id": gone.guild.to_string(),
        });
        self.tell_invite("INVITE_DELETE", gone.guild, gone.channel, data);
        Some(gone)
    }

    /// An invite that can be used.
    pub(crate) fn living_invite(&self, code: &str) -> Option<&Invite> {
        self.invites
            .get(code)
            .filter(|invite| invite.is_alive(self.clock.now_us()))
    }

    /// Counts a use; the last one ends the invite.
    pub(crate) fn use_invite(&mut self, code: &str) {
        let Some(invite) = self.invites.get_mut(code) else {
            return;
        };
        invite.uses += 1;
        if invite.max_uses > 0 && invite.uses >= invite.max_uses {
            self.uninvite(code);
        }
    }

    /// The invite object; with what only managers see, if they ask.
    pub(crate) fn invite_json(&self, invite: &Invite, with_metadata: bool) -> Value {
        let channel = self.channels.get(&invite.channel);
        let guild = self.guilds.get(&invite.guild);
        let mut json = json!({
            "type": 0,
            "code": invite.code,
            "inviter": self.user_json(invite.inviter),
            "expires_at": invite.expires_json(),
            "flags": 0,
            "guild_id": invite.guild.to_string(),
            "guild": guild.map(|guild| self.invite_guild_json(guild)),
            "channel": channel.map(|channel| json!({
                "id": channel.id.to_string(),
                "name": channel.name,
                "type": channel.type_number(),
            })),
        });
        if with_metadata {
            json["uses"] = json!(invite.uses);
            json["max_uses"] = json!(invite.max_uses);
            json["max_age"] = json!(invite.max_age);
            json["temporary"] = json!(invite.temporary);
            json["created_at"] = json!(iso(invite.created_us));
        }
        json
    }

    fn invite_guild_json(&self, guild: &super::Guild) -> Value {
        let all = self.guild_json(guild);
        let mut part = json!({});
        for key in [
            "id",
            "name",
            "splash",
            "banner",
            "description",
            "icon",
            "features",
            "verification_level",
            "vanity_url_code",
            "nsfw_level",
            "nsfw",
            "premium_subscription_count",
        ] {
            part[key] = all[key].clone();
        }
        part
    }

    fn tell_invite(&mut self, name: &str, guild: u64, channel: u64, data: Value) {
        if self.may(self.application.bot, channel, Permissions::MANAGE_CHANNELS) {
            self.outbox.push(Event::of_guild(name, guild, data));
        }
    }
}
