//! Member of a guild.

use serde::{Serialize, Serializer, ser::SerializeStruct};
use serde_json::{Value, json};
use twilight_model::util::Timestamp;

use super::snowflake::{Id, iso};

/// A user in a guild.
#[derive(Clone, Debug, Default)]
pub(crate) struct Member {
    pub roles: Vec<u64>,
    pub nick: Option<String>,
    /// Microseconds since 1970.
    pub joined_us: i64,
    /// Until when the member is timed out, as Discord was told it.
    pub timeout: Option<String>,
    /// Whether the guild has muted the member in voice channels.
    pub mute: bool,
    /// Whether the guild has deafened the member in voice channels.
    pub deaf: bool,
}

impl Member {
    /// Whether the member is timed out at this time.
    pub(crate) fn is_timed_out(&self, now_us: i64) -> bool {
        let until = self
            .timeout
            .as_deref()
            .and_then(|until| Timestamp::parse(until).ok());
        until.is_some_and(|until| until.as_micros() > now_us)
    }

    /// The member object without its user, as messages carry it.
    pub(crate) fn partial_json(&self) -> Value {
        json!(self)
    }
}

/// Writes the member object without its user, as messages carry it:
/// <https://discord.com/developers/docs/resources/guild#guild-member-object>.
impl Serialize for Member {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let roles: Vec<_> = self.roles.iter().copied().map(Id).collect();
        let mut member = serializer.serialize_struct("Member", 11)?;
        member.serialize_field("roles", &roles)?;
        member.serialize_field("nick", &self.nick)?;
        member.serialize_field("avatar", &())?;
        member.serialize_field("banner", &())?;
        member.serialize_field("joined_at", &iso(self.joined_us))?;
        member.serialize_field("premium_since", &())?;
        member.serialize_field("deaf", &self.deaf)?;
        member.serialize_field("mute", &self.mute)?;
        member.serialize_field("flags", &0)?;
        member.serialize_field("pending", &false)?;
        member.serialize_field("communication_disabled_until", &self.timeout)?;
        member.end()
    }
}
