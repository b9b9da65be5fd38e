//! SQL that changes rows: tried first, in a transaction that is taken back, and carried out when one has seen what would change.

use maud::{Markup, html};
use plugin_api::{
    Route, RouteContext, RouteReply,
    abi::DatabaseChanged,
    prelude::*,
    text::{counted, milliseconds, number},
};
use serde::Deserialize;

use super::{Db, right};
use crate::{Dashboard, shell, ui};

pub(super) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .route(
            Route::get("/database/edit")
                .right(right::EXECUTE)
                .words("A field for SQL that changes rows in the database `db`"),
            page,
        )
        .route(
            Route::post("/database/try").right(right::EXECUTE).words(
                "What statements `sql` would change in the database `db`: nothing is changed",
            ),
            attempt,
        )
        .route(
            Route::post("/database/execute")
                .right(right::EXECUTE)
                .words(
                    "Changes rows in the database `db` by statements `sql`, all of them or none",
                ),
            execute,
        )
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let db = Db::of(&ctx)?;
    let content = html! {
        form.card.form data-post={ (ctx.base()) "/database/try" } data-then="show:#result" {
            input type="hidden" name="db" value=(db.key());
            label.field {
                span { "Statements" }
                textarea.editor name="sql" rows="8" spellcheck="false" autocapitalize="off" dir="ltr" required data-lines { "\n" (ctx.query("sql")) }
            }
            p.muted {
                "INSERT, UPDATE, DELETE, with ; between them: one transaction. It is tried first, and shown what would change. The host's own \
                 tables stay as they are; each change is in the audit journal."
            }
            p.error data-error role="alert" {}
            div.actions { button.button.primary type="submit" { "Try" } }
        }
        div #result aria-live="polite" {}
    };
    super::shown_of(&ctx, db, "edit", content).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Statements {
    #[serde(default)]
    db: String,
    sql: String,
}

async fn attempt(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let Statements { db, sql } = ctx.json()?;
    let db = Db::parse(&db)?;
    let would = ctx.host().databases().execute(db.0, &sql, true).await?;
    let form = html! {
        form.form data-post={ (ctx.base()) "/database/execute" } data-then="show:#result"
            data-confirm={ "Change " (counted(would.changed + would.beside, "row")) "? It can't be undone here." } data-danger {
            input type="hidden" name="db" value=(db.key());
            textarea name="sql" hidden aria-hidden="true" tabindex="-1" { "\n" (sql) }
            p.error data-error role="alert" {}
            div.actions { button.button.danger type="submit" { "Change" } }
        }
    };
    Ok(shell::part(&report(&would, "What would change", form)))
}

async fn execute(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let Statements { db, sql } = ctx.json()?;
    let db = Db::parse(&db)?;
    let done = ctx.host().databases().execute(db.0, &sql, false).await?;
    let words = html! { p.notice.good { "Done. It is in the audit journal." } };
    Ok(shell::part(&report(&done, "What has changed", words)))
}

fn report(changed: &DatabaseChanged, title: &str, below: Markup) -> Markup {
    let rows = html! {
        @for table in &changed.tables {
            @let more = i128::from(table.after) - i128::from(table.before);
            tr {
                th scope="row" { (ui::name(&table.name)) }
                td { (number(table.before)) }
                td { (number(table.after)) }
                td { @if more == 0 { span.muted { "same number" } } @else { (format!("{more:+}")) } }
            }
        }
    };
    let aside = html! { span.muted { (counted(changed.statements, "statement")) ", " (milliseconds(changed.took_us)) } };
    ui::card_with(
        title,
        aside,
        html! {
            div.stats {
                (ui::stat("Rows", number(changed.changed), "inserted, updated, deleted"))
                (ui::stat("Beside", number(changed.beside), "by triggers and foreign keys"))
            }
            (ui::table("Tables", &["Table", "Rows before", "After", ""], rows))
            (below)
        },
    )
}

#[cfg(test)]
mod tests {
    use plugin_api::abi::TableChange;

    use super::*;

    #[test]
    fn each_table_has_its_rows_before_and_after() {
        let mut changed = DatabaseChanged::default();
        for (name, before, after) in [("a__more", 1, 3), ("a__less", 9, 2), ("a__<b>", 4, 4)] {
            let mut table = TableChange::default();
            (table.name, table.before, table.after) = (name.to_owned(), before, after);
            changed.tables.push(table);
        }
        let shown = report(&changed, "What would change", html! {}).into_string();
        for part in ["+2", "-7", "same number", "a__&lt;b&gt;"] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
    }
}
