//! Diagnostics for the bot's owners: how healthy it is and why, alerts when that changes, and what has failed lately.
//!
//! | file | what it does |
//! | --- | --- |
//! | `report.rs` | command `fw_diagnostics` |
//! | `picture.rs` | its picture: the last hour in four charts |
//! | `channel.rs` | command `fw_alert_channel` |
//! | `history.rs` | command `fw_history` |
//! | `errors.rs` | command `fw_errors` |
//! | `watch.rs` | the look each minute: files, and an alert when the state changes |
//! | `seen.rs` | what a look sees |
//! | `judge.rs` | which state that is, and why |
//! | `memory.rs` | the looks of the last hour, over reloads and restarts |
//! | `limits.rs` | the settings |

mod channel;
mod errors;
mod history;
mod judge;
mod limits;
mod memory;
mod picture;
mod report;
mod seen;
mod watch;

use std::time::Duration;

use plugin_api::{Power, given, prelude::*};

use self::{limits::Limits, memory::Memory};

/// Subject of the alerts: `[alerts.health]` says where they go.
const SUBJECT: &str = "health";

export_plugin!(|| {
    Plugin::with_state(|_host| async { Ok(Memory::default()) })
        .category("Framework", "🩺")
        .powers([
            Power::Alerts,
            Power::BotRead,
            Power::LogRead,
            Power::SettingsRead,
            Power::SettingsWrite,
        ])
        .settings::<Limits>()
        .command(for_owners(report::diagnostics()))
        .command(for_owners(channel::alert_channel()))
        .command(for_owners(history::history()))
        // An error may show what a member has typed: it comes in direct messages by prefix, too.
        .command(errors::errors().owner_only().ephemeral())
        .pages("errors", errors::page)
        .schedule(
            Schedule::every("look", watch::EVERY).deadline(Duration::from_secs(30)),
            watch::look,
        )
        .on_save(|memory| memory.save())
        .on_restore(|memory, saved| memory.restore(saved))
        // Figures alone are remembered, and nobody is in them.
        .on_erase(|_| async { Ok(()) })
});

/// By slash for their eyes alone, by prefix where they have asked.
fn for_owners(command: Command<Memory>) -> Command<Memory> {
    command.owner_only().ephemeral_by_slash()
}
