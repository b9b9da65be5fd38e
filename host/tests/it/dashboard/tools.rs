//! Tabs Hooks, Servers, Events live, Shards, Invite and Log: what each does, seen in the bot, and refused for who may not.

use serde_json::json;

use crate::{
    fixtures,
    pages::browser::{self, Browser, PAGES},
    support::Fixture,
};

use super::gives;

async fn dashboard(with: &[&str]) -> (Fixture, Browser) {
    let mut plugins = vec!["dashboard"];
    plugins.extend(with);
    let bot = Fixture::configured(&plugins, PAGES).await;
    bot.until_generation("dashboard", 1).await;
    let owner = Browser::owner(&bot).await;
    (bot, owner)
}

async fn visitor(bot: &Fixture, owner: &Browser) -> Browser {
    let member = bot.member();
    gives(owner, &member, "Visitor").await;
    Browser::through_discord(bot, &member).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_of_a_hook_is_switched_off_and_on_and_its_figures_are_shown() {
    let (bot, owner) = dashboard(&[]).await;
    let id = "dashboard:*:live";
    owner.get("/p/dashboard/hooks").await.is(200, id);
    let one = format!("/p/dashboard/hooks/one?id={id}");
    owner.get(&one).await.is(200, "Disable");
    let switch = "/p/dashboard/hooks/switch";
    let off = owner.does(switch, json!({"id": id, "on": false})).await;
    off.is(200, "is off");
    owner.get(&one).await.is(200, "Enable");
    let on = owner.does(switch, json!({"id": id, "on": true})).await;
    on.is(200, "is on");
    let odd = owner
        .does(switch, json!({"id": "nobody:nothing:x", "on": true}))
        .await;
    assert_eq!(odd.status, 400, "{odd:?}");
    owner
        .does("/p/dashboard/hooks/reset", json!({"id": id}))
        .await
        .is(200, "closed");
    let visitor = visitor(&bot, &owner).await;
    let seen = visitor.get(&one).await;
    seen.is(200, id);
    assert!(
        !seen.text.contains("/hooks/switch"),
        "a button that would be refused is left out"
    );
    visitor
        .does(switch, json!({"id": id, "on": false}))
        .await
        .is(403, "hooks.switch");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_live_while_somebody_looks_and_change_no_intents() {
    let (bot, owner) = dashboard(&["hello"]).await;
    let intents = || bot.bot.services().routes().intents().0;
    let (sessions, before) = (bot.sessions(), intents());
    owner
        .get("/p/dashboard/events")
        .await
        .is(200, "Events live");
    let mut stream = owner.follows("dashboard:events").await;
    bot.ask(&bot.owner(), "!hello").await;
    let rows = stream.until("MESSAGE_CREATE").await;
    let number = rows.split("&quot;number&quot;:&quot;").nth(1).unwrap();
    let number = number.split("&quot;").next().unwrap();
    let whole = owner
        .does("/p/dashboard/events/show", json!({"number": number}))
        .await;
    whole.is(200, "The event as JSON");
    let gone = owner
        .does("/p/dashboard/events/show", json!({"number": "0"}))
        .await;
    gone.is(400, "not kept any more");
    assert_eq!(
        (bot.sessions(), intents()),
        (sessions, before),
        "an open page changes no intents"
    );
    let visitor = visitor(&bot, &owner).await;
    visitor
        .get("/p/dashboard/events")
        .await
        .is(403, "events.watch");
    visitor
        .get("/events?topics=dashboard:events")
        .await
        .is(403, "may not follow");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_followed_searched_and_its_levels_are_set() {
    let (bot, owner) = dashboard(&["hello"]).await;
    owner.get("/p/dashboard/log").await.is(200, "data-follow");
    let levels = "/p/dashboard/log/levels";
    let set = format!("{levels}/set");
    // The stories' process keeps no log; one that does is tried by `maintenance`, whose call it is.
    owner.get(levels).await.is(400, "keeps no log of its own");
    owner
        .does(&set, json!({"plugin": "hello", "level": "loud"}))
        .await
        .is(400, "one of error");
    owner
        .get("/p/dashboard/log?level=loud")
        .await
        .is(400, "no level");
    let none = owner
        .get("/p/dashboard/log/lines?since=0&q=never-said-by-anybody")
        .await;
    assert!(!none.text.contains("<li"), "{none:?}");
    owner
        .get("/p/dashboard/log/errors")
        .await
        .is(200, "Nothing like that has failed");
    let visitor = visitor(&bot, &owner).await;
    visitor.get("/p/dashboard/log").await.is(403, "log.read");
    visitor
        .does(&set, json!({"level": "off"}))
        .await
        .is(403, "log.set_level");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_connects_again_on_demand_and_its_session_goes_on() {
    let (bot, owner) = dashboard(&[]).await;
    owner.get("/p/dashboard/shards").await.is(200, "Shard 0");
    let reconnect = "/p/dashboard/shards/reconnect";
    owner
        .does(reconnect, json!({"shard": 0}))
        .await
        .is(200, "Shard 0 connects again");
    browser::until(&owner, "/p/dashboard/shards/list", "resumed").await;
    owner
        .does(reconnect, json!({}))
        .await
        .is(400, "Say which shard");
    assert_eq!(
        owner.does(reconnect, json!({"shard": 99})).await.status,
        400
    );
    owner
        .does("/p/dashboard/shards/reset", json!({"shard": 0}))
        .await
        .is(200, "counts from zero");
    let visitor = visitor(&bot, &owner).await;
    visitor.get("/p/dashboard/shards").await.is(200, "Shard 0");
    visitor
        .does(reconnect, json!({"shard": 0}))
        .await
        .is(403, "shards.reconnect");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_found_shown_and_left_by_its_name_alone() {
    let (bot, owner) = dashboard(&[]).await;
    let guild = bot.sandbox.guild_id();
    let guild_name = guild.to_string();
    let page = format!("/p/dashboard/servers/{guild}");
    owner
        .get("/p/dashboard/servers")
        .await
        .is(200, &guild.to_string());
    owner
        .get(&format!("/p/dashboard/servers?q={guild}"))
        .await
        .is(200, &page);
    owner
        .get("/p/dashboard/servers?q=nowhere-at-all")
        .await
        .is(200, "No such server");
    owner.get(&page).await.is(200, "Leave this server");
    owner
        .get("/p/dashboard/servers/5")
        .await
        .is(400, "no such server");
    let leave = format!("{page}/leave");
    let visitor = visitor(&bot, &owner).await;
    let seen = visitor.get(&page).await;
    assert!(!seen.is(200, "Channels").text.contains("Leave this server"));
    visitor
        .does(&leave, json!({"name": guild_name}))
        .await
        .is(403, "servers.leave");
    owner
        .does(&leave, json!({"name": "another"}))
        .await
        .is(400, "not the server's name");
    owner
        .does(&leave, json!({"name": guild_name}))
        .await
        .is(200, "has left");
    browser::until(
        &owner,
        &format!("/p/dashboard/servers?q={guild}"),
        "No such server",
    )
    .await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sees_their_own_servers_sees_no_others() {
    let (bot, owner) = dashboard(&[]).await;
    let member = bot.member();
    gives(&owner, &member, "Server owner").await;
    let guild = bot.sandbox.guild_id();
    let nobody = Browser::through_discord(&bot, &member).await;
    let list = nobody.get("/p/dashboard/servers").await;
    assert!(
        !list.is(200, "Servers").text.contains(&guild.to_string()),
        "{list:?}"
    );
    let found = nobody.get(&format!("/p/dashboard/servers?q={guild}")).await;
    found.is(200, "No such server");
    nobody
        .get(&format!("/p/dashboard/servers/{guild}"))
        .await
        .is(403, "none of them");
    for refused in ["events", "log", "hooks", "shards"] {
        nobody
            .get(&format!("/p/dashboard/{refused}"))
            .await
            .is(403, "does not include");
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_invite_has_what_was_chosen() {
    let (bot, owner) = dashboard(&[]).await;
    let page = owner
        .get("/p/dashboard/invite?scope=bot&permission=BAN_MEMBERS&guild=77")
        .await;
    page.is(200, "permissions=4&amp;guild_id=77");
    owner
        .get("/p/dashboard/invite?guild=tea")
        .await
        .is(400, "a number");
    let visitor = visitor(&bot, &owner).await;
    visitor
        .get("/p/dashboard/invite?preset=none")
        .await
        .is(200, "permissions=0");
    bot.close().await;
}

const KETTLE: &str = r##"//! Hears messages, and tells how many.
use std::cell::Cell;

use plugin_api::prelude::*;

export_plugin!(|| {
    Plugin::with_state(|_| async { Ok(Cell::new(0_u32)) })
        .listen(Listener::new(), async |ctx: EventContext<MessageCreate, Cell<u32>>| {
            ctx.state().set(ctx.state().get() + u32::from(ctx.content().contains("sings")));
            Ok(())
        })
        .command(Command::new("heard", "Tells how many it has heard").run(async |ctx: CommandContext<Cell<u32>>| {
            ctx.reply(format!("heard {}", ctx.state().get())).await
        }))
});
"##;

/// What a member has said is heard once more by one plugin, and by no other.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_replayed_to_a_plugin_where_discord_is_simulated() {
    let (bot, owner) = dashboard(&["hello"]).await;
    let library = fixtures::plugin("kettle", "replay", "0.1.0", "", KETTLE);
    bot.drop_in(&library, "kettle");
    bot.until_generation("kettle", 1).await;
    bot.until_content_is_seen().await;
    owner.get("/p/dashboard/events").await.is(200, "");
    let mut stream = owner.follows("dashboard:events").await;
    let said = bot.member().says("general", "the kettle sings").await;
    said.unwrap();
    let row = stream.until("kettle sings").await;
    let number = number_of(&row, "kettle sings");
    let heard = async || bot.ask(&bot.owner(), "!heard").await.text();
    assert_eq!(heard().await, "heard 1");
    let show = json!({"number": number});
    let replay = json!({"number": number, "plugin": "kettle"});
    // On Discord itself it is neither offered nor done.
    let shown = owner.does("/p/dashboard/events/show", show.clone()).await;
    shown.is(200, "kettle sings");
    assert!(!shown.text.contains("Replay"), "{}", shown.text);
    let to = "/p/dashboard/events/replay";
    let refused = owner.does(to, replay.clone()).await;
    refused.is(400, "in the sandbox alone");
    bot.bot.allow_replays();
    let shown = owner.does("/p/dashboard/events/show", show).await;
    shown.is(200, "Replay").is(200, "value=\"kettle\"");
    for again in 2..5 {
        owner.does(to, replay.clone()).await.is(200, "once more");
        assert_eq!(heard().await, format!("heard {again}"));
    }
    for (body, words) in [
        (json!({"number": number, "plugin": "hello"}), "no listener"),
        (json!({"number": number, "plugin": "nobody"}), "no listener"),
        (
            json!({"number": "9999999", "plugin": "kettle"}),
            "not kept any more",
        ),
    ] {
        owner.does(to, body).await.is(400, words);
    }
    let helper = bot.member();
    gives(&owner, &helper, "Helper").await;
    let helper = Browser::through_discord(&bot, &helper).await;
    helper.does(to, replay).await.is(403, "events.replay");
    bot.close().await;
}

/// The number of the row with these words.
fn number_of(rows: &str, words: &str) -> String {
    let (before, _) = rows.split_once(words).unwrap();
    let (_, number) = before.rsplit_once("data-key=\"").unwrap();
    number.split('"').next().unwrap().to_owned()
}
