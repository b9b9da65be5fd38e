//! The host's own tables, in every database.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::{
    connection::Opener,
    error::{At, StorageError},
};

/// "CWDB": tells our files from others.
pub(super) const APPLICATION_ID: i32 = 0x4357_4442;
/// Version of the host's tables.
const VERSION: i32 = 1;

const TABLES: &str = "
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
";

/// Makes the tables in a new file.
pub(super) fn prepare(connection: &Connection, opener: &Opener) -> Result<(), StorageError> {
    let at = opener.at();
    let of = |error| StorageError::of(&at, &error);
    if known(connection, &at)? {
        return Ok(());
    }
    // Two connections may come at once: who is second finds the tables.
    let transaction =
        rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
            .map_err(of)?;
    if known(&transaction, &at)? {
        return Ok(());
    }
    let place = opener.place.to_string();
    transaction
        .execute_batch(TABLES)
        .and_then(|()| {
            transaction.execute(
                "INSERT INTO cogwright__about (key, value) VALUES ('place', ?1)",
                [place],
            )
        })
        .and_then(|_| transaction.pragma_update(None, "application_id", APPLICATION_ID))
        .and_then(|()| transaction.pragma_update(None, "user_version", VERSION))
        .and_then(|()| transaction.commit())
        .map_err(of)
}

/// Whether the file has our tables; `false` for an empty one. Refuses a file that is none of ours, or from a newer host.
pub(super) fn known(connection: &Connection, at: &At<'_>) -> Result<bool, StorageError> {
    let of = |error| StorageError::of(at, &error);
    let foreign = |reason: &str| StorageError::Foreign {
        file: at.file.to_owned(),
        reason: reason.to_owned(),
    };
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    let (id, version) = (
        number("application_id").map_err(of)?,
        number("user_version").map_err(of)?,
    );
    if id == APPLICATION_ID {
        return match version {
            VERSION => Ok(true),
            _ => Err(foreign("was written by a newer Cogwright")),
        };
    }
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(of)?;
    if id != 0 || tables != 0 {
        return Err(foreign("is a database, but not one of Cogwright's"));
    }
    Ok(false)
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
