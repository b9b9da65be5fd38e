//! First responses to interactions that are lost, come too late, or find that somebody else was faster; answers whose "is
//! thinking…" was deleted; interactions that come twice.

use std::{path::PathBuf, sync::OnceLock};

use sandbox::{
    Actor, Effect, ErrorBody, Fault, Forestaller, InteractionView, MessageView, ResponseState, Way,
};
use serde_json::json;

use crate::{
    fixtures,
    process::Process,
    support::{Fixture, PATIENCE},
};

const SOURCE: &str = r##"//! Answers in every way, and counts how often it was asked to.
use std::{cell::{Cell, RefCell}, collections::BTreeMap, time::Duration};

use plugin_api::{prelude::*, twilight_model::gateway::payload::incoming::InteractionCreate};

thread_local! {
    static RUNS: RefCell<BTreeMap<&'static str, u32>> = const { RefCell::new(BTreeMap::new()) };
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
    static RELEASED: Cell<bool> = const { Cell::new(false) };
}

export_plugin!(|| {
    let command = |name: &str| Command::new(name, "Answers").slash_only();
    Plugin::new()
        .command(command("ping").run(ping))
        .command(command("hush").ephemeral().run(hush))
        .command(command("parcel").run(parcel))
        .command(command("form").run(form))
        .command(command("panel").run(panel))
        .command(command("broken").run(broken))
        .command(command("no").run(no))
        .command(command("silent").run(silent))
        .command(command("think").run(think))
        .command(command("muse").ephemeral().run(think))
        .command(command("doze").run(doze))
        .command(command("fret").run(fret))
        .command(command("pack").run(pack))
        .command(command("release").run(release))
        .command(command("tell").run(tell))
        .command(tea())
        .component("reply", clicked)
        .component("update", updated)
        .component("form", filled)
        .on(heard)
});

fn ran(what: &'static str) {
    RUNS.with_borrow_mut(|runs| *runs.entry(what).or_default() += 1);
}

async fn released() {
    while !RELEASED.replace(false) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn ping(ctx: CommandContext) -> Result {
    ran("ping");
    let sent = ctx.reply("pong").await;
    if let Err(error) = &sent {
        LAST.set(format!("{:?} {:?} {error}", error.http_status(), error.discord_code()));
    }
    sent
}

async fn hush(ctx: CommandContext) -> Result {
    ctx.reply("psst").await
}

async fn parcel(ctx: CommandContext) -> Result {
    ctx.reply(NewMessage::from("parcel").file("a.txt", "tea")).await
}

async fn form(ctx: CommandContext) -> Result {
    let modal = Modal::new("Form", ctx.custom_id("form", "")?).field(TextField::short("name", "Name"));
    ctx.modal(&modal).await?;
    ran("form");
    Ok(())
}

async fn filled(ctx: ComponentContext) -> Result {
    ran("filled");
    ctx.reply(format!("filled in by {}", ctx.field("name"))).await
}

async fn panel(ctx: CommandContext) -> Result {
    let reply = button("Reply", ctx.custom_id("reply", "")?);
    let update = button("Update", ctx.custom_id("update", "")?);
    ctx.reply(NewMessage::from("panel").row([reply, update]).for_everyone().persistent()).await
}

async fn clicked(ctx: ComponentContext) -> Result {
    ran("clicked");
    ctx.reply("clicked").await
}

async fn updated(ctx: ComponentContext) -> Result {
    ran("updated");
    let runs = RUNS.with_borrow(|runs| runs["updated"]);
    ctx.update(format!("updated {runs}")).await
}

async fn broken(_ctx: CommandContext) -> Result {
    Err(Error::new("the teapot is cracked"))
}

async fn no(_ctx: CommandContext) -> Result {
    Err(Error::user("not today"))
}

async fn silent(_ctx: CommandContext) -> Result {
    ran("silent");
    Ok(())
}

async fn think(ctx: CommandContext) -> Result {
    ctx.defer().await?;
    released().await;
    ctx.reply("thought").await?;
    ctx.edit_reply("thought again").await
}

async fn doze(ctx: CommandContext) -> Result {
    released().await;
    ctx.reply("dozed").await
}

async fn fret(ctx: CommandContext) -> Result {
    ctx.defer().await?;
    released().await;
    Err(Error::user("nothing comes to mind"))
}

async fn pack(ctx: CommandContext) -> Result {
    ctx.defer().await?;
    released().await;
    ctx.reply(NewMessage::from("packed").file("a.txt", "tea")).await
}

async fn release(ctx: CommandContext) -> Result {
    RELEASED.set(true);
    ctx.reply("released").await
}

async fn tell(ctx: CommandContext) -> Result {
    let runs = RUNS.with_borrow(|runs| format!("{runs:?}"));
    ctx.reply(format!("{runs} {}", LAST.take())).await
}

/// A text with proposals.
#[command]
async fn tea(
    ctx: CommandContext,
    /// Which sort.
    #[autocomplete = sorts]
    value: String,
) -> Result {
    ctx.reply(value).await
}

async fn sorts(_ctx: AutocompleteContext) -> Result<Vec<&'static str>> {
    ran("typed");
    Ok(vec!["green", "black"])
}

async fn heard(_ctx: EventContext<InteractionCreate>) -> Result {
    ran("heard");
    Ok(())
}
"##;

const CALLBACK: &str = "POST /interactions/*/*/callback";

fn library() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY
        .get_or_init(|| fixtures::plugin("callbacks", "all", "0.1.0", "", SOURCE))
        .clone()
}

struct Story {
    bot: Fixture,
    member: Actor,
}

impl Story {
    async fn begin() -> Self {
        let bot = Fixture::patient().await;
        bot.drop_in(&library(), "callbacks");
        bot.until_generation("callbacks", 1).await;
        let registered = bot.sandbox.commands_registered("tell", PATIENCE);
        registered.await.unwrap();
        let member = bot.member();
        Self { bot, member }
    }

    fn fault(&self, route: &str, effect: Effect, times: Option<u32>) {
        let fault = Fault::request(route, effect);
        self.bot.sandbox.faults().add(fault, times).unwrap();
    }

    async fn slash(&self, command: &str) -> InteractionView {
        let used = self.member.slash("general", command, &[]).await;
        used.unwrap_or_else(|error| panic!("/{command}: {error}"))
    }

    /// Uses a command and waits for its answer.
    async fn ask(&self, command: &str) -> MessageView {
        let used = self.slash(command).await;
        let answer = self.member.expects_reply_to(&used).await;
        answer.unwrap_or_else(|error| panic!("/{command}: {error}"))
    }

    /// How many messages in the channel have this in them.
    fn count(&self, text: &str) -> usize {
        let messages = self.member.messages("general");
        let found = messages.iter().filter(|view| view.text().contains(text));
        found.count()
    }

    /// How many first responses the sandbox has got, and how many of them it has lost or refused on request.
    fn responses(&self) -> usize {
        let traffic = self.bot.sandbox.traffic();
        let is_it = |crossing: &&sandbox::Crossing| {
            crossing.way == Way::Rest && crossing.what.contains("/callback")
        };
        traffic.iter().filter(is_it).count()
    }

    fn strikes(&self) -> usize {
        let traffic = self.bot.sandbox.traffic();
        let strikes = traffic.iter().filter(|crossing| crossing.way == Way::Fault);
        strikes.count()
    }

    fn nobody_thinks(&self) {
        let messages = self.member.messages("general");
        assert!(messages.iter().all(|view| !view.loading), "{messages:?}");
    }

    async fn end(self) {
        self.bot.close().await;
    }
}

/// What may happen to a request and its answer on the way.
fn losses() -> [Effect; 6] {
    let fail = |status, body| Effect::FailAnswer { status, body };
    let status = |status, body| Effect::Status { status, body };
    [
        Effect::LoseAnswer,
        Effect::LoseRequest,
        fail(502, ErrorBody::Html),
        fail(500, ErrorBody::Json),
        status(502, ErrorBody::Html),
        status(503, ErrorBody::Empty),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_first_response_is_given_once() {
    let story = Story::begin().await;
    let troubles = losses();
    for (number, effect) in troubles.iter().enumerate() {
        for (command, text) in [("ping", "pong"), ("hush", "psst"), ("parcel", "parcel")] {
            story.fault(CALLBACK, effect.clone(), Some(1));
            let answer = story.ask(command).await;
            assert_eq!(answer.text(), text, "{effect:?}");
            assert_eq!(answer.ephemeral, command == "hush");
            assert_eq!(story.count(text), number + 1, "{effect:?}");
        }
        // What the host says is lost no more than what plugins say.
        for (command, text) in [
            ("broken", "error id"),
            ("no", "not today"),
            ("silent", "Done."),
        ] {
            story.fault(CALLBACK, effect.clone(), Some(1));
            let answer = story.ask(command).await;
            assert!(answer.text().contains(text) && answer.ephemeral);
            assert_eq!(story.count(text), number + 1, "{effect:?}");
        }
    }
    story.nobody_thinks();
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_response_to_a_click_is_given_once() {
    let story = Story::begin().await;
    story.ask("panel").await;
    for (number, effect) in losses().into_iter().enumerate() {
        story.fault(CALLBACK, effect.clone(), Some(1));
        let clicked = story.member.clicks("Reply").await.unwrap();
        let answer = story.member.expects_reply_to(&clicked).await.unwrap();
        assert_eq!(answer.content, "clicked", "{effect:?}");
        assert_eq!(story.count("clicked"), number + 1, "{effect:?}");
        story.fault(CALLBACK, effect.clone(), Some(1));
        story.member.clicks("Update").await.unwrap();
        let text = format!("updated {}", number + 1);
        story.member.expects("general", &text).await.unwrap();
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_modal_is_shown_once_and_choices_are_proposed() {
    let story = Story::begin().await;
    for (number, effect) in losses().into_iter().enumerate() {
        story.fault(CALLBACK, effect.clone(), Some(1));
        let shown = story.slash("form").await;
        assert_eq!(shown.state, ResponseState::Modal, "{effect:?}");
        let sent = story.member.submits(&[("name", "Ada")]).await.unwrap();
        let answer = story.member.expects_reply_to(&sent).await.unwrap();
        assert_eq!(answer.content, "filled in by Ada");
        // And the handler was told so.
        let told = story.ask("tell").await.content;
        assert!(
            told.contains(&format!("\"form\": {}", number + 1)),
            "{told}"
        );

        story.fault(CALLBACK, effect.clone(), Some(1));
        let options = [("value", json!("g"))];
        let typing = story
            .member
            .autocompletes("general", "tea", &options, "value");
        assert_eq!(typing.await.unwrap().len(), 2, "{effect:?}");
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_dead_is_not_waited_for() {
    let story = Story::begin().await;
    let hour = Effect::Delay {
        ms: 3_600_000,
        by_clock: false,
    };
    story.fault(CALLBACK, hour, Some(1));
    assert_eq!(story.ask("ping").await.content, "pong");
    assert_eq!(story.count("pong"), 1);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_discord_is_away_two_first_responses_are_all_that_is_tried() {
    let story = Story::begin().await;
    let away = Effect::Status {
        status: 503,
        body: ErrorBody::Empty,
    };
    story.fault(CALLBACK, away, None);
    let used = story.member.start_slash("general", "ping", &[]).unwrap();
    // The answer, the apology, and what the host defers: all are told apart from a first response by then.
    let later = story.member.start_slash("general", "doze", &[]).unwrap();
    let deferred = || {
        let traffic = story.bot.sandbox.traffic();
        let of = |id: u64| {
            let what = format!("/interactions/{id}/");
            let is_it = |crossing: &&sandbox::Crossing| {
                crossing.way == Way::Fault && crossing.what.contains(&what)
            };
            traffic.iter().filter(is_it).count()
        };
        (of(used), of(later))
    };
    tokio::time::timeout(PATIENCE, async {
        while deferred().1 < 2 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    assert_eq!(deferred(), (2, 2));
    story.bot.sandbox.faults().clear();
    assert_eq!(story.ask("ping").await.content, "pong");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_has_begun_goes_on() {
    let story = Story::begin().await;
    let forestall = |by| story.fault(CALLBACK, Effect::Forestall { by }, Some(1));
    // "Is thinking…" becomes the answer.
    for (command, text) in [
        ("ping", "pong"),
        ("parcel", "parcel"),
        ("broken", "error id"),
        ("no", "not today"),
        ("silent", "Done."),
    ] {
        let before = story.responses();
        forestall(Forestaller::Thinking);
        if command == "silent" {
            // There is nothing to say: somebody else has answered.
            assert_eq!(story.slash(command).await.state, ResponseState::Deferred);
            continue;
        }
        let answer = story.ask(command).await;
        assert!(answer.text().contains(text), "{answer:?}");
        assert!(!answer.ephemeral, "as it was begun");
        assert_eq!(story.count(text), 1);
        // Theirs, and one of ours.
        assert_eq!(story.responses() - before, 2, "{command}");
    }
    forestall(Forestaller::PrivateThinking);
    let answer = story.ask("hush").await;
    assert!(answer.content == "psst" && answer.ephemeral);
    // A message stays, and the answer follows it.
    forestall(Forestaller::Message);
    let used = story.slash("hush").await;
    let is_ours = |view: &MessageView| view.content == "psst" && view.ephemeral;
    let followed = story.member.expects_where("general", "psst", is_ours);
    followed.await.unwrap();
    assert_eq!(used.message.unwrap().content, "Somebody else was faster.");
    assert_eq!(story.count("Somebody else was faster."), 1);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_answer_never_takes_the_place_of_what_everybody_sees() {
    let story = Story::begin().await;
    let by = Forestaller::Thinking;
    story.fault(CALLBACK, Effect::Forestall { by }, Some(1));
    // The handler fails with that, and this may be told to everybody.
    let answer = story.ask("hush").await;
    assert!(answer.text().contains("error id"), "{answer:?}");
    assert_eq!(story.count("psst"), 0);
    story.nobody_thinks();
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_that_somebody_else_has_deferred_is_answered() {
    let story = Story::begin().await;
    story.ask("panel").await;
    for (label, text) in [("Reply", "clicked"), ("Update", "updated 1")] {
        let by = Forestaller::Update;
        story.fault(CALLBACK, Effect::Forestall { by }, Some(1));
        story.member.clicks(label).await.unwrap();
        let is_it = |view: &MessageView| view.content == text;
        let shown = story.member.expects_where("general", text, is_it);
        shown.await.unwrap();
    }
    assert_eq!((story.count("clicked"), story.count("panel")), (1, 0));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_host_defers_is_deferred_once() {
    let story = Story::begin().await;
    let troubles = [
        Effect::LoseAnswer,
        Effect::LoseRequest,
        Effect::Forestall {
            by: Forestaller::Thinking,
        },
    ];
    for (number, effect) in troubles.into_iter().enumerate() {
        story.fault(CALLBACK, effect.clone(), Some(1));
        let asked = story.slash("doze").await;
        assert_eq!(asked.state, ResponseState::Deferred, "{effect:?}");
        story.ask("release").await;
        let answer = story.member.expects_reply_to(&asked).await.unwrap();
        assert_eq!(answer.content, "dozed", "{effect:?}");
        assert_eq!(story.count("dozed"), number + 1);
    }
    story.nobody_thinks();
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interaction_that_is_over_is_left_alone() {
    let story = Story::begin().await;
    story.ask("panel").await;
    story.fault(CALLBACK, Effect::Refuse { code: 10_062 }, None);
    let commands = ["ping", "hush", "form", "broken", "no", "silent", "parcel"];
    for command in commands {
        story.member.start_slash("general", command, &[]).unwrap();
    }
    // What the host would have deferred of those before is due before what it defers of this one.
    story.member.start_slash("general", "doze", &[]).unwrap();
    let wanted = commands.len() + 1;
    tokio::time::timeout(PATIENCE, async {
        while story.strikes() < wanted {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    story.bot.sandbox.faults().clear();
    assert_eq!(story.ask("release").await.content, "released");
    let told = story.ask("tell").await.content;
    assert_eq!(story.strikes(), wanted, "each was tried once");
    let asked = story.bot.sandbox.traffic();
    let asked = asked
        .iter()
        .filter(|it| it.way == Way::Rest && it.what.contains("/webhooks/"));
    assert_eq!(asked.count(), 0, "and nothing else");
    // The handler learns why.
    assert!(
        told.contains("Some(404) Some(10062)")
            && told.contains("within 3 s")
            && told.contains("error id"),
        "{told}"
    );
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_tells_once_of_an_interaction_that_is_over() {
    let mut bot = Process::run(&[("callbacks", library())], "").await;
    let registered = bot.sandbox.commands_registered("tell", PATIENCE);
    registered.await.unwrap();
    let fault = Fault::request(CALLBACK, Effect::Refuse { code: 10_062 });
    bot.sandbox.faults().add(fault, None).unwrap();
    let member = bot.member();
    let mut ids = Vec::new();
    let told = |id: &u64| format!("interaction={id}");
    // What is released answers an interaction that has been over for long.
    for command in ["ping", "no", "silent", "doze", "release"] {
        let id = member.start_slash("general", command, &[]).unwrap();
        bot.until_said(&told(&id)).await;
        ids.push(id);
    }
    bot.signal("TERM");
    bot.ended().await;
    let said = bot.said();
    for id in &ids {
        let lines: Vec<&str> = said
            .lines()
            .filter(|line| line.contains(&told(id)))
            .collect();
        assert_eq!(lines.len(), 1, "{said}");
        assert!(
            lines[0].contains("WARN")
                && lines[0].contains("error_id=")
                && lines[0].contains("does not know this interaction any more"),
            "{said}"
        );
    }
    assert!(!said.contains("ERROR"), "{said}");
    assert!(!said.contains("could not"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_is_thinking_gets_a_follow_up() {
    let story = Story::begin().await;
    let moderator = story.bot.owner();
    for (command, text, private) in [
        ("think", "thought again", false),
        ("muse", "thought again", true),
        ("doze", "dozed", false),
        ("fret", "nothing comes to mind", false),
        ("pack", "packed", false),
    ] {
        let asked = story.slash(command).await;
        assert_eq!(asked.state, ResponseState::Deferred);
        moderator.deletes(&asked.message.unwrap()).await.unwrap();
        let before = story.count(text);
        story.ask("release").await;
        let is_it = |view: &MessageView| view.text() == text && view.ephemeral == private;
        let shown = story.member.expects_where("general", text, is_it).await;
        shown.unwrap_or_else(|error| panic!("/{command}: {error}"));
        assert_eq!(story.count(text) - before, 1, "/{command}");
    }
    story.nobody_thinks();
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_interaction_runs_once() {
    let story = Story::begin().await;
    story.ask("panel").await;
    let event = "INTERACTION_CREATE".to_owned();
    let doubled = Fault::DoubleDispatch { event };
    story.bot.sandbox.faults().add(doubled, None).unwrap();
    story.ask("ping").await;
    story.slash("form").await;
    story.member.submits(&[("name", "Ada")]).await.unwrap();
    story.member.clicks("Reply").await.unwrap();
    story.member.clicks("Update").await.unwrap();
    let options = [("value", json!("g"))];
    let typing = story
        .member
        .autocompletes("general", "tea", &options, "value");
    typing.await.unwrap();
    story.slash("silent").await;
    story.ask("tell").await;
    let told = story.ask("tell").await.content;
    for what in [
        "ping", "form", "filled", "clicked", "updated", "typed", "silent",
    ] {
        assert!(told.contains(&format!("\"{what}\": 1")), "{what}: {told}");
    }
    // Those that listen hear of it once, too; of the last one before it runs or after.
    let heard = |times: u32| told.contains(&format!("\"heard\": {times}"));
    assert!(heard(9) || heard(10), "{told}");
    story.end().await;
}
