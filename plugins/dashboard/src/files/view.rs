//! A file in parts, with colours and line numbers, and as a download. Of what is no text its facts are shown.

use std::ops::Range;

use maud::{Markup, Render, html};
use plugin_api::{
    Route, RouteContext, RouteReply,
    abi::{BotFileCall, BotFileChunk},
    prelude::*,
    text::size,
};
use serde_json::json;

use super::{
    place, right,
    syntax::{self, Language},
};
use crate::{
    Dashboard,
    ui::{self, Action, Tone},
};

/// Bytes that are shown at once: with the marks of colours it is less than 200 kB.
const SHOWN: u32 = 32 << 10;

/// Bytes of a download: it passes through the plugin's memory.
const DOWNLOAD: u64 = 32 << 20;

pub(super) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .route(
            Route::get("/files/view")
                .right(right::READ)
                .words("A part of a file of the bot's: `path`, from the byte `offset` on, which is in `line`; `end=1`: its end"),
            page,
        )
        .route(
            Route::get("/files/raw")
                .right(right::READ)
                .words("A file of the bot's as a download, 32 MiB at most"),
            download,
        )
}

/// A file that is there.
pub(super) fn found(path: &str, chunk: &BotFileChunk) -> Result {
    match chunk.found {
        true => Ok(()),
        false => Err(Error::user(format!(
            "There is no file `{path}`. It may have been renamed or deleted: look into its folder."
        ))),
    }
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let path = ctx.query("path");
    let at_end = ctx.query("end") == "1";
    let offset: u64 = ctx.query_or("offset", 0)?;
    let call = BotFileCall {
        path: path.to_owned(),
        offset: Some(if at_end { u64::from(SHOWN) } else { offset }),
        from_end: at_end,
        length: Some(SHOWN),
        ..BotFileCall::default()
    };
    let (chunk, bytes) = ctx.host().bot_files().read(&call).await?;
    found(path, &chunk)?;
    // Of a part in the middle it is known only where one comes from the part before.
    let line: u64 = ctx.query_or("line", if chunk.offset == 0 { 1 } else { 0 })?;
    let whole = chunk.end >= chunk.bytes;
    let text = text_of(&bytes, chunk.offset > 0, !whole);
    let base = ctx.base();
    let changes = !place::is_read_only(ctx.host(), path).await;
    let actions = html! {
        a.button href=(place::address(base, "/raw", path)) download { "Download" }
        @if changes && text.is_some() && ctx.may(right::WRITE) {
            a.button.primary href=(place::address(base, "/edit", path)) { "Edit" }
        }
        @if changes && ctx.may(right::RENAME) { a.button href=(place::address(base, "/move", path)) { "Move" } }
        @if changes && ctx.may(right::REMOVE) {
            (Action::new("Delete", format!("{base}/files/remove"))
                .body(&json!({ "path": path }))
                .confirm(format!("Delete {}? It goes into the bin.", place::name(path)))
                .then(format!("go:{}", place::address(base, "", place::parent(path))))
                .danger()
                .render())
        }
    };
    let content = html! {
        (place::crumbs(base, path))
        (ui::card_with("Content", html! {
            @if !changes { (ui::badge(Tone::Plain, "read only")) }
            span.muted { (size(chunk.bytes)) ", changed " (ui::ago(chunk.modified_ms)) }
        }, match &text {
            None => ui::empty("This is no text", "Download it to look into it."),
            Some(_) if bytes.is_empty() => ui::empty("It is empty", "There is nothing from here on."),
            Some(range) => {
                let text = std::str::from_utf8(&bytes[range.clone()]).unwrap_or_default();
                let part = Part { path, chunk: &chunk, end: chunk.offset + range.end as u64, line };
                part.drawn(base, text)
            }
        }))
    };
    super::shown(&ctx, place::name(path), "", actions, content).await
}

/// The part of these bytes that is text, without what is cut off at its ends: a character, or a line that goes on. `None`: it is no text.
fn text_of(bytes: &[u8], cut_before: bool, cut_after: bool) -> Option<Range<usize>> {
    let is_inside = |byte: &u8| byte & 0b1100_0000 == 0b1000_0000;
    let begin = match cut_before {
        true => bytes
            .iter()
            .take(3)
            .take_while(|byte| is_inside(byte))
            .count(),
        false => 0,
    };
    let text = &bytes[begin..];
    let whole = match std::str::from_utf8(text) {
        Ok(_) => text.len(),
        // A character that the end has cut.
        Err(error) if cut_after && error.error_len().is_none() => error.valid_up_to(),
        Err(_) => return None,
    };
    let text = &text[..whole];
    if text.contains(&0) {
        return None;
    }
    let line = text
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map(|at| at + 1);
    let length = line.filter(|_| cut_after).unwrap_or(whole);
    Some(begin..begin + length)
}

/// A part of a file that is shown.
struct Part<'a> {
    path: &'a str,
    chunk: &'a BotFileChunk,
    /// Where the next part begins.
    end: u64,
    /// The number of its first line; 0: not known.
    line: u64,
}

impl Part<'_> {
    fn drawn(&self, base: &str, text: &str) -> Markup {
        html! {
            (self.pager(base, text))
            (source(self.path, text, self.line))
            @if text.len() > 4_000 { (self.pager(base, text)) }
        }
    }

    fn pager(&self, base: &str, text: &str) -> Markup {
        let (begin, bytes) = (self.chunk.offset, self.chunk.bytes);
        let view = place::address(base, "/view", self.path);
        let next = match self.line {
            0 => 0,
            line => line + text.matches('\n').count() as u64,
        };
        html! {
            @if begin > 0 || self.end < bytes {
                nav.pager aria-label="Parts of the file" {
                    @if begin > 0 {
                        a.button.quiet href=(view) { "Begin" }
                        a.button.quiet href={ (view) "&offset=" (begin.saturating_sub(u64::from(SHOWN))) } { "Before" }
                    }
                    span { (size(begin)) " to " (size(self.end)) " of " (size(bytes)) }
                    @if self.end < bytes {
                        a.button.quiet href={ (view) "&offset=" (self.end) "&line=" (next) } { "Next" }
                        a.button.quiet href={ (view) "&end=1" } { "End" }
                    }
                }
            }
        }
    }
}

/// Text in its colours, with the numbers of its lines from `first` on; 0: without.
pub(super) fn source(path: &str, text: &str, first: u64) -> Markup {
    let lines = text.lines().count() as u64;
    html! {
        div.source {
            @if first > 0 {
                pre.gutter aria-hidden="true" { @for line in first..first + lines { (line) "\n" } }
            }
            pre tabindex="0" role="region" aria-label="Text of the file" dir="ltr" { code { (syntax::coloured(Language::of(path), text)) } }
        }
    }
}

async fn download(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let path = ctx.query("path");
    let bytes = whole(ctx.host(), path, DOWNLOAD).await?;
    Ok(RouteReply::bytes("application/octet-stream", bytes.1).download(place::name(path)))
}

/// All of a file, part by part.
pub(super) async fn whole(host: &Host, path: &str, most: u64) -> Result<(BotFileChunk, Vec<u8>)> {
    let mut call = BotFileCall {
        path: path.to_owned(),
        ..BotFileCall::default()
    };
    let (first, mut bytes) = host.bot_files().read(&call).await?;
    found(path, &first)?;
    if first.bytes > most {
        return Err(Error::user(format!(
            "`{path}` has {}, and {} are the most here: take it from the machine that the bot runs on.",
            size(first.bytes),
            size(most)
        )));
    }
    while (bytes.len() as u64) < first.bytes {
        call.offset = Some(bytes.len() as u64);
        let (chunk, part) = host.bot_files().read(&call).await?;
        if chunk.version != first.version || part.is_empty() {
            return Err(Error::user(format!(
                "`{path}` was changed while it was read. Please try again."
            )));
        }
        bytes.extend(part);
    }
    Ok((first, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_text_has_whole_characters_and_whole_lines() {
        let text = "grün\ntee".as_bytes();
        assert_eq!(text_of(text, false, false), Some(0..9));
        assert_eq!(text_of(text, false, true), Some(0..6));
        // Begins within the ü.
        assert_eq!(text_of(&text[3..], true, false), Some(1..6));
        assert_eq!(text_of(&text[3..], false, false), None);
        // Ends within it: nothing but what is before.
        assert_eq!(text_of(&text[..3], false, true), Some(0..2));
        assert_eq!(text_of(&text[..3], false, false), None);
        assert_eq!(text_of(b"", false, false), Some(0..0));
    }

    #[test]
    fn bytes_are_no_text() {
        assert_eq!(text_of(b"\x7fELF\x02\x00", false, false), None);
        assert_eq!(text_of(&[0xFF, 0xFE], false, true), None);
    }

    #[test]
    fn what_a_file_holds_is_escaped() {
        let shown = source("x.md", "# <script>alert(1)</script>\n", 7).into_string();
        assert!(!shown.contains("<script>"), "{shown}");
        assert!(shown.contains(">7\n<"), "{shown}");
    }
}
