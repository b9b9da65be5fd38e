//! Data subjects: all that one database keeps about a user, as JSON, and its erasure. The databases themselves know
//! which columns are about users, so it makes no difference whether a plugin is loaded.
//!
//! What is done in a plugin's tables is done as that plugin, with its fence and the limits of its statements, so that a trigger
//! or a view of its own can do no more for the owner's command than for the plugin. One that fails fails alone, and is named.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{params, types::ValueRef};
use serde_json::{Map, Value, json};

use super::{
    error::{At, StorageError},
    limits,
    link::Link,
    searches,
    table_access::Who,
    table_access::{HOST, TableAccess, hex},
};

/// Most bytes about one user that one table may give: more is no longer about a user, but a mistake or an attack.
const TOLD: usize = 64 << 20;

/// How often a plugin may be stopped for its time in one export or erasure, before nothing more of it is tried: in ten thousand
/// databases it would take half a day.
const STRIKES: u32 = 3;

/// Outcome of an export or erasure: what was done, and what failed with plugin, table and reason.
#[derive(Debug)]
pub(super) struct Outcome<T> {
    pub(super) done: T,
    pub(super) failed: Vec<String>,
}

/// Counts of how often each plugin was stopped for its time, in one export or erasure.
#[derive(Debug, Default, Clone)]
pub(super) struct Timeouts(Arc<Mutex<HashMap<String, u32>>>);

impl Timeouts {
    fn of(&self, plugin: &str) -> u32 {
        let timeouts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        timeouts.get(plugin).copied().unwrap_or_default()
    }

    fn add(&self, plugin: &str) {
        let mut timeouts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *timeouts.entry(plugin.to_owned()).or_default() += 1;
    }
}

/// Access to what one database keeps about users.
pub(super) struct SubjectAccess<'a> {
    pub(super) link: &'a Link,
    pub(super) at: At<'a>,
    pub(super) table_access: &'a TableAccess,
    pub(super) timeouts: &'a Timeouts,
}

/// A column that holds the user whom a row is about.
#[derive(Debug, Clone)]
struct Subject {
    plugin: String,
    table: String,
    column: String,
    /// All columns that the plugin has ever declared of the table.
    declared: Vec<String>,
}

impl Subject {
    /// What finds its rows: as a number, and as text in a column without a type.
    fn condition(&self) -> String {
        let column = quoted(&self.column);
        format!("{column} = ?1 OR {column} = CAST(?1 AS TEXT)")
    }

    fn failed(&self, error: &StorageError) -> String {
        let Self { plugin, table, .. } = self;
        format!("the part of the plugin `{plugin}`, its table `{table}`: {error}")
    }
}

/// What a database has about a user; `None` for nothing.
pub(super) fn export(
    access: &SubjectAccess<'_>,
    user: u64,
) -> Result<Outcome<Option<Value>>, StorageError> {
    let user = user.cast_signed();
    let (mut tables, mut failed) = (Vec::new(), Vec::new());
    for subject in access.subjects()? {
        match access.as_owner(&subject, || access.rows(&subject, user)) {
            Ok(rows) if rows.is_empty() => {}
            Ok(rows) => tables.push(json!({
                "plugin": subject.plugin, "table": subject.table, "about_by": subject.column, "rows": rows,
            })),
            Err(error) => failed.push(subject.failed(&error)),
        }
    }
    let kv_stores = access.as_host(|| access.kv_stores(user))?;
    let done = (!tables.is_empty() || !kv_stores.is_empty())
        .then(|| json!({"tables": tables, "key-value stores": kv_stores}));
    Ok(Outcome { done, failed })
}

/// Erases what a database has about a user, and what its pages still show of it; how many rows there were.
pub(super) fn erase(access: &SubjectAccess<'_>, user: u64) -> Result<Outcome<u64>, StorageError> {
    let connection = &access.link.connection;
    // Else the freed bytes stay legible in the file.
    access.control("PRAGMA secure_delete = ON")?;
    let erased = access.erase(user.cast_signed());
    if erased.is_err() && !connection.is_autocommit() {
        let _ = access.control("ROLLBACK");
    }
    access.control("PRAGMA secure_delete = OFF")?;
    let erased = erased?;
    if erased.done > 0 {
        // The log has the old pages, too.
        access.control("PRAGMA wal_checkpoint(TRUNCATE)")?;
    }
    Ok(erased)
}

impl SubjectAccess<'_> {
    fn erase(&self, user: i64) -> Result<Outcome<u64>, StorageError> {
        let mut erased = Outcome {
            done: 0,
            failed: Vec::new(),
        };
        let mut plugins: Vec<Vec<Subject>> = Vec::new();
        for subject in self.subjects()? {
            match plugins.last_mut() {
                Some(of) if of[0].plugin == subject.plugin => of.push(subject),
                _ => plugins.push(vec![subject]),
            }
        }
        for subjects in plugins {
            self.erase_plugin(subjects, user, &mut erased);
        }
        erased.done += self.as_host(|| {
            let sql = "DELETE FROM cogwright__shelf WHERE subject = ?1 AND subject <> 0";
            let done = self.link.connection.execute(sql, params![user]);
            done.map_err(|error| self.error(sql, &error))
        })? as u64;
        Ok(erased)
    }

    /// All tables of a plugin together, since one may refer to the other; without those that fail.
    fn erase_plugin(&self, mut left: Vec<Subject>, user: i64, erased: &mut Outcome<u64>) {
        while !left.is_empty() {
            match self.transaction(&left, user) {
                Ok(rows) => {
                    erased.done += rows;
                    return;
                }
                Err((Some(at), error)) => {
                    erased.failed.push(left.remove(at).failed(&error));
                }
                // Together they can't be, since of one that has failed something refers to another.
                Err((None, _)) => break,
            }
        }
        for subject in left {
            match self.transaction(std::slice::from_ref(&subject), user) {
                Ok(rows) => erased.done += rows,
                Err((_, error)) => erased.failed.push(subject.failed(&error)),
            }
        }
    }

    /// One transaction, as the plugin; on failure, with which of them.
    fn transaction(
        &self,
        subjects: &[Subject],
        user: i64,
    ) -> Result<u64, (Option<usize>, StorageError)> {
        let of_control = |error| (None, error);
        self.control("BEGIN IMMEDIATE").map_err(of_control)?;
        let erase = || {
            self.control("PRAGMA defer_foreign_keys = ON")
                .map_err(of_control)?;
            let mut rows = 0;
            for (at, subject) in subjects.iter().enumerate() {
                rows += self
                    .as_owner(subject, || self.delete(subject, user))
                    .map_err(|error| (Some(at), error))?;
            }
            self.control("COMMIT").map_err(of_control)?;
            Ok(rows)
        };
        let done = erase();
        if done.is_err() && !self.link.connection.is_autocommit() {
            let _ = self.control("ROLLBACK");
        }
        done
    }

    fn delete(&self, subject: &Subject, user: i64) -> Result<u64, StorageError> {
        if !self.is_there(subject)? {
            return Ok(0);
        }
        let table = quoted(&subject.table);
        let sql = format!("DELETE FROM {table} WHERE {}", subject.condition());
        self.bearable(subject, &sql)?;
        let deleted = self.link.connection.execute(&sql, [user]);
        deleted
            .map(|rows| rows as u64)
            .map_err(|error| self.error(&sql, &error))
    }

    fn rows(&self, subject: &Subject, user: i64) -> Result<Vec<Value>, StorageError> {
        if !self.is_there(subject)? {
            return Ok(Vec::new());
        }
        let table = quoted(&subject.table);
        let sql = format!("SELECT * FROM {table} WHERE {}", subject.condition());
        self.bearable(subject, &sql)?;
        let read = || -> rusqlite::Result<Option<Vec<Value>>> {
            let mut statement = self.link.connection.prepare(&sql)?;
            let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
            let mut rows = statement.query([user])?;
            let (mut found, mut bytes) = (Vec::new(), 0);
            while let Some(row) = rows.next()? {
                let mut object = Map::new();
                for (at, column) in columns.iter().enumerate() {
                    let value = row.get_ref(at)?;
                    bytes += column.len() + size(value);
                    object.insert(column.clone(), json_of(value));
                }
                if bytes > TOLD {
                    return Ok(None);
                }
                found.push(Value::Object(object));
            }
            Ok(Some(found))
        };
        let found = read().map_err(|error| self.error(&sql, &error))?;
        found.ok_or_else(|| {
            StorageError::Call(format!(
                "it holds more than {} MiB about one user: look into the table",
                TOLD >> 20
            ))
        })
    }

    /// Whether there is anything to look at: nothing is kept in a table that is not there, and a column that was renamed has another
    /// declaration. A table whose column is gone, and of which nothing else says whom its rows are about, is not passed over.
    fn is_there(&self, subject: &Subject) -> Result<bool, StorageError> {
        let sql = "SELECT lower(name) FROM pragma_table_info(?1)";
        let read = || {
            let mut statement = self.link.connection.prepare(sql)?;
            let names = statement.query_map([&subject.table], |row| row.get(0))?;
            names.collect::<rusqlite::Result<Vec<String>>>()
        };
        let columns = read().map_err(|error| self.error(sql, &error))?;
        let has = |column: &String| columns.contains(&column.to_ascii_lowercase());
        if has(&subject.column) {
            return Ok(true);
        }
        if columns.is_empty() || subject.declared.iter().any(has) {
            return Ok(false);
        }
        Err(StorageError::Call(format!(
            "it has no column `{}` any more, by which the plugin said whom a row is about: what is in it about this user is not \
             known, until the plugin declares the column that it has now (`subject`)",
            subject.column
        )))
    }

    fn kv_stores(&self, user: i64) -> Result<Vec<Value>, StorageError> {
        let sql = "SELECT plugin, shelf, key, value FROM cogwright__shelf WHERE subject = ?1 AND subject <> 0 ORDER BY 1, 2, 3";
        let read = || {
            let mut statement = self.link.connection.prepare(sql)?;
            let rows = statement.query_map([user], |row| {
                let value: String = row.get(3)?;
                Ok(json!({
                    "plugin": row.get::<_, String>(0)?, "shelf": row.get::<_, String>(1)?, "key": row.get::<_, String>(2)?,
                    "value": serde_json::from_str::<Value>(&value).unwrap_or(Value::String(value)),
                }))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|error| self.error(sql, &error))
    }

    /// The columns about users.
    fn subjects(&self) -> Result<Vec<Subject>, StorageError> {
        let sql =
            "SELECT plugin, table_name, column_name FROM cogwright__subjects ORDER BY 1, 2, 3";
        let read = || {
            let mut statement = self.link.connection.prepare(sql)?;
            let rows = statement.query_map([], |row| {
                Ok(Subject {
                    plugin: row.get(0)?,
                    table: row.get(1)?,
                    column: row.get(2)?,
                    declared: Vec::new(),
                })
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let mut all: Vec<Subject> =
            self.as_host(|| read().map_err(|error| self.error(sql, &error)))?;
        let mut declared: HashMap<String, Vec<String>> = HashMap::new();
        for it in &all {
            let columns = declared.entry(it.table.to_ascii_lowercase()).or_default();
            columns.push(it.column.clone());
        }
        for it in &mut all {
            it.declared
                .clone_from(&declared[&it.table.to_ascii_lowercase()]);
        }
        Ok(all)
    }

    /// Does something in a plugin's table, as the plugin, for as long as its statements may take.
    fn as_owner<T>(
        &self,
        subject: &Subject,
        work: impl FnOnce() -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let plugin = &*subject.plugin;
        if self.timeouts.of(plugin) >= STRIKES {
            return Err(StorageError::Call(format!(
                "not tried, since it was stopped {STRIKES} times for taking longer than {} ms (`storage.statement_timeout_ms`)",
                self.at.time.limit_ms
            )));
        }
        self.link.begin(self.who(plugin));
        let limit = Duration::from_millis(self.at.time.limit_ms);
        let until = self.link.until(limit);
        let done = work();
        drop(until);
        self.link.begin(Who::Host);
        if matches!(done, Err(StorageError::Slow { .. })) {
            self.timeouts.add(plugin);
        }
        done
    }

    fn who(&self, plugin: &str) -> Who {
        if plugin == HOST {
            Who::Host
        } else {
            self.table_access.acting(plugin)
        }
    }

    /// A trigger or a view that searches is none that everybody can wait for.
    fn bearable(&self, subject: &Subject, sql: &str) -> Result<(), StorageError> {
        let who = self.who(&subject.plugin);
        let found = searches::in_statement(self.link, &who, sql);
        match found.map_err(|error| self.error(sql, &error))? {
            true => return Err(StorageError::Call(searches::REFUSED.into())),
            false => self.link.begin(who.clone()),
        }
        // Its triggers are in it.
        let statement = self.link.connection.prepare(sql);
        let heavy = statement.and_then(|it| limits::heavy(self.link, &who, sql, &it));
        match heavy.map_err(|error| self.error(sql, &error))? {
            Some(reason) => Err(StorageError::Call(reason)),
            None => Ok(()),
        }
    }

    fn as_host<T>(
        &self,
        work: impl FnOnce() -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        self.link.begin(Who::Host);
        work()
    }

    fn control(&self, sql: &str) -> Result<(), StorageError> {
        self.as_host(|| {
            let done = self.link.connection.execute_batch(sql);
            done.map_err(|error| self.error(sql, &error))
        })
    }

    fn error(&self, sql: &str, error: &rusqlite::Error) -> StorageError {
        self.link.error(&self.at, sql, error)
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn size(value: ValueRef<'_>) -> usize {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
        _ => 8,
    }
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
