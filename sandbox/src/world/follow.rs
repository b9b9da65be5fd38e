//! Announcement channels: who follows them, and what is published in them.

use serde_json::{Value, json};

use super::{Draft, WebhookKind, World};

/// The flags of a published message and of its copies.
const CROSSPOSTED: u64 = 1 << 0;
const IS_CROSSPOST: u64 = 1 << 1;
/// The type of the message that tells of a new channel that is followed.
const CHANNEL_FOLLOW_ADD: u8 = 12;

impl World {
    /// Lets a channel follow an announcement channel, and tells it; gives the webhook that will post.
    pub(crate) fn follow(&mut self, source: u64, target: u64, by: u64) -> u64 {
        let name = self.followed_name(source);
        let kind = WebhookKind::Follower { source };
        let webhook = self.make_webhook(kind, target, &name, None, by, None);
        self.tell_webhooks(target);
        let draft = Draft {
            kind: CHANNEL_FOLLOW_ADD,
            content: Some(name),
            place: Some(self.place_of(source, None)),
            ..Draft::default()
        };
        self.post(target, by, draft);
        webhook
    }

    /// Publishes a message: marks it, tells that, and posts it wherever the channel is followed.
    pub(crate) fn crosspost(&mut self, channel: u64, message: u64) {
        let Some(known) = self.message_mut(channel, message) else {
            return;
        };
        known.flags |= CROSSPOSTED;
        let copy = Draft {
            content: Some(known.content.clone()),
            embeds: Some(known.embeds.clone()),
            components: Some(known.components.clone()),
            attachments: Some(known.attachments.clone()),
            flags: Some((known.flags & !CROSSPOSTED) | IS_CROSSPOST),
            // Nobody is called twice.
            allowed_mentions: Some(json!({"parse": []})),
            ..Draft::default()
        };
        self.tell_edit(channel, message);
        let place = self.place_of(channel, Some(message));
        let followers = self.webhooks.values();
        let followers: Vec<_> = followers
            .filter(|webhook| webhook.kind == WebhookKind::Follower { source: channel })
            .map(|webhook| (webhook.id, webhook.channel, webhook.face(None, None)))
            .collect();
        for (webhook, target, face) in followers {
            let draft = Draft {
                face: Some(face),
                place: Some(place.clone()),
                ..copy.clone()
            };
            self.post(target, webhook, draft);
        }
    }

    /// `Guild #channel`, as followers are named.
    fn followed_name(&self, channel: u64) -> String {
        let known = self.channels.get(&channel);
        let guild = known
            .and_then(|known| known.guild())
            .and_then(|guild| self.guilds.get(&guild));
        let guild = guild.map(|guild| guild.name.as_str()).unwrap_or_default();
        let channel = known.map(|known| known.name.as_str()).unwrap_or_default();
        format!("{guild} #{channel}")
    }

    /// A message reference to a channel or to a message in it.
    pub(super) fn place_of(&self, channel: u64, message: Option<u64>) -> Value {
        let mut place = json!({"type": 0, "channel_id": channel.to_string()});
        if let Some(message) = message {
            place["message_id"] = json!(message.to_string());
        }
        self.add_guild_id(&mut place, channel);
        place
    }
}
