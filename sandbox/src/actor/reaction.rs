//! Reactions to messages.

use twilight_model::guild::Permissions;

use super::Actor;
use crate::{error::Error, view::MessageView, world::Emoji};

impl Actor {
    /// Reacts to a message with `👍` or `name:id`.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if it is no emoji, or the user may not react there.
    pub async fn reacts(&self, message: &MessageView, emoji: &str) -> Result<(), Error> {
        let emoji = parse_emoji(emoji)?;
        self.shared.change(|state| {
            if !state
                .world
                .may(self.user, message.channel_id, Permissions::ADD_REACTIONS)
            {
                return Err(Error::Refused(format!(
                    "{} may not react in #{}",
                    self.name, message.channel
                )));
            }
            let world = &mut state.world;
            let found = world.message(message.channel_id, message.id);
            let usable = found.map(|found| world.emoji_for(self.user, found, &emoji));
            let emoji = match usable {
                Some(Some(emoji)) => emoji,
                Some(None) => {
                    let refusal = format!("`{}` is no emoji that {} has", emoji.name, self.name);
                    return Err(Error::Refused(refusal));
                }
                None => return Ok(()),
            };
            world.react(message.channel_id, message.id, self.user, &emoji);
            Ok(())
        })
    }

    /// Takes a reaction back.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if it is no emoji.
    pub async fn unreacts(&self, message: &MessageView, emoji: &str) -> Result<(), Error> {
        let emoji = parse_emoji(emoji)?;
        self.shared.change(|state| {
            state
                .world
                .unreact(message.channel_id, message.id, self.user, &emoji)
        });
        Ok(())
    }
}

impl Actor {
    /// The newest message of a channel that the user has reacted to with this.
    pub(crate) fn newest_reacted(&self, channel: &str, emoji: &str) -> Result<MessageView, Error> {
        let parsed = parse_emoji(emoji)?;
        let place = self.channel(channel)?;
        let reacted: Vec<u64> = self.shared.read(|state| {
            let shown = state.world.visible_messages(self.user, place);
            let reacted = shown.filter(|message| {
                let mut reactions = message.reactions.iter();
                reactions.any(|(known, users)| *known == parsed && users.contains(&self.user))
            });
            reacted.map(|message| message.id).collect()
        });
        let wanted = format!("a message with {emoji} of {}", self.name);
        self.newest_in(channel, &wanted, |shown| reacted.contains(&shown.id))
    }
}

fn parse_emoji(text: &str) -> Result<Emoji, Error> {
    Emoji::parse(text)
        .ok_or_else(|| Error::Refused(format!("`{text}` is no emoji; try 👍 or name:id")))
}
