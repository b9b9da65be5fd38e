//! An entry of the audit journal: who, how, what, and what it has changed.

use maud::{Markup, html};
use plugin_api::{
    RouteContext, RouteReply,
    abi::{AuditCall, AuditEntry},
    prelude::*,
    text::number,
};

use super::{
    diff::{Line, lines},
    framed, journal,
};
use crate::{Dashboard, ui};

pub(super) async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let absent =
        || Error::user("The journal has no such entry: it may be too old, and gone with its file.");
    let wanted: u64 = ctx.param("number").parse().map_err(|_| absent())?;
    let call = AuditCall {
        before: wanted.checked_add(1),
        limit: Some(1),
        ..AuditCall::default()
    };
    let entries = ctx.host().audit(&call).await?;
    let entry = entries
        .first()
        .filter(|it| it.sequence == wanted)
        .ok_or_else(absent)?;
    let actions = html! {
        a.button href={ (ctx.base()) "/security/journal" } { "All entries" }
    };
    framed(&ctx, "/security/journal", actions, drawn(entry)).await
}

fn drawn(entry: &AuditEntry) -> Markup {
    let id = |id: u64| html! { @if id == 0 { span.muted { "none" } } @else { code { (id) } } };
    let facts = html! {
        dl.facts {
            (ui::fact("When", ui::ago(entry.at_ms)))
            (ui::fact("Who", journal::who(entry)))
            (ui::fact("What", html! { code { (entry.call) } }))
            (ui::fact("By way of", html! { bdi { (journal::through(entry)) } }))
            (ui::fact("Server", id(entry.guild)))
            (ui::fact("Channel", id(entry.channel)))
            (ui::fact("Result", html! { bdi { (entry.result) } }))
        }
    };
    let params = serde_json::to_string_pretty(&entry.params).unwrap_or_default();
    let changes = lines(&entry.before, &entry.after);
    html! {
        (ui::card(&format!("Entry {}", number(entry.sequence)), facts))
        @if !entry.params.is_null() { (ui::card("Parameters", ui::code_block("Parameters", &params))) }
        @if !changes.is_empty() {
            (ui::card("What it has changed", html! {
                div.diff role="list" {
                    @for line in &changes {
                        @match line {
                            Line::Gone(text) => { div.gone role="listitem" { span aria-label="before" { "−" } bdi { (text) } } }
                            Line::Come(text) => { div.come role="listitem" { span aria-label="after" { "+" } bdi { (text) } } }
                            Line::Same(text) => { div role="listitem" { span {} bdi { (text) } } }
                        }
                    }
                }
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_others_have_written_is_escaped() {
        let mut entry = AuditEntry::default();
        entry.params = json!({"name": "<script>alert(1)</script>"});
        entry.before = json!({"a": "<b>"});
        entry.result = "failed: <img src=x>".to_owned();
        let shown = drawn(&entry).into_string();
        for absent in ["<script>", "<b>", "<img"] {
            assert!(!shown.contains(absent), "{absent} in {shown}");
        }
        assert!(shown.contains("&lt;script&gt;"));
    }
}
