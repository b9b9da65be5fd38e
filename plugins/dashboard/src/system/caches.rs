//! Caches: what is kept in memory, and buttons that empty it.

use maud::{Markup, html};
use plugin_api::{
    RouteContext,
    abi::CachesReply,
    prelude::*,
    text::{number, size},
};
use serde_json::json;

use crate::{Dashboard, ui, ui::Action};

const RIGHT: &str = "bot.clear_caches";

pub(super) async fn of(ctx: &RouteContext<Dashboard>) -> Result<Markup> {
    let caches = ctx.host().caches().await?;
    let clear = format!("{}/actions/clear-caches", ctx.base());
    Ok(drawn(&caches, &clear, ctx.may(RIGHT)))
}

fn drawn(caches: &CachesReply, clear: &str, may: bool) -> Markup {
    let all = [
        ("files", "Files of plugins", caches.files),
        ("rules", "Servers' rules and prefixes", caches.rules),
        ("settings", "Servers' settings", caches.settings),
        ("members", "Members", caches.members),
    ];
    let rows = html! {
        @for (name, words, count) in all {
            tr {
                th scope="row" { (words) }
                td { (number(count)) @if name == "files" && caches.file_bytes > 0 { ", " (size(caches.file_bytes)) } }
                @if may {
                    td {
                        div.actions {
                            (Action::new("Clear", clear)
                                .body(&json!({ "caches": [name] }))
                                .label(format!("Clear {}", words.to_lowercase()))
                                .then("refresh:#caches")
                                .quiet())
                        }
                    }
                }
            }
        }
    };
    let headings: &[&str] = match may {
        true => &["Cache", "Entries", ""],
        false => &["Cache", "Entries"],
    };
    let aside = html! {
        @if may {
            (Action::new("Clear all", clear)
                .confirm("Empty all caches? They fill again by themselves; the first look at each thing takes longer.")
                .then("refresh:#caches"))
        }
    };
    ui::card_with("Caches", aside, ui::table("Caches", headings, rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_may_not_clear_caches_sees_no_button() {
        let caches = CachesReply::default();
        let shown = |may| drawn(&caches, "/p/d/actions/clear-caches", may).into_string();
        assert!(!shown(false).contains("<button"));
        assert_eq!(shown(true).matches("<button").count(), 5);
    }
}
