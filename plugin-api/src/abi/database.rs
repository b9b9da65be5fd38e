//! JSON heads of the `database.…` host calls: all databases, whosever tables are in them. One is called by its name: `main.db`,
//! `<server>/guild.db`.

use serde::{Deserialize, Serialize};

use super::StorageValue;

/// Parameters of the `database.…` calls; each reads what it needs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DatabaseCall {
    /// The server whose database it is; absent: the bot's, or all of them.
    #[serde(
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub guild_id: Option<u64>,
    /// Only what belongs to this plugin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// Where a page begins: the `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many on a page at most; absent: as many as there may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `database.query`: the statement. `database.execute`: one or several.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sql: String,
    /// `database.query`, and `database.execute` of one statement: values of its parameters, in order; blobs are in the body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<StorageValue>,
    /// `database.forget_guild`: also of a server that the bot is in.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
    /// `database.execute`: tell what would change, and change nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

/// Completion of `database.stats`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DatabaseStats {
    /// How many databases there are.
    pub databases: u64,
    /// Their bytes, logs included, at most 5 s ago.
    pub bytes: u64,
    /// Databases of servers that are open.
    pub open: u64,
    /// The most that were open at once.
    pub most_open: u64,
    /// How often one was opened.
    pub opened: u64,
    /// Threads that work on them.
    pub threads: u64,
    /// Calls that wait.
    pub queued: u64,
    /// Statements since the start that took longer than `storage.slow_query_ms`; the log has them.
    pub slow_statements: u64,
    /// Databases of servers that the bot is not in any more.
    pub left: u64,
    /// Their bytes.
    pub left_bytes: u64,
    /// When the last backup of all was made, in milliseconds since the Unix epoch; `None`: there is none.
    pub last_backup_ms: Option<u64>,
    /// A page of the databases: the bot's first, then by server.
    pub files: Vec<DatabaseFile>,
    /// Where the next page begins; `None`: this is the last one.
    pub next: Option<String>,
}

/// A database on the disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DatabaseFile {
    /// Its name.
    pub name: String,
    /// The server; `None`: it is the bot's.
    #[serde(with = "super::snowflake::option")]
    pub guild_id: Option<u64>,
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes of the log beside it.
    pub log_bytes: u64,
    /// Bytes of a page.
    pub page_bytes: u64,
    /// Pages of the file.
    pub pages: u64,
    /// Pages of it that are free.
    pub free_pages: u64,
    /// When it was last written to, in milliseconds since the Unix epoch.
    pub modified_ms: u64,
    /// Whether it is open.
    pub open: bool,
    /// Calls that wait for it.
    pub queued: u64,
    /// Whether it is of a server that the bot is not in any more.
    pub left: bool,
}

/// Completion of `database.tables`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DatabaseTables {
    /// By name.
    pub tables: Vec<TableView>,
    /// Where the next page begins; `None`: this is the last one.
    pub next: Option<String>,
}

/// A table or a view.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct TableView {
    /// Its name.
    pub name: String,
    /// The plugin whose it is; `cogwright`: the host; `None`: nobody's.
    pub plugin: Option<String>,
    /// `table`, `view`, `virtual`, or `shadow` for what a virtual one keeps its things in.
    pub kind: String,
    /// What made it.
    pub sql: String,
    /// Its columns, in order.
    pub columns: Vec<ColumnView>,
    /// Its indexes, each with what made it; empty for those of keys.
    pub indexes: Vec<(String, String)>,
}

/// A column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ColumnView {
    /// Its name.
    pub name: String,
    /// Its declared type.
    pub kind: String,
    /// Whether it is declared `NOT NULL`.
    pub not_null: bool,
    /// Its place in the primary key, from 1; 0: it is not in it.
    pub key: u32,
}

/// Completion of `database.query`; blobs are in the body.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DatabaseRows {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<StorageValue>>,
    /// Whether there are more than these.
    pub more: bool,
    /// How long it took, in microseconds.
    pub took_us: u64,
}

/// Completion of `database.execute`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DatabaseChanged {
    /// How many statements ran.
    pub statements: u64,
    /// Rows that they inserted, updated and deleted.
    pub changed: u64,
    /// Rows that triggers and foreign keys changed besides.
    pub beside: u64,
    /// The tables that were written to, and how many rows they had before and after.
    pub tables: Vec<TableChange>,
    /// Whether all of it was taken back: it was a trial.
    pub dry_run: bool,
    /// How long it took, in microseconds.
    pub took_us: u64,
}

/// Rows of a table before a change and after it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct TableChange {
    /// Its name.
    pub name: String,
    /// Rows before.
    pub before: u64,
    /// Rows after.
    pub after: u64,
}

/// Completion of `database.check`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DatabaseCheck {
    /// How many were looked through.
    pub checked: u64,
    /// What is wrong with which.
    pub faults: Vec<DatabaseFault>,
    /// Where to go on; `None`: all are done.
    pub next: Option<String>,
}

/// What is wrong with a database, or what could not be done with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DatabaseFault {
    /// Its name.
    pub name: String,
    /// What is wrong.
    pub reason: String,
}

/// Completion of `database.migrations`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DatabaseMigrations {
    /// By plugin, the bot's before the servers'.
    pub migrations: Vec<MigrationView>,
    /// Where the next page begins; `None`: this is the last one.
    pub next: Option<String>,
}

/// A migration that is declared or has run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct MigrationView {
    /// The plugin.
    pub plugin: String,
    /// Its number.
    pub number: u32,
    /// Whether it is for servers' databases.
    pub for_guilds: bool,
    /// Whether a loaded plugin declares it.
    pub declared: bool,
    /// In how many databases it has run.
    pub applied: u64,
    /// How many databases there are that it is for.
    pub databases: u64,
    /// When it ran first, in milliseconds since the Unix epoch; `None`: it has not.
    pub first_ms: Option<u64>,
    /// When it ran last.
    pub last_ms: Option<u64>,
}

/// Completion of `database.migrate`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DatabaseMigrated {
    /// How many migrations ran.
    pub ran: u64,
    /// How many failed.
    pub failed: u64,
    /// Why, of the first 20.
    pub reasons: Vec<String>,
}

/// Completion of `database.backup`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DatabaseBackup {
    /// Its name, as `database.backups` has it.
    pub name: String,
    /// How many databases were copied and checked.
    pub copied: u64,
    /// How many have not changed since the last backup.
    pub unchanged: u64,
    /// Those that could not be copied: their last copies were kept.
    pub failed: Vec<DatabaseFault>,
}

/// Completion of `database.backups`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DatabaseBackups {
    /// The latest one first.
    pub backups: Vec<BackupView>,
    /// Where the next page begins; `None`: this is the last one.
    pub next: Option<String>,
}

/// A backup on the disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BackupView {
    /// Its name, which begins with when it was made, or with the server: `2026-11-22T15-48-51`.
    pub name: String,
    /// The server whose database it has; `None`: it has all of them.
    #[serde(with = "super::snowflake::option")]
    pub guild_id: Option<u64>,
    /// When it was made, in milliseconds since the Unix epoch.
    pub made_ms: u64,
    /// How many databases are in it.
    pub databases: u64,
    /// Their bytes, also of those that are the same files as in another backup.
    pub bytes: u64,
}

/// Completion of `database.forget_guild`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DatabaseForgotten {
    /// Bytes of its database.
    pub bytes: u64,
    /// Copies in backups that are gone as well.
    pub copies: u64,
    /// Runs of schedules for it that were waiting.
    pub runs: u64,
    /// What could not be taken away, and why.
    pub failed: Vec<String>,
}

/// Parameters of `subjects.export` and `subjects.erase`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SubjectCall {
    /// The user.
    #[serde(with = "super::snowflake::option")]
    pub user_id: Option<u64>,
    /// `subjects.export`: a path among the plugin's own files to store it at. Absent: it is the completion's body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// Completion of `subjects.export`. The export, JSON, is the body, unless it was stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SubjectExport {
    /// How many databases had something about the user.
    pub databases: u64,
    /// Bytes of the export.
    pub bytes: u64,
    /// How many databases, or parts of them, could not be read; the export says which.
    pub failed: u64,
}

/// Completion of `subjects.erase`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SubjectErasure {
    /// How many rows and entries.
    pub rows: u64,
    /// In how many databases.
    pub databases: u64,
    /// In how many copies, in backups and exports.
    pub copies: u64,
    /// How many plugins have erased the user from their memory and state.
    pub plugins: u64,
    /// How much could not be erased; the log, and the bot's owners, learn what.
    pub failed: u64,
    /// In how many states of plugins there may be something still.
    pub left: u64,
    /// Which all that is, where one of the bot's owners has asked: 20 sentences at most.
    pub reasons: Vec<String>,
}
