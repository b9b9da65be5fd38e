//! Tests of the examples that no other file is about, each with what it shows.

use sandbox::Actor;
use twilight_model::guild::Permissions;

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

async fn bot(example: &str, command: &str) -> Fixture {
    let bot = Fixture::with(&["mydata", example]).await;
    bot.sandbox
        .commands_registered(command, PATIENCE)
        .await
        .unwrap();
    bot
}

/// Each line by each user, and what comes of it.
async fn check(bot: &Fixture, lines: &[(&Actor, &str, &str)]) {
    for (who, line, expect) in lines {
        let answer = bot.ask(who, line).await.text();
        assert!(answer.contains(expect), "{}: {line}: {answer}", who.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_say_who_may_and_how_often() {
    let bot = bot("checks", "brew").await;
    let (member, moderator) = (bot.member(), bot.sandbox.actor("mod").unwrap());
    check(
        &bot,
        &[
            (
                &member,
                "!shop yes",
                "needs the permission **Manage Messages**",
            ),
            (&member, "!buy", "The shop is closed."),
            (&member, "!brew", "The shop is closed."),
            (
                &member,
                "!restock",
                "is for members with one of the roles `Moderator`, `Shopkeeper`",
            ),
            (&moderator, "!shop yes", "Open."),
            (&moderator, "!restock", "The shelves are full."),
            (&member, "!buy", "Here is your tea."),
            (&member, "!brew", "It is ready."),
            (&member, "!sample", "Hm!"),
            (&member, "!sample", "Hm!"),
            (&member, "!sample", "again"),
            (&moderator, "!sample", "Hm!"),
        ],
    )
    .await;
    // The same by slash, where they share the count.
    let asked = member.slash("general", "sample", &[]).await.unwrap();
    let refused = member.expects_reply_to(&asked).await.unwrap();
    assert!(refused.text().contains("again"), "{}", refused.text());
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn moderation_goes_by_permissions_and_the_order_of_roles() {
    let bot = bot("moderation", "kick").await;
    let bot = bot
        .restart_after(async |stopped| {
            // Above the bot's own.
            let guild = stopped.sandbox.guild_id();
            stopped.sandbox.change_world(|world| {
                let captain = world.add_role(guild, "Captain", Permissions::KICK_MEMBERS);
                for name in ["first", "second"] {
                    let user = world.add_user(name);
                    world.add_member(guild, user, &[captain]);
                }
                world.add_user("stranger");
            });
        })
        .await;
    let (owner, member, moderator, first) = (
        bot.owner(),
        bot.member(),
        bot.sandbox.actor("mod").unwrap(),
        bot.sandbox.actor("first").unwrap(),
    );
    let stranger = format!("!ban <@{}>", bot.sandbox.user_id("stranger").unwrap());
    check(
        &bot,
        &[
            (
                &member,
                "!kick mod",
                "needs the permission **Kick Members**",
            ),
            (&moderator, "!kick owner", "That is the server's owner."),
            (&moderator, "!ban mod", "That is you."),
            (&moderator, "!ban Cogwright", "That is me."),
            (&moderator, "!kick first", "Your highest role is not above"),
            (&first, "!kick second", "Your highest role is not above"),
            (&first, "!kick mod because", "was sent away."),
            (&owner, "!kick second", "My highest role is not above"),
            (&owner, "!ban member two  words", "is banned."),
            (&owner, &stranger, "is banned."),
            (&owner, "!kick member", "`whom` can't be `member`"),
        ],
    )
    .await;
    for gone in [&moderator, &member] {
        assert!(gone.says("general", "I am back").await.is_err());
    }
    let path = format!("guilds/{}/audit-logs", bot.sandbox.guild_id());
    let log = bot
        .bot
        .services()
        .discord
        .json("GET", path, &serde_json::Value::Null, false)
        .await
        .unwrap();
    let entries = log["audit_log_entries"].as_array().unwrap().iter().rev();
    let reasons: Vec<&str> = entries
        .filter_map(|entry| entry["reason"].as_str())
        .collect();
    assert_eq!(
        reasons,
        [
            format!("first ({}): because", first.id()),
            format!("owner ({}): two  words", owner.id()),
            format!("owner ({}): no reason given", owner.id()),
        ]
    );
    bot.close().await;
}

/// Votes are in the plugin's memory and in its saved state alone, which the host can't read.
#[tokio::test(flavor = "multi_thread")]
async fn an_erased_user_is_erased_from_a_polls_memory_and_state() {
    let bot = bot("poll", "poll").await;
    bot.drop_in(&fixtures::example("counter"), "counter");
    bot.until_generation("counter", 1).await;
    let (member, owner) = (bot.member(), bot.owner());
    bot.ask(&owner, "!poll \"What do you drink?\" Tea Milk")
        .await;
    for who in [&owner, &member] {
        let vote = who.clicks("Tea").await.unwrap();
        who.expects_reply_to(&vote).await.unwrap();
    }
    let erase = format!("!cogwright erase-data <@{}> erase", member.id());
    let answer = bot.ask(&owner, &erase).await.text();
    assert!(answer.contains("what 1 plugin remembered"), "{answer}");
    assert!(
        answer.contains("`counter` keeps a state and does not say"),
        "{answer}"
    );
    let state = bot.folder.path().join("data/plugins/poll/state");
    let saved = String::from_utf8_lossy(&std::fs::read(&state).unwrap()).into_owned();
    let (member_id, owner_id) = (member.id().to_string(), owner.id().to_string());
    assert!(
        saved.contains(&owner_id) && !saved.contains(&member_id),
        "{saved}"
    );
    // Away, it can't be told, and the owner is.
    bot.plugins().unload("poll", false).await.unwrap();
    let answer = bot.ask(&owner, &erase).await.text();
    assert!(
        answer.contains("`poll` is not loaded, and its saved state stays"),
        "{answer}"
    );
    bot.plugins().load("poll").await.unwrap();
    let vote = owner.clicks("Milk").await.unwrap();
    let shown = owner.expects_reply_to(&vote).await.unwrap();
    assert!(
        shown.content.ends_with("Tea: 0\nMilk: 1"),
        "{}",
        shown.content
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_counts_across_a_reload_and_a_restart() {
    let bot = bot("poll", "poll").await;
    let (owner, member) = (bot.owner(), bot.member());
    let asked = bot
        .ask(&owner, "!poll \"What do you drink?\" Tea \"Hot milk\"")
        .await;
    assert_eq!(asked.text(), "**What do you drink?**\nTea: 0\nHot milk: 0");
    assert_eq!(asked.buttons(), ["Tea", "Hot milk", "Close"]);
    member.clicks_on(&asked, "Tea").await.unwrap();
    member.expects("general", "Tea: 1").await.unwrap();
    bot.plugins().reload("poll").await.unwrap();
    owner.clicks_on(&asked, "Tea").await.unwrap();
    owner.expects("general", "Tea: 2").await.unwrap();

    let bot = bot.restart().await;
    // A second vote of the same member moves the first.
    member.clicks_on(&asked, "Hot milk").await.unwrap();
    member
        .expects("general", "Tea: 1\nHot milk: 1")
        .await
        .unwrap();
    member.clicks_on(&asked, "Close").await.unwrap();
    member
        .expects_ephemeral("general", "Whoever asked closes the poll.")
        .await
        .unwrap();
    owner.clicks_on(&asked, "Close").await.unwrap();
    let closed = owner.expects("general", "(closed)").await.unwrap();
    assert!(closed.buttons().is_empty());
    check(&bot, &[(&owner, "!poll Sure? Yes", "two to four answers")]).await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wizard_asks_shows_and_confirms() {
    let bot = bot("wizard", "announce").await;
    let moderator = bot.sandbox.actor("mod").unwrap();
    let fill = async || {
        moderator.slash("general", "announce", &[]).await.unwrap();
        let form = [("Title", "Tea"), ("Text", "At five.")];
        let sent = moderator.submits(&form).await.unwrap();
        moderator.expects_reply_to(&sent).await.unwrap()
    };
    let preview = fill().await;
    assert!(preview.ephemeral);
    assert_eq!(preview.text(), "Shall I send this?\nTea\nAt five.");
    moderator.clicks("Yes").await.unwrap();
    let announced = moderator
        .expects_where("general", "the announcement", |view| {
            !view.ephemeral && view.text() == "Tea\nAt five."
        })
        .await
        .unwrap();
    assert!(announced.interaction.is_none());
    let told = |text| moderator.expects_ephemeral("general", text);
    told("It is sent.").await.unwrap();

    fill().await;
    moderator.clicks("No").await.unwrap();
    told("It is not sent.").await.unwrap();
    // A reload ends the question, and nothing happens.
    fill().await;
    bot.plugins().reload("wizard").await.unwrap();
    told("It is not sent.").await.unwrap();
    let announcements = bot.member().messages("general");
    let announcements = announcements
        .iter()
        .filter(|view| view.text() == "Tea\nAt five.");
    assert_eq!(announcements.count(), 1);

    // Who may is the declaration's.
    let refused = bot.member().slash("general", "announce", &[]).await;
    assert!(refused.is_err(), "{refused:?}");
    bot.close().await;
}
