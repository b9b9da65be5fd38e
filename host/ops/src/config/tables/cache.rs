//! `[cache]`: what is kept of Discord.

use crate::config::values::{number, seconds};

table! {
    /// `[cache]`: what is kept of Discord.
    Cache {
        // Its room is taken at the start.
        /// Members that are kept, those seen last.
        restart members: usize = 100_000, number(1..=10_000_000, "members");
        /// How long a member counts as known in a server whose member events the bot does not get.
        restart member_ttl_s: u64 = 300, seconds(0..=86_400);
    }
}
