//! The tab Chat: channels read, and written in as the bot.

use serde_json::json;
use twilight_model::guild::Permissions;

use super::{dashboard, gives};
use crate::{pages::browser::Browser, support::Fixture};

/// The path of #general.
fn general(bot: &Fixture) -> String {
    bot.sandbox.change_world(|world| {
        let guild = world.guild_named("Sandbox").unwrap();
        let channel = world.channel_in("Sandbox", "general").unwrap();
        format!("/p/dashboard/chat/{guild}/{channel}")
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_read_and_written_in_as_the_bot() {
    let bot = dashboard(&[]).await;
    let (owner, member) = (Browser::owner(&bot).await, bot.member());
    let said = member
        .says("general", "**tea** <script>x</script>")
        .await
        .unwrap();
    let path = general(&bot);
    let server = path.rsplit_once('/').unwrap().0;
    owner.get("/p/dashboard/chat").await.is(200, server);
    owner
        .get("/p/dashboard/chat?q=nothing-like-that")
        .await
        .is(200, "No such server");
    owner.get(server).await.is(200, "general");
    let page = owner.get(&path).await;
    page.is(200, "<strong>tea</strong> &lt;script&gt;")
        .is(200, "Write as the bot");
    owner
        .does(
            &format!("{path}/send"),
            json!({"content": "Hello @everyone", "title": "Tea", "colour": "#ff0000"}),
        )
        .await
        .is(200, "Sent.");
    let sent = bot
        .owner()
        .expects("general", "Hello @everyone")
        .await
        .unwrap();
    assert_eq!(sent.embeds[0]["title"], "Tea");
    assert_eq!(sent.author_id, bot.sandbox.application_id());
    owner
        .get(&format!("{path}/messages"))
        .await
        .is(200, "Hello @everyone");
    owner
        .get(&format!("{path}?reply={}", said.id))
        .await
        .is(200, "Replying to");
    let edit = json!({"message": sent.id.to_string(), "content": "Hello all"});
    owner
        .does(&format!("{path}/edit"), edit)
        .await
        .is(200, "Changed.");
    bot.owner().expects("general", "Hello all").await.unwrap();
    let others = json!({"message": said.id.to_string(), "content": "x"});
    owner
        .does(&format!("{path}/edit"), others.clone())
        .await
        .is(400, "not the bot's message");
    owner
        .does(&format!("{path}/delete"), others)
        .await
        .is(400, "not the bot's message");
    owner
        .does(
            &format!("{path}/delete"),
            json!({"message": sent.id.to_string()}),
        )
        .await
        .is(200, "Deleted.");
    owner
        .does(&format!("{path}/send"), json!({"content": " "}))
        .await
        .is(400, "Write something first");
    let long = json!({"content": "x".repeat(2_001)});
    owner
        .does(&format!("{path}/send"), long)
        .await
        .is(400, "Discord takes 2000");
    // The journal has who it was, and what was changed.
    let entries = owner
        .get("/p/dashboard/security/journal/entries?call=dashboard/chat.")
        .await;
    for call in [
        "dashboard/chat.send",
        "dashboard/chat.edit",
        "dashboard/chat.delete",
    ] {
        entries.is(200, call);
    }
    entries.is(200, &bot.sandbox.owner_id().to_string());
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_told_at_once_and_to_nobody_who_may_not_read() {
    let bot = dashboard(&[]).await;
    let (owner, member) = (Browser::owner(&bot).await, bot.member());
    let path = general(&bot);
    let mut stream = owner.follows("dashboard:chat").await;
    owner.get(&path).await.is(200, "Messages");
    member.says("general", "the kettle boils").await.unwrap();
    let told = stream.until("event: dashboard:chat").await;
    assert!(!told.contains("kettle"), "a bare word: {told}");
    owner
        .get(&format!("{path}/messages"))
        .await
        .is(200, "the kettle boils");
    gives(&owner, &member, "Visitor").await;
    let visitor = Browser::through_discord(&bot, &member).await;
    visitor
        .get("/events?topics=dashboard:chat")
        .await
        .is(403, "may not follow");
    visitor.get(&path).await.is(403, "chat.read");
    gives(&owner, &member, "Helper").await;
    visitor.get(&path).await.is(200, "the kettle boils");
    visitor
        .does(&format!("{path}/send"), json!({"content": "x"}))
        .await
        .is(403, "chat.send");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_reached_by_way_of_its_own_server_alone() {
    let bot = dashboard(&[])
        .await
        .restart_after(async |stopped| stopped.add_harbour(Permissions::empty()))
        .await;
    bot.until_generation("dashboard", 1).await;
    let (owner, member) = (Browser::owner(&bot).await, bot.member());
    let (harbour, docks) = bot.sandbox.change_world(|world| {
        (
            world.guild_named("Harbour").unwrap(),
            world.channel_in("Harbour", "docks").unwrap(),
        )
    });
    let general = general(&bot);
    let (sandbox, channel) = general.rsplit_once('/').unwrap();
    owner
        .get(&format!("{sandbox}/{docks}"))
        .await
        .is(400, "no such channel");
    // Whoever has a role for servers of their own reads those.
    let role = json!({"new": "true", "name": "Warden", "words": "", "own_servers": true, "rights[]": ["dashboard/chat.read", "dashboard/chat.send"]});
    owner
        .does("/p/dashboard/roles/save", role)
        .await
        .is(200, "Warden");
    gives(&owner, &member, "Warden").await;
    let warden = Browser::through_discord(&bot, &member).await;
    warden
        .get(&format!("/p/dashboard/chat/{harbour}/{docks}"))
        .await
        .is(200, "docks");
    warden.get(&general).await.is(403, "servers that you own");
    warden
        .get(&format!("/p/dashboard/chat/{harbour}/{channel}"))
        .await
        .is(400, "no such channel");
    let written = json!({"content": "x"});
    warden
        .does(
            &format!("/p/dashboard/chat/{harbour}/{channel}/send"),
            written,
        )
        .await
        .is(400, "no such channel");
    bot.close().await;
}

/// The bot sees more than they do; a role for servers of one's own shows nothing that Discord does not.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_manages_a_server_reads_what_discord_shows_them() {
    let bot = dashboard(&[])
        .await
        .restart_after(async |stopped| {
            stopped.sandbox.change_world(|world| {
                let user = |name: &str| world.user_named(name).unwrap();
                let (moderator, member) = (user("mod"), user("member"));
                let guild = world.add_guild("Cellar", member);
                let steward = world.add_role(guild, "Steward", Permissions::MANAGE_GUILD);
                world.add_member(guild, moderator, &[steward]);
                world.add_channel(guild, "stairs");
                let wine = world.add_channel(guild, "wine");
                world.deny(wine, moderator, Permissions::VIEW_CHANNEL);
            });
        })
        .await;
    bot.until_generation("dashboard", 1).await;
    let (cellar, stairs, wine) = bot.sandbox.change_world(|world| {
        let channel = |name: &str| world.channel_in("Cellar", name).unwrap();
        let cellar = world.guild_named("Cellar").unwrap();
        (cellar, channel("stairs"), channel("wine"))
    });
    let owner = Browser::owner(&bot).await;
    let role = json!({"new": "true", "name": "Warden", "words": "", "own_servers": true, "rights[]": ["dashboard/chat.read"]});
    let made = owner.does("/p/dashboard/roles/save", role).await;
    made.is(200, "Warden");
    let at = format!("/p/dashboard/chat/{cellar}");
    for (name, seen) in [("mod", false), ("member", true)] {
        let who = bot.sandbox.actor(name).unwrap();
        gives(&owner, &who, "Warden").await;
        let browser = Browser::through_discord(&bot, &who).await;
        let list = browser.get(&at).await;
        list.is(200, "stairs");
        assert_eq!(list.text.contains("wine"), seen, "{name}: {}", list.text);
        browser
            .get(&format!("{at}/{stairs}"))
            .await
            .is(200, "stairs");
        for page in ["", "/messages", "?before=5"] {
            let answer = browser.get(&format!("{at}/{wine}{page}")).await;
            let status = if seen { 200 } else { 400 };
            assert_eq!(answer.status, status, "{name} {page}: {}", answer.text);
        }
    }
    bot.close().await;
}
