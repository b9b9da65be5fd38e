//! Users and the one application.

use serde::{Serialize, Serializer, ser::SerializeStruct};
use serde_json::{Value, json};
use twilight_model::gateway::Intents;

use super::snowflake::Id;

/// Somebody with an account.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub id: u64,
    pub name: String,
    pub display_name: Option<String>,
    /// The hash of the picture.
    pub avatar: Option<String>,
    pub bot: bool,
}

impl User {
    /// Somebody of that name, without a display name.
    pub(crate) fn new(id: u64, name: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            display_name: None,
            avatar: None,
            bot: false,
        }
    }

    /// The user object.
    pub(crate) fn json(&self) -> Value {
        json!(self)
    }

    /// The user object as its owner sees it (`users/@me`, READY).
    pub(crate) fn own_json(&self) -> Value {
        let mut user = self.json();
        user["verified"] = json!(true);
        user["email"] = Value::Null;
        user["mfa_enabled"] = json!(true);
        user["locale"] = json!("en-US");
        user
    }
}

/// Writes the user object: <https://discord.com/developers/docs/resources/user#user-object>.
impl Serialize for User {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut user = serializer.serialize_struct("User", 13)?;
        user.serialize_field("id", &Id(self.id))?;
        user.serialize_field("username", &self.name)?;
        user.serialize_field("global_name", &self.display_name)?;
        user.serialize_field("discriminator", "0")?;
        user.serialize_field("avatar", &self.avatar)?;
        user.serialize_field("avatar_decoration_data", &())?;
        user.serialize_field("banner", &())?;
        user.serialize_field("accent_color", &())?;
        user.serialize_field("bot", &self.bot)?;
        user.serialize_field("system", &false)?;
        user.serialize_field("public_flags", &0)?;
        user.serialize_field("flags", &0)?;
        user.serialize_field("primary_guild", &())?;
        user.end()
    }
}

/// The application whose bot is tried out.
#[derive(Clone, Debug)]
pub(crate) struct Application {
    pub id: u64,
    pub name: String,
    pub bot: u64,
    pub owner: u64,
    /// Which privileged intents are switched on in the "developer portal".
    pub privileged_intents: Intents,
}

impl Application {
    /// The flags that tell which privileged intents are on (the "limited" ones, as for small bots).
    pub(crate) fn flags(&self) -> u64 {
        [
            (Intents::GUILD_PRESENCES, 1 << 13),
            (Intents::GUILD_MEMBERS, 1 << 15),
            (Intents::MESSAGE_CONTENT, 1 << 19),
        ]
        .into_iter()
        .filter(|(intent, _)| self.privileged_intents.contains(*intent))
        .fold(1 << 23, |flags, (_, flag)| flags | flag)
    }

    /// The application object.
    pub(crate) fn json(&self, bot: &User, owner: &User, guilds: usize) -> Value {
        json!({
            "id": self.id.to_string(),
            "name": self.name,
            "icon": null,
            "description": "",
            "bot_public": false,
            "bot_require_code_grant": false,
            "bot": bot.json(),
            "owner": owner.json(),
            "team": null,
            "verify_key": "0".repeat(64),
            "type": null,
            "flags": self.flags(),
            "flags_new": self.flags().to_string(),
            "approximate_guild_count": guilds,
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "eligible_oauth2_scopes": [],
            "approximate_user_install_count": 0,
            "integration_types_config": {"0": {}},
            "tags": [],
            "rpc_origins": [],
            "redirect_uris": [],
            "interactions_endpoint_url": null,
            "role_connections_verification_url": null,
        })
    }
}
