//! Automations that a server's managers make in Discord: welcomes, roles to choose, filters, levels, announcements, tickets, voice rooms
//! (`automations create, list, info, edit, delete, toggle, templates, test, export, import`, `levels`).
//!
//! An automation is a template with its parameters, conditions, and steps of its maker's own. What it may do, its maker has to be allowed,
//! when it is made and each time it runs. A bot without automations listens to nothing.

mod automation;
mod commands;
mod core;
mod engine;
mod form;
mod inbox;
mod keeping;
mod model;
mod rights;
mod state;
mod store;
mod templates;
mod voices;
mod web;

use plugin_api::prelude::*;

use crate::state::State;

/// What the operator, and those who manage a server, may set.
#[derive(Settings)]
struct Options {
    /// How many automations a server may have.
    #[setting(default = 25, min = 1, max = 200)]
    limit: u64,
    /// The clock that conditions and announcements go by, by its IANA name.
    #[setting(default = "UTC", format = "time-zone", per_guild)]
    zone: String,
}

export_plugin!(|| {
    let plugin = Plugin::with_state(|host| async move {
        let state = State::start(host).await?;
        engine::begin(&state);
        inbox::begin(&state);
        Ok(state)
    })
    .category("Automations", "⚙️")
    .settings::<Options>()
    // What is imported as a file lies there.
    .web_hosts(["cdn.discordapp.com"])
    .on_erase(|ctx: EraseContext<state::Shared>| async move {
        ctx.state().forget(ctx.user_id());
        inbox::forget(ctx.host(), ctx.user_id()).await
    })
    .on_stop(|state| async move {
        if let Err(error) = state.write_counts().await {
            tracing::warn!("messages that were counted could not be written down: {error}");
        }
    });
    let plugin = store::tables(plugin);
    let plugin = engine::declare(plugin);
    let plugin = form::declare(plugin);
    let plugin = web::declare(plugin);
    commands::declare(plugin)
});
