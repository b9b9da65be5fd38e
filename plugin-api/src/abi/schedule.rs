//! JSON heads of the `schedules.…` host calls, and of a schedule's run. Times are milliseconds since 1970, UTC.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Argument of an INVOKE of a schedule.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScheduleRun {
    /// When it was due.
    pub due_ms: i64,
    /// Whether it was missed then, and is caught up now.
    pub caught_up: bool,
    /// Due times before this one, since the last run, at which it could not run.
    pub missed: u64,
    /// 1, and one more with each time that it is tried again.
    pub attempt: u32,
    /// Id of what was scheduled at run time; absent for what the manifest declares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// The server that it was scheduled for, if for one.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub guild_id: Option<u64>,
    /// What it was scheduled with.
    pub payload: Value,
}

/// Parameters of `schedules.create`. The payload, JSON, is the message's body.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScheduleCreate {
    /// Name of the handler, as declared.
    pub name: String,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<i64>,
    /// How long from now, instead of `at_ms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<u64>,
    /// The server that it is for, if for one.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub guild_id: Option<u64>,
    /// The user whom it is about, if about one.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub subject: Option<u64>,
}

/// Parameters of `schedules.cancel`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScheduleCancel {
    /// Name of the handler.
    pub name: String,
    /// The id.
    pub id: u64,
}

/// Parameters of `schedules.list`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScheduleList {
    /// Name of the handler.
    pub name: String,
    /// Only those for this server.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub guild_id: Option<u64>,
    /// Only those about this user.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub subject: Option<u64>,
}

/// Result of the `schedules.…` calls.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScheduleReply {
    /// Whether it was there and is cancelled.
    pub done: bool,
    /// What was created or found, the earliest first.
    pub entries: Vec<ScheduleEntry>,
}

/// Something that was scheduled at run time and has not begun.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScheduleEntry {
    /// Its id.
    pub id: u64,
    /// When it is due.
    pub at_ms: i64,
    /// The server that it is for, if for one.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub guild_id: Option<u64>,
    /// The user whom it is about, if about one.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub subject: Option<u64>,
    /// What it was scheduled with.
    pub payload: Value,
}
