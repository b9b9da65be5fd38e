//! Limits on a statement's parts, and on the memory of all of them together.
//!
//! Time is limited by the clock, which a function over a text is not stopped by: so no text is so long, no pattern so odd, and no
//! statement has so many functions, that they would take seconds without a row in between.

use host_ops::config::Storage as Settings;
use rusqlite::{Connection, Statement, StatementStatus, limits::Limit};

use super::{
    functions,
    link::Link,
    table_access::Who,
    weights::{FUNCTIONS, OF_PATHS, weight},
};

/// What a row has beside its longest value: keys, and the names of what it belongs to.
const BESIDE: u64 = 64 << 10;

/// Longest statement, and longest text of migrations.
const SQL: i32 = 1 << 20;

/// Longest pattern of `LIKE` and `GLOB`: they compare it with each place of a text.
const PATTERN: i32 = 200;

/// Most steps in a compiled statement, views and triggers included, that may go through a whole text and are no functions:
/// between them nothing stops it, unless it goes on to another row.
const OVER_TEXTS: usize = 2_000;

/// These: where a number is wanted of a text, all of it is read, and to compare two takes as long as they are the same.
const GOES_OVER_TEXTS: [&str; 23] = [
    "Add",
    "Affinity",
    "And",
    "BitAnd",
    "BitNot",
    "BitOr",
    "Cast",
    "Concat",
    "Divide",
    "Eq",
    "Ge",
    "Gt",
    "If",
    "IfNot",
    "Le",
    "Lt",
    "Multiply",
    "Ne",
    "Not",
    "Or",
    "Remainder",
    "ShiftLeft",
    "Subtract",
];

/// A compiled statement that takes no more memory has no more steps than that.
const SMALL: i32 = 40_000;

/// What of a compiled statement would take seconds in which nothing stops it. What is small is not looked at.
pub(super) fn heavy(
    link: &Link,
    who: &Who,
    sql: &str,
    statement: &Statement<'_>,
) -> rusqlite::Result<Option<String>> {
    if statement.get_status(StatementStatus::MemUsed) <= SMALL {
        return Ok(None);
    }
    let before = std::mem::take(&mut *link.current());
    link.begin(who.clone());
    let counted = over_texts(&link.connection, sql);
    *link.current() = before;
    let counted = counted?;
    Ok((counted > OVER_TEXTS).then(|| {
        format!(
            "a statement calculates, compares and converts {OVER_TEXTS} times at most for one row, what its triggers and views do \
             included, and this one {counted} times: use several statements, or values in a table"
        )
    }))
}

fn over_texts(connection: &Connection, sql: &str) -> rusqlite::Result<usize> {
    let mut statement = connection.prepare(&format!("EXPLAIN {sql}"))?;
    let mut rows = statement.raw_query();
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let opcode = row.get_ref("opcode")?;
        let known = |known: &&str| {
            opcode
                .as_bytes()
                .is_ok_and(|opcode| opcode == known.as_bytes())
        };
        count += usize::from(GOES_OVER_TEXTS.iter().any(known));
    }
    Ok(count)
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
        let heavy = ["like", "glob"].into_iter().chain(OF_PATHS);
        let heavy = heavy.map(|name| sql.matches(name).count() * weight(name) as usize);
        all += sql.matches('(').count() + heavy.sum::<usize>();
        if all > FUNCTIONS as usize {
            return Ok(Some(format!(
                "the table `{of}` and its indexes would calculate more than {FUNCTIONS} functions for each row: counted are \
                 opening brackets, `LIKE` and `GLOB` as {} each, and JSON functions with paths as {}",
                weight("like"),
                weight("json_set")
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
