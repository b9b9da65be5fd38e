//! `[components]`: buttons and selects.

use crate::config::values::seconds;

table! {
    /// `[components]`: buttons and selects.
    Components {
        // Plugins are told at their start.
        /// How long those of an answer can be used since they were last; 0: for ever.
        restart timeout_s: u64 = 300, seconds(0..=604_800);
    }
}
