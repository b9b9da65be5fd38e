//! Integrity of the databases while the bot runs: looked through one after the other, behind everything else.

use std::time::{Duration, Instant};

use plugin_api::abi::{DatabaseCall, DatabaseCheck, DatabaseFault};

use super::{Storage, backup, error::StorageError};
use crate::database_id::DatabaseId;

/// What one call looks through at most.
const PAGE: u32 = 500;

/// How long one call goes on with the next.
const BUDGET: Duration = Duration::from_secs(5);

/// How long one database may take. A reader holds nobody up, but the log grows while it reads.
const OF_ONE: Duration = Duration::from_secs(30);

/// As `nice` counts it.
const NICE: i32 = 15;

impl Storage {
    /// Looks through a server's database, or through all of them as far as there is time.
    ///
    /// # Errors
    ///
    /// The data folder can't be read.
    pub async fn check(&self, call: &DatabaseCall) -> Result<DatabaseCheck, StorageError> {
        let _one_at_a_time = self.checks.lock().await;
        let data = self.data()?.to_owned();
        let mut all = match call.guild_id {
            Some(guild) => {
                self.reader(DatabaseId::of(guild))?;
                vec![DatabaseId::of(guild)]
            }
            None => self.databases()?,
        };
        if let Some(after) = call.after.as_ref().and_then(|after| after.parse().ok()) {
            all.retain(|database_id| *database_id > after);
        }
        let limit = call.limit.unwrap_or(PAGE).clamp(1, PAGE) as usize;
        let checked = std::thread::Builder::new().name("storage-check".into());
        let (done, report) = tokio::sync::oneshot::channel();
        let started = checked.spawn(move || {
            let _ = rustix::process::setpriority_process(None, NICE);
            let began = Instant::now();
            let (mut report, mut left) = (DatabaseCheck::default(), all.into_iter().peekable());
            let mut last = None;
            while let Some(database_id) = left.peek().copied() {
                if report.checked as usize >= limit
                    || (report.checked > 0 && began.elapsed() > BUDGET)
                {
                    break;
                }
                left.next();
                report.checked += 1;
                report.faults.extend(fault(&data, database_id));
                last = Some(database_id);
            }
            report.next = left.peek().and(last).map(|last| last.to_string());
            let _ = done.send(report);
        });
        started.map_err(|error| {
            StorageError::of_io(self.data().unwrap_or(std::path::Path::new("")), &error)
        })?;
        report.await.map_err(|_| StorageError::Closed)
    }
}

fn fault(data: &std::path::Path, database_id: DatabaseId) -> Option<DatabaseFault> {
    let file = database_id.file(data);
    let error = match backup::inspect_for(&file, OF_ONE) {
        Ok((_, found)) if found == database_id => return None,
        Ok((_, found)) => format!("it is the database of {found}"),
        // It was taken away meanwhile.
        Err(_) if !file.is_file() => return None,
        Err(error) => error.to_string(),
    };
    let mut fault = DatabaseFault::default();
    fault.name = database_id.to_string();
    fault.reason = error;
    Some(fault)
}
