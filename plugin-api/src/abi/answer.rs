//! JSON heads of answers.

use serde::{Deserialize, Serialize};

use super::{Origin, words::words};

/// Colours of embeds, as 0xRRGGBB: `[answers] colours` of config.toml.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Colours {
    /// Of those that say nothing else.
    pub normal: u32,
    /// Something was done.
    pub success: u32,
    /// Something should be looked at.
    pub warning: u32,
    /// Something went wrong.
    pub error: u32,
}

impl Colours {
    /// What they are unless configured.
    pub const DEFAULT: Self = Self {
        normal: 0x34_6E_B0,
        success: 0x2E_8B_57,
        warning: 0xD6_89_10,
        error: 0xC0_39_2B,
    };
}

impl Default for Colours {
    fn default() -> Self {
        Self::DEFAULT
    }
}

words! {
/// Tone of an answer: decides its colour, and whether it is deleted after a while.
pub enum Tone {
    /// Something was done.
    Success = "success",
    /// Something should be looked at.
    Warning = "warning",
    /// Something went wrong, or is not allowed.
    Error = "error",
}
}

words! {
/// Mode of an answer.
pub enum ReplyMode {
    /// Answer: a reply, the response, or a follow-up when there has been a response already.
    Reply = "reply",
    /// Change the first answer.
    Edit = "edit",
    /// Change the message that carries the component.
    Update = "update",
    /// Take the first answer away.
    Delete = "delete",
    /// Say that the answer takes a while.
    Defer = "defer",
    /// Open a modal.
    Modal = "modal",
}
}

/// Parameters of `reply`. The message or modal is the message's body.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReplyCall {
    /// What is answered.
    pub origin: Origin,
    /// How.
    pub mode: ReplyMode,
    /// For the invoker's eyes alone.
    #[serde(default)]
    pub ephemeral: bool,
    /// As in [`RequestCall`](super::RequestCall).
    #[serde(default)]
    pub multipart_boundary: Option<String>,
    /// The message to change or take away; absent: the first answer, which the origin alone tells for an interaction.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub message_id: Option<u64>,
    /// Where that message is, if not in the channel of the origin (a private answer to a command by prefix).
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub channel_id: Option<u64>,
    /// What it tells.
    #[serde(default)]
    pub tone: Option<Tone>,
    /// Milliseconds after which the host deletes the message.
    #[serde(default)]
    pub delete_after_ms: Option<u64>,
}

impl ReplyCall {
    /// An answer of `mode` to `origin`, and nothing special about it.
    #[must_use]
    pub const fn new(origin: Origin, mode: ReplyMode) -> Self {
        Self {
            origin,
            mode,
            ephemeral: false,
            multipart_boundary: None,
            message_id: None,
            channel_id: None,
            tone: None,
            delete_after_ms: None,
        }
    }
}

/// Head of the completion of `reply`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Answered {
    /// The message that carries the answer, where there is one.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub message_id: Option<u64>,
    /// Where it is.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub channel_id: Option<u64>,
}
