//! Roles, servers of one's own, and what plugins are allowed for whoever asks.

use serde_json::json;
use twilight_model::guild::Permissions;

use super::{browser::Browser, give, tearoom};

#[tokio::test(flavor = "multi_thread")]
async fn each_role_may_what_it_says_and_a_host_call_asks_again() {
    let bot = tearoom("").await;
    let (owner, member) = (Browser::owner(&bot).await, bot.member());
    give(&owner, member.id(), Some("Visitor")).await;
    let browser = Browser::through_discord(&bot, &member).await;
    browser.get("/p/tearoom/").await.is(
        200,
        "may pour false, load false; guilds []; tabs tearoom:tea",
    );
    browser.get("/p/tearoom/cellar").await.is(
        403,
        "Your role here (Visitor) does not include `tearoom/pour`",
    );
    browser
        .post("/p/tearoom/pour", "x")
        .await
        .is(403, "`tearoom/pour`");
    // The route asks for less than the call that it makes: the host looks at each.
    browser.post("/p/tearoom/reload", "").await.is(
        403,
        "Your role here (Visitor) does not include `plugins.reload`",
    );
    give(&owner, member.id(), Some("Helper")).await;
    browser.get("/p/tearoom/").await.is(
        200,
        "may pour true, load true; guilds []; tabs tearoom:tea tearoom:cellar",
    );
    browser
        .post("/p/tearoom/pour", "x")
        .await
        .is(200, "poured 1 bytes");
    browser.post("/p/tearoom/reload", "").await.is(200, "");
    bot.until_generation("hello", 2).await;
    browser
        .post("/p/tearoom/set_user", "{}")
        .await
        .is(403, "`pages.set_user`");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_can_do_no_more_for_an_owner_than_it_is_granted() {
    let bot = tearoom("").await;
    let owner = Browser::owner(&bot).await;
    owner.post("/p/tearoom/reload", "").await.is(200, "");
    let file = bot.folder.path().join("config.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("\"plugins.manage\", ", "")).unwrap();
    super::browser::until_post(
        &owner,
        "/p/tearoom/reload",
        "has not been given the power `plugins.manage`",
    )
    .await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_owns_a_server_sees_that_and_no_other() {
    let bot = tearoom("server_owners = true").await;
    let bot = bot
        .restart_after(async |stopped| stopped.add_harbour(Permissions::empty()))
        .await;
    bot.until_generation("tearoom", 1).await;
    let (member, moderator) = (bot.member(), bot.sandbox.actor("mod").unwrap());
    let mine = bot
        .sandbox
        .change_world(|world| world.guild_named("Harbour").unwrap());
    let theirs = bot.sandbox.guild_id();
    let browser = Browser::through_discord(&bot, &member).await;
    let harbour = format!(
        "is Server owner, owner false, acts Some({}); may pour false, load false; guilds [{mine}]; tabs tearoom:tea",
        member.id()
    );
    browser.get("/p/tearoom/").await.is(200, &harbour);
    browser
        .get(&format!("/p/tearoom/rooms/{mine}"))
        .await
        .is(200, "the room of");
    browser
        .get(&format!("/p/tearoom/rooms/{theirs}"))
        .await
        .is(403, "for servers that you own or manage");
    for odd in ["1", "0", "x", "%2e%2e%2f", "18446744073709551615"] {
        let answer = browser.get(&format!("/p/tearoom/rooms/{odd}")).await;
        assert!(
            [403, 404].contains(&answer.status.as_u16()),
            "{odd}: {answer:?}"
        );
    }
    Browser::of(&bot)
        .comes_from_discord(&moderator)
        .await
        .is(403, "have no role here");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_what_they_do_not_have_and_roles_of_the_host_stay() {
    let bot = tearoom("").await;
    let (owner, member) = (Browser::owner(&bot).await, bot.member());
    let other = bot.sandbox.actor("mod").unwrap().id().to_string();
    let rights = [
        "pages.set_role",
        "pages.set_user",
        "pages.access",
        "plugins.list",
        "tearoom/pour",
    ];
    let clerk = json!({"role": "Clerk", "rights": rights, "words": "Gives roles"});
    owner
        .does("/p/tearoom/set_role", clerk)
        .await
        .is(200, "Clerk");
    let unknown = json!({"role": "Clerk", "rights": ["plugins.lost"]});
    owner
        .does("/p/tearoom/set_role", unknown)
        .await
        .is(400, "no right `plugins.lost`");
    give(&owner, member.id(), Some("Clerk")).await;
    let clerk = Browser::through_discord(&bot, &member).await;
    let set = async |path: &str, body| clerk.does(&format!("/p/tearoom/{path}"), body).await;
    set(
        "set_role",
        json!({"role": "Aid", "rights": ["plugins.list"]}),
    )
    .await
    .is(200, "Aid");
    set(
        "set_role",
        json!({"role": "Aid", "rights": ["plugins.list", "plugins.install"]}),
    )
    .await
    .is(403, "You can't give what you don't have");
    set("set_role", json!({"role": "Owner", "rights": []}))
        .await
        .is(400, "comes with the host");
    set("set_user", json!({"user_id": other, "role": "Aid"}))
        .await
        .is(200, "Aid");
    set("set_user", json!({"user_id": other, "role": "Helper"}))
        .await
        .is(403, "can't give what you don't have");
    set("set_user", json!({"user_id": other, "role": "Owner"}))
        .await
        .is(400, "no role of that name");
    let boss = bot.sandbox.owner_id().to_string();
    set("set_user", json!({"user_id": boss, "role": "Aid"}))
        .await
        .is(400, "an owner of the bot");
    // Their own role can't be made larger either, nor somebody's taken that has more.
    set("set_role", json!({"role": "Clerk", "rights": ["bot.stop"]}))
        .await
        .is(403, "can't give what you don't have");
    owner
        .does(
            "/p/tearoom/set_user",
            json!({"user_id": other, "role": "Helper"}),
        )
        .await
        .is(200, "");
    set("set_user", json!({"user_id": other, "role": null}))
        .await
        .is(403, "can't give what you don't have");
    bot.close().await;
}
