//! Schema of the host's own tables, in every database: which version a file has, and what brings it to the newest.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::{
    error::{At, StorageError},
    meter,
};
use crate::database_id::DatabaseId;

/// "CWDB": tells our files from others.
pub(super) const APPLICATION_ID: i32 = 0x4357_4442;

/// Step that brings a file from one version to the next.
struct Step {
    /// In every database.
    all: &'static str,
    /// In the bot's, beside that.
    bot: &'static str,
    /// In those of servers, beside that.
    guild: &'static str,
}

/// The steps. A file's version is the number of steps that it has taken.
///
/// Invariant: a step that was once released stays as it is. Whoever changes a table appends a step.
const STEPS: [Step; 4] = [
    Step {
        all: "
CREATE TABLE cogwright__about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE cogwright__migrations (
    plugin TEXT NOT NULL, number INTEGER NOT NULL, checksum TEXT NOT NULL, applied_at_ms INTEGER NOT NULL,
    PRIMARY KEY (plugin, number)
) WITHOUT ROWID;
CREATE TABLE cogwright__subjects (
    plugin TEXT NOT NULL, table_name TEXT NOT NULL, column_name TEXT NOT NULL,
    PRIMARY KEY (plugin, table_name, column_name)
) WITHOUT ROWID;
CREATE TABLE cogwright__shelf (
    plugin TEXT NOT NULL, shelf TEXT NOT NULL, subject INTEGER NOT NULL, key TEXT NOT NULL,
    value TEXT NOT NULL, version INTEGER NOT NULL,
    PRIMARY KEY (plugin, shelf, subject, key)
) WITHOUT ROWID;
CREATE INDEX cogwright__shelf_subject ON cogwright__shelf (subject) WHERE subject <> 0;
",
        bot: "",
        guild: "",
    },
    // In files of version 1 these were made when they were first written to: they may be there.
    Step {
        all: "
CREATE TABLE IF NOT EXISTS cogwright__usage (
    day TEXT NOT NULL, command TEXT NOT NULL, plugin TEXT NOT NULL,
    uses INTEGER NOT NULL, errors INTEGER NOT NULL, took_us INTEGER NOT NULL,
    PRIMARY KEY (day, command, plugin)
) WITHOUT ROWID;
",
        bot: "
CREATE TABLE IF NOT EXISTS cogwright__deletions (
    message_id INTEGER PRIMARY KEY, channel_id INTEGER NOT NULL, ephemeral INTEGER NOT NULL,
    due_ms INTEGER NOT NULL, token TEXT NOT NULL, token_ms INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS cogwright__schedules (
    plugin TEXT NOT NULL, name TEXT NOT NULL,
    spec TEXT NOT NULL, anchor_ms INTEGER NOT NULL, next_ms INTEGER,
    running_ms INTEGER, at_least_once INTEGER NOT NULL, paused INTEGER NOT NULL DEFAULT 0,
    last_ms INTEGER, last_result TEXT NOT NULL DEFAULT '',
    runs INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,
    missed INTEGER NOT NULL DEFAULT 0, skipped INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (plugin, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cogwright__scheduled (
    id INTEGER PRIMARY KEY, plugin TEXT NOT NULL, name TEXT NOT NULL, at_ms INTEGER NOT NULL,
    guild_id INTEGER NOT NULL, user_id INTEGER NOT NULL, payload TEXT NOT NULL, running INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS cogwright__scheduled_due ON cogwright__scheduled (plugin, name, running, at_ms, id);
CREATE INDEX IF NOT EXISTS cogwright__scheduled_user ON cogwright__scheduled (user_id) WHERE user_id <> 0;
CREATE TABLE IF NOT EXISTS cogwright__scheduled_counts (plugin TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS cogwright__scheduled_more AFTER INSERT ON cogwright__scheduled BEGIN
    INSERT INTO cogwright__scheduled_counts VALUES (new.plugin, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER IF NOT EXISTS cogwright__scheduled_less AFTER DELETE ON cogwright__scheduled BEGIN
    UPDATE cogwright__scheduled_counts SET count = count - 1 WHERE plugin = old.plugin;
END;
INSERT OR IGNORE INTO cogwright__subjects (plugin, table_name, column_name)
    VALUES ('cogwright', 'cogwright__scheduled', 'user_id');
",
        guild: "
CREATE TABLE IF NOT EXISTS cogwright__settings (
    plugin TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (plugin, name)
) WITHOUT ROWID;
",
    },
    // What there is of each plugin is counted by `prepare`.
    Step {
        all: "
CREATE TABLE cogwright__disk (plugin TEXT COLLATE NOCASE PRIMARY KEY, pages INTEGER NOT NULL) WITHOUT ROWID;
",
        bot: "
ALTER TABLE cogwright__scheduled_counts ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
DROP TRIGGER cogwright__scheduled_more;
DROP TRIGGER cogwright__scheduled_less;
CREATE TRIGGER cogwright__scheduled_more AFTER INSERT ON cogwright__scheduled BEGIN
    INSERT INTO cogwright__scheduled_counts (plugin, count, bytes)
        VALUES (new.plugin, 1, length(CAST(new.payload AS BLOB)))
        ON CONFLICT DO UPDATE SET count = count + 1, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER cogwright__scheduled_less AFTER DELETE ON cogwright__scheduled BEGIN
    UPDATE cogwright__scheduled_counts SET count = count - 1, bytes = bytes - length(CAST(old.payload AS BLOB))
        WHERE plugin = old.plugin;
END;
",
        guild: "",
    },
    // What was scheduled at run time may come again: `due_ms` is of the run that runs, `at_ms` when the next is due.
    Step {
        all: "",
        bot: "
ALTER TABLE cogwright__scheduled ADD COLUMN every_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cogwright__scheduled ADD COLUMN cron TEXT NOT NULL DEFAULT '';
ALTER TABLE cogwright__scheduled ADD COLUMN zone TEXT NOT NULL DEFAULT '';
ALTER TABLE cogwright__scheduled ADD COLUMN anchor_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cogwright__scheduled ADD COLUMN max_runs INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cogwright__scheduled ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cogwright__scheduled ADD COLUMN due_ms INTEGER;
ALTER TABLE cogwright__scheduled ADD COLUMN last_ms INTEGER;
ALTER TABLE cogwright__scheduled ADD COLUMN last_result TEXT NOT NULL DEFAULT '';
ALTER TABLE cogwright__scheduled ADD COLUMN runs INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cogwright__scheduled ADD COLUMN failed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cogwright__scheduled ADD COLUMN missed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cogwright__scheduled ADD COLUMN skipped INTEGER NOT NULL DEFAULT 0;
CREATE TABLE cogwright__hooks_off (id TEXT PRIMARY KEY) WITHOUT ROWID;
",
        guild: "",
    },
];

/// From this version on there is a count of each plugin's pages.
const COUNTED: usize = 3;

/// Makes the tables in a new file, and takes the steps that an older one lacks: all of them, or none.
pub(super) fn prepare(connection: &Connection, at: &At<'_>) -> Result<(), StorageError> {
    let of = |error| StorageError::of(at, &error);
    if version(connection, at)? == STEPS.len() {
        return Ok(());
    }
    // Two connections may come at once: who is second finds the tables.
    let transaction =
        Transaction::new_unchecked(connection, TransactionBehavior::Immediate).map_err(of)?;
    let taken = version(&transaction, at)?;
    take(&transaction, at.database_id, taken)
        .and_then(|()| transaction.commit())
        .map_err(of)
}

fn take(
    transaction: &Transaction<'_>,
    database_id: DatabaseId,
    taken: usize,
) -> rusqlite::Result<()> {
    for step in &STEPS[taken..] {
        transaction.execute_batch(step.all)?;
        transaction.execute_batch(match database_id {
            DatabaseId::Bot => step.bot,
            DatabaseId::Guild(_) => step.guild,
        })?;
    }
    if (1..COUNTED).contains(&taken) {
        transaction.execute_batch(meter::RECOUNT)?;
    }
    transaction.execute(
        "INSERT OR IGNORE INTO cogwright__about (key, value) VALUES ('place', ?1)",
        [database_id.to_string()],
    )?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", STEPS.len() as i64)
}

/// The version of a file's tables; 0 for an empty one. Refuses a file that is none of ours, or from a newer host.
pub(super) fn version(connection: &Connection, at: &At<'_>) -> Result<usize, StorageError> {
    let of = |error| StorageError::of(at, &error);
    let foreign = |reason: String| StorageError::Foreign {
        file: at.file.to_owned(),
        reason,
    };
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    let (id, version) = (
        number("application_id").map_err(of)?,
        number("user_version").map_err(of)?,
    );
    if id == APPLICATION_ID {
        let newest = STEPS.len();
        return match usize::try_from(version) {
            Ok(version) if (1..=newest).contains(&version) => Ok(version),
            _ => Err(foreign(format!(
                "was written by a newer Cogwright (its tables have version {version}, this one knows {newest}): run that one, \
                 or restore a backup from before it"
            ))),
        };
    }
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(of)?;
    if id != 0 || tables != 0 {
        return Err(foreign(
            "is a database, but not one of Cogwright's".to_owned(),
        ));
    }
    Ok(0)
}

/// Which place a file is the database of; `None` for what is no database of ours.
pub(super) fn place_of(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if id != APPLICATION_ID {
        return Ok(None);
    }
    connection
        .query_row(
            "SELECT value FROM cogwright__about WHERE key = 'place'",
            [],
            |row| row.get(0),
        )
        .optional()
}
