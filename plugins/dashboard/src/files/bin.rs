//! The bin: files that were changed or removed, taken out again, or gone for good.

use maud::{Render, html};
use plugin_api::{
    Route, RouteContext, RouteReply,
    abi::BotFileKept,
    prelude::*,
    text::{counted, size},
};
use serde::Deserialize;
use serde_json::json;

use super::right;
use crate::{
    Dashboard,
    ui::{self, Action},
};

pub(super) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .route(
            Route::get("/files/bin")
                .right(right::BIN)
                .words("What is in the bin of the bot's folder"),
            page,
        )
        .route(
            Route::post("/files/bin/restore")
                .right(right::RESTORE)
                .words("Takes the file `kept` out of the bin, to where it was or to the path `to`"),
            restore,
        )
        .route(
            Route::post("/files/bin/empty")
                .right(right::EMPTY_BIN)
                .words("Takes the file `kept`, or without one all files, out of the bin for good"),
            empty,
        )
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let bin = ctx.host().bot_files().bin().await?;
    let base = ctx.base();
    let bytes: u64 = bin.entries.iter().map(|entry| entry.bytes).sum();
    let empty_address = format!("{base}/files/bin/empty");
    let actions = html! {
        a.button href={ (base) "/files" } { "Files" }
        @if !bin.entries.is_empty() && ctx.may(right::EMPTY_BIN) {
            (Action::new("Empty the bin", empty_address)
                .confirm(format!("Take {} out of the bin for good?", counted(bin.entries.len() as u64, "file")))
                .then("reload")
                .danger()
                .render())
        }
    };
    let rows = html! { @for entry in &bin.entries { (row(&ctx, entry)) } };
    let content = ui::card_with(
        "What is in it",
        html! { span.muted { (counted(bin.entries.len() as u64, "file")) ", " (size(bytes)) } },
        html! {
            @if bin.entries.is_empty() {
                (ui::empty("The bin is empty", "A file comes here when it is deleted, and as it was when it is changed."))
            } @else {
                (ui::table("Files in the bin", &["File", "Size", "Since", ""], rows))
            }
        },
    );
    let words =
        "The last 100 files that were changed or deleted, 256 MiB at most. The oldest make room.";
    super::shown(&ctx, "Bin", words, actions, content).await
}

fn row(ctx: &RouteContext<Dashboard>, entry: &BotFileKept) -> maud::Markup {
    let base = ctx.base();
    let path = entry.path.as_deref();
    html! {
        tr {
            th scope="row" { (ui::name(path.unwrap_or(&entry.name))) }
            td.number { (size(entry.bytes)) }
            td { (ui::ago(entry.kept_ms)) }
            td { div.actions {
                @if let Some(path) = path && ctx.may(right::RESTORE) {
                    (Action::new("Restore", format!("{base}/files/bin/restore"))
                        .body(&json!({ "kept": entry.name }))
                        .confirm(format!("Restore {path}? What is there by now goes into the bin."))
                        .label(format!("Restore {path}"))
                        .then("reload")
                        .quiet()
                        .render())
                }
                @if ctx.may(right::EMPTY_BIN) {
                    (Action::new("Delete for good", format!("{base}/files/bin/empty"))
                        .body(&json!({ "kept": entry.name }))
                        .confirm("Delete it for good? It can't be undone.")
                        .label(format!("Delete {} for good", path.unwrap_or(&entry.name)))
                        .then("reload")
                        .quiet()
                        .render())
                }
            } }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    #[serde(default)]
    kept: String,
    #[serde(default)]
    to: String,
}

async fn restore(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let Kept { kept, to } = ctx.json()?;
    let to = Some(to.trim()).filter(|to| !to.is_empty());
    let change = ctx.host().bot_files().restore(&kept, to).await?;
    Ok(RouteReply::text(match change.existed {
        true => "It is back where it was. What was there is in the bin.",
        false => "It is back where it was.",
    }))
}

async fn empty(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let Kept { kept, .. } = ctx.json()?;
    let kept = Some(&*kept).filter(|kept| !kept.is_empty());
    let gone = ctx.host().bot_files().empty_bin(kept).await?;
    Ok(RouteReply::text(format!(
        "{} gone for good, {}.",
        counted(gone.files, "file"),
        size(gone.bytes)
    )))
}
