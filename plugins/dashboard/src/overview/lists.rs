//! Plugins at a glance, the latest errors, the last framework events.

use maud::{Markup, html};
use plugin_api::{
    abi::{ErrorsReply, HookEvent, PluginState, PluginView},
    text::{clip, counted, milliseconds},
};

use crate::ui::{self, Tone};

/// Characters of an error that are shown.
const WORDS: usize = 240;

/// Plugins that are shown: those with something to say first.
const PLUGINS: usize = 24;

pub(super) fn plugins(plugins: &[PluginView]) -> Markup {
    let mut shown: Vec<&PluginView> = plugins.iter().collect();
    shown.sort_by_key(|plugin| (plugin.state == PluginState::Serving, &plugin.name));
    let more = shown.len().saturating_sub(PLUGINS);
    shown.truncate(PLUGINS);
    html! {
        @if shown.is_empty() {
            (ui::empty("No plugin is loaded", "Drop a compiled plugin into the extensions folder."))
        } @else {
            ul.tiles {
                @for plugin in shown {
                    li {
                        (pill(plugin))
                        div.grow { (ui::name(&plugin.name)) small.muted.cut { (plugin.version) } }
                        small.muted { (counted(u64::from(plugin.commands), "command")) }
                    }
                }
            }
            @if more > 0 { p.muted { "and " (counted(more as u64, "other plugin")) } }
        }
    }
}

fn pill(plugin: &PluginView) -> Markup {
    match plugin {
        plugin if plugin.quarantined => ui::badge(Tone::Bad, "quarantine"),
        plugin if plugin.unloaded => ui::badge(Tone::Plain, "unloaded"),
        PluginView {
            state: PluginState::Serving,
            error: None,
            ..
        } => ui::dot(Tone::Good, "serves"),
        PluginView {
            state: PluginState::Serving,
            ..
        } => ui::badge(Tone::Warn, "older file"),
        _ => ui::badge(Tone::Bad, "refused"),
    }
}

pub(super) fn errors(reply: &ErrorsReply) -> Markup {
    html! {
        @if reply.errors.is_empty() {
            (ui::empty("Nothing has failed", "since the bot began."))
        } @else {
            ul.list {
                @for error in &reply.errors {
                    li data-key=(error.number) {
                        div.row.between.grow {
                            span.cut { bdi { (error.plugin) } " · " bdi { (error.what) } }
                            small.muted { (ui::ago(error.at_ms)) }
                        }
                        p.wide.bad-text { bdi { (clip(&error.text, WORDS)) } }
                        @if !error.error_id.is_empty() { small.muted { "id " code { (error.error_id) } } }
                    }
                }
            }
            p.muted { (counted(reply.total, "error")) " since the bot began" }
        }
    }
}

pub(super) fn events(events: &[HookEvent]) -> Markup {
    if events.is_empty() {
        return ui::empty(
            "No event yet",
            "Plugins that come and go, errors, and what plugins tell each other are listed here.",
        );
    }
    let rows = html! {
        @for event in events {
            tr {
                th scope="row" { (ui::name(&event.event)) }
                td { (ui::name(event.from.as_deref().unwrap_or("the host"))) }
                td.number { (event.handled) " of " (event.queued) @if event.errors > 0 { " " (ui::badge(Tone::Bad, html! { (event.errors) " failed" })) } }
                td.number { (milliseconds(event.took_us)) }
                td.number { (ui::ago(event.at_ms)) }
            }
        }
    };
    ui::table(
        "The last framework events",
        &["Event", "From", "Handled", "Took", "When"],
        rows,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugins_that_do_not_serve_are_shown_first_and_no_more_than_fit() {
        let mut all = Vec::new();
        for number in 0..30 {
            let mut plugin = PluginView::default();
            plugin.name = format!("p{number:02}");
            plugin.state = PluginState::Serving;
            if number == 29 {
                plugin.state = PluginState::Refused;
            }
            all.push(plugin);
        }
        let shown = plugins(&all).into_string();
        let at = |name: &str| shown.find(name);
        assert!(at("p29") < at("p00"), "{shown}");
        assert!(at("p23").is_none() && shown.contains("and 6 other plugins"));
    }

    #[test]
    fn names_and_errors_of_others_are_escaped() {
        let mut reply = ErrorsReply::default();
        let mut error = plugin_api::abi::ErrorView::default();
        error.text = "<img src=x onerror=1>".to_owned();
        error.plugin = "<b>".to_owned();
        reply.errors.push(error);
        let shown = errors(&reply).into_string();
        assert!(!shown.contains("<img") && !shown.contains("<b>"), "{shown}");
    }
}
