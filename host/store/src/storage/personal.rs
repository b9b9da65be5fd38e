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
    connection::{Link, Opener},
    database::Database,
    error::StorageError,
    lanes::Lanes,
    place::Place,
    subject::{self, Clerk, Strikes},
};

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
                    let erased =
                        subject::erase(&clerk(database, connected, &lanes, &strikes), user)?;
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
                lanes.config.clone(),
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
