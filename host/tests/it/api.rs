//! Tests of plugin-api's surface, in one plugin that uses it: typed listeners with filters, calls to Discord, settings,
//! strict hand-over, files, selects.

use std::{path::PathBuf, sync::OnceLock};

use crate::{fixtures, support::Fixture};

const SOURCE: &str = r#"//! Uses the API.
use std::cell::Cell;
use std::time::Duration;

use plugin_api::prelude::*;

export_plugin!(|| {
    Plugin::with_state(|host| async move {
        let limit: Settings = host.settings()?;
        Ok(Seen { limit, messages: Cell::new(0), done: Cell::new(0), goodbye: Cell::new(None) })
    })
    .listen(Listener::new().ignore_bots(), heard)
    .on(reacted)
    .command(Command::new("seen", "Tells what was seen").run(seen))
    .command(Command::new("send", "Sends, edits, reacts, deletes").run(send))
    .command(Command::new("topic", "Reads the channel by any route").run(topic))
    .command(Command::new("menu", "Shows a select").run(menu))
    .command(Command::new("later", "Counts after a while").run(later))
    .component("pick", pick)
    .command(Command::new("secret", "Shows buttons").run(secret))
    .component("reveal", reveal)
    .component("slow", slow)
    .component("turn", turn)
    .on_stop(bye)
    .strict_handoff()
    .on_save(|seen| State::new(1, &seen.done.get()))
    .on_restore(|seen, state| { seen.done.set(state.read()?); Ok(()) })
});

type Settings = std::collections::BTreeMap<String, u64>;

struct Seen { limit: Settings, messages: Cell<u64>, done: Cell<u64>, goodbye: Cell<Option<(Host, Id<marker::ChannelMarker>)>> }

async fn heard(ctx: EventContext<MessageCreate, Seen>) -> Result {
    assert!(!ctx.is_bot());
    if ctx.content() == "knock" {
        let event = ctx.event()?;
        assert_eq!(Some(event.id), ctx.message_id());
        ctx.host().discord().react(event.channel_id, event.id, "👋").await?;
        ctx.state().messages.set(ctx.state().messages.get() + 1);
    }
    Ok(())
}

async fn reacted(ctx: EventContext<ReactionAdd, Seen>) -> Result {
    if ctx.user_id().is_some_and(|id| Some(id) != ctx.host().bot_id()) {
        let channel = ctx.channel_id().ok_or(Error::new("a reaction has a channel"))?;
        ctx.host().discord().send(channel, "I saw that reaction").await?;
    }
    Ok(())
}

async fn seen(ctx: CommandContext<Seen>) -> Result {
    let limit = ctx.state().limit.get("limit").copied().unwrap_or(5);
    ctx.reply(format!("{} of {limit}, {} done", ctx.state().messages.get(), ctx.state().done.get())).await
}

async fn send(ctx: CommandContext<Seen>) -> Result {
    let (discord, channel) = (ctx.host().discord(), ctx.channel_id());
    let message = discord.send(channel, NewMessage::from("one").file("notes.txt", &b"with a file"[..])).await?;
    assert_eq!(message.attachments[0].filename, "notes.txt");
    let message = discord.edit(channel, message.id, "two").await?;
    assert_eq!(message.content, "two");
    let gone = discord.send(channel, "gone").await?;
    discord.delete(channel, gone.id).await?;
    let error = discord.delete(channel, gone.id).await.unwrap_err();
    ctx.reply(format!("{} {}", error.http_status().unwrap_or(0), error.discord_code().unwrap_or(0))).await?;
    ctx.edit_reply(format!("edited: {}", error.discord_code().unwrap_or(0))).await
}

async fn topic(ctx: CommandContext<Seen>) -> Result {
    let channel = ctx.host().discord().request(Method::Get, format!("channels/{}", ctx.channel_id())).send().await?;
    let channel: std::collections::BTreeMap<String, Ignored> = channel.json()?;
    let unknown = ctx.host().call("moon.rise", Ignored::Null, Vec::new()).await.unwrap_err();
    ctx.reply(format!("name: {}; {unknown}", channel.contains_key("name"))).await
}

type Ignored = plugin_api::Json;

async fn menu(ctx: CommandContext<Seen>) -> Result {
    let menu = select("Tea?", ctx.custom_id("pick", "tea")?, [("Green", "g"), ("Black", "b")]);
    ctx.reply(NewMessage::from("Choose:").row([menu])).await
}

async fn pick(ctx: ComponentContext<Seen>) -> Result {
    ctx.reply(format!("{}: {}", ctx.argument(), ctx.values().join(","))).await
}

async fn secret(ctx: CommandContext<Seen>) -> Result {
    ctx.state().goodbye.set(Some((ctx.host().clone(), ctx.channel_id())));
    let buttons = [button("Reveal", ctx.custom_id("reveal", "")?), button("Slow", ctx.custom_id("slow", "")?),
        button("Turn", ctx.custom_id("turn", "")?)];
    ctx.reply(NewMessage::from("Buttons").row(buttons)).await
}

async fn reveal(ctx: ComponentContext<Seen>) -> Result {
    ctx.reply(NewMessage::from("for you alone").file("secret.txt", &b"hush"[..]).ephemeral()).await
}

async fn turn(ctx: ComponentContext<Seen>) -> Result {
    ctx.update(NewMessage::from("Turned")).await?;
    // The first answer of its own; what is taken away is that, and not the message of the button.
    ctx.edit_reply("turned it").await?;
    ctx.delete_reply().await
}

async fn slow(ctx: ComponentContext<Seen>) -> Result {
    // Longer than the host waits until it defers.
    tokio::time::sleep(Duration::from_millis(2300)).await;
    ctx.edit_reply("late").await?;
    ctx.edit_reply("late, edited").await?;
    ctx.reply("and more").await?;
    ctx.delete_reply().await
}

async fn bye(seen: std::rc::Rc<Seen>) {
    if let Some((host, channel)) = seen.goodbye.take() {
        host.discord().send(channel, "Bye!").await.map(drop).unwrap_or_default();
    }
}

async fn later(ctx: CommandContext<Seen>) -> Result {
    tokio::time::sleep(Duration::from_millis(300)).await;
    ctx.state().done.set(ctx.state().done.get() + 1);
    ctx.reply("done").await
}
"#;

fn library() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY
        .get_or_init(|| fixtures::plugin("uses-api", "all", "0.1.0", "", SOURCE))
        .clone()
}

async fn bot() -> Fixture {
    let bot = Fixture::configured(&["echo"], "[plugins.uses-api]\nlimit = 7").await;
    bot.drop_in(&library(), "uses_api");
    bot.until_generation("uses_api", 1).await;
    bot
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_get_what_they_filter_for() {
    let bot = bot().await;
    let member = bot.member();
    bot.until_sessions(2).await;
    let knock = member.says("general", "knock").await.unwrap();
    // Handlers interleave: asked until the listener has ended.
    while bot.ask(&member, "!seen").await.content != "1 of 7, 0 done" {}
    member.reacts(&knock, "👍").await.unwrap();
    member
        .expects("general", "I saw that reaction")
        .await
        .unwrap();
    let seen = bot.sandbox.message(knock.channel_id, knock.id).unwrap();
    assert_eq!(seen.reactions, [("👋".to_owned(), 1), ("👍".to_owned(), 1)]);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn discord_is_reached_by_typed_calls_and_by_any_route() {
    let bot = bot().await;
    let member = bot.member();
    let sent = member.says("general", "!send").await.unwrap();
    member
        .expects_where("general", "the edited reply", |view| {
            view.content == "edited: 10008"
        })
        .await
        .unwrap();
    let said: Vec<_> = member
        .messages("general")
        .into_iter()
        .filter(|message| message.author != "member")
        .collect();
    assert_eq!(
        (&*said[0].content, &*said[0].attachments),
        ("two", &["notes.txt".to_owned()][..])
    );
    assert_eq!(
        (&*said[1].content, said[1].reply_to),
        ("edited: 10008", Some(sent.id))
    );
    let answer = bot.ask(&member, "!topic").await.content;
    assert_eq!(
        answer,
        "name: true; `moon.rise`: this host (0.1.0) does not know the host call `moon.rise`: update the host"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_select_is_served() {
    let bot = bot().await;
    let member = bot.member();
    bot.ask(&member, "!menu").await;
    let picked = member.picks("Tea?", &["b"]).await.unwrap();
    assert_eq!(
        member.expects_reply_to(&picked).await.unwrap().content,
        "tea: b"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strict_hand_over_waits_for_what_runs() {
    let bot = bot().await;
    let member = bot.member();
    let later = member.says("general", "!later").await.unwrap();
    bot.ask(&member, "!seen").await;
    bot.plugins().reload("uses_api").await.unwrap();
    assert_eq!(
        member.expects_reply_to(&later).await.unwrap().content,
        "done"
    );
    // What the handler changed after its sleep was handed over, too.
    assert_eq!(bot.ask(&member, "!seen").await.content, "0 of 7, 1 done");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_file_stays_private_and_late_answers_leave_the_buttons_alone() {
    let bot = bot().await;
    let member = bot.member();
    let shown = bot.ask(&member, "!secret").await;
    let clicked = member.clicks("Reveal").await.unwrap();
    let answer = member.expects_reply_to(&clicked).await.unwrap();
    assert!(
        answer.ephemeral && answer.attachments == ["secret.txt"],
        "{answer:?}"
    );
    assert!(
        bot.owner()
            .messages("general")
            .iter()
            .all(|message| !message.content.contains("alone"))
    );

    member.clicks("Slow").await.unwrap();
    member
        .expects_where("general", "the last answer", |view| {
            view.content == "and more"
        })
        .await
        .unwrap();
    let turned = member.clicks("Turn").await.unwrap();
    member.expects_reply_to(&turned).await.unwrap();
    member
        .expects_where("general", "its own answer", |view| {
            view.content == "turned it"
        })
        .await
        .unwrap();
    // Its goodbye comes after what it was doing.
    bot.plugins().unload("uses_api", false).await.unwrap();
    member.expects("general", "Bye!").await.unwrap();
    let said: Vec<_> = member
        .messages("general")
        .into_iter()
        .map(|message| message.content)
        .collect();
    assert!(
        said.iter().all(|text| !text.contains("late")),
        "the late answer was deleted: {said:?}"
    );
    let buttons = bot.sandbox.message(shown.channel_id, shown.id).unwrap();
    assert_eq!((&*buttons.content, buttons.buttons().len()), ("Turned", 3));
    bot.close().await;
}
