//! Table of servers' settings for plugins, in their databases.

use rusqlite::params;

use super::{Storage, error::StorageError};
use crate::database_id::DatabaseId;

impl Storage {
    /// A server's settings: plugin, name, JSON. A server without a database has none, and gets none by this.
    ///
    /// # Errors
    ///
    /// The database can't be read.
    pub async fn guild_settings(
        &self,
        guild: u64,
    ) -> Result<Vec<(String, String, String)>, StorageError> {
        let database_id = DatabaseId::Guild(guild);
        if !database_id.file(self.data()?).is_file() {
            return Ok(Vec::new());
        }
        self.with(database_id, move |database, connected| {
            let connection = &connected.connection;
            let read = || {
                let mut all = connection
                    .prepare_cached("SELECT plugin, name, value FROM cogwright__settings")?;
                let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
                rows.collect::<rusqlite::Result<Vec<_>>>()
            };
            read().map_err(|error| StorageError::of(&database.at(), &error))
        })
        .await
    }

    /// Sets a server's value, as JSON, or takes it away. It is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// The database can't be written.
    pub async fn set_guild_setting(
        &self,
        guild: u64,
        plugin: &str,
        name: &str,
        json: Option<String>,
    ) -> Result<(), StorageError> {
        let (plugin, name) = (plugin.to_owned(), name.to_owned());
        self.with(DatabaseId::Guild(guild), move |database, connected| {
            let connection = &connected.connection;
            let write = || match json {
                Some(json) => connection.execute(
                    "INSERT INTO cogwright__settings (plugin, name, value) VALUES (?1, ?2, ?3)
                         ON CONFLICT DO UPDATE SET value = excluded.value",
                    params![plugin, name, json],
                ),
                None => connection.execute(
                    "DELETE FROM cogwright__settings WHERE plugin = ?1 AND name = ?2",
                    params![plugin, name],
                ),
            };
            write()
                .map(drop)
                .map_err(|error| StorageError::of(&database.at(), &error))
        })
        .await
    }
}
