//! Migrations: numbered, each in a transaction of its own, per database, forward.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use host_base::names;
use rusqlite::{Batch, params};

use super::{
    error::StorageError,
    limits,
    link::Link,
    meter::{self, Meter},
    searches,
    statement::StatementRunner,
    table_access::Who,
    table_access::{Declared, Migration, owner_of},
};
use crate::database_id::DatabaseId;

/// A migration that has run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// The plugin.
    pub plugin: String,
    /// Its number.
    pub number: u32,
    /// SHA-256 of its SQL, in hexadecimal.
    pub checksum: String,
    /// When it ran, in milliseconds since 1970.
    pub applied_at_ms: u64,
}

/// What has run in a database.
pub(super) fn applied(link: &Link) -> rusqlite::Result<Vec<Applied>> {
    link.begin(Who::Host);
    link.connection
        .prepare_cached("SELECT plugin, number, checksum, applied_at_ms FROM cogwright__migrations ORDER BY 1, 2")?
        .query_map([], |row| {
            Ok(Applied {
                plugin: row.get(0)?,
                number: row.get(1)?,
                checksum: row.get(2)?,
                applied_at_ms: row.get::<_, i64>(3)?.cast_unsigned(),
            })
        })?
        .collect()
}

/// Runs what is missing of a plugin's migrations, and notes its columns about users; how many migrations ran.
pub(super) fn run(
    runner: &StatementRunner<'_>,
    declared: &Declared,
) -> Result<usize, StorageError> {
    let of = |error: rusqlite::Error| StorageError::of(&runner.at, &error);
    let plugin = &*declared.caller.plugin;
    let all = applied(runner.link).map_err(of)?;
    // It may not be loaded now, and has its tables all the same, by migrations or without.
    let there = meter::plugins(&runner.link.connection).map_err(of)?;
    let migrated = all.iter().map(|applied| &*applied.plugin);
    let all_there = migrated.chain(there.iter().map(|plugin| &**plugin));
    if let Some(other) = names::twin(plugin, all_there) {
        return Err(StorageError::Namesake {
            database_id: runner.at.database_id,
            plugin: plugin.to_owned(),
            other: other.to_owned(),
        });
    }
    let recorded: BTreeMap<u32, String> = all
        .into_iter()
        .filter(|applied| applied.plugin == plugin)
        .map(|applied| (applied.number, applied.checksum))
        .collect();
    let mut ran = 0;
    for migration in declared.migrations(runner.at.database_id) {
        match recorded.get(&migration.number) {
            Some(checksum) if *checksum == migration.checksum => {}
            Some(checksum) => {
                return Err(StorageError::Changed {
                    database_id: runner.at.database_id,
                    plugin: plugin.to_owned(),
                    number: migration.number,
                    recorded: checksum.clone(),
                    declared: migration.checksum.clone(),
                });
            }
            None => {
                one(runner, declared, migration)?;
                ran += 1;
            }
        }
    }
    note_subjects(runner, declared).map_err(of)?;
    Ok(ran)
}

fn one(
    runner: &StatementRunner<'_>,
    declared: &Declared,
    migration: &Migration,
) -> Result<(), StorageError> {
    let next = match runner.at.database_id {
        DatabaseId::Bot => "load of the plugin",
        DatabaseId::Guild(_) => "load of the plugin, and by `cogwright migrate`",
    };
    let failed = |error: StorageError| match error {
        StorageError::Sql { sql, reason, .. } | StorageError::Denied { sql, reason, .. } => {
            StorageError::Migration {
                database_id: runner.at.database_id,
                plugin: declared.caller.plugin.to_string(),
                number: migration.number,
                reason: format!("{reason}, in `{sql}`"),
                next,
            }
        }
        limit @ (StorageError::Slow { .. }
        | StorageError::Memory { .. }
        | StorageError::TooBig { .. }
        | StorageError::DiskShare { .. }) => StorageError::Migration {
            database_id: runner.at.database_id,
            plugin: declared.caller.plugin.to_string(),
            number: migration.number,
            reason: limit.to_string(),
            next,
        },
        // The file's trouble, and not the migration's.
        other => other,
    };
    let link = runner.link;
    link.begin(Who::Host);
    let of = |error: rusqlite::Error| StorageError::of(&runner.at, &error);
    link.connection
        .execute_batch("BEGIN IMMEDIATE")
        .map_err(of)?;
    let plugin = &*declared.caller.plugin;
    let mut meter = None;
    let done = (|| {
        let meter = meter.insert(Meter::begin(link, runner.at, runner.disk)?);
        meter.bound(plugin)?;
        statements(runner, migration).map_err(|error| meter.told(error, plugin, &migration.sql))?;
        meter.charge(plugin, &migration.sql)?;
        meter.note().map(drop)
    })();
    let done = done.map_err(failed).and_then(|()| {
        link.begin(Who::Host);
        let sql = "INSERT INTO cogwright__migrations (plugin, number, checksum, applied_at_ms) VALUES (?1, ?2, ?3, ?4)";
        link.connection
            .execute(
                sql,
                params![
                    &*declared.caller.plugin,
                    migration.number,
                    migration.checksum,
                    now_ms()
                ],
            )
            .and_then(|_| link.connection.execute_batch("COMMIT"))
            .map_err(|error| failed(StorageError::of_sql(&runner.at, "COMMIT", &error)))
    });
    if done.is_err() && !link.connection.is_autocommit() {
        link.begin(Who::Host);
        let _ = link.connection.execute_batch("ROLLBACK");
    }
    done?;
    if let Some(meter) = meter {
        meter.done(runner.at.database_id);
    }
    tracing::info!(
        plugin = &*declared.caller.plugin,
        database = %runner.at.database_id,
        number = migration.number,
        "migrated"
    );
    Ok(())
}

fn statements(runner: &StatementRunner<'_>, migration: &Migration) -> Result<(), StorageError> {
    use rusqlite::fallible_iterator::FallibleIterator;

    let link = runner.link;
    let _until = link.until(Duration::from_millis(runner.at.time.limit_ms));
    let mut batch = Batch::new(&link.connection, &migration.sql);
    let begin = || link.begin(runner.who.clone());
    begin();
    let sql = &migration.sql;
    while let Some(mut statement) = batch.next().map_err(|error| runner.error(sql, &error))? {
        let text = statement
            .expanded_sql()
            .unwrap_or_else(|| migration.sql.clone());
        let tables = std::mem::take(&mut link.current().tables);
        let searches = searches::found(link, runner.who.clone(), &text, &tables);
        if searches.map_err(|error| runner.error(&text, &error))? {
            return Err(runner.refused(&text, searches::REFUSED.into()));
        }
        let heavy = limits::heavy(link, &runner.who, &text, &statement);
        if let Some(reason) = heavy.map_err(|error| runner.error(&text, &error))? {
            return Err(runner.refused(&text, reason));
        }
        let reshapes = link.current().reshapes;
        let before = if reshapes {
            runner.strangers(&text)?
        } else {
            Vec::new()
        };
        let mut rows = statement.raw_query();
        while rows
            .next()
            .map_err(|error| runner.error(&text, &error))?
            .is_some()
        {}
        drop(rows);
        drop(statement);
        if reshapes {
            runner.look_at_shapes(&text, &before)?;
        }
        begin();
    }
    Ok(())
}

/// The columns about users are kept in the database itself, so that they are known when the plugin is not loaded.
fn note_subjects(runner: &StatementRunner<'_>, declared: &Declared) -> rusqlite::Result<()> {
    runner.link.begin(Who::Host);
    let plugin = &*declared.caller.plugin;
    let owner = plugin.to_ascii_lowercase();
    let connection = &runner.link.connection;
    for subject in &declared.subjects {
        let table = subject.table.to_ascii_lowercase();
        if owner_of(&table) != Some(&owner) {
            continue;
        }
        // Read first: that a plugin is used for the first time must not cost a write in each database.
        let noted: bool = connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM cogwright__subjects WHERE plugin = ?1 AND table_name = ?2 AND column_name = ?3)",
            )?
            .query_row(params![plugin, table, subject.column], |row| row.get(0))?;
        runner.link.begin(runner.who.clone());
        // One that is broken is noted, so that it is named when it can't be told or erased.
        let (has_table, is_there): (bool, bool) = connection
            .prepare_cached(
                "SELECT count(*) > 0, count(*) FILTER (WHERE lower(name) = lower(?2)) > 0 FROM pragma_table_info(?1)",
            )
            .and_then(|mut statement| {
                statement.query_row(params![table, subject.column], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
            })
            .unwrap_or((true, true));
        runner.link.begin(Who::Host);
        if has_table && !is_there {
            tracing::warn!(
                plugin,
                "it declares that `{table}` says in its column `{}` whom a row is about, and the table has no such column: exports and \
                 erasures of users leave it out",
                subject.column
            );
        }
        if is_there && !noted {
            connection
                .prepare_cached("INSERT INTO cogwright__subjects (plugin, table_name, column_name) VALUES (?1, ?2, ?3)")?
                .execute(params![plugin, table, subject.column])?;
        }
    }
    Ok(())
}

fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as i64)
}
