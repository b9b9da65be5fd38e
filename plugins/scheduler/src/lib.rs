//! Schedules that a server's owner makes at run time (`schedule create, list, info, toggle, delete`), and all plugins' schedules for
//! the bot's owners (`fw_schedules`, `/schedule all`).
//!
//! The host keeps them and knows when each is due; what is here is who may plan what, for where, and what happens then.

mod all;
mod change;
mod create;
mod inbox;
mod listing;
mod place;
mod plan;
mod run;
mod when;

use plugin_api::{Power, prelude::*};

/// What the operator, and the owner of a server, may set.
#[derive(Settings)]
struct Options {
    /// How many schedules a server may have.
    #[setting(default = 25, min = 1, max = 500)]
    limit: u64,
    /// The time zone of cron expressions that name none, by its IANA name.
    #[setting(default = "UTC", format = "time-zone", per_guild)]
    zone: String,
}

export_plugin!(|| {
    let schedule = Command::group("schedule", "Plans what comes by itself in this server")
        .guild_owner_only()
        .ephemeral()
        .command(create::create())
        .command(listing::list())
        .command(listing::info())
        .command(change::toggle())
        .command(change::delete())
        .command(all::all("all").slash_only());
    let start = |host: Host| async move {
        inbox::begin(&host);
        Ok(())
    };
    Plugin::with_state(start)
        .category("Framework", "⏰")
        .powers([Power::SchedulesRead, Power::SchedulesManage])
        .settings::<Options>()
        .tells::<run::Due>()
        .on_erase(inbox::forget)
        .scheduled(plan::HANDLER, run::run)
        .command(schedule)
        .command(all::all("fw_schedules").prefix_only())
        .pages(listing::PAGES, listing::page)
});
