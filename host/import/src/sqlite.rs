//! Tables of databases that are not ours, read from a copy: what lies there is neither locked nor changed.
//!
//! SQLite would write beside a database that has a write-ahead log, even to read it. So the file and its log are copied, and the copy is
//! opened. What stands in it is bounded: sizes, steps of the virtual machine, rows; views and virtual tables are not read.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags, config::DbConfig, limits::Limit, types::ValueRef};
use serde_json::{Map, Value};

/// The largest database, in bytes.
pub(crate) const MOST: u64 = 512 * 1024 * 1024;

/// The longest text, in bytes.
const LONGEST: i32 = 16 * 1024 * 1024;

/// Rows of a table that are read.
const ROWS: usize = 100_000;

/// Steps of SQLite's between two looks, and looks until it takes too long: a billion steps.
const STEPS: i32 = 100_000;
const LOOKS: u32 = 10_000;

/// The rows of a table, with null in columns that it has not; `None` where there is no such table.
///
/// # Errors
///
/// Why the database can't be read.
pub fn table_of(
    database: &Path,
    table: &str,
    columns: &[&str],
) -> Result<Option<Vec<Map<String, Value>>>, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("no copy can be made: {error}"))?;
    let copy = folder.path().join("copy.db");
    copied(database, &copy)?;
    copied_log(database, &copy)?;
    read(&copy, table, columns).map_err(|error| error.to_string())
}

fn copied(from: &Path, to: &Path) -> Result<(), String> {
    fs::copy(from, to)
        .map(drop)
        .map_err(|error| format!("no copy can be made: {error}"))
}

/// The write-ahead log, where there is one: what is in it is newer than the database.
fn copied_log(database: &Path, copy: &Path) -> Result<(), String> {
    let beside = |path: &Path| {
        let mut name = path.as_os_str().to_owned();
        name.push("-wal");
        PathBuf::from(name)
    };
    let log = beside(database);
    match fs::symlink_metadata(&log) {
        Ok(metadata) if !metadata.is_file() => {
            Err("what lies beside it as `-wal` is no file".into())
        }
        Ok(metadata) if metadata.len() > MOST => Err("the log beside it is too large".into()),
        Ok(_) => copied(&log, &beside(copy)),
        Err(_) => Ok(()),
    }
}

fn read(
    file: &Path,
    table: &str,
    columns: &[&str],
) -> rusqlite::Result<Option<Vec<Map<String, Value>>>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(file, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST)?;
    let mut looks = 0;
    let is_over = move || {
        looks += 1;
        looks > LOOKS
    };
    connection.progress_handler(STEPS, Some(is_over))?;
    // A view would compute, and a virtual table has no root page.
    let is_plain =
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name = ?1";
    let found: i64 = connection.query_row(is_plain, [table], |row| row.get(0))?;
    if found == 0 {
        // A file that is no database fails here at the latest.
        return Ok(None);
    }
    let mut described = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
    let known = described.query_map([table], |row| row.get::<_, String>(0))?;
    let known = known.collect::<rusqlite::Result<Vec<_>>>()?;
    let wanted: Vec<&str> = columns
        .iter()
        .copied()
        .filter(|column| known.iter().any(|it| it == column))
        .collect();
    if wanted.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let quoted: Vec<_> = wanted.iter().map(|name| format!("\"{name}\"")).collect();
    let sql = format!("SELECT {} FROM \"{table}\" LIMIT {ROWS}", quoted.join(", "));
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map([], |row| {
        let all = columns.iter();
        let mut read: Map<_, _> = all.map(|name| ((*name).to_owned(), Value::Null)).collect();
        for (at, name) in wanted.iter().enumerate() {
            read.insert((*name).to_owned(), json_of(row.get_ref(at)?));
        }
        Ok(read)
    })?;
    rows.collect::<rusqlite::Result<Vec<_>>>().map(Some)
}

fn json_of(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null | ValueRef::Blob(_) => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned().into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn made(sql: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("guild.db");
        let connection = Connection::open(&file).unwrap();
        connection.execute_batch(sql).unwrap();
        (folder, file)
    }

    #[test]
    fn rows_come_with_the_columns_that_are_there() {
        let (_folder, file) = made(
            "CREATE TABLE t (key TEXT, value); INSERT INTO t VALUES ('a', 1), ('b', NULL), ('c', x'00'), ('d', 'x'), ('e', 0.5)",
        );
        let before = fs::read(&file).unwrap();
        let rows = table_of(&file, "t", &["key", "value", "updated_at"]).unwrap();
        let values: Vec<_> = rows
            .unwrap()
            .into_iter()
            .map(|row| row["value"].clone())
            .collect();
        assert_eq!(
            values,
            [json!(1), json!(null), json!(null), json!("x"), json!(0.5)]
        );
        assert_eq!(table_of(&file, "u", &["key"]).unwrap(), None);
        assert_eq!(fs::read(&file).unwrap(), before);
    }

    #[test]
    fn what_stands_in_the_log_beside_it_is_read_and_left_there() {
        let (folder, file) = made("PRAGMA journal_mode = WAL; CREATE TABLE t (key TEXT)");
        let writing = Connection::open(&file).unwrap();
        writing
            .execute_batch("INSERT INTO t VALUES ('new')")
            .unwrap();
        // As a crash leaves it: the log is there, and nobody has it open.
        let left = tempfile::tempdir().unwrap();
        for name in ["guild.db", "guild.db-wal"] {
            fs::copy(folder.path().join(name), left.path().join(name)).unwrap();
        }
        let before = fs::read(left.path().join("guild.db-wal")).unwrap();
        assert!(!before.is_empty());
        let rows = table_of(&left.path().join("guild.db"), "t", &["key"])
            .unwrap()
            .unwrap();
        assert_eq!(rows[0]["key"], "new");
        assert_eq!(fs::read(left.path().join("guild.db-wal")).unwrap(), before);
        assert_eq!(fs::read_dir(left.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_is_hostile_is_not_run() {
        let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS key FROM n";
        let (_folder, file) = made(&format!("CREATE VIEW t AS {endless}"));
        assert_eq!(table_of(&file, "t", &["key"]).unwrap(), None);
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in [
            ("text.db", &b"this is no database at all, but text"[..]),
            ("cut.db", b"SQLite format 3\0"),
        ] {
            let file = folder.path().join(name);
            fs::write(&file, bytes).unwrap();
            let told = table_of(&file, "t", &["key"]).unwrap_err();
            assert!(
                told.contains("not a database") || told.contains("malformed"),
                "{told}"
            );
        }
    }
}
