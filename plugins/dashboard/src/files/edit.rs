//! A file in a field: what would change is shown first, and nothing is written where somebody else has changed it meanwhile.

use maud::{Markup, html};
use plugin_api::{Route, RouteContext, RouteReply, abi::BotFileCall, prelude::*, text::size};
use serde::Deserialize;

use super::{diff, place, right, view};
use crate::{Dashboard, shell, ui};

/// Bytes of a file that is edited here.
const MOST: u64 = 256 << 10;

/// Bytes of a request: the text as JSON, in which some characters take six.
const BODY: u64 = 1 << 20;

pub(super) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .route(
            Route::get("/files/edit")
                .right(right::WRITE)
                .words("A file of the bot's in a field, 256 KiB at most"),
            page,
        )
        .route(
            Route::post("/files/changes")
                .right(right::WRITE)
                .body_bytes(BODY)
                .words("What would change in a file: nothing is written"),
            changes,
        )
        .route(
            Route::post("/files/save")
                .right(right::WRITE)
                .body_bytes(BODY)
                .words("Writes a file that nobody else has changed meanwhile"),
            save,
        )
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let path = ctx.query("path");
    let (chunk, bytes) = view::whole(ctx.host(), path, MOST).await?;
    let text = text(path, bytes)?;
    let base = ctx.base();
    let content = html! {
        (place::crumbs(base, path))
        form.card.form data-post={ (base) "/files/changes" } data-then="show:#changes" {
            input type="hidden" name="path" value=(path);
            input type="hidden" name="version" value=(chunk.version);
            label.field {
                span { "Text" }
                // A browser leaves the first line's end out.
                textarea.editor name="text" rows="24" spellcheck="false" autocapitalize="off" wrap="off" dir="ltr" data-lines { "\n" (text) }
            }
            p.error data-error role="alert" {}
            div.actions {
                button.button.primary type="submit" { "Show changes" }
                a.button href=(place::address(base, "/view", path)) { "Cancel" }
            }
        }
        div #changes aria-live="polite" {}
    };
    let words = "What would change is shown before anything is written.";
    super::shown(&ctx, place::name(path), words, html! {}, content).await
}

fn text(path: &str, bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
        .ok_or_else(|| {
            Error::user(format!(
                "`{path}` is no text. Download it, and upload it again."
            ))
        })
}

/// What the field sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    path: String,
    version: String,
    text: String,
}

/// What is there, and what is to be.
async fn compared(ctx: &RouteContext<Dashboard>, edit: &Edit) -> Result<(String, String)> {
    if edit.text.len() as u64 > MOST {
        return Err(Error::user(format!(
            "The text has {}, and {} are the most here: upload it as a file.",
            size(edit.text.len() as u64),
            size(MOST)
        )));
    }
    let call = BotFileCall {
        path: edit.path.clone(),
        ..BotFileCall::default()
    };
    let (chunk, bytes) = ctx.host().bot_files().read(&call).await?;
    if chunk.version != edit.version {
        return Err(meanwhile(&edit.path));
    }
    let before = text(&edit.path, bytes)?;
    let after = with_ends_of(&before, &edit.text);
    Ok((before, after))
}

fn meanwhile(path: &str) -> Error {
    Error::user(format!(
        "Somebody has changed `{path}` since this page was opened, and nothing was written. Copy what you have written, and open the file \
         again."
    ))
}

/// Fields in browsers end lines by a line feed, whatever the file does.
fn with_ends_of(before: &str, text: &str) -> String {
    let unix = text.replace("\r\n", "\n");
    let pairs = before.matches("\r\n").count();
    match pairs > 0 && pairs * 2 >= before.matches('\n').count() {
        true => unix.replace('\n', "\r\n"),
        false => unix,
    }
}

async fn changes(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let edit: Edit = ctx.json()?;
    let (before, after) = compared(&ctx, &edit).await?;
    Ok(shell::part(&drawn(ctx.base(), &edit, &before, &after)))
}

fn drawn(base: &str, edit: &Edit, before: &str, after: &str) -> Markup {
    let lines = diff::lines(before, after);
    let (new, gone) = diff::counts(&lines);
    if (new, gone) == (0, 0) {
        return ui::empty("Nothing would change", "The text is the one that is there.");
    }
    let aside = html! { span.good-text { "+" (new) } span.bad-text { "−" (gone) } };
    ui::card_with(
        "What would change",
        aside,
        html! {
            (diff::drawn(&lines))
            form.form data-post={ (base) "/files/save" } data-then={ "go:" (place::address(base, "/view", &edit.path)) } {
                input type="hidden" name="path" value=(edit.path);
                input type="hidden" name="version" value=(edit.version);
                textarea name="text" hidden aria-hidden="true" tabindex="-1" { "\n" (edit.text) }
                p.error data-error role="alert" {}
                div.actions { button.button.primary type="submit" { "Save" } }
            }
        },
    )
}

async fn save(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let edit: Edit = ctx.json()?;
    let (_, after) = compared(&ctx, &edit).await?;
    let files = ctx.host().bot_files();
    // The host looks once more, when nobody can come between.
    let change = files.write_over(&edit.path, &edit.version, after).await?;
    Ok(RouteReply::text(match change.kept {
        Some(_) => format!("`{}` is saved. What was there is in the bin.", edit.path),
        None => format!("`{}` is saved.", edit.path),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_keeps_the_ends_of_its_lines() {
        assert_eq!(with_ends_of("a\r\nb\r\n", "a\nc\n"), "a\r\nc\r\n");
        assert_eq!(with_ends_of("a\nb\n", "a\r\nc\n"), "a\nc\n");
        assert_eq!(with_ends_of("", "a\n"), "a\n");
    }

    #[test]
    fn what_is_shown_before_is_what_is_saved() {
        let edit = Edit {
            path: "a/<b>.md".to_owned(),
            version: "v1".to_owned(),
            text: "\none </textarea><script>\n".to_owned(),
        };
        let shown = drawn("/p/d", &edit, "zero\n", &edit.text).into_string();
        assert!(
            !shown.contains("<script>") && !shown.contains("<b>"),
            "{shown}"
        );
        assert!(
            shown.contains("value=\"v1\"") && shown.contains(">\n\none &lt;/textarea"),
            "{shown}"
        );
        let same = drawn("/p/d", &edit, &edit.text, &edit.text).into_string();
        assert!(same.contains("Nothing would change") && !same.contains("<form"));
    }

    #[test]
    fn bytes_are_not_edited() {
        assert!(text("x", vec![0xFF]).is_err() && text("x", vec![0]).is_err());
        assert_eq!(text("x", b"tea".to_vec()).unwrap(), "tea");
    }
}
