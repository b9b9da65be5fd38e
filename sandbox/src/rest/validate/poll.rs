//! Validation of polls: <https://discord.com/developers/docs/resources/poll#poll-create-request-object>.

use serde_json::{Value, json};

use crate::{rest::error::FormErrors, world::NewPoll};

/// Answers in a poll.
const MAX_ANSWERS: usize = 10;
/// Characters of a question, and of an answer.
const MAX_QUESTION: usize = 300;
const MAX_ANSWER: usize = 55;
/// Hours that a poll is open: 32 days.
const MAX_HOURS: i64 = 768;

/// Checks a poll to be; `None` if there is none in the body.
pub(super) fn poll(body: &Value, errors: &mut FormErrors) -> Option<NewPoll> {
    let poll = body.get("poll").filter(|poll| !poll.is_null())?;
    if !poll.is_object() {
        let message = "Only dictionaries may be used in a ModelType";
        errors.add("poll", "MODEL_TYPE_CONVERT", message);
        return None;
    }
    let question = text(&poll["question"], "poll.question", MAX_QUESTION, errors);
    let answers = match poll["answers"].as_array() {
        None => {
            errors.required("poll.answers");
            return None;
        }
        Some(answers) => answers,
    };
    errors.length("poll.answers", answers.len(), 1, MAX_ANSWERS);
    let answers = answers.iter().enumerate().map(|(index, answer)| {
        let at = format!("poll.answers.{index}.poll_media");
        let media = &answer["poll_media"];
        let mut json = json!({"text": text(media, &at, MAX_ANSWER, errors)});
        if let Some(emoji) = media.get("emoji").filter(|emoji| !emoji.is_null()) {
            json["emoji"] = poll_emoji(emoji, &at, errors);
        }
        json
    });
    let answers = answers.collect();
    let hours = match &poll["duration"] {
        Value::Null => 24,
        hours => hours.as_i64().unwrap_or(0),
    };
    errors.range("poll.duration", hours, 1, MAX_HOURS);
    if !poll["layout_type"].is_null() && poll["layout_type"] != 1 {
        let message = "Value must be one of {1}.";
        errors.add("poll.layout_type", "BASE_TYPE_CHOICES", message);
    }
    Some(NewPoll {
        question,
        answers,
        hours,
        multiselect: poll["allow_multiselect"] == true,
    })
}

fn text(media: &Value, at: &str, max: usize, errors: &mut FormErrors) -> String {
    match media["text"].as_str() {
        None => {
            errors.required(&format!("{at}.text"));
            String::new()
        }
        Some(text) => {
            errors.length(&format!("{at}.text"), text.chars().count(), 1, max);
            text.to_owned()
        }
    }
}

/// `{"id"}` of a custom emoji or `{"name"}` of a Unicode one.
fn poll_emoji(emoji: &Value, at: &str, errors: &mut FormErrors) -> Value {
    let id = emoji["id"].as_str().filter(|id| !id.is_empty());
    let name = emoji["name"].as_str().filter(|name| !name.is_empty());
    if id.is_none() && name.is_none() {
        errors.required(&format!("{at}.emoji.name"));
    }
    json!({"id": id, "name": name})
}
