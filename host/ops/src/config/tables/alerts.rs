//! `[alerts]`: the owner's channel for what should not wait.

use crate::config::values::{IdOf, id, optional, seconds};

table! {
    /// `[alerts]`: the channel for what should not wait until somebody reads the log.
    Alerts {
        /// The channel. Unset: alerts go to the log alone.
        live channel_id: Option<u64> = None, optional(id(IdOf::Channel));
        /// How long nothing more is reported about the same thing.
        live cool_down_s: u64 = 300, seconds(0..=86_400);
    }
}
