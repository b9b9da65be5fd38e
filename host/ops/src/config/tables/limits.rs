//! `[limits]`: what keeps one plugin from hurting the others.

use crate::config::values::{number, seconds};

table! {
    /// `[limits]`: what keeps one plugin from hurting the others.
    Limits {
        /// How long a plugin's thread may work on one thing before another generation takes over; 0: as long as it does.
        live watchdog_s: u64 = 30, seconds(0..=86_400);
        /// How many stuck generations of a plugin are abandoned before it stays failed.
        live abandoned_generations: u64 = 3, number(0..=100, "generations");
    }
}
