//! Buttons, selects, modals, layouts, pages and questions: whom they are for, how long, and across reloads and restarts.

use std::{path::PathBuf, sync::OnceLock};

use sandbox::{Actor, InteractionView, MessageView};

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

// One handler at once, and a strict hand-over: a question that waits must hold neither up.
const SOURCE: &str = r##"//! Components of every kind.
use std::time::Duration;

use plugin_api::prelude::*;

export_plugin!(|| {
    let command = |name: &str| Command::new(name, "Shows something").slash_only();
    Plugin::new()
        .concurrency(1)
        .strict_handoff()
        .on_save(|_state| State::new(1, &0))
        .command(command("own").run(own))
        .command(command("all").run(all))
        .command(command("short").run(short))
        .command(command("menus").run(menus))
        .command(command("form").run(form))
        .command(command("laid").run(laid))
        .command(command("book").run(book))
        .command(command("drop").run(drop_all))
        .command(command("order").run(order))
        .command(command("letter").run(letter))
        .command(Command::new("note", "Asks by prefix").prefix_only().run(letter))
        .command(command("diary").ephemeral().run(diary))
        .command(Command::new("journal", "The same by prefix").prefix_only().ephemeral().run(diary))
        .command(command("import").run(import))
        .component("hit", hit)
        .component("menu", menu)
        .component("form", filled)
        .pages("book", page)
});

async fn own(ctx: CommandContext) -> Result {
    ctx.reply(NewMessage::from("own").row([button("Hit", ctx.custom_id("hit", "own")?).success().emoji("🎯")])).await
}

async fn all(ctx: CommandContext) -> Result {
    let hit = button("Hit all", ctx.custom_id("hit", "all")?);
    ctx.reply(NewMessage::from("all").row([hit, link_button("More", "https://example.com")]).for_everyone().persistent()).await
}

async fn short(ctx: CommandContext) -> Result {
    let hit = button("Hit soon", ctx.custom_id("hit", "soon")?);
    ctx.reply(NewMessage::from("soon").row([hit]).timeout(Duration::from_secs(1))).await
}

async fn hit(ctx: ComponentContext) -> Result {
    let of = ctx.message()?.content;
    let next = button(format!("Again {}", ctx.argument()), ctx.custom_id("hit", ctx.argument())?);
    ctx.update(NewMessage::from(format!("{of}, hit by {}", ctx.user().name)).row([next])).await
}

async fn menus(ctx: CommandContext) -> Result {
    let id = |n: u8| ctx.custom_id("menu", n);
    let message = NewMessage::from("menus")
        .row([select("Texts", id(0)?, [("Green", "g"), ("Black", "b"), ("Red", "r")]).min(2).max(3)])
        .row([user_select("Users", id(1)?)])
        .row([role_select("Roles", id(2)?).min(0)])
        .row([mentionable_select("Both", id(3)?).default_users([ctx.user().id])])
        .row([channel_select("Channels", id(4)?)]);
    ctx.reply(message).await
}

async fn menu(ctx: ComponentContext) -> Result {
    let users: Vec<_> = ctx.users()?.into_iter().map(|user| user.name).collect();
    let channels: Vec<_> = ctx.channels()?.into_iter().map(|channel| channel.name).collect();
    ctx.reply(format!("{} {users:?} {} {channels:?} {}", ctx.argument(), ctx.roles()?.len(), ctx.values().len())).await
}

async fn form(ctx: CommandContext) -> Result {
    let modal = Modal::new("Form", ctx.custom_id("form", "")?)
        .text("Please fill in")
        .field(TextField::short("name", "Name").describe("As on the cup").min_length(2))
        .select("Sort", select("", "sort", [("Green", "g"), ("Black", "b")]))
        .select("Guest", user_select("", "guest").min(0))
        .files("files", "Files", 0, 2);
    ctx.modal(&modal).await
}

async fn filled(ctx: ComponentContext) -> Result {
    let guests: Vec<_> = ctx.users()?.into_iter().map(|user| user.name).collect();
    let files: Vec<_> = ctx.files("files")?.into_iter().map(|file| file.filename).collect();
    ctx.reply(format!("{} {:?} {guests:?} {files:?}", ctx.field("name"), ctx.picked("sort"))).await
}

async fn laid(ctx: CommandContext) -> Result {
    let hit = button("Hit laid", ctx.custom_id("hit", "laid")?);
    let parts = [
        layout::text("Laid out"),
        layout::container(0x2E_8B_57, [
            layout::section(["One", "Two"], hit),
            layout::separator(),
            layout::gallery(["https://example.com/a.png"]),
            layout::file("notes.txt"),
            layout::gap(),
            layout::row([link_button("Web", "https://example.com")]),
        ]),
    ];
    ctx.reply(NewMessage::layout(parts).file("notes.txt", "notes").timeout(Duration::from_secs(1))).await
}

async fn book(ctx: CommandContext) -> Result {
    ctx.pages("book", "tea").await
}

async fn page(ctx: PageContext) -> Result<Page> {
    Ok(Page::new(format!("{} {} of 5", ctx.argument(), ctx.index() + 1), 5))
}

async fn drop_all(ctx: CommandContext) -> Result {
    let yes = ctx.confirm("Drop all?").await?;
    ctx.reply(if yes { "dropped" } else { "kept" }).await
}

async fn order(ctx: CommandContext) -> Result {
    let drink = ctx.ask("Drink?", [("Tea", "tea"), ("Water", "water")]).await?;
    let size = ctx.pick("Size?", [("Cup", "c"), ("Pot", "p")]).await?;
    ctx.reply(format!("{drink:?} {size:?}")).await
}

async fn letter(ctx: CommandContext) -> Result {
    let modal = Modal::new("A letter", "").field(TextField::long("text", "Text"));
    match ctx.ask_modal(modal).await? {
        Some(fields) => ctx.reply(format!("letter: {}", fields.get("text"))).await,
        None => ctx.reply("no letter").await,
    }
}

async fn diary(ctx: CommandContext) -> Result {
    let modal = Modal::new("Dear diary", "").field(TextField::long("text", "Text"));
    let Some(fields) = ctx.ask_modal(modal).await? else { return Ok(()) };
    // Longer than the host waits before it defers.
    tokio::time::sleep(Duration::from_millis(2300)).await;
    ctx.reply(format!("written: {}", fields.get("text"))).await
}

async fn import(ctx: CommandContext) -> Result {
    let progress = ctx.progress("Importing").await?;
    for n in 0..=1000 {
        progress.set(n, 1000);
        if n % 100 == 0 {
            // Whatever shows the progress has its turn.
            tokio::time::sleep(Duration::ZERO).await;
        }
    }
    // The last state is shown also when nothing else is said.
    Ok(())
}
"##;

fn library() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY
        .get_or_init(|| fixtures::plugin("widgets", "all", "0.1.1", "", SOURCE))
        .clone()
}

pub(crate) async fn bot() -> Fixture {
    let bot = Fixture::with(&[]).await;
    bot.drop_in(&library(), "widgets");
    bot.until_generation("widgets", 1).await;
    registered(bot).await
}

async fn registered(bot: Fixture) -> Fixture {
    for command in ["own", "import", "book"] {
        bot.sandbox
            .commands_registered(command, PATIENCE)
            .await
            .unwrap();
    }
    bot
}

pub(crate) async fn slash(who: &Actor, command: &str) -> MessageView {
    let asked = who.slash("general", command, &[]).await.unwrap();
    who.expects_reply_to(&asked).await.unwrap()
}

/// What a click came to.
async fn answer(who: &Actor, used: InteractionView) -> MessageView {
    who.expects_reply_to(&used).await.unwrap()
}

async fn until_disabled(who: &Actor, message: u64) -> MessageView {
    let is_disabled = |view: &MessageView| {
        let all = serde_json::to_string(&view.components).unwrap();
        view.id == message && all.contains("\"disabled\":true")
    };
    who.expects_where("general", "disabled components", is_disabled)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_for_the_invoker_alone_unless_it_says_otherwise_across_reload_and_restart() {
    let bot = bot().await;
    let (member, owner) = (bot.member(), bot.owner());
    slash(&member, "own").await;
    slash(&member, "all").await;
    let only = format!("Only <@{}> can use this.", member.id());

    let refused = answer(&owner, owner.clicks("Hit").await.unwrap()).await;
    assert_eq!((&*refused.content, refused.ephemeral), (&*only, true));
    let hit = answer(&member, member.clicks("Hit").await.unwrap()).await;
    assert_eq!(hit.content, "own, hit by member");
    let hit = answer(&owner, owner.clicks("Hit all").await.unwrap()).await;
    assert_eq!(hit.content, "all, hit by owner");

    bot.plugins().reload("widgets").await.unwrap();
    // What a click has put in its place is for the same as before.
    let refused = answer(&owner, owner.clicks("Again own").await.unwrap()).await;
    assert_eq!((&*refused.content, refused.ephemeral), (&*only, true));
    let hit = answer(&member, member.clicks("Again all").await.unwrap()).await;
    assert_eq!(hit.content, "all, hit by owner, hit by member");

    let bot = registered(bot.restart().await).await;
    let (member, owner) = (bot.member(), bot.owner());
    let refused = answer(&owner, owner.clicks("Again own").await.unwrap()).await;
    assert_eq!((&*refused.content, refused.ephemeral), (&*only, true));
    let hit = answer(&member, member.clicks("Again own").await.unwrap()).await;
    assert_eq!(hit.content, "own, hit by member, hit by member");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn selects_and_modals_of_all_kinds_are_answered_across_reload_and_restart() {
    let bot = bot().await;
    let member = bot.member();
    slash(&member, "menus").await;
    let picked = member.picks("Texts", &["Green", "r"]).await.unwrap();
    assert_eq!(answer(&member, picked).await.content, "0 [] 0 [] 2");
    bot.plugins().reload("widgets").await.unwrap();
    let picked = member.picks("Users", &["owner"]).await.unwrap();
    assert_eq!(
        answer(&member, picked).await.content,
        "1 [\"owner\"] 0 [] 1"
    );
    let picked = member.picks("Both", &["owner"]).await.unwrap();
    assert_eq!(
        answer(&member, picked).await.content,
        "3 [\"owner\"] 0 [] 1"
    );
    member.slash("general", "form", &[]).await.unwrap();

    let bot = registered(bot.restart().await).await;
    let member = bot.member();
    let file = member.uploads("tea.txt", b"tea").unwrap();
    let fields = [
        ("name", "Ann"),
        ("sort", "b"),
        ("guest", "owner"),
        ("files", file.as_str().unwrap_or_default()),
    ];
    let sent = member.submits(&fields).await.unwrap();
    assert_eq!(
        answer(&member, sent).await.content,
        "Ann [\"b\"] [\"owner\"] [\"tea.txt\"]"
    );
    let picked = member.picks("Roles", &[]).await.unwrap();
    assert_eq!(answer(&member, picked).await.content, "2 [] 0 [] 0");
    let picked = member.picks("Channels", &["general"]).await.unwrap();
    assert_eq!(
        answer(&member, picked).await.content,
        "4 [] 0 [\"general\"] 1"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_turned_across_reload_and_restart() {
    let bot = bot().await;
    let (member, owner) = (bot.member(), bot.owner());
    let first = slash(&member, "book").await;
    assert_eq!(first.content, "tea 1 of 5");
    assert_eq!(first.buttons(), ["«", "‹", "1 / 5", "›", "»"]);
    assert!(
        member.clicks("‹").await.is_err(),
        "there is none before the first"
    );
    let turned = answer(&member, member.clicks("›").await.unwrap()).await;
    assert_eq!((&*turned.content, turned.id), ("tea 2 of 5", first.id));
    bot.plugins().reload("widgets").await.unwrap();
    let refused = answer(&owner, owner.clicks("»").await.unwrap()).await;
    assert!(refused.ephemeral && refused.content.starts_with("Only <@"));
    let turned = answer(&member, member.clicks("»").await.unwrap()).await;
    assert_eq!(turned.content, "tea 5 of 5");
    member.clicks("5 / 5").await.unwrap();

    let bot = registered(bot.restart().await).await;
    let member = bot.member();
    let sent = member.submits(&[("page", "3")]).await.unwrap();
    assert_eq!(answer(&member, sent).await.content, "tea 3 of 5");
    let turned = answer(&member, member.clicks("‹").await.unwrap()).await;
    assert_eq!(turned.content, "tea 2 of 5");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_is_disabled_after_a_reload_and_refused_after_a_restart() {
    let bot = bot().await;
    let member = bot.member();
    let soon = slash(&member, "short").await;
    let laid = slash(&member, "laid").await;
    assert!(
        laid.text().contains("Laid out\nOne\nTwo"),
        "{}",
        laid.text()
    );
    bot.plugins().reload("widgets").await.unwrap();
    until_disabled(&member, soon.id).await;
    let laid = until_disabled(&member, laid.id).await;
    assert_eq!(laid.attachments, ["notes.txt"]);

    let soon = slash(&member, "short").await;
    let bot = registered(bot.restart().await).await;
    let member = bot.member();
    // The time is the wall clock's: it stands in the message's id.
    bot.clock.move_by(1_100);
    if let Ok(clicked) = member.clicks_on(&soon, "Hit soon").await {
        let refused = answer(&member, clicked).await;
        assert!(
            refused.ephemeral && refused.content.contains("its time is over"),
            "{refused:?}"
        );
        until_disabled(&member, soon.id).await;
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_awaits_answers_and_holds_nobody_up() {
    let bot = bot().await;
    let member = bot.member();
    let question = slash(&member, "drop").await;
    assert_eq!(question.content, "Drop all?");
    // One handler at once: this one is served while the other waits.
    slash(&member, "own").await;
    member.clicks("Yes").await.unwrap();
    member.expects("general", "dropped").await.unwrap();
    until_disabled(&member, question.id).await;

    slash(&member, "order").await;
    member.clicks("Water").await.unwrap();
    member.expects("general", "Size?").await.unwrap();
    member.picks("Size?", &["p"]).await.unwrap_err();
    let pot = newest_menu(&member);
    member.picks(&pot, &["Pot"]).await.unwrap();
    member
        .expects("general", "Some(\"water\") Some(\"p\")")
        .await
        .unwrap();

    member.slash("general", "letter", &[]).await.unwrap();
    let sent = member.submits(&[("text", "dear")]).await.unwrap();
    assert_eq!(answer(&member, sent).await.content, "letter: dear");
    // By prefix a button opens the modal.
    let mention = format!("<@{}> note", bot.sandbox.application_id());
    assert_eq!(bot.ask(&member, &mention).await.content, "A letter");
    member.clicks("Fill in").await.unwrap();
    let sent = member.submits(&[("text", "sir")]).await.unwrap();
    assert_eq!(answer(&member, sent).await.content, "letter: sir");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_answers_a_private_commands_modal_is_private_also_when_it_takes_long() {
    let bot = bot().await;
    let member = bot.member();
    member.slash("general", "diary", &[]).await.unwrap();
    let sent = member.submits(&[("text", "secret")]).await.unwrap();
    let answer = answer(&member, sent).await;
    assert_eq!(
        (&*answer.content, answer.ephemeral),
        ("written: secret", true)
    );
    // By prefix a button in direct messages opens the modal.
    let mention = format!("<@{}> journal", bot.sandbox.application_id());
    member.says("general", &mention).await.unwrap();
    member.expects("dm", "Dear diary").await.unwrap();
    member.clicks("Fill in").await.unwrap();
    member.submits(&[("text", "another secret")]).await.unwrap();
    member
        .expects("dm", "written: another secret")
        .await
        .unwrap();
    let seen = bot.owner().messages("general");
    assert!(
        seen.iter()
            .all(|view| view.content.is_empty() || !view.content.contains("secret"))
    );
    bot.close().await;
}

/// The custom id of the newest select.
fn newest_menu(who: &Actor) -> String {
    let all = who.messages("general");
    let mut menus = all
        .iter()
        .filter_map(|view| view.components[..].first()?["components"].get(0).cloned())
        .filter(|component| component["type"] == 3);
    let id = menus.next_back().unwrap()["custom_id"].clone();
    id.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_ends_a_question_without_an_answer_and_a_restart_leaves_it_over() {
    let bot = bot().await;
    let member = bot.member();
    let question = slash(&member, "drop").await;
    // A strict hand-over does not wait for a click.
    bot.plugins().reload("widgets").await.unwrap();
    member.expects("general", "kept").await.unwrap();
    until_disabled(&member, question.id).await;

    let question = slash(&member, "drop").await;
    bot.plugins().unload("widgets", true).await.unwrap();
    until_disabled(&member, question.id).await;
    bot.until_unregistered(None, "import").await;
    bot.plugins().load("widgets").await.unwrap();
    let bot = registered(bot).await;
    let progress = slash(&member, "import").await;
    member
        .expects_where("general", "the last state", |view| {
            view.id == progress.id && view.text().contains("100 %")
        })
        .await
        .unwrap();
    // Set a thousand times, changed once or twice.
    let edits = bot.sandbox.traffic();
    let edits = edits.iter().filter(|crossing| {
        crossing.what.contains("PATCH") && crossing.what.contains(&progress.id.to_string())
    });
    assert!((1..=3).contains(&edits.count()));
    bot.close().await;
}
