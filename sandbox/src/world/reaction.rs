//! Reactions on messages.

use serde_json::{Value, json};

use super::{Collection, Emoji, Message, World};

impl World {
    /// The emoji as a user may react with it: Unicode, one that is on the message, one of the user's guilds, and for the
    /// bot one of the application. The id decides, the name is that of who keeps it.
    pub(crate) fn emoji_for(&self, user: u64, message: &Message, emoji: &Emoji) -> Option<Emoji> {
        let Some(id) = emoji.id else {
            return Some(emoji.clone());
        };
        let there = message.reactions.iter().map(|(there, _)| there);
        if let Some(there) = there.into_iter().find(|there| there.id == Some(id)) {
            return Some(there.clone());
        }
        let mut shelves = self.guilds_of(user);
        let kept = shelves.find_map(|guild| self.record_of(guild.id, Collection::Emojis, id));
        let own = || self.store.emojis.get(&id);
        let kept = kept.or_else(|| own().filter(|_| user == self.application.bot))?;
        Some(Emoji {
            id: Some(id),
            name: kept.get("name")?.as_str()?.to_owned(),
        })
    }

    /// Adds a reaction and tells everybody, unless it is there already.
    pub(crate) fn react(&mut self, channel: u64, message: u64, user: u64, emoji: &Emoji) {
        let Some(found) = self.message_mut(channel, message) else {
            return;
        };
        let author = found.author;
        match found.reactions.iter_mut().find(|(known, _)| known == emoji) {
            Some((_, users)) if users.contains(&user) => return,
            Some((_, users)) => users.push(user),
            None => found.reactions.push((emoji.clone(), vec![user])),
        }
        let mut data = self.reaction_event(channel, message, user, emoji);
        data["message_author_id"] = json!(author.to_string());
        if let Some(member) = self
            .guild_of(channel)
            .and_then(|guild| self.member_json(guild, user))
        {
            data["member"] = member;
        }
        self.tell("MESSAGE_REACTION_ADD", channel, data);
    }

    /// Takes a reaction away and tells everybody, if it is there.
    pub(crate) fn unreact(&mut self, channel: u64, message: u64, user: u64, emoji: &Emoji) {
        let Some(found) = self.message_mut(channel, message) else {
            return;
        };
        let Some((_, users)) = found.reactions.iter_mut().find(|(known, _)| known == emoji) else {
            return;
        };
        let before = users.len();
        users.retain(|known| *known != user);
        let removed = users.len() < before;
        found.reactions.retain(|(_, users)| !users.is_empty());
        if removed {
            let data = self.reaction_event(channel, message, user, emoji);
            self.tell("MESSAGE_REACTION_REMOVE", channel, data);
        }
    }

    /// Takes all reactions away, or all of one emoji, and tells everybody.
    pub(crate) fn clear_reactions(&mut self, channel: u64, message: u64, emoji: Option<&Emoji>) {
        let Some(found) = self.message_mut(channel, message) else {
            return;
        };
        found
            .reactions
            .retain(|(known, _)| emoji.is_some_and(|emoji| known != emoji));
        let mut data =
            json!({"channel_id": channel.to_string(), "message_id": message.to_string()});
        self.add_guild_id(&mut data, channel);
        match emoji {
            Some(emoji) => {
                data["emoji"] = emoji.json();
                self.tell("MESSAGE_REACTION_REMOVE_EMOJI", channel, data);
            }
            None => self.tell("MESSAGE_REACTION_REMOVE_ALL", channel, data),
        }
    }

    /// A message's reactions as the bot sees them.
    pub(crate) fn reactions_json(&self, message: &Message) -> Value {
        let bot = self.application.bot;
        message
            .reactions
            .iter()
            .map(|(emoji, users)| {
                json!({
                    "emoji": emoji.json(),
                    "count": users.len(),
                    "count_details": {"burst": 0, "normal": users.len()},
                    "burst_colors": [],
                    "me": users.contains(&bot),
                    "me_burst": false,
                })
            })
            .collect()
    }

    fn reaction_event(&self, channel: u64, message: u64, user: u64, emoji: &Emoji) -> Value {
        let mut data = json!({
            "user_id": user.to_string(),
            "channel_id": channel.to_string(),
            "message_id": message.to_string(),
            "emoji": emoji.json(),
            "burst": false,
            "type": 0,
        });
        self.add_guild_id(&mut data, channel);
        data
    }
}
