//! Remains of a plugin: what stayed after each of its unloads, the last ones with their words and all of them in sums.

use std::{collections::VecDeque, time::SystemTime};

/// Unloads that are kept with their words.
const KEPT: usize = 16;

/// What one unload came to.
#[derive(Debug, Clone)]
pub struct Unloaded {
    /// Which load of the plugin it was.
    pub generation: u64,
    /// When.
    pub at: SystemTime,
    /// Bytes that went back to the system.
    pub returned_bytes: u64,
    /// Bytes of mapping and heap that never will, until the process ends; `None` when the library is gone.
    pub pinned_bytes: Option<u64>,
    /// All that stayed, in words.
    pub stayed: Vec<String>,
}

/// What all unloads of a plugin came to.
#[derive(Debug, Clone, Default)]
pub struct Remains {
    /// How many there were.
    pub unloads: u64,
    /// After how many something had stayed that could be given back.
    pub tidied: u64,
    /// After how many the library stays mapped.
    pub pinned: u64,
    /// Bytes that these hold.
    pub pinned_bytes: u64,
    /// The last ones, oldest first.
    pub last: VecDeque<Unloaded>,
}

impl Remains {
    pub(super) fn note(&mut self, unloaded: Unloaded) {
        self.unloads += 1;
        match unloaded.pinned_bytes {
            Some(bytes) => {
                self.pinned += 1;
                self.pinned_bytes += bytes;
            }
            None => self.tidied += u64::from(!unloaded.stayed.is_empty()),
        }
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back(unloaded);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_last_are_kept_and_the_sums_of_all() {
        let mut remains = Remains::default();
        for generation in 1..=100 {
            remains.note(Unloaded {
                generation,
                at: SystemTime::UNIX_EPOCH,
                returned_bytes: 1,
                pinned_bytes: (generation % 2 == 0).then_some(10),
                stayed: vec!["a timer".into()],
            });
        }
        assert_eq!(
            (remains.unloads, remains.tidied, remains.pinned),
            (100, 50, 50)
        );
        assert_eq!(remains.pinned_bytes, 500);
        assert_eq!(remains.last.len(), KEPT);
        assert_eq!(remains.last.back().unwrap().generation, 100);
    }
}
