//! Settings: all those of the host and of plugins, changed while the bot runs, and those of a server.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `groups.rs` | which settings there are: tables of the host, plugins, and what is searched for |
//! | `field.rs` | a setting as a field: what it is for, what it takes, its value |
//! | `servers.rs` | the servers to pick one from |
//!
//! The host knows every setting's type and checks each value: what is wrong with one is its sentence, shown at the field.

mod field;
mod groups;
mod servers;

use maud::{Markup, html};
use plugin_api::{
    Route, RouteContext, RouteReply, Tab,
    abi::{DescribeCall, DescribeReply, SettingChangeReply, SettingView},
    prelude::*,
    text::{clip, counted},
};
use serde::Deserialize;

pub(crate) use self::field::drawn as field;
use self::groups::{Group, Shown};
use crate::{Dashboard, shell, shell::Head, ui};

/// Who may see settings, and who may change them.
pub(crate) const SEES: &str = "settings.describe";
pub(crate) const CHANGES: &str = "settings.write";

/// Settings on a page.
const PAGE: usize = 50;

/// Settings that the host gives at once.
const AT_ONCE: u32 = 200;

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .tab(
            Tab::new("settings", "Settings", "/settings")
                .icon("⚙️")
                .group("Core")
                .right(SEES),
        )
        .route(
            Route::get("/settings").words("Settings of the host and of plugins"),
            page,
        )
        .route(
            Route::get("/settings/list")
                .right(SEES)
                .words("Settings of a group, or those that are searched for"),
            list,
        )
        .route(
            Route::post("/settings/write")
                .right(CHANGES)
                .words("Changes a setting of the bot, or resets it"),
            write,
        )
        .route(
            Route::get("/settings/servers").words("Servers, to see the settings of one"),
            servers::page,
        )
        .route(
            Route::get("/settings/server/{guild}")
                .right(SEES)
                .words("Settings of a server"),
            server,
        )
        .route(
            Route::get("/settings/server/{guild}/list")
                .right(SEES)
                .words("Settings of a server, of a plugin, or those that are searched for"),
            server_list,
        )
        .route(
            Route::post("/settings/server/{guild}/write")
                .right(CHANGES)
                .words("Changes a server's setting, or resets it"),
            write_in_server,
        )
}

/// All settings, of the bot or of a server, and what the host says of their file.
async fn all(host: &Host, guild: Option<u64>) -> Result<DescribeReply> {
    let mut call = DescribeCall {
        guild_id: guild,
        limit: Some(AT_ONCE),
        ..DescribeCall::default()
    };
    let mut whole = host.describe_settings(&call).await?;
    while let Some(next) = whole.next.take() {
        call.after = Some(next);
        let page = host.describe_settings(&call).await?;
        whole.settings.extend(page.settings);
        whole.next = page.next;
    }
    Ok(whole)
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    if ctx.session().own_servers || !ctx.may(SEES) {
        return Ok(RouteReply::see(format!("{}/settings/servers", ctx.base())));
    }
    let reply = all(ctx.host(), None).await?;
    let notes = html! {
        @if let Some(file) = &reply.file {
            p.muted { "They are written to " code { (file) } ", which keeps its comments." }
        }
        @if let Some(trouble) = &reply.trouble {
            p.notice.bad { "The file can't be read, so the last good values hold: " bdi { (trouble) } }
        }
    };
    let address = format!("{}/settings", ctx.base());
    let content = html! {
        (notes)
        (sheet(&ctx, &reply.settings, &address)?)
    };
    let head = Head {
        tab: "settings",
        title: "Settings",
        words: "What the host and its plugins go by. Each value is checked before it counts.",
        actions: html! { a.button href={ (ctx.base()) "/settings/servers" } { "Settings of a server" } },
    };
    shell::page_with(&ctx, head, content).await
}

async fn server(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let guild = ctx.guild()?;
    let known = ctx.host().cache().guild(guild).known().await;
    let name = known.map_or_else(|_| guild.to_string(), |guild| guild.name);
    let reply = all(ctx.host(), Some(guild.get())).await?;
    let address = format!("{}/settings/server/{guild}", ctx.base());
    let content = if reply.settings.is_empty() {
        ui::empty(
            "Nothing to set for a server",
            "No plugin that is loaded has a setting that a server may have for itself.",
        )
    } else {
        sheet(&ctx, &reply.settings, &address)?
    };
    let title = format!("Settings of {}", clip(&name, 100));
    let head = Head {
        tab: "settings",
        title: &title,
        words: "What this server has set holds here alone; the rest is as the bot has it.",
        actions: html! { a.button href={ (ctx.base()) "/settings/servers" } { "Another server" } },
    };
    shell::page_with(&ctx, head, content).await
}

/// The groups at the side, a field to search, and the settings. `address` is the page's own.
fn sheet(ctx: &RouteContext<Dashboard>, all: &[SettingView], address: &str) -> Result<Markup> {
    let wanted = Wanted::of(ctx)?;
    let groups = groups::of(all);
    let shown = groups::shown(all, &groups, wanted.group, wanted.search, wanted.page, PAGE);
    let source = wanted.address(&format!("{address}/list"));
    let live = match ctx.session().own_servers {
        true => None,
        false => Some("host:settings"),
    };
    Ok(html! {
        (ui::filter_bar(address, html! {
            (ui::search_field("q", "Search all settings", wanted.search))
        }))
        div.settings {
            nav.settings-groups aria-label="Groups of settings" {
                (group_list(&groups, address, &shown, false))
                (group_list(&groups, address, &shown, true))
            }
            div #settings.stack data-src=(source) data-live=[live] {
                (fields(ctx, &shown, address))
            }
        }
    })
}

fn group_list(groups: &[Group<'_>], address: &str, shown: &Shown<'_>, plugins: bool) -> Markup {
    let groups: Vec<&Group<'_>> = groups.iter().filter(|it| it.plugin == plugins).collect();
    html! {
        @if !groups.is_empty() {
            h2 { @if plugins { "Plugins" } @else { "Host" } }
            ul {
                @for group in groups {
                    li {
                        a href={ (address) "?group=" (ui::encoded(group.name)) } aria-current=[(shown.group == Some(group.name)).then_some("page")] {
                            bdi.cut { (group.name) }
                            small.muted title="Set, of all" { @if group.set > 0 { (group.set) " of " } (group.all) }
                        }
                    }
                }
            }
        }
    }
}

fn fields(ctx: &RouteContext<Dashboard>, shown: &Shown<'_>, address: &str) -> Markup {
    let changes = ctx.may(CHANGES);
    html! {
        @if shown.settings.is_empty() {
            (ui::empty("No setting has all these words", "Search for fewer, or pick a group."))
        }
        @for one in &shown.settings { (field(one, address, changes)) }
        (ui::pager(
            ui::Pager { page: shown.page, size: PAGE as u64, total: shown.total },
            &query(ctx),
            "setting",
        ))
        @if shown.total > 0 { p.muted { (counted(shown.total, "setting")) } }
    }
}

/// The query, as the page has it.
fn query(ctx: &RouteContext<Dashboard>) -> Vec<(String, String)> {
    ctx.queries().to_vec()
}

/// What of all settings is wanted.
struct Wanted<'a> {
    group: &'a str,
    search: &'a str,
    page: u64,
}

impl<'a> Wanted<'a> {
    fn of(ctx: &'a RouteContext<Dashboard>) -> Result<Self> {
        Ok(Self {
            group: ctx.query("group"),
            search: ctx.query("q"),
            page: ctx.query_or("page", 1)?,
        })
    }

    fn address(&self, path: &str) -> String {
        let Self {
            group,
            search,
            page,
        } = self;
        let (group, search) = (ui::encoded(group), ui::encoded(search));
        format!("{path}?group={group}&q={search}&page={page}")
    }
}

async fn list(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let address = format!("{}/settings", ctx.base());
    part(&ctx, None, &address).await
}

async fn server_list(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let guild = ctx.guild()?;
    let address = format!("{}/settings/server/{guild}", ctx.base());
    part(&ctx, Some(guild.get()), &address).await
}

async fn part(
    ctx: &RouteContext<Dashboard>,
    guild: Option<u64>,
    address: &str,
) -> Result<RouteReply> {
    let reply = all(ctx.host(), guild).await?;
    let wanted = Wanted::of(ctx)?;
    let groups = groups::of(&reply.settings);
    let shown = groups::shown(
        &reply.settings,
        &groups,
        wanted.group,
        wanted.search,
        wanted.page,
        PAGE,
    );
    Ok(shell::part(&fields(ctx, &shown, address)))
}

/// A value as a field sends it.
#[derive(Deserialize)]
struct Change {
    path: String,
    /// How the field's text is to be read: `list` is one entry a line.
    #[serde(default)]
    read: String,
    #[serde(default)]
    value: String,
    /// Back to what holds without a value.
    #[serde(default)]
    reset: bool,
}

async fn write(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    changed(&ctx, None).await
}

async fn write_in_server(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let guild = ctx.guild()?;
    changed(&ctx, Some(guild)).await
}

async fn changed(
    ctx: &RouteContext<Dashboard>,
    guild: Option<Id<marker::GuildMarker>>,
) -> Result<RouteReply> {
    let change: Change = ctx.json()?;
    let value = match change.reset {
        true => plugin_api::Json::Null,
        false => field::typed(&change.read, &change.value),
    };
    let done = ctx.host().write_setting(guild, &change.path, value).await?;
    Ok(RouteReply::text(said(&change, &done)))
}

fn said(change: &Change, done: &SettingChangeReply) -> String {
    let path = &change.path;
    let deed = match (change.reset, done.before == done.after) {
        (_, true) => return format!("`{path}` is as it was."),
        (true, _) => "is reset",
        (false, _) => "is set",
    };
    if done.waits_for_restart {
        format!("`{path}` {deed}. It holds after a restart of the bot.")
    } else if done.waits_for_reload {
        format!("`{path}` {deed}. It holds after a reload of its plugin.")
    } else {
        format!("`{path}` {deed}, and holds from now on.")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_has_become_of_a_change_is_told() {
        let change: Change =
            serde_json::from_value(json!({ "path": "bot.prefix", "value": "?" })).unwrap();
        let mut done = SettingChangeReply::default();
        assert_eq!(said(&change, &done), "`bot.prefix` is as it was.");
        done.after = json!("?");
        assert!(said(&change, &done).ends_with("from now on."));
        done.waits_for_restart = true;
        assert!(said(&change, &done).ends_with("after a restart of the bot."));
    }
}
