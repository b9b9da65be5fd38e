//! Administration of the databases: backups, migrations, the shutdown.

use std::{
    collections::BTreeMap,
    io,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    BackupReport, Storage, backup,
    error::StorageError,
    migrate::{self, Applied},
    table_access::Declared,
};
use crate::database_id::DatabaseId;

/// A migration that is declared or has run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MigrationState {
    /// The plugin.
    pub plugin: String,
    /// Its number.
    pub number: u32,
    /// Whether it is for servers' databases.
    pub for_guilds: bool,
    /// Whether a loaded plugin declares it.
    pub declared: bool,
    /// In how many databases it has run.
    pub applied: usize,
    /// How many databases there are that it is for.
    pub databases: usize,
    /// When it ran first, in milliseconds since 1970.
    pub first_ms: Option<u64>,
    /// When it ran last.
    pub last_ms: Option<u64>,
}

impl Storage {
    /// Copies every database, checks the copies, and takes the oldest backups away.
    ///
    /// # Errors
    ///
    /// The backups folder can't be written: nothing is left of this one, and the older ones stay.
    pub async fn backup(&self) -> Result<BackupReport, StorageError> {
        self.backup_until(None).await
    }

    async fn backup_until(&self, deadline: Option<Instant>) -> Result<BackupReport, StorageError> {
        let _one_at_a_time = self.admin.lock().await;
        let queues = Arc::clone(self.queues()?);
        let data = queues.data.clone();
        let draft = backup::Draft::begin(&data)?;
        let mut report = BackupReport::default();
        for database_id in self.databases()? {
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                draft.give_up();
                return Err(StorageError::Io {
                    file: backup::folder(&data),
                    reason: "there was no time left for a whole backup (`shutdown.timeout_ms`); the last one stays the newest"
                        .into(),
                });
            }
            if draft.link_unchanged(database_id, &database_id.file(&data)) {
                report.unchanged += 1;
                continue;
            }
            let target = draft.target(database_id);
            let copied = self
                .with(database_id, move |database, connected| {
                    backup::copy(&connected.connection, &database.at(), target)
                })
                .await;
            let copied = match copied {
                // Not in the queue: whoever waits for the database need not wait for the check.
                Ok(copy) => tokio::task::spawn_blocking(move || copy.finish(deadline))
                    .await
                    .unwrap_or(Err(StorageError::Closed)),
                Err(error) => Err(error),
            };
            match copied {
                Ok(()) => report.copied += 1,
                Err(error @ (StorageError::Full { .. } | StorageError::ReadOnly { .. })) => {
                    draft.give_up();
                    return Err(error);
                }
                Err(error) => {
                    tracing::error!(database = %database_id, "not backed up, its last copy is kept: {error}");
                    draft.keep_last(database_id);
                    report.failed.push((database_id, error.to_string()));
                }
            }
        }
        report.folder = draft.complete(queues.settings().backups_kept as usize)?;
        tracing::info!(
            folder = %report.folder.display(),
            copied = report.copied,
            unchanged = report.unchanged,
            failed = report.failed.len(),
            "backed up"
        );
        Ok(report)
    }

    /// Copies one server's database, beside the backups of all.
    ///
    /// # Errors
    ///
    /// There is none, or it can't be copied: then nothing is left of the copy.
    pub async fn backup_guild(&self, guild: u64) -> Result<BackupReport, StorageError> {
        let database_id = DatabaseId::of(guild);
        self.reader(database_id)?;
        let _one_at_a_time = self.admin.lock().await;
        let queues = Arc::clone(self.queues()?);
        let draft = backup::Draft::begin_of(&queues.data, guild)?;
        let target = draft.target(database_id);
        let copied = self
            .with(database_id, move |database, connected| {
                backup::copy(&connected.connection, &database.at(), target)
            })
            .await;
        let copied = match copied {
            Ok(copy) => tokio::task::spawn_blocking(move || copy.finish(None))
                .await
                .unwrap_or(Err(StorageError::Closed)),
            Err(error) => Err(error),
        };
        if let Err(error) = copied {
            draft.give_up();
            return Err(error);
        }
        let folder = draft.complete(queues.settings().backups_kept as usize)?;
        tracing::info!(guild, folder = %folder.display(), "backed up a server");
        Ok(BackupReport {
            folder,
            copied: 1,
            ..BackupReport::default()
        })
    }

    /// Which migrations have run where.
    ///
    /// # Errors
    ///
    /// The data folder can't be read.
    pub async fn migrations(&self) -> Result<Vec<MigrationState>, StorageError> {
        self.migrations_in(self.databases()?).await
    }

    /// Which migrations have run in these databases.
    pub(super) async fn migrations_in(
        &self,
        databases: Vec<DatabaseId>,
    ) -> Result<Vec<MigrationState>, StorageError> {
        let mut states: BTreeMap<(String, bool, u32), MigrationState> = BTreeMap::new();
        let mut state = |plugin: &str, for_guilds, number, declared, applied: Option<u64>| {
            let key = (plugin.to_owned(), for_guilds, number);
            let state = states.entry(key).or_insert_with(|| MigrationState {
                plugin: plugin.to_owned(),
                number,
                for_guilds,
                declared: false,
                applied: 0,
                databases: 0,
                first_ms: None,
                last_ms: None,
            });
            state.declared |= declared;
            if let Some(at) = applied {
                state.applied += 1;
                state.first_ms = Some(state.first_ms.map_or(at, |first| first.min(at)));
                state.last_ms = state.last_ms.max(Some(at));
            }
        };
        for declared in self.queues()?.table_access.latest() {
            for database_id in [DatabaseId::Bot, DatabaseId::Guild(1)] {
                for migration in declared.migrations(database_id) {
                    let for_guilds = database_id != DatabaseId::Bot;
                    state(
                        &declared.caller.plugin,
                        for_guilds,
                        migration.number,
                        true,
                        None,
                    );
                }
            }
        }
        let guilds = databases
            .iter()
            .filter(|database_id| **database_id != DatabaseId::Bot)
            .count();
        let bots = databases.len() - guilds;
        for database_id in databases {
            for it in self.applied(database_id).await.unwrap_or_default() {
                let for_guilds = database_id != DatabaseId::Bot;
                let at = Some(it.applied_at_ms);
                state(&it.plugin, for_guilds, it.number, false, at);
            }
        }
        let mut states: Vec<_> = states.into_values().collect();
        for state in &mut states {
            state.databases = if state.for_guilds { guilds } else { bots };
        }
        Ok(states)
    }

    /// What has run in one database.
    ///
    /// # Errors
    ///
    /// The database can't be read.
    pub async fn applied(&self, database_id: DatabaseId) -> Result<Vec<Applied>, StorageError> {
        self.with(database_id, |database, connected| {
            migrate::applied(connected).map_err(|error| StorageError::of(&database.at(), &error))
        })
        .await
    }

    /// Runs what is missing of all loaded plugins' migrations in every database, also what has failed before; how many ran,
    /// and what failed.
    ///
    /// # Errors
    ///
    /// The data folder can't be read.
    pub async fn migrate_all(&self) -> Result<(usize, Vec<StorageError>), StorageError> {
        self.migrate_those(|_| true).await
    }

    /// As [`migrate_all`](Self::migrate_all), for one plugin.
    ///
    /// # Errors
    ///
    /// The data folder can't be read.
    pub async fn migrate_plugin(
        &self,
        plugin: &str,
    ) -> Result<(usize, Vec<StorageError>), StorageError> {
        self.migrate_those(|declared| &*declared.caller.plugin == plugin)
            .await
    }

    async fn migrate_those(
        &self,
        wanted: impl Fn(&Declared) -> bool,
    ) -> Result<(usize, Vec<StorageError>), StorageError> {
        let _one_at_a_time = self.admin.lock().await;
        let (mut ran, mut failed) = (0, Vec::new());
        for database_id in self.databases()? {
            let latest = self.queues()?.table_access.latest();
            for declared in latest.into_iter().filter(|declared| wanted(declared)) {
                match self.migrate(database_id, declared).await {
                    Ok(count) => ran += count,
                    Err(error) => failed.push(error),
                }
            }
        }
        Ok((ran, failed))
    }

    /// Makes a backup if that is wanted, finishes what is queued, closes all databases and lets go of the folder.
    pub async fn shut_down(&self, limit: Duration) {
        let Some(queues) = &self.queues else { return };
        let deadline = Instant::now() + limit;
        if queues.settings().backup_on_shutdown && self.databases().is_ok_and(|all| !all.is_empty())
        {
            // A third of the time is left for closing.
            let until = Instant::now() + limit.mul_f64(2.0 / 3.0);
            let made =
                tokio::time::timeout(limit.mul_f64(2.0 / 3.0), self.backup_until(Some(until)))
                    .await;
            match made {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => tracing::error!("no backup was made: {error}"),
                Err(_) => tracing::error!("no backup was made: a database took too long"),
            }
        }
        let closing = Arc::clone(queues);
        let closed = tokio::task::spawn_blocking(move || closing.shut_down(deadline)).await;
        if !closed.unwrap_or_default() {
            tracing::error!(
                "calls to databases were still running when the time was over (`shutdown.timeout_ms`)"
            );
        }
        self.release_lock();
    }

    pub(super) fn databases(&self) -> Result<Vec<DatabaseId>, StorageError> {
        databases(self.data()?)
    }
}

/// All that there are in a data folder, which may not be there yet.
pub(super) fn databases(data: &Path) -> Result<Vec<DatabaseId>, StorageError> {
    match DatabaseId::all(data) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        all => all.map_err(|error| StorageError::of_io(data, &error)),
    }
}
