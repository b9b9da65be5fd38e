//! Tests of answers: long texts, handles, timers, colours, mentions.

use std::{path::PathBuf, sync::OnceLock};

use sandbox::Way;

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

const SOURCE: &str = r#"//! Answers in every way.
use std::time::Duration;

use plugin_api::prelude::*;

export_plugin!(|| {
    Plugin::new()
        .command(Command::new("ping", "Answers").run(ping))
        .command(Command::new("long", "Says much").run(long))
        .command(Command::new("handle", "Sends, edits and deletes").run(handle))
        .command(Command::new("brief", "Deletes itself").run(brief))
        .command(Command::new("hush", "Deletes its private answer").ephemeral().run(someday))
        .command(Command::new("someday", "Deletes itself in an hour").run(someday))
        .command(Command::new("think", "Takes its time").run(think))
        .command(Command::new("done", "Succeeds").run(done))
        .command(Command::new("plain", "Shows a plain embed").run(plain))
        .command(Command::new("loud", "Mentions everybody").run(loud))
        .command(Command::new("louder", "Tries to, by paths of all kinds").run(louder))
        .command(Command::new("fields", "Sends too long a field").run(fields))
        .command(Command::new("secret", "Edits what is private").ephemeral().run(secret))
        .command(Command::new("no", "Refuses").run(no))
});

async fn ping(ctx: CommandContext) -> Result {
    ctx.reply("pong").await
}

async fn long(ctx: CommandContext) -> Result {
    let lines: String = (0..300).map(|n| format!("line {n} of many\n")).collect();
    ctx.reply(NewMessage::from(format!("```text\n{lines}```")).embed(embed("The end"))).await
}

async fn handle(ctx: CommandContext) -> Result {
    let first = ctx.send("first").await?;
    let second = ctx.send("second").await?;
    assert_ne!(first.message_id(), second.message_id());
    assert_eq!(first.channel_id(), Some(ctx.channel_id()));
    second.edit("second, edited").await?;
    first.edit(embed("first, edited")).await?;
    let third = ctx.send("third").await?;
    third.delete().await?;
    ctx.edit_reply("first, edited again").await
}

async fn brief(ctx: CommandContext) -> Result {
    ctx.reply(NewMessage::from("gone soon").delete_after(Duration::from_millis(700))).await
}

async fn think(ctx: CommandContext) -> Result {
    ctx.defer().await?;
    ctx.reply("thought").await
}

async fn someday(ctx: CommandContext) -> Result {
    ctx.reply(NewMessage::from("gone someday").delete_after(Duration::from_secs(3600))).await
}

async fn done(ctx: CommandContext) -> Result {
    ctx.reply(embed("Done").success()).await
}

async fn plain(ctx: CommandContext) -> Result {
    ctx.reply(embed("Plain")).await
}

/// Who a message notifies: how many users, and whether everybody.
async fn notified(ctx: &CommandContext, id: Id<marker::MessageMarker>) -> Result<(usize, bool)> {
    let path = format!("channels/{}/messages/{id}", ctx.channel_id());
    let message = ctx.host().discord().request(Method::Get, path).send().await?.message()?;
    Ok((message.mentions.len(), message.mention_everyone))
}

async fn loud(ctx: CommandContext) -> Result {
    let user = ctx.user().id;
    let text = format!("<@{user}> @everyone");
    let quiet = ctx.send(&*text).await?.message_id().ok_or(Error::new("no id"))?;
    let asked = ctx.send(NewMessage::from(&*text).allow_users([user]).allow_everyone()).await?;
    let asked = asked.message_id().ok_or(Error::new("no id"))?;
    let path = format!("channels/{}/messages", ctx.channel_id());
    let raw = plugin_api::Json::from_iter([("content", text)]);
    let raw = ctx.host().discord().request(Method::Post, path).json(&raw)?.send().await?.message()?.id;
    let (quiet, asked, raw) = (notified(&ctx, quiet).await?, notified(&ctx, asked).await?, notified(&ctx, raw).await?);
    ctx.reply(format!("notified: {quiet:?} {asked:?} {raw:?}")).await
}

async fn louder(ctx: CommandContext) -> Result {
    let (channel, mut told) = (ctx.channel_id(), Vec::new());
    for path in ["messages", "%6Dessages", "m%65ssages?x=1", "messages/", "/messages", "messages#x", "messages%00", "x/../messages", "Messages"] {
        for mentions in ["", ",\"allowed_mentions\":null"] {
            let text = format!("{{\"content\":\"@everyone\"{mentions}}}");
            let body: plugin_api::Json = text.parse()?;
            let request = ctx.host().discord().request(Method::Post, format!("channels/{channel}/{path}"));
            told.push(match request.json(&body)?.send().await {
                Err(_) => "refused",
                Ok(sent) if notified(&ctx, sent.message()?.id).await? == (0, false) => "quiet",
                Ok(_) => "LOUD",
            });
        }
    }
    ctx.reply(format!("tried: {}", told.join(" "))).await
}

async fn fields(ctx: CommandContext) -> Result {
    let error = ctx.reply(embed("Rules").field("One", "x".repeat(1025), false)).await.unwrap_err();
    ctx.reply(error.to_string()).await
}

async fn secret(ctx: CommandContext) -> Result {
    let sent = ctx.send("secret").await?;
    sent.edit("secret, edited").await
}

async fn no(_ctx: CommandContext) -> Result {
    Err(Error::user("not today"))
}
"#;

fn library() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY
        .get_or_init(|| fixtures::plugin("answers", "all", "0.1.0", "", SOURCE))
        .clone()
}

async fn bot(config: &str) -> Fixture {
    let bot = Fixture::configured(&[], config).await;
    bot.drop_in(&library(), "answers");
    bot.until_generation("answers", 1).await;
    bot.until_content_is_seen().await;
    bot
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_text_is_several_messages_by_prefix_and_by_slash() {
    let bot = bot("").await;
    let member = bot.member();
    bot.sandbox
        .commands_registered("long", PATIENCE)
        .await
        .unwrap();
    let of_bot = || -> Vec<_> {
        let all = member.messages("general");
        let long = all.into_iter().filter(|view| view.content.contains("line"));
        long.map(|view| (view.content, view.embeds.len())).collect()
    };
    member.says("general", "!long").await.unwrap();
    let is_last = |view: &sandbox::MessageView| view.text().ends_with("The end");
    member
        .expects_where("general", "the last piece", is_last)
        .await
        .unwrap();
    let pieces = of_bot();
    assert!(pieces.len() > 1, "{pieces:?}");
    for (text, _) in &pieces {
        assert!(text.starts_with("```text\nline") && text.ends_with("\n```"));
        assert!(text.chars().count() <= 2000);
    }
    let embeds: Vec<_> = pieces.iter().map(|(_, embeds)| *embeds).collect();
    assert_eq!(embeds.iter().sum::<usize>(), 1);
    assert_eq!(embeds.last(), Some(&1));
    let all: String = pieces.iter().map(|(text, _)| &**text).collect();
    assert!((0..300).all(|n| all.contains(&format!("line {n} of many\n"))));

    member.slash("general", "long", &[]).await.unwrap();
    member
        .expects_where("general", "the last piece", is_last)
        .await
        .unwrap();
    assert_eq!(of_bot()[pieces.len()..], pieces);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_can_be_changed_and_taken_away() {
    let bot = bot("").await;
    let member = bot.member();
    bot.sandbox
        .commands_registered("handle", PATIENCE)
        .await
        .unwrap();
    for by_slash in [false, true] {
        if by_slash {
            member.slash("general", "handle", &[]).await.unwrap();
        } else {
            member.says("general", "!handle").await.unwrap();
        }
        member
            .expects_where("general", "the last edit", |view| {
                view.content == "first, edited again"
            })
            .await
            .unwrap();
        let said: Vec<_> = member
            .messages("general")
            .into_iter()
            .filter(|view| view.author != "member" && view.author != "owner")
            .map(|view| view.text())
            .collect();
        let two = &said[said.len() - 2..];
        assert_eq!(
            two,
            ["first, edited again\nfirst, edited", "second, edited"]
        );
    }
    // A private answer by prefix is in direct messages, and is edited there.
    member.says("general", "!secret").await.unwrap();
    member
        .expects_where("dm", "the edit", |view| view.content == "secret, edited")
        .await
        .unwrap();
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_a_while_types_by_prefix_and_thinks_by_slash() {
    let bot = bot("").await;
    let member = bot.member();
    bot.sandbox
        .commands_registered("think", PATIENCE)
        .await
        .unwrap();
    let count = |what: &str| {
        let traffic = bot.sandbox.traffic().into_iter();
        traffic
            .filter(|it| it.way == Way::Rest && it.what.ends_with(what))
            .count()
    };
    assert_eq!(bot.ask(&member, "!think").await.content, "thought");
    assert_eq!(count("/typing"), 1);
    let asked = member.slash("general", "think", &[]).await.unwrap();
    let answer = member.expects_reply_to(&asked).await.unwrap();
    assert_eq!(answer.content, "thought");
    assert_eq!((count("/typing"), count("/messages/@original")), (1, 1));
    bot.close().await;
}

/// Waits until exactly these messages are to be deleted.
async fn until_remembered(bot: &Fixture, wanted: &[u64]) {
    let remembered = async {
        loop {
            let all = bot.bot.services().storage.all_deletions().await.unwrap();
            let mut all: Vec<u64> = all.iter().map(|one| one.message_id).collect();
            all.sort_unstable();
            if all == wanted {
                return;
            }
            bot.ask(&bot.member(), "!ping").await;
        }
    };
    tokio::time::timeout(PATIENCE, remembered).await.unwrap();
}

/// Asks until a message is gone.
async fn until_gone(bot: &Fixture, view: &sandbox::MessageView) {
    let gone = async {
        while bot.sandbox.message(view.channel_id, view.id).is_some() {
            bot.ask(&bot.member(), "!ping").await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_deletes_what_asked_for_it_also_after_the_plugin_is_gone() {
    let bot = bot("").await;
    let member = bot.member();
    bot.sandbox
        .commands_registered("brief", PATIENCE)
        .await
        .unwrap();
    let said = bot.ask(&member, "!brief").await;
    let asked = member.slash("general", "brief", &[]).await.unwrap();
    let answered = member.expects_reply_to(&asked).await.unwrap();
    bot.plugins().reload("answers").await.unwrap();
    until_gone(&bot, &said).await;
    until_gone(&bot, &answered).await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_carries_on_with_what_is_to_be_deleted() {
    let bot = bot("").await;
    let member = bot.member();
    bot.sandbox
        .commands_registered("hush", PATIENCE)
        .await
        .unwrap();
    let (someday, late) = (
        bot.ask(&member, "!someday").await,
        bot.ask(&member, "!someday").await,
    );
    let asked = member.slash("general", "hush", &[]).await.unwrap();
    let private = member.expects_reply_to(&asked).await.unwrap();
    until_remembered(&bot, &[someday.id, late.id, private.id]).await;
    let bot = bot
        .restart_after(async |stopped| {
            // As if it had been away for an hour.
            let file = stopped.folder.join("data/main.db");
            let connection = rusqlite::Connection::open(file).unwrap();
            let sql = "UPDATE cogwright__deletions SET due_ms = 0 WHERE message_id <> ?1";
            let late = connection.execute(sql, [someday.id.cast_signed()]).unwrap();
            assert_eq!(late, 2);
        })
        .await;
    bot.until_generation("answers", 1).await;
    until_gone(&bot, &late).await;
    until_gone(&bot, &private).await;
    // What is done is forgotten, and what is not due waits on.
    until_remembered(&bot, &[someday.id]).await;
    assert!(
        bot.sandbox
            .message(someday.channel_id, someday.id)
            .is_some()
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn success_and_errors_have_their_timers_and_colours() {
    let bot = bot(
        "[answers]\ndelete_success_after_s = 1\ndelete_error_after_s = 1\n\
         colours = { success = \"#112233\", normal = \"#445566\" }",
    )
    .await;
    let member = bot.member();
    let plain = bot.ask(&member, "!plain").await;
    let done = bot.ask(&member, "!done").await;
    assert_eq!(done.embeds[0]["color"], 0x11_22_33);
    assert_eq!(plain.embeds[0]["color"], 0x44_55_66);
    let no = bot.ask(&member, "!no").await;
    assert_eq!(no.content, "not today");
    let of_owner = bot.ask(&bot.owner(), "!extensions").await;
    assert_eq!(of_owner.embeds[0]["color"], 0x44_55_66);
    until_gone(&bot, &done).await;
    until_gone(&bot, &no).await;
    assert!(bot.sandbox.message(plain.channel_id, plain.id).is_some());
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mentions_notify_nobody_unless_asked_for_by_whatever_route() {
    let bot = bot("").await;
    let member = bot.member();
    member.says("general", "!loud").await.unwrap();
    let told = member.expects("general", "notified").await.unwrap();
    assert_eq!(told.content, "notified: (0, false) (1, true) (0, false)");
    member.says("general", "!louder").await.unwrap();
    let told = member.expects("general", "tried").await.unwrap().content;
    assert!(
        told.starts_with("tried: quiet quiet quiet quiet quiet quiet refused"),
        "{told}"
    );
    assert!(!told.contains("LOUD"), "{told}");
    let named = bot.ask(&member, "!fields").await.content;
    assert!(
        named.contains("embed 1 (`Rules`): the value of field 1 (`One`) has 1025 characters"),
        "{named}"
    );
    bot.close().await;
}
