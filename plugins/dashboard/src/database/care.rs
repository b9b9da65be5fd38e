//! Care of databases: looked through for damage, and migrations: which are declared, and where they have run.

use maud::{Markup, Render, html};
use plugin_api::{
    Route, RouteContext, RouteReply,
    abi::{DatabaseCall, DatabaseCheck, DatabaseMigrated, MigrationView},
    prelude::*,
    text::{counted, number},
};
use serde::Deserialize;
use serde_json::json;

use super::right;
use crate::{
    Dashboard, shell,
    ui::{self, Action, Tone},
};

/// Migrations on a page.
const PAGE: u32 = 100;

pub(super) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .route(
            Route::get("/database/checks")
                .right(right::CHECK)
                .words("A button that looks through all databases"),
            checks,
        )
        .route(
            Route::post("/database/check")
                .right(right::CHECK)
                .words("Looks through as many databases as there is time for, behind `after`"),
            check,
        )
        .route(
            Route::get("/database/migrations")
                .right(right::MIGRATIONS)
                .words("Which migrations are declared and have run, of a `plugin` or of all"),
            migrations,
        )
        .route(
            Route::post("/database/migrate")
                .right(right::MIGRATE)
                .words("Runs what is missing of a `plugin`'s migrations, or of all"),
            migrate,
        )
}

async fn checks(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let content = ui::card(
        "Look through all databases",
        html! {
            p.muted { "Each page of each file is read, at low priority, while the bot runs: some seconds at a time." }
            div #check aria-live="polite" { (go(ctx.base(), "Begin", "", 0)) }
        },
    );
    let words = "Whether what is on the disk is what was written.";
    super::shown(&ctx, "/database/checks", "Checks", words, content).await
}

/// The button that goes on; `checked` is how many are done.
fn go(base: &str, words: &str, after: &str, checked: u64) -> Markup {
    Action::new(words, format!("{base}/database/check"))
        .body(&json!({ "after": after, "checked": checked }))
        .then("show:#check")
        .primary()
        .render()
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Begin {
    after: String,
    checked: u64,
}

async fn check(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let from: Begin = ctx.json()?;
    let call = DatabaseCall {
        after: Some(from.after).filter(|after| !after.is_empty()),
        ..DatabaseCall::default()
    };
    let reply = ctx.host().databases().check(&call).await?;
    Ok(shell::part(&checked(ctx.base(), &reply, from.checked)))
}

fn checked(base: &str, reply: &DatabaseCheck, before: u64) -> Markup {
    let all = before.saturating_add(reply.checked);
    html! {
        @if !reply.faults.is_empty() {
            ul.list { @for fault in &reply.faults {
                li { (ui::badge(Tone::Bad, "damaged")) (ui::name(&fault.name)) bdi.wide { (fault.reason) } }
            } }
            p { "Stop the bot and run " code { "cogwright restore" } " with one of the backups." }
        }
        p { (counted(all, "database")) " looked through. "
            @match (&reply.next, reply.faults.is_empty()) {
                (Some(_), _) => "There are more.",
                (None, true) => "Nothing is wrong.",
                (None, false) => "That were all.",
            }
        }
        @if let Some(next) = &reply.next { (go(base, "Go on", next, all)) }
        @else { (go(base, "Once more", "", 0)) }
    }
}

async fn migrations(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let plugin = ctx.query("plugin").trim();
    let call = DatabaseCall {
        plugin: Some(plugin.to_owned()).filter(|plugin| !plugin.is_empty()),
        after: Some(ctx.query("after").to_owned()).filter(|after| !after.is_empty()),
        limit: Some(PAGE),
        ..DatabaseCall::default()
    };
    let reply = ctx.host().databases().migrations(&call).await?;
    let address = format!("{}/database/migrations", ctx.base());
    let run = html! {
        @if ctx.may(right::MIGRATE) {
            (Action::new("Run what is missing", format!("{}/database/migrate", ctx.base()))
                .confirm("Run all migrations that are missing, in every database?")
                .then("reload")
                .render())
        }
    };
    let content = html! {
        (ui::filter_bar(&address, ui::search_field("plugin", "Migrations of a plugin, by its name", plugin)))
        (ui::card_with("Migrations", run, html! {
            @if reply.migrations.is_empty() { (ui::empty("No migrations", "No plugin has declared one.")) }
            @else { (table(&reply.migrations)) }
            @if let Some(next) = &reply.next {
                nav.pager aria-label="Pages" {
                    a.button href={ (address) "?plugin=" (ui::encoded(plugin)) "&after=" (ui::encoded(next)) } { "Next page" }
                }
            }
        }))
    };
    let words =
        "What plugins make and change of their tables, and in how many databases it has run.";
    super::shown(&ctx, "/database/migrations", "Migrations", words, content).await
}

fn table(migrations: &[MigrationView]) -> Markup {
    let rows = html! {
        @for one in migrations {
            tr {
                th scope="row" { (ui::name(&one.plugin)) }
                td { (one.number) }
                td { @if one.for_guilds { "servers" } @else { "bot" } }
                td { (number(one.applied)) " of " (number(one.databases)) }
                td { (ui::ago(one.last_ms.unwrap_or_default())) }
                td { (state(one)) }
            }
        }
    };
    let headings = ["Plugin", "Number", "For", "Has run in", "Last", ""];
    ui::table("Migrations", &headings, rows)
}

fn state(one: &MigrationView) -> Markup {
    match (one.declared, one.applied < one.databases) {
        (false, _) => ui::badge(Tone::Plain, "plugin not loaded"),
        // A server's runs when the database is used next.
        (true, true) if one.for_guilds => ui::badge(Tone::Info, "some on use"),
        (true, true) => ui::badge(Tone::Warn, "missing"),
        (true, false) => ui::badge(Tone::Good, "done"),
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Whose {
    plugin: String,
}

async fn migrate(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let whose: Whose = ctx.json()?;
    let plugin = Some(whose.plugin.trim()).filter(|plugin| !plugin.is_empty());
    let done = ctx.host().databases().migrate(plugin).await?;
    said(&done).map(RouteReply::text)
}

fn said(done: &DatabaseMigrated) -> Result<String> {
    match (done.ran, done.failed) {
        (0, 0) => Ok("Nothing was missing.".to_owned()),
        (ran, 0) => Ok(format!("{} ran.", counted(ran, "migration"))),
        (ran, failed) => Err(Error::user(format!(
            "{} ran and {failed} failed, of which nothing has happened: {}",
            counted(ran, "migration"),
            done.reasons.join("; ")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_goes_on_where_it_stopped_and_counts_all() {
        let mut reply = DatabaseCheck::default();
        (reply.checked, reply.next) = (3, Some("7/guild.db".to_owned()));
        let shown = checked("/p/d", &reply, 10).into_string();
        assert!(
            shown.contains("13 databases looked through. There are more."),
            "{shown}"
        );
        assert!(
            shown.contains("7/guild.db") && shown.contains("Go on"),
            "{shown}"
        );
        reply.next = None;
        assert!(
            checked("/p/d", &reply, 0)
                .into_string()
                .contains("Nothing is wrong.")
        );
    }

    #[test]
    fn a_migration_that_failed_is_an_error() {
        let mut done = DatabaseMigrated::default();
        assert_eq!(said(&done).unwrap(), "Nothing was missing.");
        done.ran = 2;
        assert_eq!(said(&done).unwrap(), "2 migrations ran.");
        (done.failed, done.reasons) = (1, vec!["no such table".to_owned()]);
        assert!(
            said(&done)
                .unwrap_err()
                .to_string()
                .contains("no such table")
        );
    }
}
