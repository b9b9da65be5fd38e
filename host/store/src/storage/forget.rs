//! Forgetting of a server: its database, the copies of it in backups, and the runs of schedules that wait for it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use plugin_api::abi::DatabaseForgotten;
use rusqlite::params;

use super::{LOOKS, Storage, backup, error::StorageError, queues::WorkQueues};
use crate::database_id::DatabaseId;

/// How long whoever works in the database has to come to an end.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(5);

impl Storage {
    /// Takes away all that is kept of a server by its id. What plugins keep of it in the bot's own database is theirs.
    ///
    /// # Errors
    ///
    /// The bot is in that server, as far as is known, and it is not `forced`; there is nothing of it; or somebody works in its
    /// database for too long.
    pub async fn forget_guild(
        &self,
        guild: u64,
        forced: bool,
    ) -> Result<DatabaseForgotten, StorageError> {
        let database_id = DatabaseId::of(guild);
        if database_id == DatabaseId::Bot {
            return Err(StorageError::Call("no server is named".into()));
        }
        if !forced && !self.is_left(database_id) {
            return Err(StorageError::Call(format!(
                "the bot is in the server {guild}: what is kept of it is erased by force alone (`force`)"
            )));
        }
        let _one_at_a_time = self.admin.lock().await;
        let _no_checks = self.checks.lock().await;
        let _no_looks = self.looks.acquire_many(LOOKS as u32).await;
        let queues = Arc::clone(self.queues()?);
        let erased = tokio::task::spawn_blocking(move || erase(&queues, database_id));
        let forgotten = erased.await.unwrap_or(Err(StorageError::Closed));
        self.unseen();
        let mut forgotten = forgotten?;
        if self.has_bot() {
            let sql = "DELETE FROM cogwright__scheduled WHERE guild_id = ?1 AND running = 0";
            let guild = guild.cast_signed();
            let done = self
                .in_bot(move |bot| bot.execute(sql, params![guild]))
                .await;
            match done {
                Ok(runs) => forgotten.runs = runs as u64,
                Err(error) => forgotten.failed.push(error.to_string()),
            }
        }
        tracing::info!(
            guild,
            bytes = forgotten.bytes,
            copies = forgotten.copies,
            runs = forgotten.runs,
            failed = forgotten.failed.len(),
            "forgot what was kept of a server"
        );
        Ok(forgotten)
    }
}

/// Erases the files, while nobody has the database open.
fn erase(
    queues: &Arc<WorkQueues>,
    database_id: DatabaseId,
) -> Result<DatabaseForgotten, StorageError> {
    let folder = |in_folder: &Path| database_id.file(in_folder).parent().map(Path::to_owned);
    let data = &queues.data;
    let copies: Vec<PathBuf> = backup::all(data)
        .iter()
        .filter_map(|backup| folder(backup))
        .chain(backup::all_of(data, database_id))
        .filter(|copy| copy.is_dir())
        .collect();
    let own = folder(data).filter(|own| own.is_dir());
    if own.is_none() && copies.is_empty() {
        return Err(StorageError::Call(format!(
            "nothing is kept in {database_id}"
        )));
    }
    let mut forgotten = DatabaseForgotten::default();
    let mut failed = Vec::new();
    let mut take = |folder: &Path| match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            failed.push(StorageError::of_io(folder, &error).to_string());
            false
        }
        _ => true,
    };
    if let Some(own) = own {
        let bytes = bytes(&own);
        queues.closed(database_id, || take(&own))?;
        queues.disk.set_tables(database_id, Vec::new());
        forgotten.bytes = bytes;
    }
    let taken = copies.iter().filter(|copy| take(copy)).count();
    forgotten.copies = taken as u64;
    forgotten.failed = failed;
    Ok(forgotten)
}

fn bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let of = |entry: fs::DirEntry| entry.metadata().map_or(0, |seen| seen.len());
    entries.map(of).sum()
}

impl WorkQueues {
    /// Does something while a database is closed and nobody can open it. What is asked of it meanwhile waits, and finds what there is
    /// then.
    fn closed<T>(
        self: &Arc<Self>,
        database_id: DatabaseId,
        work: impl FnOnce() -> T,
    ) -> Result<T, StorageError> {
        let until = Instant::now() + PATIENCE;
        let sealed = Sealed {
            queues: self,
            database_id,
        };
        loop {
            let mut state = self.state();
            let entry = state.databases.entry(database_id).or_default();
            entry.sealed = true;
            if entry.is_at_rest() {
                // A new file has no migrations behind it, and no damage.
                entry.migrated = Arc::default();
                entry.damage = None;
                let closed = state.release(database_id);
                drop(state);
                drop(closed);
                break;
            }
            drop(state);
            if Instant::now() >= until {
                return Err(StorageError::Call(format!(
                    "somebody has been working in {database_id} for {} s: try again later",
                    PATIENCE.as_secs()
                )));
            }
            std::thread::sleep(LOOK);
        }
        let done = work();
        drop(sealed);
        Ok(done)
    }
}

/// A database that nobody opens.
struct Sealed<'a> {
    queues: &'a Arc<WorkQueues>,
    database_id: DatabaseId,
}

impl Drop for Sealed<'_> {
    fn drop(&mut self) {
        let mut state = self.queues.state();
        if let Some(entry) = state.databases.get_mut(&self.database_id) {
            entry.sealed = false;
        }
        state.forget_if_unused(self.database_id);
        self.queues.schedule(&mut state, self.database_id);
        self.queues.work.notify_all();
    }
}
