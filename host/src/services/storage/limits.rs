//! What one statement may be made of, and how much memory all of them may take together.
//!
//! Time is limited by the clock, which a function over a text is not stopped by: so no text is so long, no pattern so odd, and no
//! statement has so many functions, that they would take seconds without a row in between.

use host_ops::config::Storage as Settings;
use rusqlite::{Connection, limits::Limit};

use super::functions;

/// What a row has beside its longest value: keys, and the names of what it belongs to.
const BESIDE: u64 = 64 << 10;

/// Longest statement, and longest text of migrations.
const SQL: i32 = 1 << 20;

/// Longest pattern of `LIKE` and `GLOB`: they compare it with each place of a text.
const PATTERN: i32 = 200;

/// Most functions that a statement may call, views and triggers included: between them nothing stops it. A pattern counts as
/// many, since it is compared with each place.
pub(super) const FUNCTIONS: u32 = 500;

/// How many functions one counts as.
pub(super) fn weight(function: &str) -> u32 {
    match &*function.to_ascii_lowercase() {
        "like" | "glob" => 20,
        _ => 1,
    }
}

/// What the tables of `owner` calculate by themselves with each row (checks, defaults, indexes, columns), where it is too much:
/// SQLite tells the authorizer of these functions when they are declared, and not when a row is written.
pub(super) fn problem(connection: &Connection, owner: &str) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT tbl_name, lower(sql) FROM sqlite_schema
         WHERE type IN ('table', 'index') AND sql IS NOT NULL AND lower(substr(tbl_name, 1, length(?1) + 2)) = ?1 || '__'
         ORDER BY 1",
    )?;
    let mut rows = statement.query([owner])?;
    let (mut of, mut all) = (String::new(), 0);
    while let Some(row) = rows.next()? {
        let (table, sql): (String, String) = (row.get(0)?, row.get(1)?);
        if table != of {
            (of, all) = (table, 0);
        }
        let patterns = sql.matches("like").count() + sql.matches("glob").count();
        let calls = sql.matches('(').count();
        all += calls + patterns * weight("like") as usize;
        if all > FUNCTIONS as usize {
            return Ok(Some(format!(
                "the table `{of}` and its indexes would calculate more than {FUNCTIONS} functions for each row: counted are \
                 opening brackets, and `LIKE` and `GLOB` as {} each",
                weight("like")
            )));
        }
    }
    Ok(None)
}

/// Sets the limits of a connection.
pub(super) fn set(connection: &Connection, settings: &Settings) -> rusqlite::Result<()> {
    let longest = settings.max_value_bytes.saturating_add(BESIDE);
    let longest = i32::try_from(longest).unwrap_or(i32::MAX);
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, SQL),
        (Limit::SQLITE_LIMIT_LENGTH, longest.max(SQL)),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, PATTERN),
        (Limit::SQLITE_LIMIT_COLUMN, 500),
        (Limit::SQLITE_LIMIT_FUNCTION_ARG, 200),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 200),
        (Limit::SQLITE_LIMIT_VDBE_OP, 250_000),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ] {
        connection.set_limit(limit, most)?;
    }
    // Of the whole process; it can be lowered, and not raised, while it runs.
    let heap = settings.max_memory_bytes;
    for (pragma, bytes) in [("soft_heap_limit", heap / 4 * 3), ("hard_heap_limit", heap)] {
        connection.query_row(&format!("PRAGMA {pragma} = {bytes}"), [], |_| Ok(()))?;
    }
    functions::register(connection, usize::try_from(longest).unwrap_or_default())
}
