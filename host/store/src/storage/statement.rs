//! Execution of one statement on a plugin's behalf: fenced, limited in time and size, looked at afterwards.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use host_ops::config::Storage as Settings;
use plugin_api::abi::{StorageExpect, StorageResult, StorageStep, StorageValue};
use rusqlite::{CachedStatement, Connection, Error as SqlError, Statement, types::ValueRef};
pub(super) use searches::Searches;

use super::{
    error::{At, StorageError, shorten},
    limits,
    link::Link,
    searches,
    table_access::Who,
    table_access::{Declared, owner_of},
    virtual_tables,
};
use crate::disk::Disk;

/// A connection at work for a plugin.
pub(super) struct StatementRunner<'a> {
    pub(super) link: &'a Link,
    pub(super) at: At<'a>,
    pub(super) settings: Settings,
    pub(super) who: Who,
    pub(super) searches: Searches,
    /// Counts up with what plugins change of the database's shape.
    pub(super) shape: &'a AtomicU64,
    pub(super) disk: &'a Disk,
}

impl StatementRunner<'_> {
    /// Whether a statement searches a full-text table.
    pub(super) fn is_search(&self, sql: &str) -> bool {
        match self.prepare(sql, Searches::Refused) {
            Ok(statement) => {
                if self.link.current().reshapes {
                    statement.discard();
                }
                false
            }
            Err(StorageError::Denied { reason, .. }) => reason == searches::REFUSED,
            Err(_) => false,
        }
    }

    /// Whether a statement only reads.
    pub(super) fn only_reads(&self, sql: &str) -> Result<bool, StorageError> {
        let statement = self.prepare(sql, self.searches)?;
        let only_reads = statement.readonly();
        if self.link.current().reshapes {
            // Found compiled, it would not be known as one that is looked at afterwards.
            statement.discard();
        }
        Ok(only_reads)
    }

    /// Runs one statement; its blobs come from `given`, and those of its rows go to the end of `body`.
    pub(super) fn run(
        &self,
        step: &StorageStep,
        given: &[u8],
        body: &mut Vec<u8>,
    ) -> Result<StorageResult, StorageError> {
        let began = Instant::now();
        let result = self.limited(step, given, body);
        let took = began.elapsed();
        if took >= Duration::from_millis(self.settings.slow_query_ms) {
            self.link.count_slow();
            tracing::warn!(
                plugin = self.plugin(),
                database = %self.at.database_id,
                took_ms = took.as_millis() as u64,
                "a slow query: {}",
                shorten(&step.sql)
            );
        }
        result
    }

    fn limited(
        &self,
        step: &StorageStep,
        given: &[u8],
        body: &mut Vec<u8>,
    ) -> Result<StorageResult, StorageError> {
        let limit = Duration::from_millis(self.settings.statement_timeout_ms);
        let _until = self.link.until(limit);
        let mut statement = self.prepare(&step.sql, self.searches)?;
        if self.link.current().reshapes {
            let before = self.strangers(&step.sql);
            let result = before.and_then(|before| {
                let result = self.step(&mut statement, step, given, body)?;
                Ok((before, result))
            });
            statement.discard();
            let (before, result) = result?;
            self.look_at_shapes(&step.sql, &before)?;
            return Ok(result);
        }
        self.step(&mut statement, step, given, body)
    }

    fn plugin(&self) -> &str {
        match &self.who {
            Who::Host | Who::Check | Who::Reader | Who::Writer => "host",
            Who::Plugin(declared, _) => &declared.caller.plugin,
        }
    }

    /// Compiles a statement, or finds it compiled. Each plugin has its own, and new ones with each change of what is shared and
    /// of the tables' shapes: SQLite asks for rights when it compiles.
    fn prepare(&self, sql: &str, may: Searches) -> Result<CachedStatement<'_>, StorageError> {
        self.link.begin(self.who.clone());
        if sql.trim().is_empty() {
            return Err(self.refused(sql, "the statement is empty".into()));
        }
        let keyed = match &self.who {
            Who::Host | Who::Check | Who::Reader | Who::Writer => sql.to_owned(),
            Who::Plugin(declared, all) => {
                let Declared { caller, .. } = &**declared;
                let shape = self.shape.load(Relaxed);
                format!("/*{caller} {} {shape} {may:?}*/ {sql}", all.epoch)
            }
        };
        let of = |error: SqlError| self.error(sql, &error);
        let statement = self.link.connection.prepare_cached(&keyed).map_err(of)?;
        let tables = std::mem::take(&mut self.link.current().tables);
        if may == Searches::Refused
            && searches::found(self.link, self.who.clone(), &keyed, &tables).map_err(of)?
        {
            statement.discard();
            return Err(self.refused(sql, searches::REFUSED.into()));
        }
        let heavy = limits::heavy(self.link, &self.who, &keyed, &statement).map_err(of)?;
        if let Some(reason) = heavy {
            statement.discard();
            return Err(self.refused(sql, reason));
        }
        Ok(statement)
    }

    fn step(
        &self,
        statement: &mut CachedStatement<'_>,
        step: &StorageStep,
        given: &[u8],
        body: &mut Vec<u8>,
    ) -> Result<StorageResult, StorageError> {
        let sql = &*step.sql;
        bind(statement, &step.params, given).map_err(|error| match error {
            Bind::Sql(error) => self.error(sql, &error),
            Bind::Call(reason) => self.refused(sql, reason),
        })?;
        let connection = &self.link.connection;
        let before = connection.total_changes();
        let mut result = StorageResult::default();
        let mut bytes = 0;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(|error| self.error(sql, &error))? {
            if result.rows.len() as u64 >= self.settings.max_rows {
                let limit = format!("{} rows", self.settings.max_rows);
                return Err(self.too_much(sql, limit, "storage.max_rows"));
            }
            // Not before the first step: then SQLite has seen whether the table has another shape by now.
            if result.columns.is_empty() {
                result.columns = names(row.as_ref());
            }
            let mut values = Vec::with_capacity(result.columns.len());
            for at in 0..result.columns.len() {
                let value = row.get_ref(at).map_err(|error| self.error(sql, &error))?;
                bytes += size(value);
                values.push(crossing(value, body));
            }
            if bytes > self.settings.max_result_bytes {
                let limit = format!("{} bytes", self.settings.max_result_bytes);
                return Err(self.too_much(sql, limit, "storage.max_result_bytes"));
            }
            result.rows.push(values);
        }
        drop(rows);
        if result.columns.is_empty() {
            result.columns = names(statement);
        }
        if connection.total_changes() != before {
            result.changed = connection.changes();
            result.inserted_id = connection.last_insert_rowid();
        }
        self.expect(sql, step.expect.as_ref(), &result)?;
        Ok(result)
    }

    fn expect(
        &self,
        sql: &str,
        expect: Option<&StorageExpect>,
        result: &StorageResult,
    ) -> Result<(), StorageError> {
        let Some(expect) = expect else { return Ok(()) };
        let changed = expect
            .changed
            .filter(|wanted| *wanted != result.changed)
            .map(|wanted| format!("{wanted} rows had to change, and {} did", result.changed));
        let first = result.rows.first().and_then(|row| row.first());
        let holds = match first {
            Some(StorageValue::Integer(number)) => *number != 0,
            Some(StorageValue::Real(number)) => *number != 0.0,
            Some(StorageValue::Null) | None => false,
            Some(_) => true,
        };
        let held = expect
            .holds
            .filter(|wanted| *wanted != holds)
            .map(|_| "a condition does not hold".to_owned());
        match changed.or(held) {
            None => Ok(()),
            Some(reason) => Err(StorageError::Condition {
                database_id: self.at.database_id,
                sql: shorten(sql),
                reason,
                words: expect.refusal.clone(),
            }),
        }
    }

    /// What does not belong to the plugin, before its statement.
    pub(super) fn strangers(&self, sql: &str) -> Result<Vec<String>, StorageError> {
        let Who::Plugin(declared, _) = &self.who else {
            return Ok(Vec::new());
        };
        let owner = declared.caller.plugin.to_ascii_lowercase();
        strangers(&self.link.connection, &owner).map_err(|error| self.error(sql, &error))
    }

    /// SQLite tells neither a table's new name nor what its foreign keys refer to.
    pub(super) fn look_at_shapes(&self, sql: &str, before: &[String]) -> Result<(), StorageError> {
        let Who::Plugin(declared, _) = &self.who else {
            return Ok(());
        };
        let owner = declared.caller.plugin.to_ascii_lowercase();
        if self.strangers(sql)? != before {
            return Err(self.refused(sql, format!("it would have a name outside of `{owner}__`")));
        }
        self.shape.fetch_add(1, Relaxed);
        let connection = &self.link.connection;
        let named = virtual_tables::problem(self.link, &self.who, &owner);
        if let Some(reason) = named.map_err(|error| self.error(sql, &error))? {
            return Err(self.refused(sql, reason));
        }
        let heavy = limits::problem(connection, &owner);
        if let Some(reason) = heavy.map_err(|error| self.error(sql, &error))? {
            return Err(self.refused(sql, reason));
        }
        let parents = parents(connection, &owner).map_err(|error| self.error(sql, &error))?;
        match parents
            .iter()
            .find(|parent| owner_of(parent) != Some(&owner))
        {
            None => Ok(()),
            Some(parent) => Err(self.refused(
                sql,
                format!(
                    "a foreign key refers to `{parent}`, whose owner could then not delete from it"
                ),
            )),
        }
    }

    pub(super) fn error(&self, sql: &str, error: &SqlError) -> StorageError {
        self.link.error(&self.at, sql, error)
    }

    pub(super) fn refused(&self, sql: &str, reason: String) -> StorageError {
        StorageError::Denied {
            database_id: self.at.database_id,
            sql: shorten(sql),
            reason,
        }
    }

    fn too_much(&self, sql: &str, limit: String, setting: &'static str) -> StorageError {
        StorageError::TooMuch {
            database_id: self.at.database_id,
            who: self.at.who(),
            sql: shorten(sql),
            limit,
            setting,
        }
    }
}

pub(super) fn names(statement: &Statement<'_>) -> Vec<String> {
    statement.column_names().map(str::to_owned).collect()
}

/// Names in the schema that are not `owner`'s.
fn strangers(connection: &Connection, owner: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement =
        connection.prepare_cached("SELECT lower(name) FROM sqlite_schema ORDER BY 1")?;
    let names = statement
        .query_map([], |row| row.get::<_, String>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(names
        .into_iter()
        .filter(|name| owner_of(name) != Some(owner) && !name.starts_with("sqlite_"))
        .collect())
}

/// What the foreign keys of `owner`'s tables refer to.
fn parents(connection: &Connection, owner: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT lower(parent.\"table\") FROM sqlite_schema AS child, pragma_foreign_key_list(child.name) AS parent
         WHERE child.type = 'table' AND lower(substr(child.name, 1, length(?1) + 2)) = ?1 || '__'",
    )?;
    statement.query_map([owner], |row| row.get(0))?.collect()
}

/// Why a value can't be bound.
pub(super) enum Bind {
    Sql(SqlError),
    Call(String),
}

pub(super) fn bind(
    statement: &mut Statement<'_>,
    params: &[StorageValue],
    given: &[u8],
) -> Result<(), Bind> {
    let wanted = statement.parameter_count();
    if wanted != params.len() {
        return Err(Bind::Sql(SqlError::InvalidParameterCount(
            params.len(),
            wanted,
        )));
    }
    for (at, param) in params.iter().enumerate() {
        let value = match param {
            StorageValue::Null => ValueRef::Null,
            StorageValue::Integer(integer) => ValueRef::Integer(*integer),
            StorageValue::Real(real) => ValueRef::Real(*real),
            StorageValue::Infinite { real } => ValueRef::Real(real.parse().unwrap_or_default()),
            StorageValue::Text(text) => ValueRef::Text(text.as_bytes()),
            StorageValue::Blob {
                blob: (start, length),
            } => {
                let blob = usize::try_from(*start)
                    .ok()
                    .zip(usize::try_from(*length).ok())
                    .and_then(|(start, length)| given.get(start..start.checked_add(length)?));
                ValueRef::Blob(blob.ok_or_else(|| {
                    Bind::Call(format!("parameter {} lies outside of the call", at + 1))
                })?)
            }
            // `Unknown`, and what this crate may get.
            _ => {
                return Err(Bind::Call(format!(
                    "parameter {} is of a kind that this host ({}) does not know: update the host",
                    at + 1,
                    env!("CARGO_PKG_VERSION")
                )));
            }
        };
        let value = rusqlite::types::ToSqlOutput::Borrowed(value);
        statement
            .raw_bind_parameter(at + 1, value)
            .map_err(Bind::Sql)?;
    }
    Ok(())
}

pub(super) fn size(value: ValueRef<'_>) -> u64 {
    8 + match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len() as u64,
        _ => 0,
    }
}

pub(super) fn crossing(value: ValueRef<'_>, body: &mut Vec<u8>) -> StorageValue {
    match value {
        ValueRef::Null => StorageValue::Null,
        ValueRef::Integer(integer) => StorageValue::Integer(integer),
        ValueRef::Real(real) if real.is_infinite() => StorageValue::Infinite {
            real: real.to_string(),
        },
        ValueRef::Real(real) => StorageValue::Real(real),
        // SQLite does not check that a text is UTF-8.
        ValueRef::Text(text) => StorageValue::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => {
            let start = body.len() as u64;
            body.extend_from_slice(bytes);
            StorageValue::Blob {
                blob: (start, bytes.len() as u64),
            }
        }
    }
}
