//! `[shutdown]`: how the host ends.

use crate::config::values::timeout;

table! {
    /// `[shutdown]`: how the host ends.
    Shutdown {
        /// How long the whole of it may take; whoever is late is named in the log.
        live timeout_ms: u64 = 10_000, timeout;
    }
}
