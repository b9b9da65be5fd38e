//! Table of messages that are deleted later, in the bot's database.

use rusqlite::{Connection, params};

use super::{Storage, error::StorageError};
use crate::database_id::DatabaseId;

/// A message that is deleted later.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deletion {
    /// The message.
    pub message_id: u64,
    /// Its channel.
    pub channel_id: u64,
    /// Whether one member alone sees it.
    pub ephemeral: bool,
    /// When, in milliseconds since 1970.
    pub due_ms: i64,
    /// The token of the interaction that it answers; empty: none.
    pub token: String,
    /// When the token came, in milliseconds since 1970.
    pub token_ms: i64,
}

impl Storage {
    /// Remembers that a message is to be deleted. It is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// The database can't be written.
    pub async fn add_deletion(&self, deletion: Deletion) -> Result<(), StorageError> {
        self.deletions(move |connection| {
            let mut add = connection.prepare_cached(
                "INSERT OR REPLACE INTO cogwright__deletions
                 (message_id, channel_id, ephemeral, due_ms, token, token_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            add.execute(params![
                deletion.message_id.cast_signed(),
                deletion.channel_id.cast_signed(),
                deletion.ephemeral,
                deletion.due_ms,
                deletion.token,
                deletion.token_ms,
            ])
            .map(drop)
        })
        .await
    }

    /// Forgets a message: it is deleted, or can't be.
    ///
    /// # Errors
    ///
    /// The database can't be written.
    pub async fn remove_deletion(&self, message_id: u64) -> Result<(), StorageError> {
        self.deletions(move |connection| {
            let sql = "DELETE FROM cogwright__deletions WHERE message_id = ?1";
            let mut remove = connection.prepare_cached(sql)?;
            remove.execute([message_id.cast_signed()]).map(drop)
        })
        .await
    }

    /// All messages that are to be deleted, the next first.
    ///
    /// # Errors
    ///
    /// The database can't be read.
    pub async fn all_deletions(&self) -> Result<Vec<Deletion>, StorageError> {
        if !DatabaseId::Bot.file(self.data()?).is_file() {
            return Ok(Vec::new());
        }
        self.deletions(|connection| {
            let mut all = connection.prepare(
                "SELECT message_id, channel_id, ephemeral, due_ms, token, token_ms
                 FROM cogwright__deletions ORDER BY due_ms, message_id",
            )?;
            let rows = all.query_map([], |row| {
                let id = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
                Ok(Deletion {
                    message_id: id(0)?,
                    channel_id: id(1)?,
                    ephemeral: row.get(2)?,
                    due_ms: row.get(3)?,
                    token: row.get(4)?,
                    token_ms: row.get(5)?,
                })
            })?;
            rows.collect()
        })
        .await
    }

    async fn deletions<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StorageError> {
        self.with(DatabaseId::Bot, move |database, connected| {
            let connection = &connected.connection;
            work(connection).map_err(|error| StorageError::of(&database.at(), &error))
        })
        .await
    }
}
