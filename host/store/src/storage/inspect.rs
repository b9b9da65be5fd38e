//! Look into a whole database, whosever tables are in it: their shapes, and what a `SELECT` finds, within limits.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use plugin_api::abi::{ColumnView, DatabaseCall, DatabaseRows, DatabaseTables, TableView};
use rusqlite::{Batch, Statement, fallible_iterator::FallibleIterator, params};

use super::{
    Storage,
    connection::Opener,
    error::{StorageError, shorten},
    limits,
    link::Link,
    searches,
    statement::{self, Bind},
    table_access::{Who, owner_of},
    virtual_table_modules::is_shadow,
};
use crate::database_id::DatabaseId;

/// Rows that a query has where it does not say, and at most.
const ROWS: (u64, u64) = (100, 1_000);

/// Bytes of what a query finds.
const BYTES: u64 = 1 << 20;

/// Tables on a page.
const TABLES: u32 = 100;

/// Characters of what made a table that are told.
const SQL: usize = 4_000;

impl Storage {
    /// The tables of a database.
    ///
    /// # Errors
    ///
    /// There is no such database, or it can't be read.
    pub async fn tables(&self, call: DatabaseCall) -> Result<DatabaseTables, StorageError> {
        let owners: HashMap<String, String> = self
            .queues()?
            .table_access
            .latest()
            .iter()
            .map(|it| (it.owner.clone(), it.caller.plugin.to_string()))
            .collect();
        self.look(&call.clone(), move |opener, link| {
            let of = |error| StorageError::of(&opener.at(), &error);
            tables(link, &call, &owners).map_err(of)
        })
        .await
    }

    /// What a `SELECT` finds in a database; blobs are in the second part. Nothing can be changed by it.
    ///
    /// # Errors
    ///
    /// There is no such database, the statement does not only read, or takes too long.
    pub async fn inspect(
        &self,
        call: DatabaseCall,
        given: Vec<u8>,
    ) -> Result<(DatabaseRows, Vec<u8>), StorageError> {
        self.look(&call.clone(), move |opener, link| {
            rows(opener, link, &call, &given)
        })
        .await
    }

    /// Does something with a connection of its own that only reads: nobody waits for it in a queue, nor it for anybody.
    async fn look<T: Send + 'static>(
        &self,
        call: &DatabaseCall,
        work: impl FnOnce(&Opener, &Link) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let _one_of_few = self.looks.acquire().await;
        let opener = self.reader(DatabaseId::of(call.guild_id.unwrap_or_default()))?;
        let looked = tokio::task::spawn_blocking(move || {
            let link = opener.open_reader()?;
            let limit = opener.settings().statement_timeout_ms;
            let _until = link.until(Duration::from_millis(limit));
            work(&opener, &link)
        });
        looked.await.unwrap_or(Err(StorageError::Closed))
    }

    /// What opens a database that is there.
    pub(super) fn reader(&self, database_id: DatabaseId) -> Result<Opener, StorageError> {
        let queues = self.queues()?;
        let file = database_id.file(&queues.data);
        if !file.is_file() {
            return Err(StorageError::Call(format!(
                "there is no database {database_id}: nothing was kept there yet"
            )));
        }
        let (config, clock) = (queues.config.clone(), std::sync::Arc::clone(&queues.clock));
        Ok(Opener::new(database_id, file, config, clock))
    }
}

fn tables(
    link: &Link,
    call: &DatabaseCall,
    owners: &HashMap<String, String>,
) -> rusqlite::Result<DatabaseTables> {
    let limit = call.limit.unwrap_or(TABLES).clamp(1, TABLES);
    let plugin = call.plugin.as_ref().map(|it| it.to_ascii_lowercase());
    let connection = &link.connection;
    let mut statement = connection.prepare(
        "SELECT name, type, coalesce(sql, '') FROM sqlite_schema
         WHERE type IN ('table', 'view') AND lower(substr(name, 1, 7)) <> 'sqlite_' AND name > ?1
             AND (?2 IS NULL OR lower(substr(name, 1, length(?2) + 2)) = ?2 || '__')
         ORDER BY name LIMIT ?3",
    )?;
    let after = call.after.as_deref().unwrap_or_default();
    let found = statement.query_map(params![after, plugin, limit + 1], |row| {
        let (name, kind, sql): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let mut view = TableView::default();
        let begin: String = sql.trim_start().chars().take(20).collect();
        view.kind = match &*kind {
            _ if begin.eq_ignore_ascii_case("create virtual table") => "virtual".to_owned(),
            "table" if is_shadow(&name.to_ascii_lowercase()) => "shadow".to_owned(),
            _ => kind,
        };
        view.plugin = owner_of(&name.to_ascii_lowercase()).map(|owner| {
            owners
                .get(owner)
                .cloned()
                .unwrap_or_else(|| owner.to_owned())
        });
        view.sql = sql.chars().take(SQL).collect();
        view.name = name;
        Ok(view)
    })?;
    let mut reply = DatabaseTables::default();
    reply.tables = found.collect::<rusqlite::Result<_>>()?;
    if reply.tables.len() > limit as usize {
        reply.tables.truncate(limit as usize);
        reply.next = reply.tables.last().map(|last| last.name.clone());
    }
    let mut columns = connection
        .prepare("SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1) LIMIT 500")?;
    let mut indexes = connection.prepare(
        "SELECT name, coalesce(sql, '') FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?1 ORDER BY 1 LIMIT 100",
    )?;
    for table in &mut reply.tables {
        let of = columns.query_map([&table.name], |row| {
            let mut column = ColumnView::default();
            (column.name, column.kind) = (row.get(0)?, row.get(1)?);
            (column.not_null, column.key) = (row.get(2)?, row.get(3)?);
            Ok(column)
        })?;
        // A view of what is not there any more has none.
        table.columns = of.filter_map(Result::ok).collect();
        let of = indexes.query_map([&table.name], |row| {
            let sql: String = row.get(1)?;
            Ok((row.get(0)?, sql.chars().take(SQL).collect()))
        })?;
        table.indexes = of.collect::<rusqlite::Result<_>>()?;
    }
    Ok(reply)
}

fn rows(
    opener: &Opener,
    link: &Link,
    call: &DatabaseCall,
    given: &[u8],
) -> Result<(DatabaseRows, Vec<u8>), StorageError> {
    let began = Instant::now();
    let (sql, at) = (&*call.sql, opener.at());
    let error = |error| link.error(&at, sql, &error).placed(sql, &error);
    let refused = |reason: String| StorageError::Denied {
        database_id: at.database_id,
        sql: shorten(sql),
        reason,
    };
    let mut batch = Batch::new(&link.connection, sql);
    let first = batch.next().map_err(error)?;
    let mut statement = first.ok_or_else(|| refused("the statement is empty".into()))?;
    let tables = std::mem::take(&mut link.current().tables);
    link.begin(Who::Reader);
    if batch.next().map_err(error)?.is_some() {
        return Err(refused("one statement at a time".into()));
    }
    if !statement.readonly() || statement.column_count() == 0 {
        return Err(refused("a `SELECT` is what it may be".into()));
    }
    if searches::found(link, Who::Reader, sql, &tables).map_err(error)? {
        return Err(refused(
            "full-text tables are not searched here, since nothing may stop it: read them with `LIKE`, or without a condition"
                .into(),
        ));
    }
    let heavy = limits::heavy(link, &Who::Reader, sql, &statement).map_err(error)?;
    if let Some(reason) = heavy {
        return Err(refused(reason));
    }
    link.begin(Who::Reader);
    statement::bind(&mut statement, &call.params, given).map_err(|why| match why {
        Bind::Sql(why) => error(why),
        Bind::Call(why) => refused(why),
    })?;
    let limit = call.limit.map_or(ROWS.0, u64::from).clamp(1, ROWS.1);
    let (mut reply, body) = collect(&mut statement, limit).map_err(error)?;
    reply.took_us = began.elapsed().as_micros() as u64;
    if reply.rows.is_empty() && reply.more {
        return Err(StorageError::TooMuch {
            database_id: at.database_id,
            who: at.who(),
            sql: shorten(sql),
            limit: format!("{BYTES} bytes in one row"),
            setting: "a look into a database",
        });
    }
    Ok((reply, body))
}

/// The first rows of a statement: as many as are wanted, and as many bytes as may be.
fn collect(statement: &mut Statement<'_>, limit: u64) -> rusqlite::Result<(DatabaseRows, Vec<u8>)> {
    let (mut reply, mut body) = (DatabaseRows::default(), Vec::new());
    reply.columns = statement::names(statement);
    let mut bytes = 0;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let before = body.len();
        let mut values = Vec::with_capacity(reply.columns.len());
        for at in 0..reply.columns.len() {
            let value = row.get_ref(at)?;
            bytes += statement::size(value);
            values.push(statement::crossing(value, &mut body));
        }
        if reply.rows.len() as u64 == limit || bytes > BYTES {
            body.truncate(before);
            reply.more = true;
            break;
        }
        reply.rows.push(values);
    }
    Ok((reply, body))
}
