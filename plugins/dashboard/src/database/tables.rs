//! Tables of a database, and one of them: its columns, its indexes, what made it, and its rows page by page.

use maud::{Markup, html};
use plugin_api::{
    Route, RouteContext, RouteReply, Rows,
    abi::{DatabaseCall, TableView},
    prelude::*,
};

use super::{Db, right, rows};
use crate::{
    Dashboard,
    ui::{self, Tone},
};

/// Tables and rows on a page.
const TABLES: u32 = 50;
const ROWS: u32 = 50;

pub(super) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .route(
            Route::get("/database/tables")
                .right(right::TABLES)
                .words("Tables of the database `db`, of a `plugin` or of all"),
            page,
        )
        .route(
            Route::get("/database/table")
                .right(right::TABLES)
                .words("A table `name` of the database `db`: its shape, and a page of its rows"),
            one,
        )
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let db = Db::of(&ctx)?;
    let plugin = ctx.query("plugin").trim();
    let call = DatabaseCall {
        guild_id: db.guild(),
        plugin: Some(plugin.to_owned()).filter(|plugin| !plugin.is_empty()),
        after: Some(ctx.query("after").to_owned()).filter(|after| !after.is_empty()),
        limit: Some(TABLES),
        ..DatabaseCall::default()
    };
    let reply = ctx.host().databases().tables(&call).await?;
    let (base, key) = (ctx.base(), db.key());
    let rows = html! {
        @for table in &reply.tables {
            tr {
                th scope="row" {
                    a href={ (base) "/database/table?db=" (key) "&name=" (ui::encoded(&table.name)) } { (ui::name(&table.name)) }
                }
                td { (owner(table)) }
                td { (kind(table)) }
                td { (table.columns.len()) }
                td { (table.indexes.len()) }
            }
        }
    };
    let address = format!("{base}/database/tables");
    let content = html! {
        (ui::filter_bar(&address, html! {
            input type="hidden" name="db" value=(key);
            (ui::search_field("plugin", "Tables of a plugin, by its name", plugin))
        }))
        (ui::card("Tables", html! {
            @if reply.tables.is_empty() {
                (ui::empty("No tables", "A plugin makes its tables by its migrations."))
            } @else {
                (ui::table("Tables", &["Table", "Whose", "Kind", "Columns", "Indexes"], rows))
            }
            @if let Some(next) = &reply.next {
                nav.pager aria-label="Pages" {
                    a.button href={ (address) "?db=" (key) "&plugin=" (ui::encoded(plugin)) "&after=" (ui::encoded(next)) } { "Next page" }
                }
            }
        }))
    };
    super::shown_of(&ctx, db, "tables", content).await
}

fn owner(table: &TableView) -> Markup {
    match table.plugin.as_deref() {
        Some("cogwright") => ui::badge(Tone::Info, "host"),
        Some(plugin) => ui::name(plugin),
        None => html! { span.muted { "nobody" } },
    }
}

fn kind(table: &TableView) -> &str {
    match table.kind.as_str() {
        "shadow" => "part of a virtual table",
        "virtual" => "virtual table",
        kind => kind,
    }
}

async fn one(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let db = Db::of(&ctx)?;
    let name = ctx.query("name");
    let table = find(ctx.host(), db, name).await?;
    let page: u64 = ctx.query_or("page", 1_u64)?.max(1);
    let (base, key) = (ctx.base(), db.key());
    let shown = match ctx.may(right::QUERY) {
        true => Some(page_of(ctx.host(), db, &table.name, page).await?),
        false => None,
    };
    let address = format!(
        "{base}/database/table?db={key}&name={}",
        ui::encoded(&table.name)
    );
    let content = html! {
        h2 { (ui::name(&table.name)) }
        @if let Some((found, more)) = &shown {
            (ui::card_with("Rows", html! {
                a.button.quiet href={ (base) "/database/sql?db=" (key) "&sql=" (ui::encoded(&format!("SELECT * FROM {} LIMIT 100", quoted(&table.name)))) } { "Ask by SQL" }
            }, html! {
                @if found.is_empty() && page == 1 { (ui::empty("No rows", "Nothing is kept in it.")) }
                @else { (rows::table(found)) }
                @if *more || page > 1 {
                    nav.pager aria-label="Pages" {
                        @if page > 1 { a.button.quiet href={ (address) "&page=" (page - 1) } { "Previous" } }
                        span { "Page " (page) }
                        @if *more { a.button.quiet href={ (address) "&page=" (page + 1) } { "Next" } }
                    }
                }
            }))
        }
        (shape(&table))
    };
    super::shown_of(&ctx, db, "tables", content).await
}

/// A table by its name.
async fn find(host: &Host, db: Db, name: &str) -> Result<TableView> {
    let mut call = DatabaseCall {
        guild_id: db.guild(),
        ..DatabaseCall::default()
    };
    loop {
        let reply = host.databases().tables(&call).await?;
        if let Some(table) = reply.tables.into_iter().find(|table| table.name == name) {
            return Ok(table);
        }
        call.after = reply.next;
        if call.after.is_none() {
            let name: String = name.chars().take(80).collect();
            return Err(Error::user(format!(
                "There is no table `{name}` in this database: look into the list of its tables."
            )));
        }
    }
}

/// A page of a table's rows, and whether there are more.
async fn page_of(host: &Host, db: Db, table: &str, page: u64) -> Result<(Rows, bool)> {
    let offset = (page - 1).saturating_mul(u64::from(ROWS)).cast_signed();
    let sql = format!("SELECT * FROM {} LIMIT -1 OFFSET ?1", quoted(table));
    let databases = host.databases();
    databases.query(db.0, &sql, params![offset], ROWS).await
}

/// A name as SQL has it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn shape(table: &TableView) -> Markup {
    let columns = html! {
        @for column in &table.columns {
            tr {
                th scope="row" { (ui::name(&column.name)) }
                td { code { (column.kind) } }
                td { @if column.not_null { "required" } }
                td { @if column.key > 0 { "key " (column.key) } }
            }
        }
    };
    html! {
        div.grid {
            (ui::card("Columns", ui::table("Columns", &["Column", "Type", "", ""], columns)))
            (ui::card("Indexes", html! {
                @if table.indexes.is_empty() { p.muted { "None." } }
                ul.list { @for (name, sql) in &table.indexes {
                    li { (ui::name(name)) @if !sql.is_empty() { code.wide { (sql) } } }
                } }
            }))
        }
        @if !table.sql.is_empty() { (ui::card("What made it", ui::code_block("SQL", &table.sql))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_quoted_whatever_it_is() {
        assert_eq!(quoted("shop__items"), "\"shop__items\"");
        assert_eq!(quoted("a\"; DROP TABLE b --"), "\"a\"\"; DROP TABLE b --\"");
    }
}
