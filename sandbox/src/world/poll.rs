//! Polls: <https://discord.com/developers/docs/resources/poll>.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::snowflake::iso;

/// Microseconds in an hour, in which polls are counted.
const HOUR_US: i64 = 3_600_000_000;

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
    pub(super) fn result_fields(&self) -> Vec<Value> {
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
