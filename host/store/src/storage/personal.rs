//! Export and erasure of all that is kept about one user, in every database and in the backups.

use std::{
    fs, io,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use host_base::private;
use serde_json::{Value, json};

use super::{
    Storage, backup,
    connection::Opener,
    database::Database,
    error::StorageError,
    link::Link,
    queues::WorkQueues,
    subject::{self, SubjectAccess, Timeouts},
};
use crate::database_id::DatabaseId;

/// Summary of an export.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Exported {
    /// The file, JSON.
    pub file: PathBuf,
    /// How many databases had something about the user.
    pub databases: usize,
    /// Databases that could not be read, and why.
    pub failed: Vec<(DatabaseId, String)>,
}

/// Summary of an erasure.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Erased {
    /// How many rows and key-value entries.
    pub rows: u64,
    /// In how many databases.
    pub databases: usize,
    /// In how many copies, in backups.
    pub copies: usize,
    /// What could not be erased, and why.
    pub failed: Vec<(String, String)>,
}

/// All that is kept about a user.
struct About {
    document: Value,
    /// How many databases had something.
    databases: usize,
    failed: Vec<(DatabaseId, String)>,
}

impl Storage {
    /// Writes all that is kept about a user into a file that the bot's user alone may read, whether the plugins are loaded or
    /// not.
    ///
    /// # Errors
    ///
    /// The data folder can't be read, or the file can't be written.
    pub async fn export_subject(&self, user: u64) -> Result<Exported, StorageError> {
        let _one_at_a_time = self.admin.lock().await;
        let about = self.about_subject(user).await?;
        let file = self
            .data()?
            .join("exports")
            .join(format!("{user}-{}.json", backup::stamp()));
        write_private(&file, &about.document)
            .map_err(|error| StorageError::of_io(&file, &error))?;
        Ok(Exported {
            file,
            databases: about.databases,
            failed: about.failed,
        })
    }

    /// All that is kept about a user, as JSON, without a file: its bytes, in how many databases there was something, and how many
    /// could not be read.
    ///
    /// # Errors
    ///
    /// The data folder can't be read.
    pub async fn tell_subject(&self, user: u64) -> Result<(Vec<u8>, usize, usize), StorageError> {
        let _one_at_a_time = self.admin.lock().await;
        let mut about = self.about_subject(user).await?;
        // Whoever it is about learns that there is something, and not how the bot's folders are called.
        for (database_id, error) in &about.failed {
            tracing::warn!(user, database = %database_id, "left out of what a user was told: {error}");
        }
        about.document["could_not_be_read"] = about
            .failed
            .iter()
            .map(|(database_id, _)| database_id.to_string())
            .collect();
        let bytes = serde_json::to_vec_pretty(&about.document)
            .map_err(|error| StorageError::Call(error.to_string()))?;
        Ok((bytes, about.databases, about.failed.len()))
    }

    async fn about_subject(&self, user: u64) -> Result<About, StorageError> {
        let (mut found, mut failed) = (Vec::new(), Vec::new());
        let timeouts = Timeouts::default();
        for database_id in self.databases()? {
            let (queues, timeouts) = (Arc::clone(self.queues()?), timeouts.clone());
            let exported = self
                .with(database_id, move |database, connected| {
                    subject::export(&access(database, connected, &queues, &timeouts), user)
                })
                .await;
            match exported {
                Ok(told) => {
                    failed.extend(told.failed.into_iter().map(|reason| (database_id, reason)));
                    if let Some(Value::Object(mut data)) = told.done {
                        data.insert("database".into(), database_id.to_string().into());
                        found.push(Value::Object(data));
                    }
                }
                Err(error) => failed.push((database_id, error.to_string())),
            }
        }
        let unread: Vec<Value> = failed
            .iter()
            .map(
                |(database_id, error)| json!({"database": database_id.to_string(), "error": error}),
            )
            .collect();
        let databases = found.len();
        let document = json!({
            "user_id": user.to_string(), "exported_at": backup::stamp(), "databases": found, "could_not_be_read": unread,
        });
        Ok(About {
            document,
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
        let timeouts = Timeouts::default();
        for database_id in self.databases()? {
            let (queues, timeouts) = (Arc::clone(self.queues()?), timeouts.clone());
            let erased = self
                .with(database_id, move |database, connected| {
                    let erased =
                        subject::erase(&access(database, connected, &queues, &timeouts), user)?;
                    if erased.done > 0 {
                        database.recount(connected)?;
                    }
                    Ok(erased)
                })
                .await;
            match erased {
                Ok(erased) => {
                    report.rows += erased.done;
                    report.databases += usize::from(erased.done > 0);
                    let failed = erased.failed.into_iter();
                    report
                        .failed
                        .extend(failed.map(|why| (database_id.to_string(), why)));
                }
                Err(error) => report
                    .failed
                    .push((database_id.to_string(), error.to_string())),
            }
        }
        let queues = Arc::clone(self.queues()?);
        let copies =
            tokio::task::spawn_blocking(move || erase_copies(&queues, &timeouts, user)).await;
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
}

fn access<'a>(
    database: &'a Database,
    link: &'a Link,
    queues: &'a WorkQueues,
    timeouts: &'a Timeouts,
) -> SubjectAccess<'a> {
    SubjectAccess {
        link,
        at: database.at(),
        table_access: &queues.table_access,
        timeouts,
    }
}

/// Erases in backups and exports; how many files, and what failed.
fn erase_copies(
    queues: &WorkQueues,
    timeouts: &Timeouts,
    user: u64,
) -> (usize, Vec<(String, String)>) {
    let (mut copies, mut failed) = (0, Vec::new());
    let mut note = |file: &Path, result: Result<bool, String>| match result {
        Ok(erased) => copies += usize::from(erased),
        Err(error) => failed.push((file.display().to_string(), error)),
    };
    let data = &*queues.data;
    let backups = backup::all(data).into_iter();
    for folder in backups.chain(backup::all_of_guilds(data)) {
        for database_id in DatabaseId::all(&folder).unwrap_or_default() {
            let opener = Opener::new(
                database_id,
                database_id.file(&folder),
                queues.config.clone(),
                Arc::clone(&queues.clock),
            );
            let erased = opener.open_copy().and_then(|link| {
                let access = SubjectAccess {
                    link: &link,
                    at: opener.at(),
                    table_access: &queues.table_access,
                    timeouts,
                };
                subject::erase(&access, user)
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
