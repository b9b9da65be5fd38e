//! Failures of host calls.

use std::{sync::Arc, time::Duration};

use host_base::shown;
use http::StatusCode;
use plugin_api::abi::ErrorHead;
use serde_json::Value;
use thiserror::Error;

/// Discord's code for a user who takes no direct messages from the bot
/// ([reference](https://docs.discord.com/developers/topics/opcodes-and-status-codes#json)).
const DIRECT_MESSAGES_CLOSED: u64 = 50_007;
/// The same, because they have no server in common.
const NO_MUTUAL_GUILDS: u64 = 50_278;
/// An interaction whose three seconds are over, or that never was.
pub const UNKNOWN_INTERACTION: u64 = 10_062;
/// An interaction that has had its first response.
pub const ALREADY_ACKNOWLEDGED: u64 = 40_060;
/// A message that is not there, or not any more.
pub const UNKNOWN_MESSAGE: u64 = 10_008;
/// What an interaction's token is for as long as there was no first response.
pub const UNKNOWN_WEBHOOK: u64 = 10_015;

/// Failure of a host call.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Failure {
    /// The parameters can't be read.
    #[error("the call's parameters can't be read: {0}")]
    Params(#[from] serde_json::Error),
    /// The host itself failed.
    #[error(
        "the host failed over this call, which is a mistake of the host's; its log says more (error id {error_id})"
    )]
    Host {
        /// By which the log has it.
        error_id: String,
    },
    /// The call asks for something that can't be.
    #[error("{0}")]
    Refused(String),
    /// The same, in words that the member may read.
    #[error("{0}")]
    Unfit(String),
    /// Nobody who may do that stands behind the call.
    #[error("{message}")]
    Denied {
        /// What is missing, and who can change it.
        message: String,
        /// The sentence for the member.
        user_message: String,
    },
    /// Discord refused.
    #[error("Discord refused with HTTP {status}: {message} (code {code})")]
    Discord {
        /// HTTP status.
        status: u16,
        /// Discord's JSON error code.
        code: u64,
        /// Discord's words.
        message: String,
        /// What is wrong with the body, by place: `3.options.0.name`.
        places: Vec<(String, String)>,
    },
    /// A private answer can't be given: the member takes no direct messages from the bot.
    #[error("the member takes no direct messages from the bot (code 50007)")]
    DirectMessagesClosed {
        /// For the member, where everybody may read it.
        sentence: String,
    },
    /// Another plugin failed.
    #[error("{message}")]
    Plugin {
        /// What failed, with its causes.
        message: String,
        /// The sentence for the member.
        user_message: Option<String>,
    },
    /// Discord was out of reach: it has not seen the request.
    #[error("Discord is out of reach: {0}")]
    Transport(String),
    /// The request was sent and its answer lost: Discord may have done what was asked, or not.
    #[error("Discord's answer was lost, and whether it has done what was asked is not known: {0}")]
    Lost(String),
    /// An interaction that Discord does not know any more: nothing can be answered to it.
    #[error(
        "Discord does not know the interaction any more (code 10062): a first response has to reach it within 3 s, and this one \
         left {after:.1?} after the interaction had come (error id {error_id})"
    )]
    TooLate {
        /// By which the log has it.
        error_id: Arc<str>,
        /// From the interaction to the response.
        after: Duration,
    },
    /// A private answer can't be given: everybody sees "is thinking…", and would see what takes its place.
    #[error(
        "the answer was deferred in public and can't become private: declare the command `ephemeral()`, or answer within two \
         seconds"
    )]
    DeferredInPublic,
    /// It was not sent: a rate limit would let it wait for too long, or nothing goes out any more.
    #[error("{0}")]
    Limited(String),
    /// Another server on the web.
    #[error("{0}")]
    Web(String),
    /// A database.
    #[error("{message}")]
    Storage {
        /// What failed, with its place and the next step.
        message: String,
        /// The sentence for the member.
        user_message: Option<String>,
    },
}

impl Failure {
    /// As it crosses the boundary.
    #[must_use]
    pub fn into_head(self) -> ErrorHead {
        let mut head = ErrorHead {
            message: self.to_string(),
            ..ErrorHead::default()
        };
        match self {
            Self::Discord { status, code, .. } => {
                head.http_status = Some(status);
                head.discord_code = Some(code);
            }
            Self::DirectMessagesClosed { sentence } => {
                head.http_status = Some(403);
                head.discord_code = Some(DIRECT_MESSAGES_CLOSED);
                head.user_message = Some(sentence);
            }
            Self::Limited(_) => {
                head.http_status = Some(StatusCode::TOO_MANY_REQUESTS.as_u16());
                let words = "Discord lets me do that again later. Please try again in a while.";
                head.user_message = Some(words.into());
            }
            Self::TooLate { .. } => {
                head.http_status = Some(StatusCode::NOT_FOUND.as_u16());
                head.discord_code = Some(UNKNOWN_INTERACTION);
            }
            // Whatever is named in it, it is one sentence of the host's.
            Self::Unfit(words) => head.user_message = Some(shown::said(&words)),
            Self::Denied { user_message, .. } => {
                (head.user_message, head.denied) = (Some(user_message), true);
            }
            Self::Plugin { user_message, .. } | Self::Storage { user_message, .. } => {
                head.user_message = user_message;
            }
            _ => {}
        }
        head
    }
}

impl Failure {
    /// Whether Discord says that a user takes no direct messages from the bot.
    pub fn is_closed(&self) -> bool {
        let codes = [DIRECT_MESSAGES_CLOSED, NO_MUTUAL_GUILDS];
        matches!(self, Self::Discord { code, .. } if codes.contains(code))
    }

    /// Whether Discord refused for this reason.
    pub fn is(&self, reason: u64) -> bool {
        matches!(self, Self::Discord { code, .. } if *code == reason)
    }

    /// Whether Discord may have done what was asked, though it did not say so.
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Discord { status: 500.., .. })
    }

    /// Whether the log has it already.
    #[must_use]
    pub fn is_logged(&self) -> bool {
        matches!(self, Self::TooLate { .. } | Self::Host { .. })
    }
}

impl Failure {
    /// What Discord says when it refuses. What is none of its JSON comes from in front of it, and is not repeated.
    pub fn of_answer(status: StatusCode, body: &[u8]) -> Self {
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        let message = match answer["message"].as_str() {
            Some(message) => message.to_owned(),
            None if status == StatusCode::UNAUTHORIZED => "the bot's token is not valid".to_owned(),
            None => status.canonical_reason().unwrap_or("no reason").to_owned(),
        };
        // Discord's nested reasons (50035).
        let places = nested_reasons(&answer);
        let reasons: Vec<String> = places
            .iter()
            .map(|(place, reason)| format!("{place}: {reason}"))
            .collect();
        let reasons = reasons.join("; ");
        Self::Discord {
            status: status.as_u16(),
            code: answer["code"].as_u64().unwrap_or_default(),
            message: if reasons.is_empty() {
                message
            } else {
                format!("{message}: {reasons}")
            },
            places,
        }
    }
}

/// Path and reason of each leaf of Discord's `errors` tree
/// ([reference](https://discord.com/developers/docs/reference#error-messages)).
fn nested_reasons(answer: &Value) -> Vec<(String, String)> {
    fn walk(path: &str, value: &Value, out: &mut Vec<(String, String)>) {
        let Some(object) = value.as_object() else {
            return;
        };
        for (key, value) in object {
            if key == "_errors" {
                for error in value.as_array().into_iter().flatten() {
                    let message = error["message"].as_str().unwrap_or("?");
                    out.push((path.to_owned(), message.to_owned()));
                }
            } else {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                walk(&path, value, out);
            }
        }
    }
    let mut reasons = Vec::new();
    walk("", &answer["errors"], &mut reasons);
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: StatusCode, body: &str) -> (String, Vec<(String, String)>) {
        match Failure::of_answer(status, body.as_bytes()) {
            Failure::Discord {
                message, places, ..
            } => (message, places),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nested_reasons_name_their_place() {
        let body = r#"{"code":50035,"message":"Invalid Form Body","errors":{"embeds":{"0":{"title":{"_errors":
            [{"code":"BASE_TYPE_MAX_LENGTH","message":"Must be 256 or fewer in length."}]}}}}}"#;
        let (message, places) = of(StatusCode::BAD_REQUEST, body);
        let reason = "Must be 256 or fewer in length.";
        assert_eq!(
            message,
            format!("Invalid Form Body: embeds.0.title: {reason}")
        );
        assert_eq!(places, [("embeds.0.title".to_owned(), reason.to_owned())]);
    }

    #[test]
    fn what_is_no_json_is_told_by_its_status() {
        assert_eq!(of(StatusCode::BAD_GATEWAY, "<html>").0, "Bad Gateway");
        assert_eq!(
            of(StatusCode::UNAUTHORIZED, "").0,
            "the bot's token is not valid"
        );
    }
}
