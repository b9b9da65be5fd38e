//! First responses to interactions that are lost, come too late, or find that somebody else was faster; answers whose "is
//! thinking…" was deleted; interactions that come twice.

mod lost;
mod others;
mod over;

use std::{path::PathBuf, sync::OnceLock};

use sandbox::{Actor, Effect, Fault, InteractionView, MessageView, Way};

use crate::{
    fixtures,
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
        .command(command("frame_guard").run(frame_guard))
        .command(command("form").run(form))
        .command(command("panel").run(panel))
        .command(command("broken").run(broken))
        .command(command("no").run(no))
        .command(command("silent").run(silent))
        .command(command("think").run(think))
        .command(command("muse").ephemeral().run(think))
        .command(command("doze").run(doze))
        .command(command("nap").run(nap))
        .command(command("dream").ephemeral().run(nap))
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

async fn frame_guard(ctx: CommandContext) -> Result {
    ctx.reply(NewMessage::from("frame_guard").file("a.txt", "tea")).await
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

async fn nap(_ctx: CommandContext) -> Result {
    released().await;
    Ok(())
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
        let bot = Fixture::patient(&[], "").await;
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

    /// Asks what has run until this has; what was told, and how often it was asked.
    async fn until_told(&self, wanted: &str) -> (String, u32) {
        let asking = async {
            for times in 1.. {
                let told = self.ask("tell").await.content;
                if told.contains(wanted) {
                    return (told, times);
                }
            }
            unreachable!("there are enough numbers")
        };
        let told = tokio::time::timeout(PATIENCE, asking).await;
        told.unwrap_or_else(|_| panic!("{wanted} was never told"))
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
