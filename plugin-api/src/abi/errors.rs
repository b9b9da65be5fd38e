//! JSON heads of the host call `errors.list`. Times are milliseconds since 1970, UTC.

use serde::{Deserialize, Serialize};

use super::words::words;

words! {
/// What has failed.
#[derive(Default)]
pub enum ErrorKind {
    /// A command's handler, or its own check.
    #[default]
    Command = "command",
    /// The handler of a component or a modal.
    Component = "component",
    /// A listener.
    Listener = "listener",
    /// A task in the background.
    Task = "task",
    /// A run of a schedule, which is not tried again.
    Schedule = "schedule",
    /// A handler of a hook.
    Hook = "hook",
    /// A route of the web pages.
    Page = "page",
    /// Any code of a plugin has panicked: what it has ended is an entry of its own.
    Panic = "panic",
    /// The host, over a plugin's host call or an interaction that can't be read.
    Host = "host",
}
}

/// Something that has failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ErrorView {
    /// Rises from entry to entry.
    pub number: u64,
    /// When.
    pub at_ms: u64,
    /// What has failed.
    pub kind: ErrorKind,
    /// Its plugin.
    pub plugin: String,
    /// The command, the component, the event, the schedule, the hook, the place or the host call.
    pub what: String,
    /// The id that the member has read, and by which the log's line is found; empty where there is none.
    pub error_id: String,
    /// The error with its causes.
    pub text: String,
    /// The functions that a panic came through, innermost first, a line each; empty for what is no panic.
    pub trace: String,
    /// Where; absent in direct messages, and where it was in no server.
    #[serde(
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub guild_id: Option<u64>,
    /// Where.
    #[serde(
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub channel_id: Option<u64>,
    /// Who used it.
    #[serde(
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub user_id: Option<u64>,
}

/// Parameters of `errors.list`. What is absent leaves nothing out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ErrorsCall {
    /// Those of this plugin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// Those of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<ErrorKind>,
    /// The one of this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_id: Option<String>,
    /// Those before this number: the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// How many, 100 at most; absent: 25.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Head of the completion of `errors.list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ErrorsReply {
    /// The newest first.
    pub errors: Vec<ErrorView>,
    /// Give it as `before` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// How many there were since the bot's start; the last 500 are kept.
    pub total: u64,
}
