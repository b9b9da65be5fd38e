//! Sender of a message or interaction, as far as Discord said who it is; each part read alone.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use twilight_model::id::{Id, marker::RoleMarker};

/// What of the message or interaction tells of who it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    #[serde(deserialize_with = "lenient")]
    pub(super) member: Option<Member>,
    #[serde(deserialize_with = "lenient")]
    pub(super) user: Option<User>,
    #[serde(deserialize_with = "lenient")]
    pub(super) author: Option<User>,
    #[serde(deserialize_with = "lenient")]
    pub(super) locale: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(super) guild_locale: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Member {
    #[serde(deserialize_with = "lenient")]
    pub(super) nick: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(super) avatar: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(super) roles: Option<Vec<Id<RoleMarker>>>,
    #[serde(deserialize_with = "lenient")]
    pub(super) permissions: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(super) user: Option<User>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct User {
    #[serde(deserialize_with = "lenient")]
    pub(super) global_name: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(super) avatar: Option<String>,
}

/// What can't be read was not said.
fn lenient<'de, D: Deserializer<'de>, T: serde::de::DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

impl Said {
    #[inline(never)]
    pub(super) fn read(json: &[u8]) -> Self {
        serde_json::from_slice(json).unwrap_or_default()
    }

    pub(super) fn user(&self) -> Option<&User> {
        let of_member = self.member.as_ref().and_then(|member| member.user.as_ref());
        of_member.or(self.user.as_ref()).or(self.author.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_odd_costs_nothing_but_itself() {
        let json = br#"{"member": {"nick": 7, "roles": ["5"], "user": {"global_name": "Ann", "avatar": []}}, "locale": "de", "author": 3}"#;
        let said = Said::read(json);
        let member = said.member.as_ref().unwrap();
        assert_eq!(member.roles, Some(vec![Id::new(5)]));
        assert_eq!(member.nick, None);
        assert_eq!(said.user().unwrap().global_name.as_deref(), Some("Ann"));
        assert_eq!(said.locale.as_deref(), Some("de"));
        assert!(Said::read(b"[]").user().is_none());
    }
}
