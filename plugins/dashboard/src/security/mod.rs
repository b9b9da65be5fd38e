//! Security: who is logged in, and the audit journal.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `sessions.rs` | sessions, and ending them |
//! | `journal.rs` | the journal: searched, page by page; whether its chain holds |
//! | `entry.rs` | one entry, with what it has changed |
//! | `diff.rs` | what differs between two values |
//! | `csv.rs` | entries as a table for other programs |

mod csv;
mod diff;
mod entry;
mod journal;
mod sessions;

use maud::{Markup, html};
use plugin_api::{Route, RouteContext, RouteReply, Tab, prelude::*};

use crate::{Dashboard, shell, shell::Head, ui};

/// Who may see sessions, and end them.
const SESSIONS: &str = "pages.sessions";
const REVOKES: &str = "pages.revoke";
/// Who may read the journal, and verify it.
const READS: &str = "audit.list";
const VERIFIES: &str = "audit.verify";

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .tab(
            Tab::new("security", "Security", "/security")
                .icon("🛡️")
                .group("Admin")
                .right(SESSIONS),
        )
        .route(
            Route::get("/security").words("Who is logged in"),
            sessions::page,
        )
        .route(
            Route::get("/security/sessions")
                .right(SESSIONS)
                .words("Sessions, as a list"),
            sessions::list,
        )
        .route(
            Route::post("/security/revoke")
                .right(REVOKES)
                .words("Ends a session, those of a user, or all"),
            sessions::revoke,
        )
        .route(
            Route::get("/security/journal")
                .right(READS)
                .words("The audit journal"),
            journal::page,
        )
        .route(
            Route::get("/security/journal/entries")
                .right(READS)
                .words("Entries of the audit journal, as a list"),
            journal::list,
        )
        .route(
            Route::get("/security/journal/entry/{number}")
                .right(READS)
                .words("An entry of the audit journal"),
            entry::page,
        )
        .route(
            Route::get("/security/journal.csv")
                .right(READS)
                .words("Entries of the audit journal, as a table"),
            csv::download,
        )
        .route(
            Route::post("/security/journal/verify")
                .right(VERIFIES)
                .words("Whether the audit journal is as it was written"),
            journal::verify,
        )
}

/// A page of the tab.
async fn framed(
    ctx: &RouteContext<Dashboard>,
    current: &str,
    actions: Markup,
    content: Markup,
) -> Result<RouteReply> {
    let base = ctx.base();
    let mut pages = Vec::new();
    if ctx.may(SESSIONS) {
        pages.push((format!("{base}/security"), "Sessions"));
    }
    if ctx.may(READS) {
        pages.push((format!("{base}/security/journal"), "Audit journal"));
    }
    let current = format!("{base}{current}");
    let head = Head {
        tab: "security",
        title: "Security",
        words: "Who is logged in, and what was done by whom.",
        actions,
    };
    let content = html! {
        (ui::subtabs("Security", &pages, &current))
        (content)
    };
    shell::page_with(ctx, head, content).await
}
