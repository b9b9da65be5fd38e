//! Storage errors: what happened, where, and the next step.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use host_ops::config::Storage as Settings;
use rusqlite::ErrorCode;
use thiserror::Error;

use crate::database_id::DatabaseId;
use crate::disk::NoRoom;

/// Error of the storage.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum StorageError {
    /// SQLite refused the statement.
    #[error("{reason}; in `{sql}` on {database_id}")]
    Sql {
        /// The database.
        database_id: DatabaseId,
        /// The statement, shortened.
        sql: String,
        /// SQLite's words.
        reason: String,
    },
    /// The statement reaches for what is not the plugin's.
    #[error("refused: {reason}; in `{sql}` on {database_id}")]
    Denied {
        /// The database.
        database_id: DatabaseId,
        /// The statement, shortened.
        sql: String,
        /// What it reached for, and how it could be allowed.
        reason: String,
    },
    /// A condition of the transaction does not hold.
    #[error("{}; `{sql}` on {database_id}, and nothing of the transaction has happened", words.as_deref().unwrap_or(reason))]
    Condition {
        /// The database.
        database_id: DatabaseId,
        /// The statement, shortened.
        sql: String,
        /// What was expected, and what came.
        reason: String,
        /// The author's words for the member.
        words: Option<String>,
    },
    /// The result is too large.
    #[error(
        "the result has more than {limit} (`{setting}`): ask for less, with `LIMIT`, say; in `{sql}` of {who} on {database_id}"
    )]
    TooMuch {
        /// The database.
        database_id: DatabaseId,
        /// Who asked.
        who: Who,
        /// The statement, shortened.
        sql: String,
        /// The limit, with its unit.
        limit: String,
        /// The setting that raises it.
        setting: &'static str,
    },
    /// A value is too long.
    #[error(
        "a value or a row has more than {limit} bytes (`storage.max_value_bytes`): keep it as a file, or in parts; in `{sql}` of {who} on {database_id}"
    )]
    TooBig {
        /// The database.
        database_id: DatabaseId,
        /// Who asked.
        who: Who,
        /// The statement, shortened.
        sql: String,
        /// The limit.
        limit: u64,
    },
    /// The databases have no more memory.
    #[error(
        "all databases together have {limit} bytes of memory (`storage.max_memory_bytes`), and this needed more: read or change less \
         at once; in `{sql}` of {who} on {database_id}"
    )]
    Memory {
        /// The database.
        database_id: DatabaseId,
        /// Who asked.
        who: Who,
        /// The statement, shortened.
        sql: String,
        /// The limit.
        limit: u64,
    },
    /// The statement took too long.
    #[error(
        "it took longer than {limit_ms} ms (`{}`) and was stopped, and nothing was changed; {}; in `{sql}` of {who} on {database_id}",
        of.setting(),
        of.hint()
    )]
    Slow {
        /// The database.
        database_id: DatabaseId,
        /// Who asked.
        who: Who,
        /// The statement, shortened.
        sql: String,
        /// The limit.
        limit_ms: u64,
        /// Of what it is the limit.
        of: Limited,
    },
    /// The statement took too long, and did not stop.
    #[error(
        "it took longer than {limit_ms} ms (`storage.statement_timeout_ms`), and does not stop, since SQLite stops only between \
         two rows; the others go on without it, and other calls of the plugin `{plugin}` are refused until it has ended. Search \
         shorter texts, and for fewer words; in `{sql}` on {database_id}"
    )]
    Unstoppable {
        /// The database.
        database_id: DatabaseId,
        /// The plugin.
        plugin: String,
        /// The statement, shortened.
        sql: String,
        /// The limit.
        limit_ms: u64,
    },
    /// A call of the plugin was stopped, and has not ended.
    #[error(
        "a call of the plugin `{plugin}` took longer than `storage.statement_timeout_ms` allows, and still does not stop: other \
         calls of it are refused until that one has ended; the log says which it is"
    )]
    LeftBehind {
        /// The plugin.
        plugin: String,
    },
    /// Another plugin's call writes, and does not stop.
    #[error(
        "{database_id} can be read and not be written to: a call of the plugin `{plugin}` changes something in it, took longer than \
         `storage.statement_timeout_ms` allows, and does not stop; try again when it has ended, or restart the bot"
    )]
    Held {
        /// The database.
        database_id: DatabaseId,
        /// The plugin whose call it is.
        plugin: String,
    },
    /// The plugin keeps too much.
    #[error("{room}; in `{sql}` on {database_id}")]
    DiskShare {
        /// The database.
        database_id: DatabaseId,
        /// The statement, shortened.
        sql: String,
        /// What it keeps, and what it may.
        room: Box<NoRoom>,
    },
    /// The file is damaged.
    #[error(
        "{} is damaged ({reason}); it is left as it is, and calls to it fail. Stop the bot and run `cogwright restore` with a \
         file of the backups folder, or move it away to begin with an empty one",
        file.display()
    )]
    Damaged {
        /// The file.
        file: PathBuf,
        /// SQLite's words.
        reason: String,
        /// How it was then, before the error was reported: when it was last written to, and its bytes.
        seen: Option<(SystemTime, u64)>,
    },
    /// The disk is full.
    #[error("the disk is full: {} was not changed; make room and try again", file.display())]
    Full {
        /// The file.
        file: PathBuf,
    },
    /// The file or its folder can't be written.
    #[error("{} can't be written ({reason}): it has to be writable, as has its folder, by the user that the bot runs as", file.display())]
    ReadOnly {
        /// The file.
        file: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// The system failed.
    #[error("{}: {reason}", file.display())]
    Io {
        /// The file or folder.
        file: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// Another process holds the database.
    #[error(
        "{} is locked by another program for longer than {limit_ms} ms (`storage.busy_timeout_ms`): close that program, a \
         `sqlite3` shell, say",
        file.display()
    )]
    Locked {
        /// The file.
        file: PathBuf,
        /// The limit.
        limit_ms: u64,
    },
    /// Another bot uses the folder.
    #[error("{} is in use by a bot that runs: stop that one first, or set `[data] folder` to another folder", folder.display())]
    InUse {
        /// The data folder.
        folder: PathBuf,
    },
    /// The file is none of ours.
    #[error("{} {reason}; move it away, or restore one of the backups", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
        /// What it is instead.
        reason: String,
    },
    /// A migration failed. Nothing of it has happened.
    #[error(
        "migration {number} of `{plugin}` failed on {database_id}, and nothing of it has happened: {reason}; it is tried again at the next {next}"
    )]
    Migration {
        /// The database.
        database_id: DatabaseId,
        /// The plugin.
        plugin: String,
        /// Its number.
        number: u32,
        /// Why.
        reason: String,
        /// When it is tried again.
        next: &'static str,
    },
    /// A migration is another than the one that has run.
    #[error(
        "migration {number} of `{plugin}` has run on {database_id} with another text: its checksum was {recorded}, and now is \
         {declared}. Give it back its old text, and put the change into a migration with a new number"
    )]
    Changed {
        /// The database.
        database_id: DatabaseId,
        /// The plugin.
        plugin: String,
        /// Its number.
        number: u32,
        /// Checksum of what has run.
        recorded: String,
        /// Checksum of what is declared.
        declared: String,
    },
    /// A plugin of a name that is the same but for its case has been here.
    #[error(
        "{database_id} has tables of the plugin `{other}`, whose name differs from `{plugin}` in upper and lower case alone, so that they \
         would share them: give this plugin another name"
    )]
    Namesake {
        /// The database.
        database_id: DatabaseId,
        /// The plugin.
        plugin: String,
        /// The one that has been here.
        other: String,
    },
    /// Another plugin whose name differs in case alone has left something.
    #[error(
        "the plugin `{other}`, whose name differs from `{plugin}` in upper and lower case alone, keeps {bytes} bytes here, and the \
         two would share their tables: give this plugin another name"
    )]
    Left {
        /// The plugin.
        plugin: String,
        /// The one that was here.
        other: String,
        /// What it keeps in all databases and files.
        bytes: u64,
    },
    /// Another plugin whose name differs in case alone has left a folder.
    #[error(
        "the plugin `{other}`, whose name differs from `{plugin}` in upper and lower case alone, has files in {}, and on some file \
         systems the two would share them: give this plugin another name, or move that folder away",
        folder.display()
    )]
    LeftFiles {
        /// The plugin.
        plugin: String,
        /// The one that was here.
        other: String,
        /// Its folder.
        folder: PathBuf,
    },
    /// A database is wanted for a server that the bot is not in.
    #[error(
        "the bot is not in the server {guild_id}, and makes no database for it: ask for the database of a server that an event or a \
         command came from"
    )]
    NoGuild {
        /// The server.
        guild_id: u64,
    },
    /// Too many calls wait.
    #[error(
        "{waiting} of the plugin's calls wait for {database_id} already: await them before you make more (a plugin, `{plugin}` here, has a \
         line of its own for each database, and that is its length)"
    )]
    Busy {
        /// The database.
        database_id: DatabaseId,
        /// The plugin.
        plugin: String,
        /// How many.
        waiting: usize,
    },
    /// The call itself makes no sense.
    #[error("{0}")]
    Call(String),
    /// The bot stops.
    #[error("the databases are closed: the bot stops")]
    Closed,
    /// The generation is over.
    #[error("the plugin's generation is over; nothing has happened")]
    Ended,
    /// There is no storage in this process: a probe.
    #[error("there are no databases in a trial of the file")]
    Absent,
}

impl StorageError {
    /// The words for the member.
    #[must_use]
    pub fn user_message(&self) -> Option<&str> {
        match self {
            Self::Condition { words, .. } => words.as_deref(),
            _ => None,
        }
    }

    /// What SQLite says of a statement.
    pub(super) fn of_sql(at: &At<'_>, sql: &str, error: &rusqlite::Error) -> Self {
        let reason = text(error);
        match error.sqlite_error_code() {
            Some(
                code @ (ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::DiskFull
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
                | ErrorCode::SystemIoFailure
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked),
            ) => Self::of_file(at, code, reason),
            Some(ErrorCode::OperationInterrupted) => Self::Slow {
                database_id: at.database_id,
                who: at.who(),
                sql: shorten(sql),
                limit_ms: at.time.limit_ms,
                of: at.time.of,
            },
            Some(ErrorCode::TooBig) => Self::TooBig {
                database_id: at.database_id,
                who: at.who(),
                sql: shorten(sql),
                limit: at.max_value_bytes,
            },
            Some(ErrorCode::OutOfMemory) => Self::Memory {
                database_id: at.database_id,
                who: at.who(),
                sql: shorten(sql),
                limit: at.max_memory_bytes,
            },
            _ => Self::Sql {
                database_id: at.database_id,
                sql: shorten(sql),
                reason,
            },
        }
    }

    /// With the place in the text `whole` where SQLite stumbled, where it tells it.
    pub(super) fn placed(self, whole: &str, error: &rusqlite::Error) -> Self {
        let rusqlite::Error::SqlInputError { sql, offset, .. } = error else {
            return self;
        };
        // What was compiled is the rest of the text.
        let offset = usize::try_from(*offset).ok();
        let before = offset.and_then(|offset| {
            let begin = whole.len().checked_sub(sql.len())?;
            whole.get(..begin.checked_add(offset)?)
        });
        match (self, before) {
            (
                Self::Sql {
                    database_id,
                    sql,
                    reason,
                },
                Some(before),
            ) => {
                let line = before.matches('\n').count() + 1;
                let begin = before.rfind('\n').map_or(0, |at| at + 1);
                let column = before[begin..].chars().count() + 1;
                Self::Sql {
                    reason: format!("{reason} (line {line}, column {column})"),
                    database_id,
                    sql,
                }
            }
            (error, _) => error,
        }
    }

    /// What SQLite says of a file.
    pub(super) fn of(at: &At<'_>, error: &rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(code) => Self::of_file(at, code, text(error)),
            None => Self::Io {
                file: at.file.to_owned(),
                reason: text(error),
            },
        }
    }

    fn of_file(at: &At<'_>, code: ErrorCode, reason: String) -> Self {
        let file = at.file.to_owned();
        match code {
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::damaged(file, reason),
            ErrorCode::DiskFull => Self::Full { file },
            ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
                Self::ReadOnly { file, reason }
            }
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Locked {
                file,
                limit_ms: at.busy_timeout_ms,
            },
            _ => Self::Io { file, reason },
        }
    }

    /// A damaged file, looked at before the error is reported: whoever reads that may put it right at once.
    pub(super) fn damaged(file: PathBuf, reason: String) -> Self {
        let seen = look(&file);
        Self::Damaged { file, reason, seen }
    }

    /// What the system says of a file.
    pub(super) fn of_io(file: &Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem, StorageFull};
        let file = file.to_owned();
        match error.kind() {
            StorageFull => Self::Full { file },
            PermissionDenied | ReadOnlyFilesystem => Self::ReadOnly {
                file,
                reason: error.to_string(),
            },
            _ => Self::Io {
                file,
                reason: error.to_string(),
            },
        }
    }
}

/// How a file is now: when it was last written to, and its bytes.
pub(super) fn look(file: &Path) -> Option<(SystemTime, u64)> {
    let metadata = fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// Caller of a statement: a plugin or the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// The host.
    Host,
    /// A plugin, by name.
    Plugin(String),
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("the host"),
            Self::Plugin(name) => write!(f, "the plugin `{name}`"),
        }
    }
}

/// Work that is limited in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limited {
    /// A call.
    Call,
    /// A migration.
    Migration,
}

impl Limited {
    const fn setting(self) -> &'static str {
        match self {
            Self::Call => "storage.statement_timeout_ms",
            Self::Migration => "storage.migration_timeout_ms",
        }
    }

    const fn hint(self) -> &'static str {
        match self {
            Self::Call => "all statements of a call count together, and an index may help",
            Self::Migration => "change fewer rows in one migration, or raise the setting",
        }
    }
}

/// Time limit, with its setting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time {
    pub(super) limit_ms: u64,
    pub(super) of: Limited,
}

impl Time {
    /// Of a call.
    pub(super) const fn of_call(limit_ms: u64) -> Self {
        Self {
            limit_ms,
            of: Limited::Call,
        }
    }

    /// Of a migration.
    pub(super) const fn of_migration(limit_ms: u64) -> Self {
        Self {
            limit_ms,
            of: Limited::Migration,
        }
    }
}

/// Context of an error: where it happened, for which plugin, and under which limits.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) database_id: DatabaseId,
    pub(super) file: &'a Path,
    /// `None`: the host.
    pub(super) plugin: Option<&'a str>,
    pub(super) busy_timeout_ms: u64,
    pub(super) time: Time,
    pub(super) max_value_bytes: u64,
    pub(super) max_memory_bytes: u64,
}

impl<'a> At<'a> {
    pub(super) const fn new(database_id: DatabaseId, file: &'a Path, settings: &Settings) -> Self {
        Self {
            database_id,
            file,
            plugin: None,
            busy_timeout_ms: settings.busy_timeout_ms,
            time: Time::of_call(settings.statement_timeout_ms),
            max_value_bytes: settings.max_value_bytes,
            max_memory_bytes: settings.max_memory_bytes,
        }
    }

    /// A file that is looked at by itself, and not as one of the open databases.
    pub(super) const fn of_file(database_id: DatabaseId, file: &'a Path) -> Self {
        Self {
            database_id,
            file,
            plugin: None,
            busy_timeout_ms: 1_000,
            time: Time::of_call(0),
            max_value_bytes: 0,
            max_memory_bytes: 0,
        }
    }

    pub(super) const fn on_behalf_of(self, plugin: &'a str) -> Self {
        Self {
            plugin: Some(plugin),
            ..self
        }
    }

    pub(super) fn who(&self) -> Who {
        self.plugin
            .map_or(Who::Host, |plugin| Who::Plugin(plugin.to_owned()))
    }
}

fn text(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        rusqlite::Error::MultipleStatement => {
            "there are several statements: send them as a transaction, one by one".into()
        }
        rusqlite::Error::InvalidParameterCount(given, wanted) => {
            format!("{given} parameter(s) were given, and the statement has {wanted}")
        }
        other => other.to_string(),
    }
}

/// A statement for a log line or an error: on one line, and 200 characters of it.
pub(super) fn shorten(sql: &str) -> String {
    let mut line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((at, _)) = line.char_indices().nth(200) {
        line.truncate(at);
        line.push('…');
    }
    line
}

impl From<StorageError> for host_capability::Failure {
    fn from(error: StorageError) -> Self {
        Self::Storage {
            message: error.to_string(),
            user_message: error.user_message().map(str::to_owned),
        }
    }
}
