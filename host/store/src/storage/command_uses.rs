//! Table of command uses.

use rusqlite::params;

use super::{Storage, error::StorageError};
use crate::database_id::DatabaseId;

/// Uses of a command on a day, in UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DailyUses {
    /// `2026-11-22`.
    pub day: String,
    /// The command's path.
    pub command: String,
    /// Its plugin.
    pub plugin: String,
    /// How often it was used.
    pub uses: u64,
    /// How many of these failed.
    pub errors: u64,
    /// Microseconds that all of them took together.
    pub took_us: u64,
}

impl Storage {
    /// Adds uses to those that a database has. They are on the disk when this returns.
    ///
    /// # Errors
    ///
    /// The database can't be written.
    pub async fn add_usage(
        &self,
        database_id: DatabaseId,
        command_uses: Vec<DailyUses>,
    ) -> Result<(), StorageError> {
        self.with(database_id, move |database, connected| {
            let connection = &connected.connection;
            let write = || {
                let transaction = connection.unchecked_transaction()?;
                {
                    let mut add = transaction.prepare_cached(
                        "INSERT INTO cogwright__usage (day, command, plugin, uses, errors, took_us)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                         ON CONFLICT DO UPDATE SET uses = uses + excluded.uses,
                             errors = errors + excluded.errors, took_us = took_us + excluded.took_us",
                    )?;
                    for used in &command_uses {
                        add.execute(params![
                            used.day,
                            used.command,
                            used.plugin,
                            used.uses.cast_signed(),
                            used.errors.cast_signed(),
                            used.took_us.cast_signed()
                        ])?;
                    }
                }
                transaction.commit()
            };
            write().map_err(|error| StorageError::of(&database.at(), &error))
        })
        .await
    }

    /// Uses from a day on, by command and plugin, all days together; the most used first. The day is the last one of these.
    ///
    /// # Errors
    ///
    /// The database can't be read.
    pub async fn usage_since(
        &self,
        database_id: DatabaseId,
        day: &str,
    ) -> Result<Vec<DailyUses>, StorageError> {
        self.command_uses(
            database_id,
            day,
            "SELECT max(day), command, plugin, sum(uses), sum(errors), sum(took_us) FROM cogwright__usage
             WHERE day >= ?1 GROUP BY command, plugin ORDER BY sum(uses) DESC, command",
        )
        .await
    }

    /// Uses from a day on, by day, command and plugin, in this order.
    ///
    /// # Errors
    ///
    /// The database can't be read.
    pub async fn usage_by_day(
        &self,
        database_id: DatabaseId,
        day: &str,
    ) -> Result<Vec<DailyUses>, StorageError> {
        self.command_uses(
            database_id,
            day,
            "SELECT day, command, plugin, uses, errors, took_us FROM cogwright__usage
             WHERE day >= ?1 ORDER BY day, command, plugin",
        )
        .await
    }

    async fn command_uses(
        &self,
        database_id: DatabaseId,
        day: &str,
        sql: &'static str,
    ) -> Result<Vec<DailyUses>, StorageError> {
        if !database_id.file(self.data()?).is_file() {
            return Ok(Vec::new());
        }
        let day = day.to_owned();
        self.with(database_id, move |database, connected| {
            let connection = &connected.connection;
            let read = || {
                let mut all = connection.prepare_cached(sql)?;
                let rows = all.query_map([&day], |row| {
                    let number = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
                    Ok(DailyUses {
                        day: row.get(0)?,
                        command: row.get(1)?,
                        plugin: row.get(2)?,
                        uses: number(3)?,
                        errors: number(4)?,
                        took_us: number(5)?,
                    })
                })?;
                rows.collect::<rusqlite::Result<Vec<_>>>()
            };
            read().map_err(|error| StorageError::of(&database.at(), &error))
        })
        .await
    }
}
