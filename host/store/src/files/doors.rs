//! Doors: a file is changed by one at a time, in the order in which they came.

use std::{
    io,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use super::{Files, Key, charges::Charge, lock};

/// A file that nobody else changes meanwhile.
pub(super) struct Door<'a> {
    files: &'a Files,
    pub(super) key: Key,
    inside: Option<tokio::sync::OwnedMutexGuard<()>>,
}

impl Drop for Door<'_> {
    fn drop(&mut self) {
        drop(self.inside.take());
        let mut locks = lock(&self.files.locks);
        // The map's own: nobody waits for it.
        if locks
            .get(&self.key)
            .is_some_and(|door| Arc::strong_count(door) == 1)
        {
            locks.remove(&self.key);
        }
    }
}

impl Files {
    /// Waits until nobody else changes a file.
    pub(super) async fn enter(&self, key: &Key) -> Door<'_> {
        let door = Arc::clone(lock(&self.locks).entry(key.clone()).or_default());
        Door {
            files: self,
            key: key.clone(),
            inside: Some(door.lock_owned().await),
        }
    }

    /// Changes a file: one change at a time, in the order in which they came.
    pub(super) async fn changing<T: Send + 'static>(
        &self,
        key: &Key,
        charge: Option<Charge>,
        change: impl Fn() -> io::Result<T> + Clone + Send + 'static,
    ) -> io::Result<T> {
        self.counts.writes.fetch_add(1, Relaxed);
        let inside = self.enter(key).await;
        let changed = match self.charge(key, charge).await {
            Ok(charged) => {
                let what = format!("a change of {}", key.1);
                let changed = self.attempts(Some(&what), change).await;
                if let (Err(_), Some((plugin, bytes))) = (&changed, charged) {
                    // It is as it was before.
                    let _ = self.disk.add_files(&plugin, -bytes);
                }
                changed
            }
            Err(error) => Err(error),
        };
        drop(inside);
        if changed.is_err() {
            self.counts.write_failures.fetch_add(1, Relaxed);
        }
        changed
    }
}
