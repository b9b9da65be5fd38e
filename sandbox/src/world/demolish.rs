//! Deletion of channels, with all that hangs on them.

use serde_json::Value;
use twilight_model::channel::ChannelType;

use super::{Channel, Event, World};

impl World {
    /// Takes a channel away and tells it: its threads, webhooks and invites go with it, the channels of a category
    /// come out of it, and the guild forgets that it was, say, the one for system messages.
    pub(crate) fn delete_channel(&mut self, channel: u64) {
        let json = match self.channels.get(&channel) {
            Some(known) => self.channel_json(known),
            None => return,
        };
        self.empty_voice(channel);
        self.voice_statuses.remove(&channel);
        let visible = self.bot_sees(channel);
        let Some(gone) = self.channels.remove(&channel) else {
            return;
        };
        let Some(guild) = gone.guild() else { return };
        self.free_children(guild, &gone);
        let at = |value: &Value| value.as_str() == Some(&channel.to_string());
        if let Some(known) = self.guilds.get_mut(&guild) {
            let forgotten = known.settings.values_mut().filter(|value| at(value));
            forgotten.for_each(|value| *value = Value::Null);
            if let Some(stages) = known.shelves.get_mut(&super::Collection::Stages) {
                stages.remove(&channel);
            }
        }
        self.webhooks
            .retain(|_, webhook| webhook.channel != channel);
        self.invites.retain(|_, invite| invite.channel != channel);
        if !visible {
            return;
        }
        let event = Event::of_guild("CHANNEL_DELETE", guild, json);
        self.outbox.push(event);
    }

    /// The threads of a channel go with it; the channels of a category stay, outside.
    fn free_children(&mut self, guild: u64, gone: &Channel) {
        let children = self.channels.of_guild(guild);
        let children = children.filter(|child| child.parent == Some(gone.id));
        let children: Vec<u64> = children.map(|child| child.id).collect();
        for child in children {
            if gone.of() == ChannelType::GuildCategory {
                let Some(known) = self.channels.get_mut(&child) else {
                    continue;
                };
                known.parent = None;
                let json = match self.channels.get(&child) {
                    Some(known) => self.channel_json(known),
                    None => continue,
                };
                self.tell("CHANNEL_UPDATE", child, json);
            } else {
                self.channels.remove(&child);
                self.active_threads.remove(&child);
            }
        }
    }

    fn bot_sees(&self, channel: u64) -> bool {
        let permission = twilight_model::guild::Permissions::VIEW_CHANNEL;
        self.may(self.application.bot, channel, permission)
    }
}
