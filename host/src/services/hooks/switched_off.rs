//! Switches of handlers, which stay over a restart.

use std::{
    collections::BTreeSet,
    sync::{MutexGuard, PoisonError},
};

use host_capability::Failure;
use host_store::storage::StorageError;

use super::Hooks;

/// Most handlers that are switched off: far more than there are.
const MOST: u32 = 10_000;

impl Hooks {
    /// Learns what was switched off before, before any plugin is loaded.
    ///
    /// # Errors
    ///
    /// The bot's database can't be read.
    pub async fn remember_switches(&self) -> Result<(), StorageError> {
        if !self.storage.has_bot() {
            return Ok(());
        }
        let off = self.storage.in_bot(|connection| {
            let mut all = connection.prepare("SELECT id FROM cogwright__hooks_off LIMIT ?1")?;
            let ids = all.query_map([MOST], |row| row.get(0))?;
            ids.collect::<rusqlite::Result<BTreeSet<String>>>()
        });
        *self.off() = off.await?;
        Ok(())
    }

    /// Switches a handler on or off, also over a restart. What waits for one that is switched off is skipped.
    ///
    /// # Errors
    ///
    /// No plugin that is loaded has such a handler. If the database can't be written, it is switched until the bot stops.
    pub async fn switch(&self, id: &str, on: bool) -> Result<(), Failure> {
        self.known(id)?.switch(on);
        let is_news = match on {
            true => self.off().remove(id),
            false => self.off().insert(id.to_owned()),
        };
        if !is_news || self.storage.is_absent() {
            return Ok(());
        }
        let kept = id.to_owned();
        let written = self.storage.in_bot(move |connection| {
            let sql = match on {
                true => "DELETE FROM cogwright__hooks_off WHERE id = ?1",
                false => "INSERT OR IGNORE INTO cogwright__hooks_off (id) VALUES (?1)",
            };
            connection.execute(sql, [kept]).map(drop)
        });
        Ok(written.await?)
    }

    pub(super) fn is_off(&self, id: &str) -> bool {
        self.off().contains(id)
    }

    fn off(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.off.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
