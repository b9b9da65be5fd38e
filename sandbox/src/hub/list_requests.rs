//! Requests for whole lists of members, and how often they may come.

use std::{collections::BTreeMap, time::Duration};

/// When the whole list of a guild was asked for last, in microseconds since 1970.
#[derive(Debug, Default)]
pub(crate) struct ListRequests(BTreeMap<u64, i64>);

impl ListRequests {
    /// Notes a request; or how long it has to wait.
    pub(crate) fn note(
        &mut self,
        guild: u64,
        interval: Duration,
        now_us: i64,
    ) -> Result<(), Duration> {
        let gone_us = self.0.get(&guild).map(|last| now_us.saturating_sub(*last));
        let gone = gone_us.and_then(|gone| u64::try_from(gone).ok());
        match gone.map(Duration::from_micros) {
            Some(gone) if gone < interval => Err(interval - gone),
            _ => {
                self.0.insert(guild, now_us);
                Ok(())
            }
        }
    }
}
