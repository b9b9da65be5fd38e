//! What plugins ask for beyond single handlers: the next message or reaction, buttons that no command has asked for, messages
//! without content, and what is done around all commands.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use plugin_api::abi::HandlerNumber;
use sandbox::{Actor, MessageView, Options};

use crate::{
    components::slash,
    fixtures,
    observe::log_with,
    support::{Fixture, PATIENCE},
};

// One handler at once, and a strict hand-over: what waits must hold neither up.
const SOURCE: &str = r##"//! A club.
use std::{cell::RefCell, error, fmt, time::Duration};

use plugin_api::prelude::*;

type Club = RefCell<Vec<String>>;

export_plugin!(|| {
    let command = |name: &str| Command::new(name, "Does something");
    Plugin::with_state(|_host| async { Ok(Club::default()) })
        .concurrency(1)
        .strict_handoff()
        .on_save(|_state| State::new(1, &0))
        .awaits_messages()
        .awaits_reactions()
        .listen(Listener::new().ignore_bots(), tea_time)
        .command(command("riddle").run(riddle))
        .command(command("next").run(next))
        .command(command("agree").run(agree))
        .command(command("ping").run(|ctx| async move { ctx.reply("pong").await }))
        .command(command("secret").run(|ctx| async move { ctx.reply("sesame").await }))
        .command(command("vault").check(|_ctx| async { Err(Error::user("It is locked.")) }).run(|ctx| async move { ctx.reply("open").await }))
        .command(Command::group("old", "Old things")
            .command(command("secret").run(|ctx| async move { ctx.reply("sesame").await }))
            .command(command("tale").run(|ctx| async move { ctx.reply("Once upon a time").await })))
        .command(Command::user_menu("Open secret").run(|ctx| async move { ctx.reply("sesame").await }))
        .command(command("pay").run(|_ctx| async { Err(Broke(3))? }))
        .command(command("stumble").run(|_ctx| async { Err(Error::new("stumbled")) }))
        .command(command("diary").run(|ctx: CommandContext<Club>| async move {
            ctx.reply(ctx.state().borrow().join(" ")).await
        }))
        .command(command("place").run(|ctx| async move {
            let guild = ctx.guild()?;
            ctx.database()?;
            ctx.reply(format!("server {guild}")).await
        }))
        .component("join", |ctx: ComponentContext<Club>| async move { ctx.reply(format!("{} joins", ctx.argument())).await })
        .component("owe", |_ctx| async { Err(Broke(5))? })
        .command(command("book").run(|ctx| async move { ctx.pages("book", "").await }))
        .pages("book", |ctx: PageContext<Club>| async move {
            match ctx.index() {
                0 => Ok(Page::new("The first page", 2)),
                _ => Err(Broke(7))?,
            }
        })
        .check(no_secrets)
        .before(|ctx: CommandContext<Club>| async move {
            ctx.state().borrow_mut().push(format!("+{}", ctx.command()));
            match ctx.command() {
                "stumble" => Err(Error::user("mind the step")),
                _ => Ok(()),
            }
        })
        .after(|ctx: CommandContext<Club>, ended: Result| async move {
            ctx.state().borrow_mut().push(format!("-{}{}", ctx.command(), if ended.is_ok() { "" } else { "!" }));
            ended
        })
        .on_error(|ctx: ErrorContext<Club>| async move {
            match ctx.error().downcast_ref::<Broke>() {
                Some(Broke(coins)) => ctx.reply(format!("{}: {coins} coins are missing", ctx.handler())).await,
                None => Err(ctx.into_error()),
            }
        })
});

#[derive(Debug)]
struct Broke(u64);
impl fmt::Display for Broke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str("broke") }
}
impl error::Error for Broke {}

async fn no_secrets(ctx: CheckContext<Club>) -> Result {
    match ctx.command() {
        path if path.ends_with("secret") => Err(Error::user("There are no secrets.")),
        _ => Ok(()),
    }
}

async fn riddle(ctx: CommandContext<Club>) -> Result {
    let answer = ctx.next_message(|heard| heard.content() == "tokyo", Duration::from_secs(3600));
    ctx.reply("What is the capital of Japan?").await?;
    match answer.await? {
        Some(heard) => heard.reply(format!("Right, {}!", heard.author().name)).await,
        None => ctx.reply("Never mind.").await,
    }
}

async fn next(ctx: CommandContext<Club>) -> Result {
    let next = ctx.next_message(|_heard| true, Duration::from_secs(3600));
    ctx.reply("listening").await?;
    match next.await? {
        Some(heard) => heard.reply(format!("heard {}, a command: {}", heard.content(), heard.was_command())).await,
        None => Ok(()),
    }
}

async fn agree(ctx: CommandContext<Club>) -> Result {
    let agrees = |heard: &EventContext<ReactionAdd>| heard.event().is_ok_and(|it| format!("{:?}", it.emoji).contains('✅'));
    let answer = ctx.next_reaction(agrees, Duration::from_secs(3600));
    ctx.reply("Do you agree?").await?;
    let heard = answer.await?.ok_or(Error::user("another time"))?;
    heard.reply("Welcome.").await
}

async fn tea_time(ctx: EventContext<MessageCreate, Club>) -> Result {
    if ctx.content() != "tea time" {
        return Ok(());
    }
    let host = ctx.host();
    let row = [
        button("Join", host.custom_id("join", "Ann")?),
        button("Owe", host.custom_id("owe", "")?),
        button("Gone", host.custom_id("gone", "7")?),
        button("Foreign", "shop:7"),
    ];
    ctx.reply(NewMessage::from("Tea?").row(row)).await?;
    ctx.react("🫖").await
}
"##;

const DEAF: &str = r##"//! Counts messages without a look at them, and hears none in particular.
use std::{cell::Cell, time::Duration};

use plugin_api::prelude::*;

#[derive(Default)]
struct Points { messages: Cell<usize>, commands: Cell<usize>, bytes: Cell<usize> }

export_plugin!(|| {
    Plugin::with_state(|_host| async { Ok(Points::default()) })
        .listen(Listener::new().ignore_bots().without_content(), count)
        .command(Command::new("points", "Shows the points").slash_only().run(show))
        .command(Command::new("wait", "Waits for a message").slash_only().run(wait))
});

async fn count(ctx: EventContext<MessageCreate, Points>) -> Result {
    let points = ctx.state();
    match ctx.was_command() {
        true => points.commands.set(points.commands.get() + 1),
        false => {
            points.messages.set(points.messages.get() + 1);
            points.bytes.set(points.bytes.get() + ctx.content().len());
        }
    }
    Ok(())
}

async fn show(ctx: CommandContext<Points>) -> Result {
    let points = ctx.state();
    ctx.reply(format!("{} messages of {} bytes, {} commands", points.messages.get(), points.bytes.get(), points.commands.get())).await
}

async fn wait(ctx: CommandContext<Points>) -> Result {
    let error = ctx.next_message(|_heard| true, Duration::from_secs(1)).await.unwrap_err();
    ctx.reply(error.to_string()).await
}
"##;

const RADIO: &str = r##"//! Is loaded late, asks who is talking, and says what it plays.
use plugin_api::{Power, prelude::*};

export_plugin!(|| {
    Plugin::with_state(|host| async move {
        let alone = host.clone();
        host.spawn(async move { alone.set_presence(Presence::listening("jazz").idle()).await });
        Ok(())
    })
    .powers([Power::BotControl])
    .intents(Intents::GUILD_VOICE_STATES)
    .command(Command::new("talking", "Who is talking").run(talking))
});

async fn talking(ctx: CommandContext) -> Result {
    let said = match ctx.host().cache().voice_states(ctx.guild()?).known().await {
        Ok(voices) => format!("talking: {:?}", voices.iter().map(|it| it.user_id.get()).collect::<Vec<_>>()),
        Err(error) => error.to_string(),
    };
    ctx.reply(said).await
}
"##;

fn club() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| fixtures::plugin("club", "all", "0.1.2", "", SOURCE))
}

async fn bot() -> Fixture {
    let library = club();
    let bot = Fixture::with(&[]).await;
    bot.drop_in(library, "club");
    bot.until_generation("club", 1).await;
    for command in ["riddle", "place"] {
        let registered = bot.sandbox.commands_registered(command, PATIENCE);
        registered.await.unwrap();
    }
    bot.until_content_is_seen().await;
    bot
}

/// What the bot says in answer to what somebody says.
async fn answer(who: &Actor, text: &str) -> MessageView {
    let said = who.says("general", text).await.unwrap();
    who.expects_reply_to(&said).await.unwrap()
}

async fn clicked(who: &Actor, label: &str) -> MessageView {
    let used = who.clicks(label).await.unwrap();
    who.expects_reply_to(&used).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_waits_for_the_next_message_and_takes_nobodys_place() {
    let bot = bot().await;
    let (member, owner) = (bot.member(), bot.owner());
    assert_eq!(
        slash(&member, "riddle").await.content,
        "What is the capital of Japan?"
    );
    // One handler at once: it has gone on, and serves others.
    assert_eq!(slash(&owner, "ping").await.content, "pong");
    member.says("general", "kyoto").await.unwrap();
    let right = answer(&owner, "tokyo").await;
    assert_eq!(right.content, "Right, owner!");

    // What has asked for it is not the next one, and a command is one.
    for (said, command) in [("!unheard-of", false), ("!ping", true)] {
        assert_eq!(answer(&owner, "!next").await.content, "listening");
        member.says("general", said).await.unwrap();
        let heard = format!("heard {said}, a command: {command}");
        member.expects("general", &heard).await.unwrap();
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_ends_the_wait_for_a_message_and_is_not_held_up_by_it() {
    let bot = bot().await;
    let member = bot.member();
    let asked = member.slash("general", "riddle", &[]).await.unwrap();
    member
        .expects("general", "the capital of Japan")
        .await
        .unwrap();
    bot.plugins().reload("club").await.unwrap();
    member.expects("general", "Never mind.").await.unwrap();
    drop(asked);
    // Nobody waits any more.
    member.says("general", "tokyo").await.unwrap();
    assert_eq!(slash(&member, "ping").await.content, "pong");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_waits_for_the_next_reaction() {
    let bot = bot().await;
    let member = bot.member();
    let asked = slash(&member, "agree").await;
    member.reacts(&asked, "❌").await.unwrap();
    member.reacts(&asked, "✅").await.unwrap();
    let welcome = member.expects("general", "Welcome.").await.unwrap();
    assert_eq!(welcome.content, "Welcome.");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listeners_buttons_are_served_and_what_nobody_knows_is_answered() {
    let bot = bot().await;
    let (member, owner) = (bot.member(), bot.owner());
    assert_eq!(answer(&member, "tea time").await.content, "Tea?");
    // For everyone, and after a reload.
    bot.plugins().reload("club").await.unwrap();
    assert_eq!(clicked(&owner, "Join").await.content, "Ann joins");
    assert_eq!(
        clicked(&member, "Owe").await.content,
        "owe: 5 coins are missing"
    );
    for unknown in ["Gone", "Foreign"] {
        let told = clicked(&member, unknown).await;
        assert!(told.content.starts_with("I don't know this any more"));
        assert!(told.ephemeral);
    }
    bot.close().await;
}

#[test]
fn a_click_that_nobody_knows_is_logged_with_its_handler_and_without_its_argument() {
    let folder = tempfile::tempdir().unwrap();
    let extensions = folder.path().join("extensions");
    fs::create_dir(&extensions).unwrap();
    fs::copy(club(), extensions.join("libclub.so")).unwrap();
    let script = "owner@general: tea time\nexpect Tea?\nclick \"Gone\"\nexpect-ephemeral \"any more\"\n\
                  click \"Foreign\"\nexpect-ephemeral \"any more\"\n";
    let log = log_with(folder.path(), &extensions, script);
    let warned: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("no handler is declared for"))
        .collect();
    let gone = HandlerNumber::of("gone");
    assert_eq!(warned.len(), 2, "{log}");
    assert!(
        warned[0].contains(&format!("plugin=\"club\" handler=\"{gone}\"")),
        "{}",
        warned[0]
    );
    assert!(warned[1].contains("handler=\"shop\""), "{}", warned[1]);
    assert!(!warned[1].contains("shop:7"), "{}", warned[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_and_steps_of_a_plugin_are_around_all_of_its_commands() {
    let bot = bot().await;
    let member = bot.member();
    assert_eq!(
        answer(&member, "!secret").await.content,
        "There are no secrets."
    );
    assert_eq!(
        slash(&member, "secret").await.content,
        "There are no secrets."
    );
    let menu = member.uses_on_user("general", "Open secret", "owner");
    let used = menu.await.unwrap();
    let told = member.expects_reply_to(&used).await.unwrap();
    assert_eq!(told.content, "There are no secrets.");
    for (line, told) in [
        ("!old secret", "There are no secrets."),
        ("!vault", "It is locked."),
        ("!old tale", "Once upon a time"),
    ] {
        assert_eq!(answer(&member, line).await.content, told, "{line}");
    }
    assert_eq!(
        answer(&member, "!pay").await.content,
        "pay: 3 coins are missing"
    );
    answer(&member, "!book").await;
    let turned = clicked(&member, "›").await;
    assert_eq!(turned.content, "book: 7 coins are missing");
    assert_eq!(answer(&member, "!stumble").await.content, "mind the step");
    assert_eq!(
        answer(&member, "!diary").await.content,
        "+old tale -old tale +pay -pay! +book -book +stumble -stumble! +diary"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_works_in_servers_only_says_so_elsewhere() {
    let bot = bot().await;
    let member = bot.member();
    let here = answer(&member, "!place").await;
    assert!(here.content.starts_with("server "), "{}", here.content);
    let said = member.says("dm", "place").await.unwrap();
    let there = member.expects_reply_to(&said).await.unwrap();
    assert_eq!(there.content, "This works in servers only.");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_counts_needs_no_content_and_tells_commands_apart() {
    let library = fixtures::plugin("points", "deaf", "0.1.0", "", DEAF);
    let bot = Fixture::with(&[]).await;
    bot.drop_in(&library, "points");
    bot.until_generation("points", 1).await;
    for command in ["points", "wait"] {
        let registered = bot.sandbox.commands_registered(command, PATIENCE);
        registered.await.unwrap();
    }
    let member = bot.member();
    member.says("general", "good morning").await.unwrap();
    let mention = format!("<@{}> points", bot.sandbox.application_id());
    let told = answer(&member, &mention).await;
    assert!(told.content.contains("is a slash command"));
    assert_eq!(
        slash(&member, "points").await.content,
        "1 messages of 0 bytes, 1 commands"
    );
    assert_eq!(
        slash(&member, "wait").await.content,
        "this plugin has not declared that it waits for MESSAGE_CREATE: add `.awaits_messages()` to its declaration"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_is_loaded_late_learns_who_is_talking_and_sets_the_presence() {
    let library = fixtures::plugin("radio", "late", "0.1.0", "", RADIO);
    let with_voice = |options: &mut Options| {
        let guild = options.world.guild_named("Sandbox").unwrap();
        options.world.add_voice_channel(guild, "lounge");
    };
    let granted = "[grants.radio]\npowers = [\"bot.control\"]\n";
    let bot = Fixture::under(with_voice, &[], granted).await;
    let member = bot.member();
    member.joins_voice("lounge").await.unwrap();
    bot.drop_in(&library, "radio");
    bot.until_generation("radio", 1).await;
    bot.until_content_is_seen().await;
    let talking = answer(&member, "!talking").await.content;
    assert_eq!(talking, format!("talking: [{}]", member.id()));
    member.leaves_voice().await.unwrap();
    // While a session with more intents takes over, the former one may still bring the message first.
    let gone = async { while answer(&member, "!talking").await.content != "talking: []" {} };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();

    until_presence(&bot, "jazz").await;
    bot.plugins().unload("radio", false).await.unwrap();
    until_presence(&bot, "1 server").await;
    bot.close().await;
}

/// Waits until the bot shows this text.
async fn until_presence(bot: &Fixture, text: &str) {
    let shown = async {
        let is_shown = |presence: serde_json::Value| presence.to_string().contains(text);
        while !bot.sandbox.presence().is_some_and(is_shown) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, shown)
        .await
        .unwrap_or_else(|_| panic!("{:?}", bot.sandbox.presence()));
}
