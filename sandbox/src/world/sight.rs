//! Log of what users see of the bot, in order: the material of every `expects`.

use std::collections::hash_map::Entry;

use super::{LOADING, Message, World};
use crate::view::MessageView;

/// Sightings that are kept; a test that expects something older has long failed.
const KEPT_SIGHTINGS: usize = 10_000;

/// A message of the bot at the moment when it appeared or was edited.
#[derive(Clone, Debug)]
pub(crate) struct Sighting {
    pub number: u64,
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
        if let Some(answered) = view.reply_to {
            self.replies.entry(answered).or_default().push(number);
        }
        let ephemeral_for = message.ephemeral_for;
        self.sightings.push_back(Sighting {
            number,
            channel: message.channel,
            ephemeral_for,
            view,
        });
        while self.sightings.len() > KEPT_SIGHTINGS {
            let gone = self.sightings.pop_front();
            if let Some(answered) = gone.and_then(|gone| gone.view.reply_to) {
                self.forget_reply(answered);
            }
        }
    }

    /// Forgets all that was seen.
    pub(super) fn forget_sightings(&mut self) {
        self.sightings.clear();
        self.replies.clear();
    }

    /// Forgets the oldest reply to a message.
    fn forget_reply(&mut self, answered: u64) {
        if let Entry::Occupied(mut replies) = self.replies.entry(answered) {
            replies.get_mut().remove(0);
            if replies.get().is_empty() {
                replies.remove();
            }
        }
    }

    /// The sightings from this number on.
    pub(crate) fn sightings_from(&self, number: u64) -> impl DoubleEndedIterator<Item = &Sighting> {
        let oldest = self.sightings.front().map_or(0, |oldest| oldest.number);
        // They are numbered without gaps.
        let from = usize::try_from(number.saturating_sub(oldest)).unwrap_or(usize::MAX);
        self.sightings.range(from.min(self.sightings.len())..)
    }

    /// The sightings of what replies to a message.
    pub(crate) fn replies_to(&self, message: u64) -> impl Iterator<Item = &Sighting> {
        let oldest = self.sightings.front().map_or(0, |oldest| oldest.number);
        let numbers = self.replies.get(&message).into_iter().flatten();
        // They are numbered without gaps.
        numbers.filter_map(move |number| {
            let at = usize::try_from(number.checked_sub(oldest)?).ok()?;
            self.sightings.get(at)
        })
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
            .map(Box::as_ref)
            .filter(move |message| message.visible_to(user))
    }
}
