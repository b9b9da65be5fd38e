//! Votes in polls.

use std::collections::BTreeSet;

use twilight_model::guild::Permissions;

use super::Actor;
use crate::{
    error::{Error, listing},
    view::MessageView,
    world::VoteRefused,
};

impl Actor {
    /// Votes in the poll of a message for these answers, by text or number, and for no others;
    /// an empty list takes the vote back.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if there is no such poll or answer, if it has ended, or if it takes one answer alone.
    pub async fn votes(&self, message: &MessageView, answers: &[&str]) -> Result<(), Error> {
        let refuse = |why: &str| Err(Error::Refused(format!("{} cannot vote: {why}", self.name)));
        self.shared.change(|state| {
            let world = &mut state.world;
            let (channel, id) = (message.channel_id, message.id);
            let sees = Permissions::VIEW_CHANNEL | Permissions::READ_MESSAGE_HISTORY;
            if !world.may(self.user, channel, sees) {
                return refuse("the message is not theirs to see");
            }
            let shown = world.message(channel, id);
            let Some(poll) = shown.and_then(|message| message.poll.as_ref()) else {
                return refuse("the message has no poll");
            };
            if answers.len() > 1 && !poll.multiselect {
                return refuse("the poll takes one answer");
            }
            let mut chosen = BTreeSet::new();
            for name in answers {
                let Some(answer) = poll.answer_named(name) else {
                    let texts = poll.answers.iter();
                    let known = listing(texts.filter_map(|answer| answer.media["text"].as_str()));
                    return refuse(&format!("there is no answer {name:?}; there are {known}"));
                };
                chosen.insert(answer);
            }
            match world.vote(channel, id, self.user, &chosen) {
                Ok(()) => Ok(()),
                Err(VoteRefused::Expired) => refuse("the poll has ended"),
                Err(VoteRefused::NoPoll) => refuse("the message has no poll"),
                Err(VoteRefused::NoAnswer) => refuse("there is no such answer"),
            }
        })
    }
}
