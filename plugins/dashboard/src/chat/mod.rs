//! Chat: channels read, and written in as the bot.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `channels.rs` | a server's channels and threads, and whether the bot reads and writes there |
//! | `room.rs` | a channel's page: its messages, and the form below them |
//! | `latest.rs` | the latest messages of channels that somebody looks at, kept up to date by events |
//! | `message.rs` | a message, drawn: author, words, pictures, embeds, files, reactions |
//! | `markdown.rs` | Discord's markup, as far as it is drawn |
//! | `write.rs` | sending, changing and deleting the bot's messages |
//!
//! Messages are read as Discord's JSON, field by field: what is new or odd in one is left out, and the rest is shown. Each path has its server
//! in it, so that the host looks whether somebody's role is for that one.

mod channels;
mod latest;
mod markdown;
mod message;
mod room;
mod write;

use maud::html;
use plugin_api::{Route, RouteContext, RouteReply, Tab, manifest::RightLevel, prelude::*};

pub(crate) use self::latest::Latest;
use crate::{Dashboard, picker::Picker};

/// Who may read what is written in servers, and who may write there as the bot.
const READS: &str = "chat.read";
const WRITES: &str = "chat.send";

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    let get = |path: &str, words: &str| Route::get(path).right(READS).words(words);
    let post = |path: &str, words: &str| Route::post(path).right(WRITES).words(words);
    let plugin = plugin
        .server_right(
            READS,
            RightLevel::Helper,
            "reads what is written in servers",
        )
        .right(WRITES, RightLevel::Owner, "writes in servers as the bot")
        .tab(Tab::new("chat", "Chat", "/chat").icon("💬").group("Tools"))
        .route(get("/chat", "Servers, to read one's channels"), servers)
        .route(get("/chat/{guild}", "A server's channels"), room::overview)
        .route(
            get("/chat/{guild}/{channel}", "What is written in a channel"),
            room::page,
        )
        .route(
            get(
                "/chat/{guild}/{channel}/messages",
                "The messages of a channel, as a list",
            ),
            room::messages,
        )
        .route(
            post(
                "/chat/{guild}/{channel}/send",
                "Writes in a channel as the bot",
            ),
            write::send,
        )
        .route(
            post(
                "/chat/{guild}/{channel}/edit",
                "Changes a message of the bot's",
            ),
            write::edit,
        )
        .route(
            post(
                "/chat/{guild}/{channel}/delete",
                "Deletes a message of the bot's",
            ),
            write::delete,
        );
    latest::add(plugin)
}

async fn servers(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let picker = Picker {
        tab: "chat",
        title: "Chat",
        words: "Read channels, and write in them as the bot. Pick the server.",
        address: "/chat",
        leads: "/chat",
        actions: html! {},
    };
    picker.page(&ctx).await
}
