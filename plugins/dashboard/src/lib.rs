//! Dashboard: web pages that show the bot live and steer it, and that other plugins' tabs are shown in.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `shell.rs`, `sidebar.rs` | what every page has: sidebar, header, footer; and other plugins' tabs within it |
//! | `header.rs` | the figures in the header, which are fetched again and again |
//! | `ui/` | pieces that tabs are built of: cards, tables, pills, buttons, charts, times |
//! | `icons.rs` | the icons, drawn as SVG |
//! | `assets.rs` | the files of the folder `assets/`, served under their hash |
//! | `credits.rs` | the tab Credits, and the shortest example of one |
//!
//! A tab is a module with `add`: it declares its [`Tab`](plugin_api::Tab), its routes, its own rights and topics. What a route shows is the
//! bot's as the host gives it to whoever is logged in: every right is looked at by the host, and what would be refused is left out here.

mod assets;
mod credits;
mod header;
mod icons;
mod shell;
mod sidebar;
#[allow(
    dead_code,
    unused_imports,
    reason = "tabs that need the rest come one by one"
)]
mod ui;

use plugin_api::{Power, prelude::*};

/// What all tabs share. A tab with a state of its own keeps it in an `Rc` that its handlers hold, or has a field here.
#[derive(Debug, Default)]
pub(crate) struct Dashboard {}

export_plugin!(|| {
    let mut plugin = Plugin::with_state(|_host| async { Ok(Dashboard::default()) })
        .category("Framework", "🖥️")
        .home()
        // One table of what it may do beside the operator's grants: the host looks at each call, for whoever is logged in.
        .powers(
            Power::ALL
                .iter()
                .copied()
                .filter(|power| *power != Power::Unknown),
        );
    // In the order of the sidebar.
    for add in [assets::add, shell::add, header::add, credits::add] {
        plugin = add(plugin);
    }
    plugin
});
