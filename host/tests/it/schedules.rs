//! Tests of schedules with the whole bot: over reloads, restarts and kills, by a clock that stands still until it is
//! moved.

use std::{path::PathBuf, sync::OnceLock};

use host::services::schedules::{Clock, ScheduleView};

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

const SOURCE: &str = r#"//! Says in a channel what runs, and when that was due.
use std::time::{Duration, UNIX_EPOCH};
use plugin_api::{hook::ScheduleFailed, prelude::*};

export_plugin!(|| {
    Plugin::new()
        .every("weekly", Duration::from_secs(7 * 86_400), tell)
        .cron("morning", "30 2 * * *", "Europe/Berlin", tell)
        .cron("leap", "0 12 29 2 *", "UTC", tell)
        .schedule(Schedule::cron("exact", "0 5 * * *", "UTC").skip_missed(), tell)
        .scheduled("remind", tell)
        .scheduled("fail", |_| async { Err(Error::new("no tea")) })
        .scheduled("hang", hang)
        .on_hook("mourn", mourn)
        .command(Command::new("here", "Tells in this channel").run(here))
        .command(Command::new("plan", "Schedules").option(CommandOption::string("name", "Which"))
            .option(CommandOption::integer("after", "Seconds")).run(plan))
});

async fn here(ctx: CommandContext) -> Result {
    ctx.host().storage().bot().kv_store("clockwork").set("channel", &ctx.channel_id()).await?;
    ctx.reply("Here.").await
}

async fn plan(ctx: CommandContext) -> Result {
    let (name, after): (String, u64) = (ctx.option("name")?, ctx.option("after")?);
    let text = format!("planned by {}", ctx.user().name);
    let planned = ctx.host().schedule(name).after(Duration::from_secs(after)).payload(&text).await;
    match planned {
        Ok(id) => ctx.reply(format!("number {id}")).await,
        Err(error) => ctx.reply(error.to_string()).await,
    }
}

async fn say(host: &Host, text: String) -> Result {
    let channel: Option<Id<marker::ChannelMarker>> = host.storage().bot().kv_store("clockwork").get("channel").await?;
    host.discord().send(channel.ok_or(Error::new("no channel"))?, text).await?;
    Ok(())
}

async fn tell(ctx: ScheduleContext) -> Result {
    let due = ctx.due().duration_since(UNIX_EPOCH)?.as_secs();
    let payload: Option<String> = ctx.payload()?;
    let (late, missed) = (ctx.caught_up(), ctx.missed());
    say(ctx.host(), format!("<t:{due}> late {late}, missed {missed}, {payload:?}")).await
}

async fn hang(ctx: ScheduleContext) -> Result {
    say(ctx.host(), format!("hangs in attempt {}", ctx.attempt())).await?;
    std::future::pending().await
}

async fn mourn(ctx: HookContext<ScheduleFailed>) -> Result {
    let failed = ctx.payload();
    let text = format!("{} of {} failed: {}, {} times", failed.schedule, failed.plugin, failed.error, failed.attempts);
    say(ctx.host(), text).await
}
"#;

fn clockwork() -> PathBuf {
    static CLOCKWORK: OnceLock<PathBuf> = OnceLock::new();
    CLOCKWORK
        .get_or_init(|| fixtures::plugin("clockwork", "first", "0.9.1", "", SOURCE))
        .clone()
}

fn seconds(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_second()
}

fn at(text: &str) -> Clock {
    Clock::paused(seconds(text) * 1_000)
}

impl Fixture {
    /// Sets the clock, waits for what was due then, in whatever order it is told, and until nothing else is.
    async fn runs(&self, now: &str, expect: &[(&str, &str)]) {
        self.clock.set(seconds(now) * 1_000);
        for (due, more) in expect {
            let due = format!("<t:{}> ", seconds(due));
            let told = self.member().expects("general", &due).await;
            assert_eq!(told.unwrap().content, format!("{due}{more}"), "at {now}");
        }
        let services = self.bot.services();
        let until_nothing_is_due = async {
            loop {
                let views = services.schedules.views(&services.storage).await.unwrap();
                let is_over = |view: &ScheduleView| {
                    let is_due = view.next_ms.is_some_and(|next| next <= self.clock.now_ms());
                    !view.running && (view.paused || !is_due)
                };
                if views.iter().all(is_over) {
                    break;
                }
            }
        };
        tokio::time::timeout(PATIENCE, until_nothing_is_due)
            .await
            .unwrap();
    }

    /// How many runs were told of in all: of those that began.
    fn told(&self) -> usize {
        let messages = self.member().messages("general");
        let is_run = |message: &&sandbox::MessageView| message.content.starts_with("<t:");
        messages.iter().filter(is_run).count()
    }

    async fn schedules(&self) -> String {
        self.ask(&self.owner(), "!cogwright schedules").await.text()
    }
}

/// A bot with the clockwork, by a clock that shows this time.
async fn bot(now: &str) -> Fixture {
    let bot = Fixture::at(&["scheduler", "hello"], at(now)).await;
    bot.drop_in(&clockwork(), "clockwork");
    bot.until_generation("clockwork", 1).await;
    assert_eq!(bot.ask(&bot.owner(), "!here").await.content, "Here.");
    bot
}

const ON_TIME: &str = "late false, missed 0, None";

#[tokio::test(flavor = "multi_thread")]
async fn both_changes_of_the_clock_and_the_29th_of_february_run_once() {
    let bot = bot("2026-03-28T12:00:00Z").await;
    // 02:30 does not exist on this day: it is 03:00 at once, which is 01:00 UTC.
    bot.runs("2026-03-29T00:59:59Z", &[]).await;
    bot.runs("2026-03-29T01:00:10Z", &[("2026-03-29T01:00:00Z", ON_TIME)])
        .await;
    bot.runs("2026-03-29T05:00:10Z", &[("2026-03-29T05:00:00Z", ON_TIME)])
        .await;
    // Half a year asleep. What is to be exact is left out, the rest is caught up, once.
    let caught_up = [
        ("2026-10-24T00:30:00Z", "late true, missed 208, None"),
        ("2026-10-24T12:00:00Z", "late true, missed 29, None"),
    ];
    bot.runs("2026-10-25T00:29:59Z", &caught_up).await;
    // 02:30 comes twice on this day.
    bot.runs("2026-10-25T00:30:10Z", &[("2026-10-25T00:30:00Z", ON_TIME)])
        .await;
    bot.runs("2026-10-25T01:30:10Z", &[]).await;
    bot.runs("2026-10-26T01:30:10Z", &[("2026-10-26T01:30:00Z", ON_TIME)])
        .await;
    // Back by a day: nothing begins again.
    bot.runs("2026-10-25T00:29:59Z", &[]).await;
    bot.runs("2026-10-25T06:00:00Z", &[]).await;
    let leap_day = [
        ("2028-02-26T12:00:00Z", "late true, missed 69, None"),
        ("2028-02-29T01:30:00Z", "late true, missed 490, None"),
        ("2028-02-29T12:00:00Z", ON_TIME),
    ];
    bot.runs("2028-02-29T12:00:30Z", &leap_day).await;
    // The messages came in the order of the clock's steps: had anything run twice, it would be among them.
    assert_eq!(bot.told(), 9);
    let shown = bot.schedules().await;
    assert!(
        shown.contains("clockwork leap") && shown.contains("next <t:1961668800:f>"),
        "{shown}"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_scheduled_survives_reload_and_restart_and_is_caught_up_once() {
    let bot = bot("2026-11-22T12:00:00Z").await;
    let member = bot.member();
    let planned = bot.ask(&member, "!plan remind 3600").await.content;
    assert_eq!(planned, "number 1");
    bot.ask(&member, "!plan remind 20000").await;
    let refused = bot.ask(&member, "!plan weekly 5").await.content;
    assert!(
        refused.contains("`weekly` has a time of its own"),
        "{refused}"
    );
    let refused = bot.ask(&member, "!plan nothing 5").await.content;
    assert!(
        refused.contains("declare `.scheduled(\"nothing\", handler)`"),
        "{refused}"
    );

    // A version without the handler: what waits stays, and is shown.
    let other = SOURCE.replace(".scheduled(\"remind\", tell)", "");
    bot.drop_in(
        &fixtures::plugin("clockwork", "other", "0.9.2", "", &other),
        "clockwork",
    );
    bot.until_generation("clockwork", 2).await;
    bot.clock.set(seconds("2026-11-22T12:30:00Z") * 1_000);
    let shown = bot.schedules().await;
    assert!(
        shown.contains("no handler") && shown.contains("2 waiting"),
        "{shown}"
    );
    bot.drop_in(&clockwork(), "clockwork");
    bot.until_generation("clockwork", 3).await;

    // Down when the first is due, up again for the second.
    let clock = bot.clock.clone();
    let bot = bot
        .restart_after(async |_| clock.set(seconds("2026-11-22T15:00:00Z") * 1_000))
        .await;
    let payload = "Some(\"planned by member\")";
    let late = format!("late true, missed 0, {payload}");
    bot.runs("2026-11-22T15:00:01Z", &[("2026-11-22T13:00:00Z", &late)])
        .await;
    let on_time = format!("late false, missed 0, {payload}");
    let bot = bot.restart().await;
    bot.runs(
        "2026-11-22T17:33:25Z",
        &[("2026-11-22T17:33:20Z", &on_time)],
    )
    .await;
    let bot = bot.restart().await;

    // Unloaded when the next are due: they rest until it is back.
    bot.plugins().unload("clockwork", false).await.unwrap();
    bot.clock.set(seconds("2026-11-23T05:30:00Z") * 1_000);
    bot.plugins().load("clockwork").await.unwrap();
    bot.runs(
        "2026-11-23T05:30:01Z",
        &[("2026-11-23T01:30:00Z", "late true, missed 0, None")],
    )
    .await;
    assert_eq!(bot.told(), 3);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ran_when_the_bot_was_killed_does_not_begin_again() {
    let bot = bot("2026-11-22T12:00:00Z").await;
    let clock = bot.clock.clone();
    let bot = bot.restart_after(async |stopped| {
        let extensions = stopped.folder.join("extensions");
        let config = format!(
            "[discord]\napi_url = \"http://{}\"\ngateway_url = {:?}\n[extensions]\nfolder = {extensions:?}\n[data]\nfolder = {:?}\n",
            stopped.sandbox.http_proxy(), stopped.sandbox.gateway_url(), stopped.folder.join("data")
        );
        std::fs::write(stopped.folder.join("config.toml"), config).unwrap();
        let mut child = std::process::Command::new(fixtures::cogwright())
            .args(["run", "--no-supervisor"])
            .current_dir(stopped.folder)
            .env("DISCORD_TOKEN", stopped.sandbox.token())
            .env("BOT_OWNER_ID", stopped.sandbox.owner_id().to_string())
            .spawn()
            .unwrap();
        stopped.sandbox.bot_ready(PATIENCE).await.unwrap();
        let member = stopped.sandbox.actor("member").unwrap();
        let mention = stopped.sandbox.application_id();
        member.says("general", &format!("<@{mention}> plan hang 0")).await.unwrap();
        member.expects("general", "hangs in attempt 1").await.unwrap();
        // SIGKILL: the run is claimed, and has not ended.
        child.kill().unwrap();
        child.wait().unwrap();
        clock.set(seconds("2100-01-01T00:00:00Z") * 1_000);
    })
    .await;
    // What was due meanwhile is caught up, so the plan was looked at; the run that was cut short is not.
    bot.member().expects("general", "late true").await.unwrap();
    let shown = bot.schedules().await;
    let hang = shown
        .split("clockwork ")
        .find(|part| part.starts_with("hang"));
    let hang = hang.unwrap_or_else(|| panic!("{shown}"));
    assert!(
        hang.contains("cut short") && hang.contains("0 runs · 0 failed · 1 missed"),
        "{hang}"
    );
    let messages = bot.member().messages("general");
    let hangs = messages
        .iter()
        .filter(|message| message.content.starts_with("hangs"));
    assert_eq!(hangs.count(), 1);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_told_and_the_owner_runs_pauses_and_resumes() {
    let bot = bot("2026-11-22T12:00:00Z").await;
    let (owner, member) = (bot.owner(), bot.member());
    bot.ask(&member, "!plan fail 10").await;
    bot.clock.set(seconds("2026-11-22T12:00:10Z") * 1_000);
    let told = "fail of clockwork failed: no tea, 1 times";
    member.expects("general", told).await.unwrap();
    let shown = bot.schedules().await;
    assert!(
        shown.contains("no tea") && shown.contains("1 run · 1 failed"),
        "{shown}"
    );

    let answer = bot
        .ask(&owner, "!cogwright schedules run clockwork moning")
        .await
        .text();
    assert!(
        answer.contains("did you mean `clockwork morning`?"),
        "{answer}"
    );
    let answer = bot
        .ask(&owner, "!cogwright schedules run clockwork remind")
        .await
        .text();
    assert!(answer.contains("can't be run without"), "{answer}");
    bot.ask(&owner, "!cogwright schedules run clockwork morning")
        .await;
    let now = format!("<t:{}> {ON_TIME}", seconds("2026-11-22T12:00:10Z"));
    member.expects("general", &now).await.unwrap();
    bot.ask(&owner, "!cogwright schedules pause clockwork morning")
        .await;
    let exact = [("2026-11-24T05:00:00Z", "late false, missed 1, None")];
    bot.runs("2026-11-24T05:00:01Z", &exact).await;
    assert!(bot.schedules().await.contains("paused"));
    bot.ask(&owner, "!cogwright schedules resume clockwork morning")
        .await;
    bot.runs("2026-11-25T01:30:01Z", &[("2026-11-25T01:30:00Z", ON_TIME)])
        .await;
    assert_eq!(bot.told(), 3);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_reminds_after_a_restart() {
    let bot = Fixture::at(&["hello", "remind"], at("2026-11-22T12:00:00Z")).await;
    let member = bot.member();
    assert_eq!(
        bot.ask(&member, "!remind 10m the tea is ready")
            .await
            .content,
        "I will."
    );
    let listed = bot.ask(&member, "!reminders").await.content;
    let due = seconds("2026-11-22T12:10:00Z");
    assert_eq!(
        listed,
        format!("Your reminders:\n<t:{due}:R> the tea is ready")
    );
    let bot = bot.restart().await;
    bot.clock.set((due + 1) * 1_000);
    let reminded = format!("<@{}>, the tea is ready", member.id());
    let told = member.expects("general", "the tea is ready").await.unwrap();
    assert_eq!(told.content, reminded);
    bot.close().await;
}
