//! Files of a plugin: those that are kept for a rollback, its canary, and what its unloads have left.

use maud::{Markup, html};
use plugin_api::{
    RouteContext,
    abi::{CanaryView, FormerReply, FormerView, PluginFootprint, PluginView},
    prelude::*,
    text::{counted, number, size},
};
use serde_json::json;

use super::{
    deeds::{self, Deed},
    standing::serves,
};
use crate::{
    Dashboard,
    ui::{self, Action, Tone},
};

/// Digits of a SHA-256 that are shown.
const DIGITS: usize = 12;

pub(super) async fn drawn(ctx: &RouteContext<Dashboard>, plugin: &PluginView) -> Result<Markup> {
    let former = match ctx.may("plugins.former") {
        true => Some(ctx.host().plugins().former(&plugin.name).await?),
        false => None,
    };
    let footprint = match serves(plugin) && ctx.may("plugins.usage") {
        // It may go just now.
        true => ctx.host().plugins().usage(&plugin.name).await.ok(),
        false => None,
    };
    Ok(html! {
        @if let Some(former) = &former {
            (ui::card("Files that are kept", kept(ctx, plugin, former)))
        }
        (canary(ctx, plugin))
        @if let Some(usage) = &footprint {
            (ui::card("What unloads have left", remains(&usage.footprint)))
        }
    })
}

fn kept(ctx: &RouteContext<Dashboard>, plugin: &PluginView, former: &FormerReply) -> Markup {
    let may = ctx.may("plugins.rollback");
    let rows = html! {
        @if let Some(present) = &former.present { (row(ctx, plugin, present, None)) }
        @for file in &former.files { (row(ctx, plugin, file, may.then_some(file))) }
    };
    let headings: &[&str] = match may {
        true => &[
            "Version",
            "File",
            "First loaded",
            "Loads",
            "Panics",
            "How it ended",
            "Roll back",
        ],
        false => &[
            "Version",
            "File",
            "First loaded",
            "Loads",
            "Panics",
            "How it ended",
        ],
    };
    html! {
        p.muted { "Each file that has served is kept, the last ones of each plugin. A rollback loads one in the place of the present one, and a restart goes on with it." }
        @if former.present.is_none() && former.files.is_empty() {
            (ui::empty("No file is kept yet", "There is one once it has been loaded."))
        } @else {
            (ui::table("Files of the plugin that are kept", headings, rows))
        }
        @if may && !former.files.is_empty() { (state_form(ctx, plugin, &former.files)) }
    }
}

fn row(
    ctx: &RouteContext<Dashboard>,
    plugin: &PluginView,
    file: &FormerView,
    back: Option<&FormerView>,
) -> Markup {
    let may = ctx.may("plugins.rollback");
    html! {
        tr data-key=(file.sha256) {
            th scope="row" { bdi { (file.version) } " " @if back.is_none() && file.ended.is_none() { (ui::badge(Tone::Good, "present")) } }
            td { code title=(file.sha256) { (file.sha256.get(..DIGITS).unwrap_or(&file.sha256)) } " " span.muted { (size(file.bytes)) } }
            td.number { (ui::ago(file.first_ms)) }
            td.number { (number(file.loads)) }
            td.number { (number(file.panics)) }
            td {
                @match &file.ended { Some(words) => bdi { (words) }, None => span.muted { "–" } }
                @if let Some(at) = file.state_ms { " " small.muted { "state of " (ui::ago(at)) } }
            }
            @if may {
                td {
                    @if let Some(file) = back {
                        (Action::new("Roll back", format!("{}/plugins/rollback", ctx.base()))
                            .quiet()
                            .body(&json!({ "name": plugin.name, "which": file.sha256 }))
                            .confirm(format!("Roll {} back to {}? It goes on with the state of now; what its tables hold stays as it is.", plugin.name, file.version))
                            .label(format!("Roll back to {} {}", file.version, file.sha256.get(..DIGITS).unwrap_or_default()))
                            .then("refresh:#plugin"))
                    } @else { span.muted { "–" } }
                }
            }
        }
    }
}

/// A rollback with a choice: which file, with which state, also out of quarantine.
fn state_form(ctx: &RouteContext<Dashboard>, plugin: &PluginView, files: &[FormerView]) -> Markup {
    html! {
        details {
            summary { "Roll back with the state of then, or out of quarantine" }
            form.stack data-post={ (ctx.base()) "/plugins/rollback" } data-confirm="Roll back to this file?" data-then="refresh:#plugin" {
                input type="hidden" name="name" value=(plugin.name);
                div.field {
                    label for="rollback-which" { "File" }
                    select #rollback-which name="which" {
                        @for file in files { option value=(file.sha256) { (file.version) " · " (file.sha256.get(..DIGITS).unwrap_or_default()) } }
                    }
                }
                label.row { input type="checkbox" name="then"; " with the state that the file had left, and not with that of now" }
                label.row { input type="checkbox" name="force"; " also if it is in quarantine, since it has crashed the bot" }
                div.actions { button.button.primary type="submit" { "Roll back" } }
                p.error role="alert" data-error {}
            }
        }
    }
}

fn canary(ctx: &RouteContext<Dashboard>, plugin: &PluginView) -> Markup {
    if let Some(canary) = &plugin.canary {
        let then = "refresh:#plugin";
        let buttons = html! {
            (deeds::button(ctx, Deed::Promote, plugin, then))
            (deeds::button(ctx, Deed::TakeBack, plugin, then))
        };
        return ui::card_with("Canary", buttons, canary_facts(canary));
    }
    if !serves(plugin) || !ctx.may("plugins.begin_canary") {
        return html! {};
    }
    ui::card(
        "Canary",
        html! {
            p.muted {
                "A newer file serves some servers first, and the present one the others. It is the one that was uploaded and waits, or one that lies beside the present one with "
                code { ".canary" } " behind its name. It is taken back by itself if it fails too often."
            }
            form.row.bottom data-post={ (ctx.base()) "/plugins/canary/begin" } data-then="refresh:#plugin" {
                input type="hidden" name="name" value=(plugin.name);
                div.field.grow {
                    label for="canary-servers" { "Servers, by id or name, with commas between them" }
                    input #canary-servers type="text" name="servers" required;
                }
                button.button type="submit" { "Begin" }
            }
        },
    )
}

/// How a canary fares.
pub(super) fn canary_facts(canary: &CanaryView) -> Markup {
    let servers: Vec<String> = canary.guilds.iter().take(20).map(u64::to_string).collect();
    html! {
        dl.facts {
            (ui::fact("Version", html! { bdi { (canary.version) } ", load " (canary.generation) }))
            (ui::fact("Since", ui::ago(canary.since_ms)))
            (ui::fact("Servers", html! { (counted(canary.guilds.len() as u64, "server")) ": " (servers.join(", ")) @if canary.guilds.len() > servers.len() { " …" } }))
            (ui::fact("Handled", html! { (number(canary.handled)) ", " (number(canary.failed)) " failed" }))
        }
    }
}

fn remains(footprint: &PluginFootprint) -> Markup {
    let rows = html! {
        @for one in footprint.remains.iter().rev() {
            tr {
                th scope="row" { "load " (one.generation) }
                td.number { (ui::ago(one.at_ms)) }
                td.number { (size(one.returned_bytes)) }
                td.number { @match one.pinned_bytes { Some(bytes) => (size(bytes)), None => "nothing" } }
                td { @if one.stayed.is_empty() { span.muted { "–" } } @for what in &one.stayed { div { bdi { (what) } } } }
            }
        }
    };
    html! {
        @if let Some(why) = &footprint.stays { p.notice.warn { "It can't be unloaded: " bdi { (why) } } }
        p.muted {
            (counted(footprint.unloads, "unload")) " since the bot began. "
            @if footprint.pinned == 0 { "Nothing of them stays in memory." }
            @else { "After " (number(footprint.pinned)) " of them the library stays mapped, with " (size(footprint.pinned_bytes)) ", until the bot is restarted." }
        }
        @if !footprint.remains.is_empty() {
            (ui::table("The last unloads", &["Unload", "When", "Given back", "Stays", "What"], rows))
        }
    }
}

#[cfg(test)]
mod tests {
    use plugin_api::abi::RemainsView;

    use super::*;

    #[test]
    fn what_unloads_have_left_is_shown_the_last_one_first() {
        let mut footprint = PluginFootprint::default();
        assert!(
            remains(&footprint)
                .into_string()
                .contains("Nothing of them stays")
        );
        for generation in [1, 2] {
            let mut one = RemainsView::default();
            one.generation = generation;
            one.stayed = vec!["<b>".to_owned()];
            footprint.remains.push(one);
        }
        footprint.pinned = 1;
        let shown = remains(&footprint).into_string();
        assert!(shown.find("load 2") < shown.find("load 1"), "{shown}");
        assert!(shown.contains("stays mapped") && !shown.contains("<b>"));
    }

    #[test]
    fn a_canary_in_many_servers_names_some() {
        let mut canary = CanaryView::default();
        canary.guilds = (1..=30).collect();
        let shown = canary_facts(&canary).into_string();
        assert!(
            shown.contains("30 servers") && shown.contains('…'),
            "{shown}"
        );
    }
}
