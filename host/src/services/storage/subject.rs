//! All that is kept about one user: told as JSON, and erased. The databases themselves know which columns are about users, so
//! it makes no difference whether a plugin is loaded.

use rusqlite::{Connection, params, types::ValueRef};
use serde_json::{Map, Value, json};

use super::fence::hex;

/// A column that tells whom a row is about.
struct Subject {
    plugin: String,
    table: String,
    column: String,
}

impl Subject {
    /// What finds its rows: as a number, and as text in a column without a type.
    fn condition(&self) -> String {
        let column = quoted(&self.column);
        format!("{column} = ?1 OR {column} = CAST(?1 AS TEXT)")
    }
}

/// What a database has about a user; `None` for nothing.
pub(super) fn export(connection: &Connection, user: u64) -> rusqlite::Result<Option<Value>> {
    let user = user.cast_signed();
    let mut tables = Vec::new();
    for subject in subjects(connection)? {
        let sql = format!(
            "SELECT * FROM {} WHERE {}",
            quoted(&subject.table),
            subject.condition()
        );
        let mut statement = connection.prepare(&sql)?;
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([user])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let mut object = Map::new();
            for (at, column) in columns.iter().enumerate() {
                object.insert(column.clone(), json_of(row.get_ref(at)?));
            }
            found.push(Value::Object(object));
        }
        if !found.is_empty() {
            tables.push(
                json!({"plugin": subject.plugin, "table": subject.table, "about_by": subject.column, "rows": found}),
            );
        }
    }
    let mut statement = connection.prepare(
        "SELECT plugin, shelf, key, value FROM cogwright__shelf WHERE subject = ?1 AND subject <> 0 ORDER BY 1, 2, 3",
    )?;
    let entries = statement
        .query_map([user], |row| {
            let value: String = row.get(3)?;
            Ok(json!({
                "plugin": row.get::<_, String>(0)?, "shelf": row.get::<_, String>(1)?, "key": row.get::<_, String>(2)?,
                "value": serde_json::from_str::<Value>(&value).unwrap_or(Value::String(value)),
            }))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    if tables.is_empty() && entries.is_empty() {
        return Ok(None);
    }
    Ok(Some(json!({"tables": tables, "shelves": entries})))
}

/// Erases what a database has about a user, and what its pages still show of it; how many rows there were.
pub(super) fn erase(connection: &Connection, user: u64) -> rusqlite::Result<u64> {
    // Else the freed bytes stay legible in the file.
    connection.pragma_update(None, "secure_delete", true)?;
    let erased = erase_rows(connection, user);
    if erased.is_err() && !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    connection.pragma_update(None, "secure_delete", false)?;
    let erased = erased?;
    if erased > 0 {
        // The log has the old pages, too.
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    }
    Ok(erased)
}

fn erase_rows(connection: &Connection, user: u64) -> rusqlite::Result<u64> {
    let user = user.cast_signed();
    connection.execute_batch("BEGIN IMMEDIATE; PRAGMA defer_foreign_keys = ON")?;
    let mut erased = 0;
    for subject in subjects(connection)? {
        let sql = format!(
            "DELETE FROM {} WHERE {}",
            quoted(&subject.table),
            subject.condition()
        );
        erased += connection.execute(&sql, [user])?;
    }
    erased += connection.execute(
        "DELETE FROM cogwright__shelf WHERE subject = ?1 AND subject <> 0",
        params![user],
    )?;
    connection.execute_batch("COMMIT")?;
    Ok(erased as u64)
}

/// The columns about users whose tables are still there.
fn subjects(connection: &Connection) -> rusqlite::Result<Vec<Subject>> {
    connection
        .prepare(
            "SELECT plugin, table_name, column_name FROM cogwright__subjects
             WHERE EXISTS (SELECT 1 FROM pragma_table_info(table_name) WHERE lower(name) = lower(column_name))
             ORDER BY 1, 2, 3",
        )?
        .query_map([], |row| {
            Ok(Subject {
                plugin: row.get(0)?,
                table: row.get(1)?,
                column: row.get(2)?,
            })
        })?
        .collect()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn json_of(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => integer.into(),
        ValueRef::Real(real) => real.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
        ValueRef::Blob(bytes) => json!({"blob": hex(bytes)}),
    }
}
