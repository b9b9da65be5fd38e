//! What users see of the bot, in order: the material of every `expects`.

use super::{LOADING, Message, World};
use crate::view::MessageView;

/// Sightings that are kept; a test that expects something older has long failed.
const KEPT_SIGHTINGS: usize = 10_000;

/// A message of the bot at the moment when it appeared or was edited.
#[derive(Clone, Debug)]
pub(crate) struct Sighting {
    pub number: u64,
    /// The newest id of that moment: what it answers has a lower one.
    pub newest_id: u64,
    pub channel: u64,
    pub ephemeral_for: Option<u64>,
    pub view: MessageView,
}

impl World {
    /// Notes that a message of the bot appeared or changed.
    pub(crate) fn sight(&mut self, message: &Message) {
        let own = message.face.as_ref().map_or(message.author, |face| {
            face.application.unwrap_or(message.author)
        });
        if own != self.application.bot || message.flags & LOADING != 0 {
            return;
        }
        let number = self.next_sighting;
        self.next_sighting += 1;
        let view = self.view(message);
        let ephemeral_for = message.ephemeral_for;
        self.sightings.push_back(Sighting {
            number,
            newest_id: self.snowflakes.last(),
            channel: message.channel,
            ephemeral_for,
            view,
        });
        while self.sightings.len() > KEPT_SIGHTINGS {
            self.sightings.pop_front();
        }
    }

    /// The sightings from this number on.
    pub(crate) fn sightings_from(&self, number: u64) -> impl DoubleEndedIterator<Item = &Sighting> {
        let from = self.sightings.partition_point(|seen| seen.number < number);
        self.sightings.range(from..)
    }

    /// The number of the first sighting that can answer something with this id.
    pub(crate) fn first_sighting_after(&self, id: u64) -> u64 {
        let from = self.sightings.partition_point(|seen| seen.newest_id <= id);
        let first = self.sightings.get(from);
        first.map_or(self.next_sighting, |first| first.number)
    }

    /// A message as people see it.
    pub(crate) fn view(&self, message: &Message) -> MessageView {
        let channel = self
            .channels
            .get(&message.channel)
            .map(|channel| channel.name.clone());
        MessageView {
            id: message.id,
            channel_id: message.channel,
            channel: channel.unwrap_or_default(),
            author_id: message.author,
            author: match &message.face {
                Some(face) => face.name.clone(),
                None => self.name_of(message.author),
            },
            content: message.content.clone(),
            embeds: message.embeds.clone(),
            components: message.components.clone(),
            attachments: message
                .attachments
                .iter()
                .filter_map(|file| file["filename"].as_str().map(str::to_owned))
                .collect(),
            reactions: message
                .reactions
                .iter()
                .map(|(emoji, users)| (emoji.name.clone(), users.len()))
                .collect(),
            ephemeral: message.ephemeral_for.is_some(),
            loading: message.flags & LOADING != 0,
            edited: message.edited_us.is_some(),
            pinned: message.pinned,
            reply_to: message.reference,
            interaction: message.interaction,
        }
    }

    /// The messages in a channel that this user can see, oldest first.
    pub(crate) fn visible_messages(
        &self,
        user: u64,
        channel: u64,
    ) -> impl DoubleEndedIterator<Item = &Message> {
        let messages = self
            .channels
            .get(&channel)
            .map(|channel| channel.messages.values());
        messages
            .into_iter()
            .flatten()
            .filter(move |message| message.visible_to(user))
    }
}
