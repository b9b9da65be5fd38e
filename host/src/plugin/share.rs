//! How many host calls a generation may have open, and how large they may be: whatever a plugin does, the host keeps so much of it and
//! no more. Each service has limits of its own besides.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// Bytes of a call's head, which is read as JSON: a value for a database (`storage.max_value_bytes`) fits, also in escapes.
pub(crate) const MOST_HEAD: usize = 8 << 20;

/// Bytes of a call's body: a file, or a message with files.
pub(crate) const MOST_BODY: usize = 64 << 20;

/// Calls that are open at once: twice as many as may wait for Discord.
pub(crate) const MOST_OPEN: usize = 10_000;

/// Bytes of all calls that are open at once.
pub(crate) const MOST_BYTES: usize = 256 << 20;

/// The calls of one generation that are open.
#[derive(Debug, Clone, Default)]
pub(super) struct Share(Arc<Open>);

#[derive(Debug, Default)]
struct Open {
    calls: AtomicUsize,
    bytes: AtomicUsize,
}

/// A call that is open, until this is dropped.
#[derive(Debug)]
pub(super) struct Taken {
    open: Arc<Open>,
    bytes: usize,
}

impl Share {
    /// Takes a place for a call of that size.
    ///
    /// # Errors
    ///
    /// It is too large, or there are too many; in words.
    pub(super) fn take(&self, head: usize, body: usize) -> Result<Taken, String> {
        if head > MOST_HEAD {
            return Err(format!(
                "the call's parameters have {head} bytes, and {MOST_HEAD} are the most"
            ));
        }
        if body > MOST_BODY {
            return Err(format!(
                "the call's body has {body} bytes, and {MOST_BODY} are the most"
            ));
        }
        let taken = Taken {
            open: Arc::clone(&self.0),
            bytes: head + body,
        };
        // Dropped, it gives back what it has taken.
        let calls = self.0.calls.fetch_add(1, Relaxed);
        let bytes = self.0.bytes.fetch_add(taken.bytes, Relaxed);
        if calls >= MOST_OPEN {
            return Err(format!(
                "{MOST_OPEN} calls of the plugin are open already; await them before others"
            ));
        }
        if bytes + taken.bytes > MOST_BYTES {
            return Err(format!(
                "the calls of the plugin that are open have {bytes} bytes, and {MOST_BYTES} are the most; await them before others"
            ));
        }
        Ok(taken)
    }
}

#[cfg(test)]
impl Share {
    /// How many calls are open.
    pub(super) fn open(&self) -> usize {
        self.0.calls.load(Relaxed)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.open.calls.fetch_sub(1, Relaxed);
        self.open.bytes.fetch_sub(self.bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_calls_and_bytes_and_comes_back() {
        let share = Share::default();
        let words = |head, body| share.take(head, body).unwrap_err();
        assert!(words(MOST_HEAD + 1, 0).contains("parameters"));
        assert!(words(0, MOST_BODY + 1).contains("body"));
        let large: Vec<Taken> = (0..4).map(|_| share.take(0, MOST_BODY).unwrap()).collect();
        assert!(words(1, 0).contains("await them"));
        drop(large);
        let many: Vec<Taken> = (0..MOST_OPEN).map(|_| share.take(1, 1).unwrap()).collect();
        assert!(words(1, 1).contains("10000 calls"));
        drop(many);
        assert_eq!(share.0.bytes.load(Relaxed), 0);
        assert!(share.take(1, 1).is_ok());
    }
}
