//! Attempts: what is asked of the disk is done on a thread that may block, and again where it may go better a moment later.

use std::{io, sync::Arc, time::Duration};

use host_loader::host_call::on_the_wire;

use super::Files;

/// How often something is tried that may go better a moment later.
const ATTEMPTS: u32 = 3;

/// What is waited after the first failure; twice as long after the second.
const BACK_OFF: Duration = Duration::from_millis(100);

/// Files that are read or written at the same moment: each takes a thread.
pub(super) const AT_ONCE: usize = 16;

impl Files {
    /// Does something on a thread that may block, again when it may go better a moment later.
    pub(super) async fn on_thread<T: Send + 'static>(
        &self,
        work: impl Fn() -> io::Result<T> + Clone + Send + 'static,
    ) -> io::Result<T> {
        self.attempts(None, work).await
    }

    /// The same for what may be a `change`: one that has begun is not called back when its plugin goes.
    pub(super) async fn attempts<T: Send + 'static>(
        &self,
        change: Option<&str>,
        work: impl Fn() -> io::Result<T> + Clone + Send + 'static,
    ) -> io::Result<T> {
        let mut attempt = 1;
        loop {
            let done = {
                let _thread = self.threads.acquire().await;
                // A thread can't be called back: the file's lock is held until it is done.
                let wire = change.map(on_the_wire);
                let (work, disk, is_change) =
                    (work.clone(), Arc::clone(&self.disk), change.is_some());
                let timed = move || match is_change {
                    true => disk.file_writes.measure(work),
                    false => work(),
                };
                let done = tokio::task::spawn_blocking(timed)
                    .await
                    .unwrap_or_else(|_| Err(io::Error::other("the host is shutting down")));
                if let Some(wire) = wire {
                    wire.came_back(
                        done.as_ref()
                            .map_or_else(ToString::to_string, |_| "done".into()),
                    );
                }
                done
            };
            match done {
                Err(error) if attempt < ATTEMPTS && may_pass(&error) => {
                    tokio::time::sleep(BACK_OFF * attempt).await;
                    attempt += 1;
                }
                done => return done,
            }
        }
    }
}

/// Whether it may go better a moment later.
fn may_pass(error: &io::Error) -> bool {
    use io::ErrorKind::{
        FileTooLarge, InvalidInput, IsADirectory, NotADirectory, NotFound, PermissionDenied,
        QuotaExceeded, ReadOnlyFilesystem, StorageFull,
    };
    !matches!(
        error.kind(),
        FileTooLarge
            | InvalidInput
            | IsADirectory
            | NotADirectory
            | NotFound
            | PermissionDenied
            | QuotaExceeded
            | ReadOnlyFilesystem
            | StorageFull
    )
}
