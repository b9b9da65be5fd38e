//! Backups: copies of the databases, made now or looked at, and how one comes back.

use maud::{Markup, Render, html};
use plugin_api::{
    Route, RouteContext, RouteReply, Tab,
    abi::{BackupView, DatabaseBackup, DatabaseCall},
    prelude::*,
    text::{counted, number, size},
};
use serde::Deserialize;

use crate::{
    Dashboard, features, shell,
    shell::Head,
    ui::{self, Action, Tone},
};

/// The host calls that are the rights here.
const SEES: &str = "database.backups";
const MAKES: &str = "database.backup";

/// Backups on a page.
const PAGE: u32 = 25;

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .tab(
            Tab::new("backups", "Backups", "/backups")
                .icon("📦")
                .group("Tools")
                .right(SEES),
        )
        .route(
            Route::get("/backups").right(SEES).words(
                "Backups of the databases, a page behind `after`, of a server (`guild`) or of all",
            ),
            page,
        )
        .route(
            Route::post("/backups/create")
                .right(MAKES)
                .words("Backs up all databases, or that of a server (`guild`)"),
            create,
        )
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let (base, host) = (ctx.base(), ctx.host());
    let guild = ctx.query("guild").trim();
    let call = DatabaseCall {
        guild_id: server(guild)?.map(Id::get),
        after: Some(ctx.query("after").to_owned()).filter(|after| !after.is_empty()),
        limit: Some(PAGE),
        ..DatabaseCall::default()
    };
    let reply = host.databases().backups(&call).await?;
    let actions = html! {
        @if ctx.may(MAKES) {
            (Action::new("Back up now", format!("{base}/backups/create")).then("reload").primary().render())
        }
    };
    let address = format!("{base}/backups");
    let content = html! {
        (ui::card("Databases", html! {
            (ui::filter_bar(&address, ui::search_field("guild", "Backups of a server, by its id", guild)))
            @if reply.backups.is_empty() {
                (ui::empty("No backups", "One is made by the button above, and at the end of the bot where storage.backup_on_shutdown says so."))
            } @else { (table(&reply.backups)) }
            @if let Some(next) = &reply.next {
                nav.pager aria-label="Pages" {
                    a.button href={ (address) "?guild=" (ui::encoded(guild)) "&after=" (ui::encoded(next)) } { "Next page" }
                }
            }
        }))
        div.grid {
            @if ctx.may(MAKES) { (one_server(base)) }
            (restoring(reply.backups.first()))
            (features::slot(&ctx, "backup").await?)
        }
    };
    let head = Head {
        tab: "backups",
        title: "Backups",
        words: "Copies of what is kept. The oldest make room: storage.backups_kept says how many stay.",
        actions,
    };
    shell::page_with(&ctx, head, content).await
}

/// A server's id; none where there is no text.
fn server(text: &str) -> Result<Option<Id<marker::GuildMarker>>> {
    if text.is_empty() {
        return Ok(None);
    }
    let id = text.parse().ok().and_then(Id::new_checked);
    id.map(Some).ok_or_else(|| {
        let text: String = text.chars().take(40).collect();
        Error::user(format!(
            "`{text}` is no server's id: a number, as Discord copies it."
        ))
    })
}

fn table(backups: &[BackupView]) -> Markup {
    let rows = html! {
        @for backup in backups {
            tr {
                th scope="row" { code { (backup.name) } }
                td { (ui::ago(backup.made_ms)) }
                td { @match backup.guild_id {
                    None => (ui::badge(Tone::Good, "all")),
                    Some(id) => { "server " (id) },
                } }
                td { (number(backup.databases)) }
                td.number { (size(backup.bytes)) }
            }
        }
    };
    let headings = ["Backup", "Made", "Of", "Databases", "Size"];
    ui::table("Backups", &headings, rows)
}

fn one_server(base: &str) -> Markup {
    ui::card(
        "One server",
        html! {
            form.form data-post={ (base) "/backups/create" } data-then="reload" {
                label.field { span { "Server's id" } input name="guild" inputmode="numeric" required autocomplete="off"; }
                p.error data-error role="alert" {}
                div.actions { button.button type="submit" { "Back it up" } }
            }
        },
    )
}

fn restoring(latest: Option<&BackupView>) -> Markup {
    let name = latest.map_or("NAME", |backup| backup.name.as_str());
    ui::card(
        "How one comes back",
        html! {
            ol.steps {
                li { "Stop the bot." }
                li { "Run " code { "cogwright restore " (name) } " where its config.toml is. Without a name it lists the backups." }
                li { "Start the bot. What was there before is kept beside it." }
            }
            p.muted { "A backup is checked before it takes the place of what is there. It is not downloaded here: databases hold what members have said." }
        },
    )
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Whose {
    guild: String,
}

async fn create(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let whose: Whose = ctx.json()?;
    let guild = server(whose.guild.trim())?;
    let made = ctx.host().databases().backup(guild).await?;
    said(&made).map(RouteReply::text)
}

fn said(made: &DatabaseBackup) -> Result<String> {
    let copied = counted(made.copied, "database");
    match made.failed.first() {
        None if made.unchanged > 0 => Ok(format!(
            "`{}` is made: {copied} copied and checked, {} unchanged since the last one.",
            made.name, made.unchanged
        )),
        None => Ok(format!(
            "`{}` is made: {copied} copied and checked.",
            made.name
        )),
        Some(first) => Err(Error::user(format!(
            "`{}` is made, but {} could not be copied, whose last copies are kept: {}: {}",
            made.name,
            counted(made.failed.len() as u64, "database"),
            first.name,
            first.reason
        ))),
    }
}

#[cfg(test)]
mod tests {
    use plugin_api::abi::DatabaseFault;

    use super::*;

    #[test]
    fn a_backup_that_lacks_something_is_an_error_and_says_what() {
        let mut made = DatabaseBackup::default();
        (made.name, made.copied, made.unchanged) = ("one".to_owned(), 2, 1);
        assert!(
            said(&made)
                .unwrap()
                .contains("2 databases copied and checked, 1 unchanged")
        );
        let mut fault = DatabaseFault::default();
        (fault.name, fault.reason) = ("7/guild.db".to_owned(), "it is damaged".to_owned());
        made.failed.push(fault);
        assert!(
            said(&made)
                .unwrap_err()
                .to_string()
                .contains("7/guild.db: it is damaged")
        );
    }

    #[test]
    fn a_server_is_a_number() {
        assert_eq!(server("").unwrap(), None);
        assert_eq!(server("7").unwrap().map(Id::get), Some(7));
        assert!(server("../7").is_err() && server("0").is_err());
    }
}
