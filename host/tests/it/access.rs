//! Tests of authorization: the reference's faults as cases, roles and prefixes per server, cooldowns, and `why`.

use std::{path::PathBuf, sync::OnceLock};

use serde_json::json;
use twilight_model::{guild::Permissions, id::Id};

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

const SOURCE: &str = r#"//! Commands that not everybody may use.
use std::time::Duration;

use plugin_api::{manifest::Per, prelude::*};

export_plugin!(|| {
    let say = |text: &'static str| move |ctx: CommandContext| async move { ctx.reply(text).await };
    Plugin::new()
        .command(Command::new("open", "For everybody").run(say("opened")))
        .command(Command::new("ban", "Bans").permissions(Permissions::BAN_MEMBERS).run(say("banned")))
        .command(Command::new("staff", "For staff").any_role(["Moderator"]).run(say("staff only")))
        .command(Command::new("root", "For owners").owner_only().run(say("rooted")))
        .command(Command::new("crown", "For the server's owner").guild_owner_only().run(say("crowned")))
        .command(Command::new("private", "In private").dm_only().run(say("in private")))
        .command(Command::group("tag", "Texts").command(Command::new("add", "Adds").run(say("added"))))
        .command(Command::new("picky", "Has a check").check(|ctx: CheckContext| async move {
            if ctx.user_id().get() % 2 == 7 { Ok(()) } else { Err(Error::user("Not today.")) }
        }).run(say("picked")))
        .command(Command::new("fickle", "Refuses every other time").cooldown(1, Duration::from_secs(3600)).check(|_ctx: CheckContext| async move {
            static ASKED: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
            match ASKED.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                2 | 3 => Ok(()),
                _ => Err(Error::user("Not in the mood.")),
            }
        }).run(say("in the mood")))
        .command(Command::new("torn", "Has a broken check").cooldown(1, Duration::from_secs(3600)).check(|_ctx: CheckContext| async move {
            Err(Error::new("the check is torn"))
        }).run(say("whole")))
        .command(Command::new("daily", "Once an hour").cooldown(1, Duration::from_secs(3600)).run(say("daily")))
        .command(Command::new("slow", "One at a time").max_concurrency(Per::Guild, 1).run(|ctx| async move {
            let on = ctx.confirm("Go on?").await?;
            ctx.reply(if on { "slowly" } else { "stopped" }).await
        }))
        .command(Command::new("sweep", "Sweeps").permissions(Permissions::MANAGE_MESSAGES).run(say("swept")))
        .command(Command::new("fork", "Needs the bot").bot_permissions(Permissions::MANAGE_THREADS).run(say("forked")))
        .command(Command::new("late", "For adults").age_restricted().run(say("late")))
        .command(Command::new("typed", "By slash alone").slash_only().permissions(Permissions::BAN_MEMBERS).run(say("typed")))
        .command(Command::new("secret", "In private").ephemeral().run(say("psst")))
        .command(
            Command::new("wait", "Waits").option(CommandOption::duration("time", "How long").required()).run(say("waited")),
        )
        .command(Command::new("name", "Tells its name").run(|ctx: CommandContext| async move {
            ctx.reply(ctx.typed()).await
        }))
        .command(Command::new("figures", "Tells what is known of a command").option(CommandOption::string("of", "Which").required()).run(figures))
});

async fn figures(ctx: CommandContext) -> Result {
    let (guild, of) = (ctx.guild_id(), ctx.option::<String>("of")?);
    let all = ctx.host().commands().list(guild).await?;
    let one = all.iter().find(|one| one.path == of).ok_or(Error::user("there is none"))?;
    let days = ctx.host().commands().usage(guild, None).await?;
    let days: Vec<u64> = days.iter().filter(|used| used.command == of).map(|used| used.uses).collect();
    let latency = if one.mean_us > 0 { "took a while" } else { "never used" };
    let (typed, reached) = (one.typed.join(" or "), &one.reached);
    ctx.reply(format!("{reached}: {typed}; {} uses, {} errors, {latency}; by day {days:?}", one.uses, one.errors)).await
}
"#;

pub fn library() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY
        .get_or_init(|| fixtures::plugin("guarded", "all", "0.1.4", "", SOURCE))
        .clone()
}

/// A bot with these commands and the plugin that rules them. `owner` owns the bot and the server; `member` has no roles.
async fn bot() -> Fixture {
    let bot = Fixture::with(&["access"]).await;
    bot.drop_in(&library(), "guarded");
    bot.until_generation("guarded", 1).await;
    bot.sandbox
        .commands_registered("daily", PATIENCE)
        .await
        .unwrap();
    bot
}

async fn told(bot: &Fixture, who: &sandbox::Actor, text: &str) -> String {
    bot.ask(who, text).await.text()
}

/// What `why` tells about a command.
pub async fn why(who: &sandbox::Actor, place: &str, command: &str) -> String {
    let options = [("command", json!(command))];
    let asked = who.slash(place, "why", &options).await.unwrap();
    let why = who.expects_reply_to(&asked).await.unwrap();
    assert!(why.ephemeral);
    why.text()
}

/// Says it in a channel and waits for the answer's text.
async fn said(who: &sandbox::Actor, place: &str, text: &str) -> String {
    let sent = who.says(place, text).await.unwrap();
    who.expects_reply_to(&sent).await.unwrap().text()
}

/// A second server with the channel `docks`, which `member` owns: `owner`, who owns the bot, and `mod` have no roles there.
async fn harbour(bot: Fixture) -> Fixture {
    bot.restart_after(async |stopped| {
        stopped.add_harbour(Permissions::MANAGE_MESSAGES);
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tiers_are_asked_in_their_order_and_each_server_has_its_own_rules() {
    let bot = harbour(bot().await).await;
    bot.until_generation("guarded", 1).await;
    let actor = |name: &str| bot.sandbox.actor(name).unwrap();
    let (owner, member, moderator) = (bot.owner(), bot.member(), actor("mod"));
    let (sailor, guard, chief) = (actor("sailor"), actor("guard"), actor("chief"));
    let check = async |place: &str, cases: &[(&sandbox::Actor, &str, &str)]| {
        for (who, text, expect) in cases {
            let found = said(who, place, text).await;
            assert!(
                found.contains(expect),
                "{} in {place}: {text}: {found}",
                who.name()
            );
        }
    };
    check(
        "docks",
        &[
            // The bot's owner is nobody there, and may use everything; the server's owner all but what is not for servers.
            (&owner, "!crown", "crowned"),
            (&owner, "!ban", "banned"),
            (&owner, "!root", "rooted"),
            (&member, "!crown", "crowned"),
            (&member, "!ban", "banned"),
            (&member, "!root", "for the bot's owner alone"),
            // An administrator is no owner.
            (&chief, "!crown", "for the owner of this server"),
            (&chief, "!root", "for the bot's owner alone"),
            (&chief, "!ban", "banned"),
            // Permissions that the command declares, where the server has named no roles.
            (&guard, "!ban", "banned"),
            (&sailor, "!ban", "needs the permission **Ban Members**"),
            (
                &member,
                "!config ban Captain",
                "is for members with the role",
            ),
            (
                &member,
                "!config open Captain",
                "is for members with the role",
            ),
            // Roles that it has named take their place: one is needed, and is enough.
            (&sailor, "!ban", "banned"),
            (&guard, "!ban", "is for members with the role"),
            (&moderator, "!open", "is for members with the role"),
            (&owner, "!open", "opened"),
            (&member, "!open", "opened"),
            (&chief, "!open", "opened"),
            (
                &member,
                "!config open Captain Guard",
                "is for members with one of",
            ),
            (&guard, "!open", "opened"),
            (&moderator, "!open", "is for members with one of the roles"),
            // The bot's own permissions, and the member's, with overwrites.
            (
                &moderator,
                "!fork",
                "the permission **Manage Threads**, which the bot lacks here",
            ),
            (&moderator, "!sweep", "swept"),
            (
                &sailor,
                "!sweep",
                "needs the permission **Manage Messages**",
            ),
        ],
    )
    .await;
    check(
        "pier",
        &[
            (&moderator, "!fork", "forked"),
            (&moderator, "!sweep", "needs the permission"),
        ],
    )
    .await;
    let told = why(&moderator, "docks", "open").await;
    assert!(told.contains("roles that this server has named"), "{told}");
    let told = why(&moderator, "docks", "fork").await;
    assert!(told.contains("what the bot needs"), "{told}");
    // What is set in one server does nothing in the other.
    check(
        "general",
        &[
            (&moderator, "!open", "opened"),
            (&owner, "!config ban", "Which roles?"),
        ],
    )
    .await;
    let list = said(&owner, "general", "!config").await;
    assert!(
        list.contains("No command needs a role. `!config COMMAND @Role`"),
        "{list}"
    );
    // Lifted, all is as declared.
    check(
        "docks",
        &[
            (&member, "!config ban none", "needs no role any more"),
            (&guard, "!ban", "banned"),
            (&sailor, "!ban", "needs the permission **Ban Members**"),
        ],
    )
    .await;

    // Places hold for everybody.
    let late = said(&owner, "docks", "!late").await;
    assert!(late.contains("in age-restricted channels only"), "{late}");
    let docks = bot.sandbox.channel_id("docks").unwrap();
    let discord = &bot.bot.services().discord;
    let path = format!("channels/{docks}");
    discord
        .json("PATCH", path, &json!({"nsfw": true}), false)
        .await
        .unwrap();
    assert_eq!(said(&moderator, "docks", "!late").await, "late");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_rule_that_refuses_is_told_and_why_names_it() {
    let bot = bot().await;
    let (owner, moderator, member) = (bot.owner(), bot.sandbox.actor("mod").unwrap(), bot.member());
    for (command, refusal) in [
        (
            "ban",
            "`!ban` needs the permission **Ban Members**, which you lack.",
        ),
        (
            "staff",
            "`!staff` is for members with the role `Moderator`.",
        ),
        ("root", "`!root` is for the bot's owner alone."),
        ("crown", "`!crown` is for the owner of this server."),
        ("private", "`!private` works in direct messages only."),
        ("picky", "Not today."),
    ] {
        let said = told(&bot, &member, &format!("!{command}")).await;
        assert!(said.contains(refusal), "{command}: {said}");
    }
    assert_eq!(told(&bot, &member, "!open").await, "opened");
    assert_eq!(told(&bot, &moderator, "!staff").await, "staff only");
    for (command, answer) in [("ban", "banned"), ("root", "rooted"), ("crown", "crowned")] {
        assert_eq!(told(&bot, &owner, &format!("!{command}")).await, answer);
    }

    // The same by slash, and in private.
    let asked = member.slash("general", "open", &[]).await.unwrap();
    assert_eq!(
        member.expects_reply_to(&asked).await.unwrap().text(),
        "opened"
    );
    for (command, rule) in [
        ("ban", "permissions or roles that the command asks for"),
        ("root", "for the bot's owner alone"),
        ("crown", "for the server's owner"),
        ("private", "where the command works"),
        ("picky", "a check of the command's own"),
    ] {
        let asked = member
            .slash("general", "why", &[("command", json!(command))])
            .await
            .unwrap();
        let why = member.expects_reply_to(&asked).await.unwrap();
        assert!(
            why.ephemeral && why.text().contains(rule),
            "{command}: {}",
            why.text()
        );
    }
    // About somebody else, of whom nothing was said.
    let options = [("command", json!("ban")), ("user", json!("member"))];
    let asked = owner.slash("general", "why", &options).await.unwrap();
    let why = owner.expects_reply_to(&asked).await.unwrap().text();
    assert!(
        why.contains(&format!("<@{}> reads", member.id())) && why.contains("Ban Members"),
        "{why}"
    );
    let asked = owner
        .slash("general", "why", &[("command", json!("opne"))])
        .await
        .unwrap();
    let why = owner.expects_reply_to(&asked).await.unwrap().text();
    assert!(why.contains("Did you mean `open`?"), "{why}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_come_before_limits_and_a_use_that_they_refuse_costs_no_cooldown() {
    let bot = bot().await;
    let member = bot.member();
    for expect in [
        "Not in the mood.",
        "Not in the mood.",
        // Asked twice and refused: the cooldown is untouched, and the check is asked once a use.
        "in the mood",
        "`!fickle` can be used again in",
        // Both would refuse: the check comes first, in text and for `why`.
        "Not in the mood.",
    ] {
        let answer = told(&bot, &member, "!fickle").await;
        assert!(answer.contains(expect), "{expect}: {answer}");
    }
    let reason = why(&member, "general", "fickle").await;
    assert!(reason.contains("a check of the command's own"), "{reason}");
    for _ in 0..2 {
        let broken = told(&bot, &member, "!torn").await;
        assert!(
            broken.contains("error id") && !broken.contains("torn"),
            "{broken}"
        );
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_named_by_server_and_command_and_lifted() {
    let bot = bot().await;
    let (owner, moderator, member) = (bot.owner(), bot.sandbox.actor("mod").unwrap(), bot.member());
    let refused = told(&bot, &moderator, "!config open Moderator").await;
    assert!(
        refused.contains("for the owner of this server"),
        "{refused}"
    );
    let set = told(&bot, &owner, "!config open Moderator").await;
    assert!(
        set.contains("`open` is for members with the role <@&"),
        "{set}"
    );
    assert_eq!(told(&bot, &moderator, "!open").await, "opened");
    assert!(
        told(&bot, &member, "!open")
            .await
            .contains("`!open` is for members with the role <@&")
    );
    // In direct messages there are no roles, and the rule is the server's.
    member.says("dm", "open").await.unwrap();
    member.expects("dm", "opened").await.unwrap();

    // A group's rule holds for what is in it, and a role is enough where a permission was asked for.
    told(&bot, &owner, "!config tag Moderator").await;
    assert!(
        told(&bot, &member, "!tag add")
            .await
            .contains("is for members with")
    );
    assert_eq!(told(&bot, &moderator, "!tag add").await, "added");
    let list = told(&bot, &owner, "!config").await;
    assert!(
        list.contains("`open`: the role")
            && list.contains("`tag add`: the role")
            && list.contains("`root`"),
        "{list}"
    );

    let refused = told(&bot, &owner, "!config root Moderator").await;
    assert!(refused.contains("no server can open it"), "{refused}");
    let refused = told(&bot, &owner, "!config open Nobody").await;
    assert!(refused.contains("no role is called so"), "{refused}");

    // Kept over a restart, until it is lifted.
    let bot = bot.restart().await;
    bot.until_generation("guarded", 1).await;
    assert!(
        told(&bot, &member, "!open")
            .await
            .contains("is for members with")
    );
    assert!(
        told(&bot, &owner, "!config open none")
            .await
            .contains("needs no role any more")
    );
    assert_eq!(told(&bot, &member, "!open").await, "opened");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prefix_holds_from_the_next_message_on_and_a_mention_introduces() {
    let bot = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    let refused = told(&bot, &member, "!setprefix ?").await;
    assert!(refused.contains("Administrator"), "{refused}");
    let refused = told(&bot, &owner, "!setprefix toolong").await;
    assert!(refused.contains("5 is the most"), "{refused}");
    told(&bot, &owner, "!setprefix ?").await;
    assert_eq!(told(&bot, &member, "?open").await, "opened");
    let mention = format!("<@{}>", bot.sandbox.application_id());
    let hello = told(&bot, &member, &mention).await;
    assert!(hello.contains("Commands begin with `?` here"), "{hello}");
    assert_eq!(
        told(&bot, &member, &format!("{mention} open")).await,
        "opened"
    );
    told(&bot, &owner, "?mentionprefix disable").await;
    let before = member.messages("general").len();
    member
        .says("general", &format!("{mention} open"))
        .await
        .unwrap();
    member.says("general", "!open").await.unwrap();
    assert_eq!(told(&bot, &member, "?open").await, "opened");
    let after = member.messages("general");
    assert_eq!(after.len(), before + 4, "{after:?}");
    told(&bot, &owner, "?setprefix default").await;
    assert_eq!(told(&bot, &member, "!open").await, "opened");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cooldown_survives_a_reload_and_only_so_many_run_at_once() {
    let bot = bot().await;
    let member = bot.member();
    assert_eq!(told(&bot, &member, "!daily").await, "daily");
    let wait = told(&bot, &member, "!daily").await;
    assert!(
        wait.contains("`!daily` can be used again in 3600 s") || wait.contains("again in 359"),
        "{wait}"
    );
    told(&bot, &bot.owner(), "!reload guarded").await;
    assert!(
        told(&bot, &member, "!daily")
            .await
            .contains("can be used again")
    );
    assert_eq!(
        told(&bot, &bot.owner(), "!daily").await,
        "daily",
        "others have their own"
    );
    let asked = member
        .slash("general", "why", &[("command", json!("daily"))])
        .await
        .unwrap();
    let why = member.expects_reply_to(&asked).await.unwrap().text();
    assert!(why.contains("its cooldown"), "{why}");

    // It runs until somebody answers its question.
    assert_eq!(told(&bot, &member, "!slow").await, "Go on?");
    let second = told(&bot, &bot.owner(), "!slow").await;
    assert!(
        second.contains("This server has one of `!slow` running already"),
        "{second}"
    );
    let why = self::why(&bot.owner(), "general", "slow").await;
    assert!(why.contains("how many of it may run at once"), "{why}");
    member.clicks("Yes").await.unwrap();
    member.expects("general", "slowly").await.unwrap();
    // Its place is free when the handler has ended, a moment after its answer.
    let free = async { while told(&bot, &bot.owner(), "!slow").await != "Go on?" {} };
    tokio::time::timeout(PATIENCE, free).await.unwrap();

    // Uses are counted by command, server and day.
    let log = &bot.bot.commands().usage;
    log.write().await;
    let guild = bot.sandbox.guild_id();
    let used = log.recent(Id::new_checked(guild)).await.unwrap();
    let daily = used.iter().find(|used| used.command == "daily").unwrap();
    assert_eq!(
        (daily.uses, daily.errors, &*daily.plugin),
        (2, 0, "guarded")
    );
    assert_eq!(
        told(&bot, &member, "!figures daily").await,
        "hybrid: !daily or /daily; 2 uses, 0 errors, took a while; by day [2]"
    );
    assert_eq!(
        told(&bot, &member, "!figures typed").await,
        "slash only: /typed; 0 uses, 0 errors, never used; by day []"
    );
    bot.close().await;
}

/// The reference's documented example, `config kick @Moderator` and then `@Admin`, ended with the last one alone.
#[tokio::test(flavor = "multi_thread")]
async fn roles_are_added_and_taken_one_by_one_and_told_before_and_after() {
    let bot = harbour(bot().await).await;
    bot.until_generation("guarded", 1).await;
    bot.until_generation("access", 1).await;
    let actor = |name: &str| bot.sandbox.actor(name).unwrap();
    let (member, sailor, guard, chief) = (
        bot.member(),
        actor("sailor"),
        actor("guard"),
        actor("chief"),
    );
    let mut ids = [0, 0];
    let resolved = said(&member, "docks", "!config open Captain Guard").await;
    for (at, part) in resolved.split("<@&").skip(1).take(2).enumerate() {
        ids[at] = part.split('>').next().unwrap().parse::<u64>().unwrap();
    }
    let [captain, guards] = ids.map(|id| format!("<@&{id}>"));
    for (text, expect) in [
        (
            "!config open Captain",
            format!("{captain}, {guards} → {captain}"),
        ),
        (
            "!config open add Guard",
            format!("{captain} → {captain}, {guards}"),
        ),
        ("!config open add Guard", "as before".into()),
        (
            "!config open remove Captain",
            format!("{captain}, {guards} → {guards}"),
        ),
        (
            "!config open remove Captain",
            format!("{captain} is none of the roles"),
        ),
        ("!config open add Nobody", "Nobody".into()),
        ("!config opne add Guard", "Did you mean `open`?".into()),
        ("!config root add Guard", "no server can open it".into()),
        (
            "!config load Guard",
            "`load` is for the bot's owner alone, and no server can open it".into(),
        ),
        ("!config \"/cogwright load\" none", "no server can".into()),
        ("!config", "never for others: ".into()),
        ("!config", "`unload`".into()),
        ("!config open remove", "remove".into()),
    ] {
        let found = said(&member, "docks", text).await;
        assert!(found.contains(&expect), "{text}: {found}");
    }
    assert_eq!(said(&guard, "docks", "!open").await, "opened");
    let refused = said(&sailor, "docks", "!open").await;
    assert!(
        refused.contains("is for members with the role"),
        "{refused}"
    );
    // An administrator is no owner, and nobody's word changes anything by slash either.
    let refused = said(&chief, "docks", "!config open add Captain").await;
    assert!(
        refused.contains("for the owner of this server"),
        "{refused}"
    );
    let lifted = said(&member, "docks", "!config open remove Guard").await;
    assert!(
        lifted.contains("needs no role any more")
            && lifted.contains(&format!("{guards} → everybody")),
        "{lifted}"
    );
    assert_eq!(said(&sailor, "docks", "!open").await, "opened");
    let none = said(&member, "docks", "!config open remove Guard").await;
    assert!(none.contains("needs no role of its own"), "{none}");
    // By slash, and of a command in a group that has a rule: it begins with none of its own.
    let options = [("command", json!("tag")), ("roles", json!("Captain"))];
    member.slash("docks", "config", &options).await.unwrap();
    let options = [("command", json!("tag add")), ("roles", json!("add Guard"))];
    let asked = member.slash("docks", "config", &options).await.unwrap();
    let told = member.expects_reply_to(&asked).await.unwrap().text();
    assert!(told.contains(&format!("everybody → {guards}")), "{told}");
    assert_eq!(said(&guard, "docks", "!tag add").await, "added");
    bot.close().await;
}
