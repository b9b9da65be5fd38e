//! Changes of rows in a whole database, whosever tables they are in: statements of an owner's in one transaction, which can be tried
//! first.
//!
//! They get the database to themselves, as the host's own work does, for `storage.statement_timeout_ms` at most. What they add is
//! counted for the plugin whose table it is in.

use std::{
    collections::HashMap,
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use plugin_api::abi::{DatabaseCall, DatabaseChanged, TableChange};
use rusqlite::{Batch, Statement, fallible_iterator::FallibleIterator};

use super::{
    Storage,
    database::Database,
    error::{StorageError, shorten},
    limits,
    link::Link,
    meter::Meter,
    searches,
    statement::{self, Bind},
    table_access::{Who, owner_of},
    virtual_table_modules,
};
use crate::database_id::DatabaseId;

/// Statements of one call.
const STATEMENTS: usize = 100;

impl Storage {
    /// Changes rows, or tells what would change.
    ///
    /// # Errors
    ///
    /// There is no such database, a statement does something else than changing rows of plugins' tables, or takes too long: then
    /// nothing has changed.
    pub async fn execute(
        &self,
        call: DatabaseCall,
        given: Vec<u8>,
    ) -> Result<DatabaseChanged, StorageError> {
        let database_id = DatabaseId::of(call.guild_id.unwrap_or_default());
        // A database is not made by looking for one.
        self.reader(database_id)?;
        let latest = self.queues()?.table_access.latest();
        let names = latest
            .iter()
            .map(|it| (it.owner.clone(), it.caller.plugin.to_string()));
        let names: HashMap<String, String> = names.collect();
        self.with(database_id, move |database, connected| {
            let execution = Execution {
                link: connected,
                database,
                call: &call,
                given: &given,
                names: &names,
            };
            execution.run()
        })
        .await
    }
}

/// Statements at work.
struct Execution<'a> {
    link: &'a Link,
    database: &'a Database,
    call: &'a DatabaseCall,
    given: &'a [u8],
    /// Plugins' names, by how their tables' names begin.
    names: &'a HashMap<String, String>,
}

/// A compiled statement.
struct Ready<'a> {
    statement: Statement<'a>,
    sql: String,
    /// The plugin that what it adds is counted for.
    plugin: String,
}

impl Execution<'_> {
    fn run(&self) -> Result<DatabaseChanged, StorageError> {
        let began = Instant::now();
        let limit = self.database.settings().statement_timeout_ms;
        let _until = self.link.until(Duration::from_millis(limit));
        self.control("BEGIN IMMEDIATE")?;
        let done = self.changed().and_then(|changed| {
            if !self.call.dry_run {
                let committed = self
                    .database
                    .disk
                    .commits
                    .measure(|| self.control("COMMIT"));
                committed?;
            }
            Ok(changed)
        });
        // Out of time or out of disk, SQLite has given up the transaction by itself.
        if !self.link.connection.is_autocommit() {
            self.control("ROLLBACK")?;
        }
        let (mut changed, meter) = done?;
        match self.call.dry_run {
            true => changed.dry_run = true,
            false => meter.done(self.database.at().database_id),
        }
        changed.took_us = began.elapsed().as_micros() as u64;
        Ok(changed)
    }

    /// All of it but the end of the transaction.
    fn changed(&self) -> Result<(DatabaseChanged, Meter<'_>), StorageError> {
        let (ready, tables) = self.compiled()?;
        let mut changed = DatabaseChanged::default();
        changed.statements = ready.len() as u64;
        for name in tables {
            let mut table = TableChange::default();
            table.before = self.count(&name)?;
            table.name = name;
            changed.tables.push(table);
        }
        let connection = &self.link.connection;
        let mut meter = Meter::begin(self.link, self.database.at(), &self.database.disk)?;
        let before = connection.total_changes();
        for (at, mut one) in ready.into_iter().enumerate() {
            meter.bound(&one.plugin)?;
            self.link.begin(Who::Writer);
            let ran = self.step(&mut one.statement);
            let ran = ran.map_err(|why| match why {
                Bind::Sql(why) => self.numbered(at, &one.sql, &why),
                Bind::Call(why) => self.refused(at, &one.sql, &why),
            });
            ran.map_err(|error| meter.told(error, &one.plugin, &one.sql))?;
            changed.changed += connection.changes();
            meter.charge(&one.plugin, &one.sql)?;
        }
        let all = connection.total_changes() - before;
        changed.beside = all.saturating_sub(changed.changed);
        for table in &mut changed.tables {
            table.after = self.count(&table.name)?;
        }
        if !self.call.dry_run && meter.note()? {
            self.database.untidy.store(true, Relaxed);
        }
        Ok((changed, meter))
    }

    /// The statements, and the tables that they write to; nothing has run yet.
    fn compiled(&self) -> Result<(Vec<Ready<'_>>, Vec<String>), StorageError> {
        let (mut ready, mut tables) = (Vec::new(), Vec::new());
        let mut batch = Batch::new(&self.link.connection, &self.call.sql);
        loop {
            let at = ready.len();
            self.link.begin(Who::Writer);
            let next = batch.next();
            let next = next.map_err(|error| self.numbered(at, &self.call.sql, &error))?;
            let Some(statement) = next else { break };
            if at == STATEMENTS {
                let why = format!("{STATEMENTS} statements at once are the most");
                return Err(self.refused(at, &self.call.sql, &why));
            }
            let sql = statement.expanded_sql().unwrap_or_default();
            let (touched, written) = {
                let mut current = self.link.current();
                let touched = std::mem::take(&mut current.tables);
                (touched, std::mem::take(&mut current.written))
            };
            if let Some(why) = self.problem(&statement, &sql, &touched, &written)? {
                return Err(self.refused(at, &sql, &why));
            }
            let mut direct = written.iter().filter(|(_, itself)| *itself);
            let owner = direct.next().and_then(|(table, _)| owner_of(table));
            let owner = owner.unwrap_or_default();
            let plugin = self.names.get(owner).map_or(owner, String::as_str);
            ready.push(Ready {
                statement,
                plugin: plugin.to_owned(),
                sql,
            });
            for (table, _) in written {
                if !tables.contains(&table) {
                    tables.push(table);
                }
            }
        }
        match ready.len() {
            0 => Err(self.refused(0, &self.call.sql, "there is no statement")),
            2.. if !self.call.params.is_empty() => {
                let why = "values for parameters go with one statement alone";
                Err(self.refused(0, &self.call.sql, why))
            }
            _ => Ok((ready, tables)),
        }
    }

    /// Why a statement is none that may run here.
    fn problem(
        &self,
        statement: &Statement<'_>,
        sql: &str,
        touched: &[String],
        written: &[(String, bool)],
    ) -> Result<Option<String>, StorageError> {
        let of = |error| self.link.error(&self.database.at(), sql, &error);
        if statement.readonly() || statement.is_explain() != 0 || written.is_empty() {
            let why = "it changes no rows: look into a database by `database.query`";
            return Ok(Some(why.to_owned()));
        }
        for (table, itself) in written {
            self.link.begin(Who::Host);
            let is_virtual = virtual_table_modules::is_virtual(&self.link.connection, table);
            if *itself && is_virtual.map_err(of)? {
                return Ok(Some(format!(
                    "`{table}` is an index that its plugin keeps (a virtual table): change what it is made of"
                )));
            }
        }
        if searches::found(self.link, Who::Writer, sql, touched).map_err(of)? {
            return Ok(Some(searches::REFUSED.to_owned()));
        }
        limits::heavy(self.link, &Who::Writer, sql, statement).map_err(of)
    }

    /// Runs a statement to its end; rows that it returns are not looked at.
    fn step(&self, statement: &mut Statement<'_>) -> Result<(), Bind> {
        statement::bind(statement, &self.call.params, self.given)?;
        let mut rows = statement.raw_query();
        while rows.next().map_err(Bind::Sql)?.is_some() {}
        Ok(())
    }

    fn count(&self, table: &str) -> Result<u64, StorageError> {
        self.link.begin(Who::Reader);
        let sql = format!("SELECT count(*) FROM \"{}\"", table.replace('"', "\"\""));
        let counted = self.link.connection.prepare(&sql);
        let counted = counted.and_then(|mut it| it.query_row([], |row| row.get::<_, i64>(0)));
        let counted = counted.map_err(|error| self.link.error(&self.database.at(), &sql, &error));
        Ok(counted?.cast_unsigned())
    }

    fn control(&self, sql: &str) -> Result<(), StorageError> {
        self.link.begin(Who::Host);
        let prepared = self.link.connection.prepare_cached(sql);
        prepared
            .and_then(|mut statement| statement.raw_execute())
            .map(drop)
            .map_err(|error| StorageError::of_sql(&self.database.at(), sql, &error))
    }

    /// What is wrong, and with which statement.
    fn numbered(&self, at: usize, sql: &str, error: &rusqlite::Error) -> StorageError {
        let told = self.link.error(&self.database.at(), sql, error);
        match told.placed(&self.call.sql, error) {
            StorageError::Sql {
                database_id,
                sql,
                reason,
            } => StorageError::Sql {
                reason: format!("statement {}: {reason}", at + 1),
                database_id,
                sql,
            },
            StorageError::Denied { reason, .. } => self.refused(at, sql, &reason),
            error => error,
        }
    }

    fn refused(&self, at: usize, sql: &str, reason: &str) -> StorageError {
        StorageError::Denied {
            database_id: self.database.at().database_id,
            sql: shorten(sql),
            reason: format!("statement {}: {reason}", at + 1),
        }
    }
}
