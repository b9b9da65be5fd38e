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
    /// The user whom it is about, or whose it is.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub subject: Option<u64>,
    /// Milliseconds from one run to the next, if it comes again and again. The first is at `at_ms`, or one period from now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every_ms: Option<u64>,
    /// A cron expression instead of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// The cron expression's time zone; absent: UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// After so many runs it is gone; absent: it comes until it is cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_runs: Option<u64>,
}

/// Parameters of `schedules.switch`: what comes again is switched off, or on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScheduleSwitch {
    /// Name of the handler.
    pub name: String,
    /// The id.
    pub id: u64,
    /// Whether it is on from now on.
    pub on: bool,
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
    /// Whether it was there and is cancelled, or switched.
    pub done: bool,
    /// What was created or found, the earliest first.
    pub entries: Vec<ScheduleEntry>,
}

/// Something that was scheduled at run time, and has not begun or comes again.
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
    /// Name of the handler.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Milliseconds from one run to the next, if it has a period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every_ms: Option<u64>,
    /// A cron expression, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// That one's time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// After so many runs it is gone; absent: it comes until it is cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_runs: Option<u64>,
    /// Whether it is switched off.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub off: bool,
    /// Whether it runs at this moment.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub running: bool,
    /// Runs that have begun.
    #[serde(skip_serializing_if = "is_zero")]
    pub runs: u64,
    /// Runs that have failed.
    #[serde(skip_serializing_if = "is_zero")]
    pub failed: u64,
    /// Due times at which it could not run, and runs that were cut short.
    #[serde(skip_serializing_if = "is_zero")]
    pub missed: u64,
    /// Due times that came while the last run was not over.
    #[serde(skip_serializing_if = "is_zero")]
    pub skipped: u64,
    /// The due time of the last run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_ms: Option<i64>,
    /// How that ended: `ok`, or the error.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_result: String,
}

/// Parameters of `schedules.all`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SchedulesCall {
    /// Those of this plugin alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// What was scheduled at run time for this server alone, which its administrators may see.
    #[serde(
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub guild_id: Option<u64>,
    /// The page behind this one: its `next`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many, 500 at most; absent: 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Parameters of `schedules.run`, `schedules.pause` and `schedules.resume`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScheduleSteer {
    /// The plugin.
    pub plugin: String,
    /// The schedule as declared.
    pub name: String,
    /// The one that was scheduled at run time with this id; absent: what the plugin declares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// The server that it is for: its administrators may steer what is for it.
    #[serde(
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub guild_id: Option<u64>,
}

/// Head of the completion of `schedules.all`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SchedulesReply {
    /// What plugins declare, by plugin and name; then what was scheduled at run time and comes again, by id.
    pub schedules: Vec<ScheduleInfo>,
    /// Give it as `after` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A schedule of any plugin.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ScheduleInfo {
    /// Its plugin.
    pub plugin: String,
    /// Its name.
    pub name: String,
    /// Of what was scheduled at run time: its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// When it is due, in words: `every 5 min`, `0 9 * * mon in Europe/Berlin`, `at run time`.
    pub when: String,
    /// The next due time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_ms: Option<i64>,
    /// Whether it runs at this moment.
    pub running: bool,
    /// Whether it is paused.
    pub paused: bool,
    /// The due time of the last run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_ms: Option<i64>,
    /// How that ended.
    pub last_result: String,
    /// Runs so far.
    pub runs: u64,
    /// Of those, the ones that failed.
    pub failed: u64,
    /// Due times at which it could not run, and runs that were cut short.
    pub missed: u64,
    /// Due times that came while the last run was not over.
    pub skipped: u64,
    /// Of one that is scheduled at run time: what waits.
    pub waiting: u64,
    /// After so many runs it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_runs: Option<u64>,
    /// The server that it is for, if for one.
    #[serde(
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub guild_id: Option<u64>,
    /// The user whom it is about, or whose it is.
    #[serde(
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub subject: Option<u64>,
}

const fn is_zero(number: &u64) -> bool {
    *number == 0
}
