//! Who may use which command: the reference's faults as cases, roles and prefixes per server, cooldowns, and why.

use std::{path::PathBuf, sync::OnceLock};

use serde_json::json;

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
        .command(Command::new("daily", "Once an hour").cooldown(1, Duration::from_secs(3600)).run(say("daily")))
        .command(Command::new("slow", "One at a time").max_concurrency(Per::Guild, 1).run(|ctx| async move {
            ctx.confirm("Go on?").await?;
            ctx.reply("slowly").await
        }))
});
"#;

fn library() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY
        .get_or_init(|| fixtures::plugin("guarded", "all", "0.1.2", "", SOURCE))
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
        why.contains(&format!("<@{}> is told", member.id())) && why.contains("Ban Members"),
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
    assert!(refused.contains("1 to 5 characters"), "{refused}");
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

    let asked = bot.ask(&member, "!slow").await;
    assert_eq!(asked.content, "Go on?");
    let second = told(&bot, &bot.owner(), "!slow").await;
    assert!(
        second.contains("This server has one of `!slow` running already"),
        "{second}"
    );
    member.clicks("Yes").await.unwrap();
    member.expects("general", "slowly").await.unwrap();

    // Uses are counted by command, server and day.
    bot.bot.services().commands.counts.write().await;
    let guild = bot.sandbox.guild_id();
    let used = bot
        .bot
        .services()
        .commands
        .counts
        .recent(guild)
        .await
        .unwrap();
    let daily = used.iter().find(|used| used.command == "daily").unwrap();
    assert_eq!(
        (daily.uses, daily.errors, &*daily.plugin),
        (2, 0, "guarded")
    );
    bot.close().await;
}
