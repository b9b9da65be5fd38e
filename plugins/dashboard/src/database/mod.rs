//! Database: all databases, the bot's and servers': their tables and rows, SQL that reads, SQL that changes rows, and their care.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `list.rs` | which databases there are |
//! | `tables.rs` | tables of one, and one table: columns, indexes, rows |
//! | `rows.rs` | rows as a table, and as CSV |
//! | `query.rs` | SQL that reads |
//! | `edit.rs` | SQL that changes rows, tried first |
//! | `care.rs` | checks, and migrations |
//!
//! A database is named in addresses by `db`: `main`, or the server's id.

mod care;
mod edit;
mod list;
mod query;
mod rows;
mod tables;

use maud::{Markup, html};
use plugin_api::{RouteContext, RouteReply, Tab, prelude::*};

use crate::{Dashboard, shell, shell::Head, ui};

/// The host calls that are the rights here.
mod right {
    pub(super) const TABLES: &str = "database.tables";
    pub(super) const QUERY: &str = "database.query";
    pub(super) const EXECUTE: &str = "database.execute";
    pub(super) const CHECK: &str = "database.check";
    pub(super) const MIGRATIONS: &str = "database.migrations";
    pub(super) const MIGRATE: &str = "database.migrate";
}

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    let mut plugin = plugin.tab(
        Tab::new("database", "Database", "/database")
            .icon("🗄️")
            .group("Admin")
            .right(right::TABLES),
    );
    for add in [list::add, tables::add, query::add, edit::add, care::add] {
        plugin = add(plugin);
    }
    plugin
}

/// Which database is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Db(Option<Id<marker::GuildMarker>>);

impl Db {
    /// The bot's own.
    const BOT: Self = Self(None);

    fn parse(text: &str) -> Result<Self> {
        if matches!(text, "" | "main") {
            return Ok(Self::BOT);
        }
        let id = text.parse().ok().and_then(Id::new_checked);
        id.map(|id| Self(Some(id))).ok_or_else(|| {
            let text: String = text.chars().take(40).collect();
            Error::user(format!(
                "`{text}` is no database: it is `main`, or the id of a server."
            ))
        })
    }

    fn of(ctx: &RouteContext<Dashboard>) -> Result<Self> {
        Self::parse(ctx.query("db"))
    }

    fn guild(self) -> Option<u64> {
        self.0.map(Id::get)
    }

    /// As it stands in addresses.
    fn key(self) -> String {
        self.0
            .map_or_else(|| "main".to_owned(), |id| id.to_string())
    }

    /// As people know it.
    async fn title(self, host: &Host) -> String {
        match self.0 {
            None => "Bot's database".to_owned(),
            Some(id) => match host.cache().guild(id).known().await {
                Ok(guild) => format!("Database of {}", plugin_api::text::clip(&guild.name, 100)),
                Err(_) => format!("Database of server {id}"),
            },
        }
    }
}

/// A page about all databases.
async fn shown(
    ctx: &RouteContext<Dashboard>,
    current: &str,
    title: &str,
    words: &str,
    content: Markup,
) -> Result<RouteReply> {
    let base = ctx.base();
    let mut pages = vec![(format!("{base}/database"), "Databases")];
    if ctx.may(right::CHECK) {
        pages.push((format!("{base}/database/checks"), "Checks"));
    }
    if ctx.may(right::MIGRATIONS) {
        pages.push((format!("{base}/database/migrations"), "Migrations"));
    }
    let content = html! {
        (ui::subtabs("Pages of Database", &pages, &format!("{base}{current}")))
        (content)
    };
    let head = Head {
        tab: "database",
        title,
        words,
        actions: html! {},
    };
    shell::page_with(ctx, head, content).await
}

/// A page about one database.
async fn shown_of(
    ctx: &RouteContext<Dashboard>,
    db: Db,
    current: &str,
    content: Markup,
) -> Result<RouteReply> {
    let (base, key) = (ctx.base(), db.key());
    let address = |page: &str| format!("{base}/database/{page}?db={key}");
    let mut pages = vec![(address("tables"), "Tables")];
    if ctx.may(right::QUERY) {
        pages.push((address("sql"), "SQL"));
    }
    if ctx.may(right::EXECUTE) {
        pages.push((address("edit"), "Edit"));
    }
    let content = html! {
        (ui::subtabs("Pages of this database", &pages, &address(current)))
        (content)
    };
    let title = db.title(ctx.host()).await;
    let head = Head {
        tab: "database",
        title: &title,
        words: "",
        actions: html! { a.button href={ (base) "/database" } { "All databases" } },
    };
    shell::page_with(ctx, head, content).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_the_bots_or_a_servers() {
        assert_eq!(Db::parse("main").unwrap(), Db::BOT);
        assert_eq!(Db::parse("").unwrap().key(), "main");
        let server = Db::parse("81384788765712384").unwrap();
        assert_eq!(
            (server.guild(), &*server.key()),
            (Some(81_384_788_765_712_384), "81384788765712384")
        );
        for bad in ["0", "-1", "../main", "7/guild.db", "main.db"] {
            assert!(Db::parse(bad).is_err(), "{bad}");
        }
    }
}
