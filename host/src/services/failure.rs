//! Why a host call failed.

use plugin_api::abi::ErrorHead;
use thiserror::Error;
use twilight_http::{api_error::ApiError, error::ErrorType};

use super::storage::StorageError;

/// Discord's code for a user who takes no direct messages from the bot
/// ([reference](https://docs.discord.com/developers/topics/opcodes-and-status-codes#json)).
const DIRECT_MESSAGES_CLOSED: u64 = 50_007;
/// The same, because they have no server in common.
const NO_MUTUAL_GUILDS: u64 = 50_278;

/// Why a host call failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Failure {
    /// The parameters can't be read.
    #[error("the call's parameters can't be read: {0}")]
    Params(#[from] serde_json::Error),
    /// The call asks for something that can't be.
    #[error("{0}")]
    Refused(String),
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
        /// What the member may be told.
        user_message: Option<String>,
    },
    /// Discord was out of reach.
    #[error("Discord is out of reach: {0}")]
    Transport(String),
    /// Another server on the web.
    #[error("{0}")]
    Web(String),
    /// A database.
    #[error(transparent)]
    Storage(#[from] StorageError),
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
            Self::Plugin { user_message, .. } => head.user_message = user_message,
            Self::Storage(error) => head.user_message = error.user_message().map(str::to_owned),
            _ => {}
        }
        head
    }
}

impl Failure {
    /// Whether Discord says that a user takes no direct messages from the bot.
    pub(super) fn is_closed(&self) -> bool {
        let codes = [DIRECT_MESSAGES_CLOSED, NO_MUTUAL_GUILDS];
        matches!(self, Self::Discord { code, .. } if codes.contains(code))
    }
}

impl From<twilight_http::Error> for Failure {
    fn from(error: twilight_http::Error) -> Self {
        match error.kind() {
            ErrorType::Response {
                body,
                error,
                status,
            } => {
                let (code, message) = match error {
                    ApiError::General(general) => (general.code, general.message.clone()),
                    ApiError::Ratelimited(limited) => (0, limited.message.clone()),
                    _ => (0, String::new()),
                };
                // Discord's nested reasons (50035) are in the body alone.
                let places = nested_reasons(body);
                let reasons: Vec<String> = places
                    .iter()
                    .map(|(place, reason)| format!("{place}: {reason}"))
                    .collect();
                let reasons = reasons.join("; ");
                Self::Discord {
                    status: status.get(),
                    code,
                    message: if reasons.is_empty() {
                        message
                    } else {
                        format!("{message}: {reasons}")
                    },
                    places,
                }
            }
            ErrorType::Unauthorized => Self::Discord {
                status: 401,
                code: 0,
                message: "the bot's token is not valid any more".into(),
                places: Vec::new(),
            },
            _ => {
                let mut text = error.to_string();
                let mut source = std::error::Error::source(&error);
                while let Some(cause) = source {
                    text = format!("{text}: {cause}");
                    source = cause.source();
                }
                Self::Transport(text)
            }
        }
    }
}

/// Path and reason of each leaf of Discord's `errors` tree
/// ([reference](https://discord.com/developers/docs/reference#error-messages)).
fn nested_reasons(body: &[u8]) -> Vec<(String, String)> {
    fn walk(path: &str, value: &serde_json::Value, out: &mut Vec<(String, String)>) {
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
    if let Ok(body) = serde_json::from_slice::<serde_json::Value>(body) {
        walk("", &body["errors"], &mut reasons);
    }
    reasons
}

#[cfg(test)]
mod tests {
    #[test]
    fn nested_reasons_name_their_place() {
        let body = br#"{"code":50035,"message":"Invalid Form Body","errors":{"embeds":{"0":{"title":{"_errors":
            [{"code":"BASE_TYPE_MAX_LENGTH","message":"Must be 256 or fewer in length."}]}}}}}"#;
        assert_eq!(
            super::nested_reasons(body),
            [(
                "embeds.0.title".to_owned(),
                "Must be 256 or fewer in length.".to_owned()
            )]
        );
        assert!(super::nested_reasons(b"no json").is_empty());
    }
}
