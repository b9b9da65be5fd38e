//! Listing of a folder: a page of what lies in it, and what may be done there.

use maud::{Markup, Render, html};
use plugin_api::{
    Route, RouteContext, RouteReply,
    abi::{BotFileCall, BotFileEntry, BotFileList},
    prelude::*,
    text::size,
};
use serde_json::json;

use super::{place, right};
use crate::{
    Dashboard, icons,
    ui::{self, Action, Tone},
};

/// Entries on a page.
const PAGE: u32 = 200;

pub(super) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin.route(
        Route::get("/files")
            .right(right::LIST)
            .words("What lies in a folder of the bot's: `path`, behind the name `after`"),
        page,
    )
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let path = ctx.query("path");
    let call = BotFileCall {
        path: path.to_owned(),
        after: Some(ctx.query("after").to_owned()).filter(|after| !after.is_empty()),
        limit: Some(PAGE),
        ..BotFileCall::default()
    };
    let list = ctx.host().bot_files().list(&call).await?;
    let actions = html! {
        @if ctx.may(right::BIN) { a.button href={ (ctx.base()) "/files/bin" } { "Bin" } }
    };
    let changes = path.is_empty() || !place::is_read_only(ctx.host(), path).await;
    let content = html! {
        (place::crumbs(ctx.base(), path))
        (card(&ctx, path, &list, changes))
        @if changes { (dialogs(&ctx, path)) }
    };
    let words = "Secrets, databases and names that begin with a dot are not shown; what the host looks after is read only.";
    super::shown(&ctx, "Files", words, actions, content).await
}

fn card(ctx: &RouteContext<Dashboard>, path: &str, list: &BotFileList, changes: bool) -> Markup {
    let tools = html! {
        @if !changes { (ui::badge(Tone::Plain, "read only")) }
        @if changes && ctx.may(right::WRITE) {
            button.button type="button" data-dialog="#new-file" { "New file" }
            label.button.upload {
                "Upload"
                input.hidden type="file" data-upload={ (ctx.base()) "/files/upload?path=" (ui::encoded(path)) } data-then="reload";
            }
        }
        @if changes && ctx.may(right::MAKE_FOLDER) {
            button.button type="button" data-dialog="#new-folder" { "New folder" }
        }
    };
    let rows = html! {
        @if !path.is_empty() {
            tr {
                th scope="row" { a.file-name href=(place::address(ctx.base(), "", place::parent(path))) { (icons::icon("folder")) "Up" } }
                td {} td {} td {}
            }
        }
        @for entry in &list.entries { (row(ctx, path, entry)) }
    };
    ui::card_with(
        match path {
            "" => "Bot's folder",
            path => place::name(path),
        },
        tools,
        html! {
            @if list.entries.is_empty() && path.is_empty() {
                (ui::empty("Nothing to see here", "What there is, is protected."))
            } @else {
                input type="search" data-filter="#entries tbody" placeholder="Filter this page" aria-label="Filter this page";
                div #entries { (ui::table("What lies in this folder", &["Name", "Size", "Changed", ""], rows)) }
                @if list.entries.is_empty() { p.muted { "This folder is empty, or what is in it is protected." } }
            }
            @if let Some(next) = &list.next {
                nav.pager aria-label="Pages" {
                    a.button href={ (ctx.base()) "/files?path=" (ui::encoded(path)) "&after=" (ui::encoded(next)) } { "Next page" }
                }
            }
        },
    )
}

fn row(ctx: &RouteContext<Dashboard>, folder: &str, entry: &BotFileEntry) -> Markup {
    let (base, path) = (ctx.base(), place::within(folder, &entry.name));
    let (page, icon) = match entry.folder {
        true => ("", "folder"),
        false => ("/view", "file"),
    };
    html! {
        tr data-text=(entry.name) {
            th scope="row" {
                @if entry.folder || ctx.may(right::READ) {
                    a.file-name href=(place::address(base, page, &path)) { (icons::icon(icon)) (ui::name(&entry.name)) }
                } @else {
                    span.file-name { (icons::icon(icon)) (ui::name(&entry.name)) }
                }
            }
            td.number { @if !entry.folder { (size(entry.bytes)) } }
            td { (ui::ago(entry.modified_ms)) }
            td { div.actions {
                @if entry.read_only { (ui::badge(Tone::Plain, "read only")) }
                @else { (row_actions(ctx, &path, entry)) }
            } }
        }
    }
}

fn row_actions(ctx: &RouteContext<Dashboard>, path: &str, entry: &BotFileEntry) -> Markup {
    let base = ctx.base();
    html! {
        @if ctx.may(right::RENAME) {
            a.button.quiet href=(place::address(base, "/move", path)) aria-label={ "Rename or move " (entry.name) } { "Move" }
        }
        @if ctx.may(right::REMOVE) {
            (Action::new("Delete", format!("{base}/files/remove"))
                .body(&json!({ "path": path }))
                .confirm(question(entry))
                .label(format!("Delete {}", entry.name))
                .then("reload")
                .quiet()
                .render())
        }
    }
}

fn question(entry: &BotFileEntry) -> String {
    match entry.folder {
        true => format!(
            "Delete the folder {} and all files in it? The files go into the bin.",
            entry.name
        ),
        false => format!("Delete {}? It goes into the bin.", entry.name),
    }
}

fn dialogs(ctx: &RouteContext<Dashboard>, path: &str) -> Markup {
    let dialog = |id: &str, title: &str, address: &str, words: &str| {
        html! {
            dialog.dialog id=(id) aria-label=(title) {
                form.form data-post={ (ctx.base()) "/files/" (address) } data-then="reload" {
                    h2 { (title) }
                    input type="hidden" name="folder" value=(path);
                    label.field { span { "Name" } input name="name" required maxlength="255" autocomplete="off"; }
                    p.muted { (words) }
                    p.error data-error role="alert" {}
                    div.actions.end {
                        button.button type="button" data-close { "Cancel" }
                        button.button.primary type="submit" { (title) }
                    }
                }
            }
        }
    };
    html! {
        @if ctx.may(right::WRITE) {
            (dialog("new-file", "New file", "create", "It opens to be written in. Folders in the name (notes/tea.md) are made."))
        }
        @if ctx.may(right::MAKE_FOLDER) {
            (dialog("new-folder", "New folder", "folder", "Folders above it are made as well."))
        }
    }
}
