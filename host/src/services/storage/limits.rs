//! What one statement may be made of, and how much memory all of them may take together.
//!
//! Time is limited by the clock, which a function over a text is not stopped by: so no text is so long, no pattern so odd, and no
//! statement has so many functions, that they would take seconds without a row in between.

use rusqlite::{Connection, limits::Limit};

use super::functions;
use crate::config::Storage as Settings;

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
