//! What the owner does with the databases: backups, migrations, all that is kept about one user; and their end.

use std::{
    collections::BTreeMap,
    fs, io,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    BackupReport, Storage, backup,
    connection::{Link, Opener},
    database::Database,
    error::StorageError,
    fence::Declared,
    lanes::Lanes,
    migrate::{self, Applied},
    place::Place,
    subject::{self, Clerk, Strikes},
};
use crate::private;

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
}

/// What was exported.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Exported {
    /// The file, JSON.
    pub file: PathBuf,
    /// How many databases had something about the user.
    pub databases: usize,
    /// Databases that could not be read, and why.
    pub failed: Vec<(Place, String)>,
}

/// What was erased.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Erased {
    /// How many rows and shelf entries.
    pub rows: u64,
    /// In how many databases.
    pub databases: usize,
    /// In how many copies, in backups.
    pub copies: usize,
    /// What could not be erased, and why.
    pub failed: Vec<(String, String)>,
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
        let lanes = Arc::clone(self.lanes()?);
        let data = lanes.data.clone();
        let draft = backup::Draft::begin(&data)?;
        let mut report = BackupReport::default();
        for place in self.places()? {
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                draft.give_up();
                return Err(StorageError::Io {
                    file: backup::folder(&data),
                    reason: "there was no time left for a whole backup (`shutdown.timeout_ms`); the last one stays the newest"
                        .into(),
                });
            }
            if draft.link_unchanged(place, &place.file(&data)) {
                report.unchanged += 1;
                continue;
            }
            let target = draft.target(place);
            let copied = self
                .with(place, move |database, connected| {
                    backup::copy(&connected.connection, &database.at(), target)
                })
                .await;
            let copied = match copied {
                // Not in the lane: whoever waits for the database need not wait for the check.
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
                    tracing::error!(database = %place, "not backed up, its last copy is kept: {error}");
                    draft.keep_last(place);
                    report.failed.push((place, error.to_string()));
                }
            }
        }
        report.folder = draft.complete(&data, lanes.settings().backups_kept as usize)?;
        tracing::info!(
            folder = %report.folder.display(),
            copied = report.copied,
            unchanged = report.unchanged,
            failed = report.failed.len(),
            "backed up"
        );
        Ok(report)
    }

    /// Which migrations have run where.
    ///
    /// # Errors
    ///
    /// The data folder can't be read.
    pub async fn migrations(&self) -> Result<Vec<MigrationState>, StorageError> {
        let mut states: BTreeMap<(String, bool, u32), MigrationState> = BTreeMap::new();
        let mut state = |plugin: &str, for_guilds, number, declared, applied| {
            let key = (plugin.to_owned(), for_guilds, number);
            let state = states.entry(key).or_insert_with(|| MigrationState {
                plugin: plugin.to_owned(),
                number,
                for_guilds,
                declared: false,
                applied: 0,
                databases: 0,
            });
            state.declared |= declared;
            state.applied += applied;
        };
        for declared in self.lanes()?.fences.latest() {
            for place in [Place::Bot, Place::Guild(1)] {
                for migration in declared.migrations(place) {
                    let for_guilds = place != Place::Bot;
                    state(
                        &declared.caller.plugin,
                        for_guilds,
                        migration.number,
                        true,
                        0,
                    );
                }
            }
        }
        let places = self.places()?;
        let guilds = places.iter().filter(|place| **place != Place::Bot).count();
        let bots = places.len() - guilds;
        for place in places {
            for Applied { plugin, number, .. } in self.applied(place).await.unwrap_or_default() {
                state(&plugin, place != Place::Bot, number, false, 1);
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
    pub async fn applied(&self, place: Place) -> Result<Vec<Applied>, StorageError> {
        self.with(place, |database, connected| {
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
        for place in self.places()? {
            let latest = self.lanes()?.fences.latest();
            for declared in latest.into_iter().filter(|declared| wanted(declared)) {
                match self.migrate(place, declared).await {
                    Ok(count) => ran += count,
                    Err(error) => failed.push(error),
                }
            }
        }
        Ok((ran, failed))
    }

    /// Writes all that is kept about a user into a file that the bot's user alone may read, whether the plugins are loaded or
    /// not.
    ///
    /// # Errors
    ///
    /// The data folder can't be read, or the file can't be written.
    pub async fn export_subject(&self, user: u64) -> Result<Exported, StorageError> {
        let _one_at_a_time = self.admin.lock().await;
        let (mut found, mut failed) = (Vec::new(), Vec::new());
        let strikes = Strikes::default();
        for place in self.places()? {
            let (lanes, strikes) = (Arc::clone(self.lanes()?), strikes.clone());
            let exported = self
                .with(place, move |database, connected| {
                    subject::export(&clerk(database, connected, &lanes, &strikes), user)
                })
                .await;
            match exported {
                Ok(told) => {
                    failed.extend(told.failed.into_iter().map(|reason| (place, reason)));
                    if let Some(Value::Object(mut data)) = told.done {
                        data.insert("database".into(), place.to_string().into());
                        found.push(Value::Object(data));
                    }
                }
                Err(error) => failed.push((place, error.to_string())),
            }
        }
        let unread: Vec<Value> = failed
            .iter()
            .map(|(place, error)| json!({"database": place.to_string(), "error": error}))
            .collect();
        let stamp = backup::stamp();
        let databases = found.len();
        let document = json!({
            "user_id": user.to_string(), "exported_at": stamp, "databases": found, "could_not_be_read": unread,
        });
        let file = self
            .data()?
            .join("exports")
            .join(format!("{user}-{stamp}.json"));
        write_private(&file, &document).map_err(|error| StorageError::of_io(&file, &error))?;
        Ok(Exported {
            file,
            databases,
            failed,
        })
    }

    /// Erases all that is kept about a user: in every database, whether the plugins are loaded or not, and in the backups.
    /// The bytes are overwritten. Exports of the user's data go as well.
    ///
    /// # Errors
    ///
    /// The data folder can't be read. What could not be erased is in the report.
    pub async fn erase_subject(&self, user: u64) -> Result<Erased, StorageError> {
        let _one_at_a_time = self.admin.lock().await;
        let mut report = Erased::default();
        let strikes = Strikes::default();
        for place in self.places()? {
            let (lanes, strikes) = (Arc::clone(self.lanes()?), strikes.clone());
            let erased = self
                .with(place, move |database, connected| {
                    subject::erase(&clerk(database, connected, &lanes, &strikes), user)
                })
                .await;
            match erased {
                Ok(erased) => {
                    report.rows += erased.done;
                    report.databases += usize::from(erased.done > 0);
                    let failed = erased.failed.into_iter();
                    report
                        .failed
                        .extend(failed.map(|why| (place.to_string(), why)));
                }
                Err(error) => report.failed.push((place.to_string(), error.to_string())),
            }
        }
        let lanes = Arc::clone(self.lanes()?);
        let copies =
            tokio::task::spawn_blocking(move || erase_copies(&lanes, &strikes, user)).await;
        let (copies, failed) = copies.unwrap_or_default();
        report.copies = copies;
        report.failed.extend(failed);
        tracing::info!(
            user,
            rows = report.rows,
            databases = report.databases,
            copies,
            failed = report.failed.len(),
            "erased what was kept about a user"
        );
        Ok(report)
    }

    /// Makes a backup if that is wanted, finishes what is queued, closes all databases and lets go of the folder.
    pub async fn shut_down(&self, limit: Duration) {
        let Some(lanes) = &self.lanes else { return };
        let deadline = Instant::now() + limit;
        if lanes.settings().backup_on_shutdown && self.places().is_ok_and(|all| !all.is_empty()) {
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
        let closing = Arc::clone(lanes);
        let closed = tokio::task::spawn_blocking(move || closing.shut_down(deadline)).await;
        if !closed.unwrap_or_default() {
            tracing::error!(
                "calls to databases were still running when the time was over (`shutdown.timeout_ms`)"
            );
        }
        self.release_lock();
    }

    fn places(&self) -> Result<Vec<Place>, StorageError> {
        let data = self.data()?;
        match Place::all(data) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            all => all.map_err(|error| StorageError::of_io(data, &error)),
        }
    }
}

fn clerk<'a>(
    database: &'a Database,
    link: &'a Link,
    lanes: &'a Lanes,
    strikes: &'a Strikes,
) -> Clerk<'a> {
    Clerk {
        link,
        at: database.at(),
        fences: &lanes.fences,
        strikes,
    }
}

/// Erases in backups and exports; how many files, and what failed.
fn erase_copies(lanes: &Lanes, strikes: &Strikes, user: u64) -> (usize, Vec<(String, String)>) {
    let (mut copies, mut failed) = (0, Vec::new());
    let mut note = |file: &Path, result: Result<bool, String>| match result {
        Ok(erased) => copies += usize::from(erased),
        Err(error) => failed.push((file.display().to_string(), error)),
    };
    let data = &*lanes.data;
    for folder in backup::all(data) {
        for place in Place::all(&folder).unwrap_or_default() {
            let opener = Opener::new(
                place,
                place.file(&folder),
                lanes.config().clone(),
                Arc::clone(&lanes.clock),
            );
            let erased = opener.open_copy().and_then(|link| {
                let clerk = Clerk {
                    link: &link,
                    at: opener.at(),
                    fences: &lanes.fences,
                    strikes,
                };
                subject::erase(&clerk, user)
            });
            match erased {
                Ok(erased) => {
                    note(&opener.file, Ok(erased.done > 0));
                    for reason in erased.failed {
                        note(&opener.file, Err(reason));
                    }
                }
                Err(error) => note(&opener.file, Err(error.to_string())),
            }
        }
    }
    let begin = format!("{user}-");
    for entry in fs::read_dir(data.join("exports")).into_iter().flatten() {
        let Ok(entry) = entry else { continue };
        if entry.file_name().to_string_lossy().starts_with(&begin) {
            let removed = fs::remove_file(entry.path());
            note(
                &entry.path(),
                removed.map(|()| true).map_err(|error| error.to_string()),
            );
        }
    }
    (copies, failed)
}

fn write_private(file: &Path, document: &Value) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        private::folder(folder)?;
    }
    let mut out = fs::File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(file)?;
    serde_json::to_writer_pretty(&mut out, document)?;
    out.write_all(b"\n")?;
    out.sync_all()
}
