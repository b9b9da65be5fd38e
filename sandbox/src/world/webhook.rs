//! Webhooks of channels: <https://discord.com/developers/docs/resources/webhook>.

use serde_json::{Value, json};

use super::{Event, World};

/// What kind of webhook it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum WebhookKind {
    /// Posts what is sent to its address.
    Incoming,
    /// Posts what is published in the announcement channel of this id.
    Follower { source: u64 },
}

/// A webhook. Its messages have its id as their author.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    pub id: u64,
    pub kind: WebhookKind,
    pub channel: u64,
    pub name: String,
    pub avatar: Option<String>,
    pub token: String,
    /// Who made it.
    pub user: u64,
    /// The application that owns it, if an application made it.
    pub application: Option<u64>,
}

/// The name and picture that a message of a webhook appears with.
#[derive(Clone, Debug)]
pub(crate) struct Face {
    pub name: String,
    pub avatar: Option<String>,
    /// The application that owns the webhook.
    pub application: Option<u64>,
}

impl Face {
    /// The author of a webhook's message.
    pub(super) fn author_json(&self, webhook: u64) -> Value {
        json!({
            "id": webhook.to_string(),
            "username": self.name,
            "global_name": null,
            "discriminator": "0000",
            "avatar": self.avatar,
            "bot": true,
            "public_flags": 0,
            "flags": 0,
            "primary_guild": null,
        })
    }
}

impl Webhook {
    /// The webhook object; the user is left out for those who come with the token.
    pub(crate) fn json(&self, world: &World, with_user: bool) -> Value {
        let mut json = json!({
            "id": self.id.to_string(),
            "type": match self.kind {
                WebhookKind::Incoming => 1,
                WebhookKind::Follower { .. } => 2,
            },
            "application_id": self.application.map(|id| id.to_string()),
            "channel_id": self.channel.to_string(),
            "name": self.name,
            "avatar": self.avatar,
        });
        world.add_guild_id(&mut json, self.channel);
        if with_user && let Some(user) = world.users.get(&self.user) {
            json["user"] = user.json();
        }
        match self.kind {
            WebhookKind::Incoming => {
                json["token"] = json!(self.token);
                json["url"] = json!(format!(
                    "{}/api/webhooks/{}/{}",
                    world.files_base, self.id, self.token
                ));
            }
            WebhookKind::Follower { source } => {
                if let Some(channel) = world.channels.get(&source) {
                    json["source_channel"] =
                        json!({"id": source.to_string(), "name": channel.name});
                    let guild = channel.guild().and_then(|id| world.guilds.get(&id));
                    json["source_guild"] = guild
                        .map(|guild| json!({"id": guild.id.to_string(), "name": guild.name, "icon": null}))
                        .unwrap_or_default();
                }
            }
        }
        json
    }

    /// How its messages look, with what a request overrides.
    pub(crate) fn face(&self, name: Option<&str>, avatar: Option<&str>) -> Face {
        Face {
            name: name.unwrap_or(&self.name).to_owned(),
            avatar: avatar.map(str::to_owned).or_else(|| self.avatar.clone()),
            application: self.application,
        }
    }
}

impl World {
    /// Adds a webhook that a user made in a channel, not the bot; gives its id and its token.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut world = sandbox::World::sandbox();
    /// let (owner, general) = (world.user_named("owner"), world.channel_named("general"));
    /// let (id, token) = world.add_webhook(general.unwrap(), "Builds", owner.unwrap());
    /// println!("POST /api/v10/webhooks/{id}/{token}");
    /// ```
    pub fn add_webhook(&mut self, channel: u64, name: &str, user: u64) -> (u64, String) {
        let id = self.make_webhook(WebhookKind::Incoming, channel, name, None, user, None);
        let token = self.webhooks.get(&id).map(|made| made.token.clone());
        (id, token.unwrap_or_default())
    }

    /// Makes a webhook; gives its id.
    pub(crate) fn make_webhook(
        &mut self,
        kind: WebhookKind,
        channel: u64,
        name: &str,
        avatar: Option<String>,
        user: u64,
        application: Option<u64>,
    ) -> u64 {
        let id = self.snowflakes.next();
        let mixed = id.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let token = format!("sandbox{id:016x}{mixed:016x}{:016x}", mixed.rotate_left(23));
        self.webhooks.insert(
            id,
            Webhook {
                id,
                kind,
                channel,
                name: name.to_owned(),
                avatar,
                token,
                user,
                application,
            },
        );
        id
    }

    /// Tells that the webhooks of a channel have changed.
    pub(crate) fn tell_webhooks(&mut self, channel: u64) {
        let Some(guild) = self.guild_of(channel) else {
            return;
        };
        let data = json!({"guild_id": guild.to_string(), "channel_id": channel.to_string()});
        self.outbox.push(Event::in_channel(
            "WEBHOOKS_UPDATE",
            Some(guild),
            channel,
            data,
        ));
    }
}
