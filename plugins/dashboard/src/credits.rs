//! Credits: what runs here, in which version, under which licence, and whose work it stands on.

use maud::{Markup, html};
use plugin_api::{Route, RouteContext, RouteReply, Tab, prelude::*};

use crate::{Dashboard, shell, ui};

const LICENCE: &str = include_str!("../../../LICENSE");

/// What the host and this plugin are built with: name, what it does, licence.
const STANDS_ON: [(&str, &str, &str); 10] = [
    ("Rust", "the language", "MIT or Apache-2.0"),
    ("tokio", "asynchronous work", "MIT"),
    ("twilight", "Discord's gateway and REST API", "ISC"),
    ("SQLite, rusqlite", "databases", "public domain, MIT"),
    ("axum, hyper", "web servers", "MIT"),
    (
        "abi_stable",
        "checks what crosses to plugins",
        "MIT or Apache-2.0",
    ),
    ("rustls", "encrypted connections", "MIT, ISC or Apache-2.0"),
    ("maud", "these pages", "MIT or Apache-2.0"),
    ("serde", "data as JSON", "MIT or Apache-2.0"),
    (
        "resvg, DejaVu",
        "pictures, and the font in them",
        "MIT or Apache-2.0, free",
    ),
];

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .tab(
            Tab::new("credits", "Credits", "/credits")
                .icon("🏷️")
                .group("Meta"),
        )
        .route(
            Route::get("/credits").words("Versions, licence, and whose work this stands on"),
            page,
        )
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let host = ctx.host();
    // Who may not see the bot as a whole still sees its version.
    let system = match shell::sees(&ctx, shell::FIGURES) {
        true => Some(host.bot().status().await?),
        false => None,
    };
    let versions = html! {
        dl.facts {
            (ui::fact("Host", html! { "Cogwright " (host.host_version()) }))
            (ui::fact("Dashboard", html! { (env!("CARGO_PKG_VERSION")) ", load " (host.generation()) }))
            @if let Some(system) = &system {
                (ui::fact("Built for", html! { (system.target) @if !system.release { ", without optimisations" } }))
                (ui::fact("Runs on", html! { (system.system) }))
            }
        }
    };
    shell::page(&ctx, "credits", "Credits", content(versions)).await
}

fn content(versions: Markup) -> Markup {
    let rows = html! {
        @for (name, does, licence) in STANDS_ON {
            tr {
                th scope="row" { (name) }
                td { (does) }
                td { (licence) }
            }
        }
    };
    html! {
        div.grid {
            (ui::card("Versions", versions))
            (ui::card("Cogwright", html! {
                p { "A Discord bot host whose features are plugins: loaded, reloaded and removed while the bot runs." }
                p.muted { "Not affiliated with Discord. “Discord” is a trademark of Discord Inc." }
            }))
        }
        (ui::card("It stands on", ui::table("What the bot is built with", &["Name", "What it does", "Licence"], rows)))
        (ui::card("Licence", ui::code_block("The licence's text", LICENCE)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_licence_is_shown_whole() {
        let shown = content(html! {}).into_string();
        assert!(shown.contains("MIT License") && shown.contains("Permission is hereby granted"));
    }
}
