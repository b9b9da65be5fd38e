//! SQL that reads: a statement, what it finds, and that as CSV.

use maud::{Markup, html};
use plugin_api::{
    Route, RouteContext, RouteReply, Rows,
    prelude::*,
    text::{counted, number},
};
use serde::Deserialize;

use super::{Db, right, rows};
use crate::{Dashboard, shell, ui};

/// Rows that are shown, and rows of a CSV: as many as the host gives.
const ROWS: u32 = 200;
const CSV_ROWS: u32 = 1_000;

/// Bytes of a statement that is in an address, for a CSV.
const IN_ADDRESS: usize = 4_000;

pub(super) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .route(
            Route::get("/database/sql")
                .right(right::QUERY)
                .words("A field for SQL that reads in the database `db`"),
            page,
        )
        .route(
            Route::post("/database/query")
                .right(right::QUERY)
                .words("What a statement `sql` finds in the database `db`"),
            query,
        )
        .route(
            Route::get("/database/csv")
                .right(right::QUERY)
                .words("The same as CSV, 1,000 rows at most"),
            csv,
        )
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let db = Db::of(&ctx)?;
    let content = html! {
        form.card.form data-post={ (ctx.base()) "/database/query" } data-then="show:#result" {
            input type="hidden" name="db" value=(db.key());
            label.field {
                span { "Statement" }
                textarea.editor name="sql" rows="6" spellcheck="false" autocapitalize="off" dir="ltr" required data-lines { "\n" (ctx.query("sql")) }
            }
            p.muted { "One " code { "SELECT" } ". Nothing can be changed by it, and it is stopped when it takes too long." }
            p.error data-error role="alert" {}
            div.actions { button.button.primary type="submit" { "Run" } }
        }
        div #result aria-live="polite" {}
    };
    super::shown_of(&ctx, db, "sql", content).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    #[serde(default)]
    db: String,
    sql: String,
}

async fn query(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let Statement { db, sql } = ctx.json()?;
    let db = Db::parse(&db)?;
    let databases = ctx.host().databases();
    let (found, more) = databases.query(db.0, &sql, params![], ROWS).await?;
    Ok(shell::part(&result(ctx.base(), db, &sql, &found, more)))
}

fn result(base: &str, db: Db, sql: &str, found: &Rows, more: bool) -> Markup {
    let count = found.len() as u64;
    let aside = html! {
        span.muted {
            (counted(count, "row"))
            @if more { ", and more: the first " (number(count)) " are shown" }
        }
        @if sql.len() <= IN_ADDRESS {
            form method="get" action={ (base) "/database/csv" } {
                input type="hidden" name="db" value=(db.key());
                input type="hidden" name="sql" value=(sql);
                button.button type="submit" { "CSV" }
            }
        }
    };
    ui::card_with(
        "What it found",
        aside,
        html! {
            @if found.is_empty() { (ui::empty("No rows", "The statement is right, and finds nothing.")) }
            @else { (rows::table(found)) }
        },
    )
}

async fn csv(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let db = Db::of(&ctx)?;
    let databases = ctx.host().databases();
    let found = databases.query(db.0, ctx.query("sql"), params![], CSV_ROWS);
    let (found, _) = found.await?;
    let name = format!("{}.csv", db.key());
    Ok(RouteReply::bytes("text/csv; charset=utf-8", rows::csv(&found)).download(&name))
}
