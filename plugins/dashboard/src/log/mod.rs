//! Log: its lines, live, by level, plugin and words; what has failed lately; what is logged.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `lines.rs` | lines as they are shown, and those that have come since |
//! | `errors.rs` | the latest errors, each with its trace |
//! | `levels.rs` | what is logged, and forms that change it |

mod errors;
mod levels;
mod lines;

use maud::{Markup, html};
use plugin_api::{RouteContext, RouteReply, Tab, prelude::*};

pub(crate) use self::lines::clock;
use crate::{Dashboard, shell, shell::Head, ui};

/// Who may read the log, see errors, and change what is logged.
const READS: &str = "log.read";
const SEES_ERRORS: &str = "errors.list";
const SEES_LEVELS: &str = "log.levels";
const SETS_LEVELS: &str = "log.set_level";

/// Levels, the most severe first.
const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    let plugin = plugin.tab(Tab::new("log", "Log", "/log").icon("📜").group("Admin"));
    levels::add(errors::add(lines::add(plugin)))
}

/// The pages of this tab that whoever looks may open.
fn pages(ctx: &RouteContext<Dashboard>, current: &str) -> Markup {
    let base = ctx.base();
    let all = [
        ("/log", "Lines", READS),
        ("/log/errors", "Errors", SEES_ERRORS),
        ("/log/levels", "Levels", SEES_LEVELS),
    ];
    let may = all.into_iter().filter(|(.., right)| ctx.may(right));
    let pages: Vec<(String, &str)> = may
        .map(|(path, title, _)| (format!("{base}{path}"), title))
        .collect();
    ui::subtabs("Pages of Log", &pages, &format!("{base}{current}"))
}

/// A page of this tab.
async fn shown(
    ctx: &RouteContext<Dashboard>,
    current: &str,
    content: Markup,
) -> Result<RouteReply> {
    let head = Head {
        tab: "log",
        title: "Log",
        words: "",
        actions: html! {},
    };
    let content = html! { (pages(ctx, current)) (content) };
    shell::page_with(ctx, head, content).await
}

/// The names of all plugins, where whoever looks may know them.
async fn plugin_names(ctx: &RouteContext<Dashboard>) -> Result<Vec<String>> {
    if !ctx.may("plugins.list") {
        return Ok(Vec::new());
    }
    let plugins = ctx.host().plugins().all().await?;
    Ok(plugins.into_iter().map(|plugin| plugin.name).collect())
}

/// A choice of a plugin by its name; of one that is not loaded as it was asked for.
fn plugin_options<'a>(names: &'a [String], chosen: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut options = vec![("", "of everything")];
    options.extend(names.iter().map(|name| (name.as_str(), name.as_str())));
    if !options.iter().any(|(value, _)| *value == chosen) {
        options.push((chosen, chosen));
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_that_is_not_loaded_can_still_be_asked_for() {
        let names = ["tea".to_owned()];
        assert_eq!(plugin_options(&names, "tea").len(), 2);
        assert_eq!(
            plugin_options(&names, "gone").last(),
            Some(&("gone", "gone"))
        );
    }
}
