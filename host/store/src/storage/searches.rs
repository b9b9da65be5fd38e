//! Rule for full-text searches: never while something is written.
//!
//! A search looks into all places of a text for all of its words, and SQLite does not stop before it has: a long one is left
//! behind by the others (`rounds.rs`), which they can do only while it does not keep them from writing.

use rusqlite::Connection;

use super::{link::Link, table_access::Who, virtual_table_modules};

/// Permission to search in a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Searches {
    /// It only reads.
    Allowed,
    /// It stands in a transaction in which something may be written.
    Refused,
}

/// Why not.
pub(super) const REFUSED: &str = "a full-text table is searched by `query` alone, and not in a transaction, a migration or a \
                                  trigger: others could not write until it is done. Search first, and write what was found";

/// Whether a statement searches, by itself or in the body of a trigger or a view. `tables` is what it was said to touch when it
/// was compiled.
pub(super) fn found(link: &Link, who: Who, sql: &str, tables: &[String]) -> rusqlite::Result<bool> {
    let connection = &link.connection;
    let mut any = false;
    for table in tables {
        any = any || virtual_table_modules::is_virtual(connection, table)?;
    }
    if !any {
        return Ok(false);
    }
    let before = std::mem::take(&mut *link.current());
    link.begin(who);
    let found = explained(connection, sql);
    *link.current() = before;
    found
}

/// As [`found`], for a statement that has not been compiled.
pub(super) fn in_statement(link: &Link, who: &Who, sql: &str) -> rusqlite::Result<bool> {
    link.begin(who.clone());
    link.connection.prepare(sql)?;
    let tables = std::mem::take(&mut link.current().tables);
    found(link, who.clone(), sql, &tables)
}

/// SQLite tells which way it goes into a virtual table: FTS5 calls a search `M`, and those by `LIKE` and `GLOB` `L` and `G`.
fn explained(connection: &Connection, sql: &str) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare(&format!("EXPLAIN {sql}"))?;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let (opcode, way): (String, Option<String>) = (row.get("opcode")?, row.get("p4")?);
        if opcode == "VFilter" && way.is_some_and(|way| way.contains(['M', 'L', 'G'])) {
            return Ok(true);
        }
    }
    Ok(false)
}
