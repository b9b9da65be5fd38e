//! JSON heads of frames and messages: self-describing and additive.
//!
//! Every field that comes later is `#[serde(default)]`; nobody denies unknown fields.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Colours, words::words};

/// Head of START.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct StartHead {
    /// Version of the host.
    pub host_version: String,
    /// Which load of this plugin this is, counted from 1.
    pub generation: u64,
    /// The host calls that this host knows, by name.
    #[serde(default)]
    pub calls: Vec<String>,
    /// `[plugins.<name>]` of config.toml; for a plugin that declares settings as in [`SettingsHead`](super::SettingsHead).
    #[serde(default)]
    pub settings: Value,
    /// Most verbose level that the host's log takes from this plugin: `error`, `warn`, `info`, `debug`, `trace`, `off`.
    #[serde(default)]
    pub log_level: String,
    /// The bot's user id; absent while it is not known.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub bot_id: Option<u64>,
    /// The application's id; absent while it is not known.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub application_id: Option<u64>,
    /// Colours of embeds.
    #[serde(default)]
    pub colours: Colours,
    /// How long the components of an answer can be used, unless the message says otherwise; absent: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component_timeout_s: Option<u64>,
}

/// Head of SAVE.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SaveRequestHead {
    /// Whether the state is wanted as it is, also from a plugin with a strict hand-over: nobody waits for the handlers that run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub as_it_is: bool,
}

/// Head of RESTORE.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RestoreHead {
    /// The schema number that the state was saved with.
    pub schema: u32,
}

/// Head of the answer to SAVE.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SaveHead {
    /// The state's schema number; absent when the plugin keeps no state.
    #[serde(default)]
    pub schema: Option<u32>,
}

/// Head of STOP.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct StopHead {
    /// Milliseconds that running handlers may still take.
    pub deadline_ms: u64,
    /// The id to answer with the state, as to a SAVE, when all that waited is served and before the plugin says goodbye; absent
    /// where nobody asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub save_id: Option<u64>,
}

words! {
/// Kind of an entry.
pub enum EntryKind {
    /// A hook's handler; entry: the handler's name as declared.
    Hook = "hook",
    /// A function that other plugins call; entry: its name, `@`, its version.
    Function = "function",
    /// A schedule's handler; entry: the schedule's name, argument: a [`ScheduleRun`](super::ScheduleRun).
    Schedule = "schedule",
    /// Proposes values for a command's option; entry: the command's path, a blank, the option's name. Its argument is an
    /// [`AutocompleteCall`](super::AutocompleteCall), its result a list of
    /// [`ChoiceManifest`](crate::manifest::ChoiceManifest).
    Autocomplete = "autocomplete",
    /// A command's own checks; entry: the command's path. Its argument is a [`CheckCall`](super::CheckCall), its result a
    /// [`CheckReply`](super::CheckReply).
    Check = "check",
    /// Erases a user from what the plugin keeps in memory and in its state; entry: empty, argument: an
    /// [`EraseCall`](super::EraseCall).
    Erase = "erase",
    /// A request to one of the plugin's web pages; entry: the route's method, a blank, its path. Argument and result are a
    /// [`RouteCall`](super::RouteCall) and a [`RouteAnswer`](super::RouteAnswer), each with a body behind it
    /// ([`joined`](super::pages::joined)).
    Route = "route",
}
}

/// Head of INVOKE.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InvokeHead {
    /// What kind of entry.
    pub kind: EntryKind,
    /// Which one.
    pub entry: String,
    /// The plugin that asked for it; absent: the host itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Milliseconds that the handler may take; it is dropped then, and the answer is a failure. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    /// Of a hook's handler that is for more than one event: which one it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
}

/// Parameters of `events.choose`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ChooseEventsCall {
    /// Names of gateway events, in place of those that were chosen before.
    pub events: Vec<String>,
}

/// Parameters of `events.replay`. The event's data, as JSON, is the message's body.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ReplayEventCall {
    /// The event's name at the gateway: `MESSAGE_CREATE`.
    pub event: String,
    /// The plugin that hears it once more.
    pub plugin: String,
}

/// Parameters of `hooks.emit`. The payload, as JSON, is the message's body.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct EmitCall {
    /// Name of the hook's event.
    pub event: String,
}

/// Head of the completion of `hooks.emit`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmitHead {
    /// Handlers that it was queued for.
    pub queued: u32,
    /// Handlers that were too far behind for it: dropped, and counted.
    pub dropped: u32,
    /// Handlers that are switched off, or rest after failures.
    pub skipped: u32,
}

/// Parameters of `hooks.choose`: what the handler chose before is no more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChooseCall {
    /// The handler, as declared.
    pub handler: String,
    /// The events.
    pub events: Vec<String>,
}

/// Parameters of `functions.call`. The argument, as JSON, is the message's body; the result is the completion's body.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FunctionCall {
    /// The plugin that offers it.
    pub plugin: String,
    /// The function.
    pub function: String,
    /// Its version.
    pub version: u32,
    /// Milliseconds that the answer may take; absent: the host's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
}

/// Parameters of `files.read`, `files.write`, `files.remove` and `files.list`. What is written is the message's body, what is
/// read the completion's.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FileCall {
    /// Path below the folder, with slashes.
    pub path: String,
    /// Name of a folder that the owner has granted; absent: the plugin's own.
    #[serde(default)]
    pub folder: Option<String>,
    /// Of `files.rename` and `files.copy`: the path that it gets, below the same folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Of `files.read`: from which byte on; then a file of any size is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// How many bytes at most, with an offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
}

/// Head of the completion of `files.stat`, and of `files.read` with an offset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct FileStat {
    /// Whether it is there.
    pub found: bool,
    /// Whether it is a folder.
    pub folder: bool,
    /// Bytes of a file, all of them; 0 for a folder.
    pub bytes: u64,
    /// When it was last changed, in milliseconds since 1970.
    pub modified_ms: i64,
}

/// Head of a failed answer or completion.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ErrorHead {
    /// What failed, with its causes.
    pub message: String,
    /// The sentence for the member.
    #[serde(default)]
    pub user_message: Option<String>,
    /// Discord's HTTP status, where Discord refused.
    #[serde(default)]
    pub http_status: Option<u16>,
    /// Discord's JSON error code, where Discord refused.
    #[serde(default)]
    pub discord_code: Option<u64>,
    /// What it might take, in milliseconds, where it took longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    /// Whether it was refused since whoever asked may not do that, or the plugin.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub denied: bool,
}

/// Head of LIMITS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LimitsHead {
    /// What a handler may take that declares nothing; `None`: as long as it does.
    pub handler_deadline_ms: Option<u64>,
}

/// Head of CALL.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CallHead {
    /// Name of the host call, such as `discord.request`.
    pub call: String,
    /// Its parameters.
    #[serde(default)]
    pub params: Value,
    /// The id of the frame for whose sender it is made, where somebody stands behind it; absent: for the plugin alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_frame: Option<u64>,
}

impl CallHead {
    /// The call of that name, for the plugin alone.
    #[must_use]
    pub fn new(call: impl Into<String>, params: Value) -> Self {
        Self {
            call: call.into(),
            params,
            for_frame: None,
        }
    }
}

/// Parameters of `discord.request`. The body is the message's body.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RequestCall {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// Path and query behind `/api/v10/`, without a leading slash.
    pub path: String,
    /// Boundary of a `multipart/form-data` body (15 ASCII characters); absent for JSON.
    #[serde(default)]
    pub multipart_boundary: Option<String>,
    /// Reason for the audit log.
    #[serde(default)]
    pub reason: Option<String>,
    /// Milliseconds after which the host deletes the message that the request has created.
    #[serde(default)]
    pub delete_after_ms: Option<u64>,
}

/// Head of the completion of `discord.request`. The response's body is the frame's body.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ResponseHead {
    /// HTTP status.
    pub status: u16,
}

/// Head of LOG.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LogHead {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
    /// The module that logged.
    pub target: String,
    /// The text.
    pub message: String,
    /// The other fields.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// The id of the frame whose handler logged; absent for anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<u64>,
    /// That something has failed to which nobody waits for an answer. Such a line is sent whatever the level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<FailedHead>,
}

/// What has failed, in a [`LogHead`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedHead {
    /// A listener, and the event that it listened to, as Discord calls it; absent: a task in the background.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The error with its causes.
    #[serde(default)]
    pub error: String,
}

/// Head of PANIC.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PanicHead {
    /// The panic's text.
    pub message: String,
    /// `file:line:column`.
    pub location: String,
    /// Name of the thread.
    pub thread: String,
    /// Return addresses of the stack, innermost first; may be empty.
    #[serde(default)]
    pub frames: Vec<u64>,
    /// It can't unwind, on the generation's own thread: the thread stays where it is and never answers again.
    #[serde(default)]
    pub ends_plugin: bool,
}
