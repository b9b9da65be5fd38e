//! Pool of open databases: opened when they are used, and closed for others or for damage.

use std::sync::{Arc, MutexGuard};

use super::{
    database::{Damage, Database},
    error::StorageError,
    queues::WorkQueues,
    state::State,
};
use crate::database_id::DatabaseId;

impl WorkQueues {
    /// The open database of a place. Opens it, after closing the one that was used longest ago if there are too many.
    pub(super) fn database<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        database_id: DatabaseId,
    ) -> (MutexGuard<'a, State>, Result<Arc<Database>, StorageError>) {
        state.claim(database_id);
        let Some(entry) = state.databases.get_mut(&database_id) else {
            return (state, Err(StorageError::Closed));
        };
        if let Some(open) = &entry.open {
            let open = Arc::clone(open);
            return (state, Ok(open));
        }
        if let Some(damage) = &entry.damage {
            if damage.is_there() {
                let error = damage.error.clone();
                return (state, Err(error));
            }
            entry.damage = None;
        }
        let migrated = std::mem::take(&mut entry.migrated);
        let mut closed = None;
        if matches!(database_id, DatabaseId::Guild(_)) {
            if state.open_guilds >= self.settings().max_open as usize
                && let Some((_, oldest)) = state.idle.first_key_value()
            {
                let oldest = *oldest;
                closed = state.release(oldest);
            }
            state.open_guilds += 1;
            state.most_open = state.most_open.max(state.open_guilds);
        }
        state.opened += 1;
        drop(state);
        // Outside of the lock: closing writes what the log still holds into the file.
        drop(closed);
        let opened = Database::open(
            database_id,
            &self.data,
            &self.config,
            &self.connectors,
            &self.clock,
            migrated,
            &self.disk,
        );
        let opened = opened.map(Arc::new);
        let mut state = self.state();
        match (&opened, state.databases.get_mut(&database_id)) {
            (Ok(database), Some(entry)) if entry.open.is_none() => {
                entry.open = Some(Arc::clone(database));
            }
            // Two readers of the bot's came at once; or it failed.
            _ => {
                if matches!(database_id, DatabaseId::Guild(_)) {
                    state.open_guilds = state.open_guilds.saturating_sub(1);
                }
            }
        }
        (state, opened)
    }

    /// After a batch: the database is idle, or closed because it is damaged.
    pub(super) fn settle<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        database_id: DatabaseId,
        worst: Option<StorageError>,
    ) -> MutexGuard<'a, State> {
        if let Some(damage) = worst.as_ref().and_then(Damage::of) {
            tracing::error!(database = %database_id, "{}", damage.error);
            let closed = state.release(database_id);
            state.databases.entry(database_id).or_default().damage = Some(damage);
            drop(state);
            drop(closed);
            state = self.state();
        }
        state.unclaim(database_id);
        if state
            .databases
            .get(&database_id)
            .is_some_and(|entry| entry.to_close)
        {
            let closed = state.release(database_id);
            drop(state);
            drop(closed);
            state = self.state();
        }
        state
    }
}
