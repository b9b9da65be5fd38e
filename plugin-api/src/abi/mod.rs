//! Boundary between host and plugin: every type that crosses it.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `note.rs` | what a file tells about itself before any of its code runs |
//! | `module.rs` | what a library exports (`run`), and what it is given (`HostHandle`, `MailboxHandle`) |
//! | `record.rs` | how records grow: [`Record`] |
//! | `crumb.rs` | where a plugin notes what it is at, for the case that the process ends |
//! | `frame.rs` | host to plugin: [`Frame`] and its kinds |
//! | `message.rs` | plugin to host: [`Message`] and its kinds |
//! | `header.rs` | the part of an event that is read without parsing |
//! | `payload.rs` | the JSON heads of frames and messages |
//! | `command.rs`, `answer.rs` | the JSON heads of commands and components, and of answers to them |
//! | `custom_id.rs` | what stands in a component's custom id |
//! | `snowflake.rs`, `words.rs` | how ids cross, and enums: what is not known is `Unknown` |
//! | `bot.rs` | the JSON heads of the `bot.…` and `slash.…` host calls, and of `metrics.read` |
//! | `plugins.rs`, `footprint.rs`, `generations.rs` | the JSON heads of the `plugins.…` host calls; what a plugin takes of the process; its canary and former files |
//! | `power.rs` | what a plugin may be granted beyond what is its own |
//! | `schedule.rs` | the JSON heads of the `schedules.…` host calls |
//! | `authority.rs` | the JSON heads of who acts, and of the audit journal |
//! | `cache.rs`, `commands.rs` | the JSON heads of the `cache.…` and `commands.…` host calls |
//! | `settings.rs` | the JSON heads of settings and secrets |
//! | `errors.rs` | the JSON heads of the host call `errors.list` |
//! | `hooks.rs`, `log.rs` | the JSON heads of the host calls about all plugins' hooks, and about the log |
//! | `knows.rs` | the JSON heads of `alerts.raise` and `bot.lag` |
//! | `metrics.rs` | the JSON head of the host call `metrics.record` |
//! | `presence.rs` | the JSON head of the host call `bot.presence` |
//! | `shards.rs` | the JSON heads of the `shards.…` host calls |
//! | `web.rs` | the JSON heads of the host calls `web.request` and `web.download` |
//! | `botfiles.rs` | the JSON heads of the `botfiles.…` host calls, of `files.stats` and `bot.clear_caches` |
//! | `storage.rs` | the JSON heads of the `storage.…` host calls |
//! | `database.rs` | the JSON heads of the `database.…` and `subjects.…` host calls |
//!
//! Invariants: only the host calls `run`, once a generation, on a thread made for it. Nothing else of a library is ever
//! called. Everything here is append only: kinds get new numbers, records grow at their end and tell their size, vtables get
//! new functions, JSON heads get new optional fields and new variants, and whoever meets a kind that it does not know ignores
//! it (or answers [`status::UNSUPPORTED`] where an answer is due).
#![allow(
    unsafe_code,
    non_camel_case_types,
    non_local_definitions,
    reason = "raw layer: StableAbi's derives, and the records whose pointers the other side owns"
)]

mod answer;
mod authority;
mod bot;
mod botfiles;
mod cache;
mod command;
mod commands;
mod crumb;
mod custom_id;
mod database;
mod errors;
mod footprint;
mod frame;
mod generations;
mod header;
mod hooks;
mod knows;
mod log;
mod message;
mod metrics;
mod module;
mod note;
pub mod pages;
mod payload;
mod plugins;
mod power;
mod presence;
mod record;
mod schedule;
mod settings;
mod shards;
pub(crate) mod snowflake;
mod storage;
#[cfg(test)]
mod tests;
mod web;
pub(crate) mod words;

pub use abi_stable;
pub use answer::{Answered, Colours, ReplyCall, ReplyMode, Tone};
pub use authority::{
    ActingReply, AuditCall, AuditEntry, AuditFault, AuditNote, AuditReply, AuditVerified, MayCall,
    MayReply,
};
pub use bot::{
    BotStatus, HourView, MetricFamily, MetricSample, MetricsCall, MetricsReply, SlashBudget,
    SlashView, StopCall, SyncReply,
};
pub use botfiles::{
    BotFileBin, BotFileCall, BotFileChange, BotFileChunk, BotFileEmptied, BotFileEntry,
    BotFileKept, BotFileList, CachesCleared, CachesReply, ClearCaches, FileStats, KeptView,
};
pub use cache::{CacheCall, CacheReply, ServerView, ServersCall, ServersReply};
pub use command::{
    AutocompleteCall, CheckCall, CheckReply, CommandHead, CommandKind, ComponentHead, OptionValue,
    Origin,
};
pub(crate) use commands::is_default;
pub use commands::{CommandsCall, PrefixReply, RequireReply, UsageView, WhyReply};
pub use crumb::{Crumb, crumb_frame};
pub use custom_id::{CustomId, HandlerNumber, QUESTIONS};
pub use database::{
    BackupView, ColumnView, DatabaseBackup, DatabaseBackups, DatabaseCall, DatabaseChanged,
    DatabaseCheck, DatabaseFault, DatabaseFile, DatabaseForgotten, DatabaseMigrated,
    DatabaseMigrations, DatabaseRows, DatabaseStats, DatabaseTables, MigrationView, SubjectCall,
    SubjectErasure, SubjectExport, TableChange, TableView,
};
pub use errors::{ErrorKind, ErrorView, ErrorsCall, ErrorsReply};
pub use footprint::{FootprintSample, PluginFootprint, RemainsView};
pub use frame::{Bytes, Frame, frame_kind};
pub use generations::{CanaryView, CellView, FormerReply, FormerView};
pub use header::{EventHeader, event_flag};
pub use hooks::{HookCircuit, HookEvent, HookHistory, HookInfo, HookSwitch, HooksCall, HooksReply};
pub use knows::{AlertCall, AlertReply, LagReply, LagView};
pub use log::{LevelCall, LevelsReply, LogCall, LogLine, LogReply};
pub use message::{Message, message_kind, send_status, status};
pub use metrics::{MetricCall, MetricKind};
pub use module::{
    Exchange, HostHandle, HostVtable, HostVtable_Ref, MailboxHandle, MailboxVtable,
    MailboxVtable_Ref, PluginModule, PluginModule_Ref, run_status,
};
pub use note::{MAGIC, NoteInfo, PluginNote, SECTION, TARGET};
pub use pages::{
    AccessCall, AccessReply, PageSession, PagesStatus, PersonView, PublishCall, RightView,
    RoleView, RouteAnswer, RouteCall, SessionView, SessionsReply, TabView, TabsReply, Upload,
    WatchedReply,
};
pub use payload::{
    CallHead, ChooseCall, ChooseEventsCall, EmitCall, EmitHead, EntryKind, ErrorHead, FailedHead,
    FileCall, FileStat, FunctionCall, InvokeHead, LimitsHead, LogHead, PanicHead, ReplayEventCall,
    RequestCall, ResponseHead, RestoreHead, SaveHead, SaveRequestHead, StartHead, StopHead,
};
pub use plugins::{
    CountView, FileReport, LoadView, ManagedReply, PluginState, PluginUsage, PluginView,
    PluginsCall, PluginsReply, PowerView, UnloadView,
};
pub use power::{Power, UnknownPower};
pub use presence::{PresenceCall, PresenceVerb, StatusDot};
pub use record::Record;
pub use schedule::{
    ScheduleCancel, ScheduleCreate, ScheduleEntry, ScheduleInfo, ScheduleList, ScheduleReply,
    ScheduleRun, ScheduleSteer, ScheduleSwitch, SchedulesCall, SchedulesReply,
};
pub use settings::{
    ConfigFault, DescribeCall, DescribeReply, SecretCall, SettingCall, SettingChange,
    SettingChangeReply, SettingReply, SettingView, SettingsHead, VerifyReply,
};
pub use shards::{SessionStarts, ShardView, ShardsCall, ShardsReply};
pub use storage::{
    EraseCall, KvCall, KvReply, StorageCall, StorageExpect, StorageReply, StorageResult,
    StorageStep, StorageValue,
};
pub use web::{DownloadCall, DownloadReply, WebCall, WebReply};

/// Version of this crate, and the one place where the boundary's numbers come from: its major and minor number are the
/// boundary's.
pub const API_VERSION: &str = env!("CARGO_PKG_VERSION");
/// Major number of the boundary: 0 until the first stable release.
pub const ABI_MAJOR: u16 = number(env!("CARGO_PKG_VERSION_MAJOR"));
/// Minor number of the boundary. Host and plugin must agree on major and minor; what is added within a minor is optional
/// to the other side.
pub const ABI_MINOR: u16 = number(env!("CARGO_PKG_VERSION_MINOR"));
/// Both, as abi_stable wants them: with a patch level, which is always 0.
const BOUNDARY: &str = concat!(
    env!("CARGO_PKG_VERSION_MAJOR"),
    ".",
    env!("CARGO_PKG_VERSION_MINOR"),
    ".0"
);
/// The one version of abi_stable that this boundary is checked by.
pub const ABI_STABLE_VERSION: &str = {
    let version = abi_stable::ABI_STABLE_VERSION.version;
    // SAFETY: the text and its length are a constant of abi_stable's.
    unsafe { str::from_utf8_unchecked(std::slice::from_raw_parts(version.as_ptr(), version.len())) }
};

/// A decimal number; for constants.
const fn number(text: &str) -> u16 {
    match u16::from_str_radix(text, 10) {
        Ok(number) => number,
        Err(_) => panic!("a number of the version is not below 65,536"),
    }
}

/// Marks on a token among those that a plugin hands back: it keeps the frame, and says whether a handler runs for it. A host that does not
/// know them takes such a token for none of its own.
pub mod token_mark {
    /// No handler runs for the frame: its handler waits for a member, or has ended and left the frame to something else.
    pub const RESTS: u64 = 1 << 63;
    /// A handler runs for it again.
    pub const RUNS: u64 = 1 << 62;
}

/// Most frames that one `exchange` hands out.
pub const EXCHANGE_BATCH: usize = 64;
