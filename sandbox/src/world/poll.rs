//! Polls: <https://discord.com/developers/docs/resources/poll>.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Draft, World, snowflake::iso};

/// Microseconds in an hour, in which polls are counted.
const HOUR_US: i64 = 3_600_000_000;

/// The type of the message that tells how a poll ended.
const POLL_RESULT: u8 = 46;

/// A poll that is about to be posted, already checked.
#[derive(Clone, Debug)]
pub(crate) struct NewPoll {
    pub question: String,
    /// Each answer's `poll_media`.
    pub answers: Vec<Value>,
    pub hours: i64,
    pub multiselect: bool,
}

/// A poll on a message. Answers count from 1.
#[derive(Clone, Debug)]
pub(crate) struct Poll {
    pub question: String,
    pub answers: Vec<Answer>,
    /// Microseconds since 1970.
    pub expiry_us: i64,
    pub multiselect: bool,
    /// Whether it has ended and the votes are counted.
    pub finalized: bool,
}

/// One answer, and who voted for it.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub media: Value,
    pub voters: BTreeSet<u64>,
}

/// Why a vote was not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum VoteRefused {
    NoPoll,
    Expired,
    NoAnswer,
}

impl NewPoll {
    /// The poll, open from now on.
    pub(super) fn open(self, now_us: i64) -> Poll {
        let answer = |media| Answer {
            media,
            voters: BTreeSet::new(),
        };
        Poll {
            question: self.question,
            answers: self.answers.into_iter().map(answer).collect(),
            expiry_us: now_us + self.hours * HOUR_US,
            multiselect: self.multiselect,
            finalized: false,
        }
    }
}

impl Poll {
    /// The poll object as this user (the bot) gets it.
    pub(crate) fn json(&self, user: u64) -> Value {
        let numbered = || (1..).zip(&self.answers);
        let answers: Vec<_> = numbered()
            .map(|(id, answer): (u8, _)| json!({"answer_id": id, "poll_media": answer.media}))
            .collect();
        let counts: Vec<_> = numbered()
            .filter(|(_, answer)| !answer.voters.is_empty())
            .map(|(id, answer): (u8, _)| {
                let voters = &answer.voters;
                json!({"id": id, "count": voters.len(), "me_voted": voters.contains(&user)})
            })
            .collect();
        json!({
            "question": {"text": self.question},
            "answers": answers,
            "expiry": iso(self.expiry_us),
            "allow_multiselect": self.multiselect,
            "layout_type": 1,
            "results": {"is_finalized": self.finalized, "answer_counts": counts},
        })
    }

    /// Who voted for an answer; `None` if there is no such answer.
    pub(crate) fn voters(&self, answer: usize) -> Option<&BTreeSet<u64>> {
        let answer = self.answers.get(answer.checked_sub(1)?)?;
        Some(&answer.voters)
    }

    /// The number of an answer by its text or number, if there is one.
    pub(crate) fn answer_named(&self, name: &str) -> Option<usize> {
        let by_text = self
            .answers
            .iter()
            .position(|answer| answer.media["text"] == name);
        by_text.map(|index| index + 1).or_else(|| {
            let number = name.parse().ok()?;
            (1..=self.answers.len()).contains(&number).then_some(number)
        })
    }

    /// The fields of the `poll_result` embed:
    /// <https://discord.com/developers/docs/resources/message#embed-fields-by-embed-type-poll-result-embed-fields>.
    fn result_fields(&self) -> Vec<Value> {
        let count = |answer: &Answer| answer.voters.len();
        let most = self.answers.iter().map(count).max().unwrap_or(0);
        let total: usize = self.answers.iter().map(count).sum();
        let mut fields = vec![
            ("poll_question_text", self.question.clone()),
            ("victor_answer_votes", most.to_string()),
            ("total_votes", total.to_string()),
        ];
        let victors: Vec<_> = (1..)
            .zip(&self.answers)
            .filter(|(_, answer)| most > 0 && count(answer) == most)
            .collect();
        // Discord names no victor in a draw.
        if let [(id, answer)] = victors.as_slice() {
            let id: &i32 = id;
            let text = |value: &Value| value.as_str().map(str::to_owned);
            let emoji = &answer.media["emoji"];
            fields.push(("victor_answer_id", id.to_string()));
            for (name, value) in [
                ("victor_answer_text", text(&answer.media["text"])),
                ("victor_answer_emoji_id", text(&emoji["id"])),
                ("victor_answer_emoji_name", text(&emoji["name"])),
            ] {
                fields.extend(value.map(|value| (name, value)));
            }
        }
        fields
            .into_iter()
            .map(|(name, value)| json!({"name": name, "value": value, "inline": false}))
            .collect()
    }
}

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
