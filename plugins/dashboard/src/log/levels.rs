//! Levels: what is logged, of the host, of its modules and of plugins, until the bot stops.

use maud::{Markup, html};
use plugin_api::{
    Route, RouteContext, RouteReply,
    abi::{LevelCall, LevelsReply},
    prelude::*,
};
use serde::Deserialize;
use serde_json::json;

use super::{LEVELS, SEES_LEVELS, SETS_LEVELS, plugin_names, shown};
use crate::{
    Dashboard, shell,
    ui::{self, Action},
};

pub(super) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .route(
            Route::get("/log/levels")
                .right(SEES_LEVELS)
                .words("What is logged"),
            page,
        )
        .route(
            Route::get("/log/levels/list")
                .right(SEES_LEVELS)
                .words("The same, without the page around"),
            part,
        )
        .route(
            Route::post("/log/levels/set")
                .right(SETS_LEVELS)
                .words("Changes what is logged of a `plugin`, of a module (`target`), or of the host: `level`; empty: as for all others"),
            set,
        )
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let levels = ctx.host().log_levels().await?;
    let may = ctx.may(SETS_LEVELS);
    let base = ctx.base();
    let names = plugin_names(&ctx).await?;
    let content = html! {
        p.muted { "What is changed here holds until the bot stops; what it begins with stands in its configuration." }
        div #levels.stack data-src={ (base) "/log/levels/list" } data-every="30" { (drawn(base, &levels, may)) }
        @if may { (forms(base, &names)) }
    };
    shown(&ctx, "/log/levels", content).await
}

async fn part(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let levels = ctx.host().log_levels().await?;
    Ok(shell::part(&drawn(
        ctx.base(),
        &levels,
        ctx.may(SETS_LEVELS),
    )))
}

fn drawn(base: &str, levels: &LevelsReply, may: bool) -> Markup {
    let (whole, modules) = parsed(&levels.level);
    let back = |body: &serde_json::Value, label: String| {
        html! {
            @if may {
                (Action::new("As all others", format!("{base}/log/levels/set"))
                    .body(body).label(label).then("refresh:#levels").quiet())
            }
        }
    };
    html! {
        div.grid {
            (ui::card("Host", html! {
                dl.facts { (ui::fact("Everything", html! { code { (whole) } })) }
                @if !modules.is_empty() {
                    (ui::table("Modules with levels of their own", &["Module", "Level", ""], html! {
                        @for (module, level) in &modules {
                            tr {
                                th scope="row" { (ui::name(module)) }
                                td { code { (level) } }
                                td { div.actions { (back(&json!({ "target": module }), format!("{module} as all others"))) } }
                            }
                        }
                    }))
                }
            }))
            (ui::card("Plugins", html! {
                @if levels.plugins.is_empty() { p.muted { "No plugin has a level of its own: all are logged as the rest." } }
                @else {
                    (ui::table("Plugins with levels of their own", &["Plugin", "Level", ""], html! {
                        @for (plugin, level) in &levels.plugins {
                            tr {
                                th scope="row" { (ui::name(plugin)) }
                                td { code { (level) } }
                                td { div.actions { (back(&json!({ "plugin": plugin }), format!("{plugin} as all others"))) } }
                            }
                        }
                    }))
                }
            }))
        }
    }
}

/// A filter in its parts: the level of everything, and those of modules.
fn parsed(filter: &str) -> (String, Vec<(String, String)>) {
    let (mut whole, mut modules) = (String::new(), Vec::new());
    for part in filter.split(',').map(str::trim).filter(|it| !it.is_empty()) {
        match part.split_once('=') {
            Some((module, level)) => modules.push((module.to_owned(), level.to_owned())),
            None => part.clone_into(&mut whole),
        }
    }
    (whole, modules)
}

fn forms(base: &str, names: &[String]) -> Markup {
    let level = || {
        html! {
            select name="level" aria-label="Level" {
                @for level in LEVELS.iter().rev() { option value=(level) selected[*level == "debug"] { (level) } }
                option value="off" { "off" }
            }
        }
    };
    let form = |fields: Markup| {
        html! {
            form.filters data-post={ (base) "/log/levels/set" } data-then="refresh:#levels" {
                (fields) (level())
                button.button type="submit" { "Set" }
                p.error.wide data-error role="alert" {}
            }
        }
    };
    html! {
        div.grid {
            (ui::card("Log more or less of a plugin", form(html! {
                select name="plugin" aria-label="Plugin" required {
                    @for name in names { option value=(name) { (name) } }
                }
            })))
            (ui::card("… of the host, or a module of it", form(html! {
                input name="target" placeholder="All, or a module: host_discord::gateway" aria-label="Module of the host; empty: all";
            })))
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Wanted {
    plugin: String,
    target: String,
    level: String,
}

async fn set(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let wanted: Wanted = ctx.json()?;
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let call = LevelCall {
        plugin: given(&wanted.plugin),
        target: given(&wanted.target),
        level: given(&wanted.level),
    };
    if let Some(level) = &call.level
        && level != "off"
        && !LEVELS.contains(&level.as_str())
    {
        return Err(Error::user(
            "The level is one of error, warn, info, debug, trace and off.",
        ));
    }
    if let Some(target) = &call.target
        && !target
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))
    {
        return Err(Error::user(
            "A module is written as in the log: `host_discord::gateway`.",
        ));
    }
    if (&call.plugin, &call.target, &call.level) == (&None, &None, &None) {
        return Err(Error::user("Say which level is to hold for the host."));
    }
    ctx.host().set_log_level(&call).await?;
    Ok(RouteReply::text(told(&call)))
}

fn told(call: &LevelCall) -> String {
    let of = match (&call.plugin, &call.target) {
        (Some(plugin), _) => format!("The plugin `{plugin}`"),
        (None, Some(target)) => format!("The module `{target}`"),
        (None, None) => "The host".to_owned(),
    };
    match call.level.as_deref() {
        Some("off") => format!("{of} is not logged any more, until the bot stops."),
        Some(level) => format!("{of} is logged from `{level}` on, until the bot stops."),
        None => format!("{of} is logged as all others."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_read_in_its_parts() {
        let (whole, modules) = parsed("info, host_discord=debug,h2=off");
        assert_eq!(whole, "info");
        assert_eq!(
            modules,
            [
                ("host_discord".to_owned(), "debug".to_owned()),
                ("h2".to_owned(), "off".to_owned())
            ]
        );
    }

    #[test]
    fn what_is_changed_is_told_and_who_may_not_change_it_sees_no_button() {
        let mut levels = LevelsReply::default();
        levels.level = "info,h2=off".to_owned();
        levels.plugins.insert("<b>".to_owned(), "debug".to_owned());
        let shown = |may| drawn("/p/d", &levels, may).into_string();
        assert!(!shown(false).contains("<button") && !shown(true).contains("<b>"));
        assert_eq!(shown(true).matches("<button").count(), 2);
        let call = LevelCall {
            plugin: Some("tea".into()),
            level: Some("debug".into()),
            ..LevelCall::default()
        };
        assert_eq!(
            told(&call),
            "The plugin `tea` is logged from `debug` on, until the bot stops."
        );
    }
}
