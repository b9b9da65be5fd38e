//! Votes in polls, and their end.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Draft, VoteRefused, World};

/// The type of the message that tells how a poll ended.
const POLL_RESULT: u8 = 46;

impl World {
    /// Sets whom a user votes for, and tells each vote that is new or gone.
    pub(crate) fn vote(
        &mut self,
        channel: u64,
        message: u64,
        user: u64,
        answers: &BTreeSet<usize>,
    ) -> Result<(), VoteRefused> {
        let now_us = self.clock.now_us();
        let found = self.message_mut(channel, message);
        let poll = found.and_then(|message| message.poll.as_mut());
        let poll = poll.ok_or(VoteRefused::NoPoll)?;
        if poll.finalized || poll.expiry_us <= now_us {
            return Err(VoteRefused::Expired);
        }
        if answers.iter().any(|id| poll.voters(*id).is_none()) {
            return Err(VoteRefused::NoAnswer);
        }
        let mut told = Vec::new();
        for (id, answer) in (1..).zip(&mut poll.answers) {
            if answers.contains(&id) {
                if answer.voters.insert(user) {
                    told.push(("MESSAGE_POLL_VOTE_ADD", id));
                }
            } else if answer.voters.remove(&user) {
                told.push(("MESSAGE_POLL_VOTE_REMOVE", id));
            }
        }
        // A vote that moves is first taken away, then given.
        told.sort_by_key(|(name, _)| std::cmp::Reverse(*name));
        for (name, id) in told {
            let mut data = json!({
                "user_id": user.to_string(),
                "channel_id": channel.to_string(),
                "message_id": message.to_string(),
                "answer_id": id,
            });
            self.add_guild_id(&mut data, channel);
            self.tell(name, channel, data);
        }
        Ok(())
    }

    /// Ends a poll now, tells it, and posts its result; `false` if there is none that is open.
    pub(crate) fn end_poll(&mut self, channel: u64, message: u64) -> bool {
        let now_us = self.clock.now_us();
        let Some(found) = self.message_mut(channel, message) else {
            return false;
        };
        let author = found.author;
        let Some(poll) = found.poll.as_mut().filter(|poll| !poll.finalized) else {
            return false;
        };
        poll.finalized = true;
        poll.expiry_us = poll.expiry_us.min(now_us);
        let embed = json!({"type": "poll_result", "fields": poll.result_fields()});
        self.tell_edit(channel, message);
        let reference = json!({"type": 0, "channel_id": channel.to_string(), "message_id": message.to_string()});
        self.post(
            channel,
            author,
            Draft {
                kind: POLL_RESULT,
                embeds: Some(vec![embed]),
                place: Some(reference),
                mentions: vec![author],
                ..Draft::default()
            },
        );
        true
    }
}
