//! The tab Roles: made, given, seen and taken away; and nobody gives what they don't have.

use serde_json::{Value, json};

use super::{dashboard, gives};
use crate::pages::browser::Browser;

fn role(name: &str, rights: &[&str]) -> Value {
    json!({"new": "true", "name": name, "words": "a <b>role</b>", "own_servers": false, "rights[]": rights})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_made_given_seen_and_taken_away() {
    let bot = dashboard(&[]).await;
    let owner = Browser::owner(&bot).await;
    owner.get("/p/dashboard/roles/all").await.is(200, "Helper");
    let made = owner
        .does(
            "/p/dashboard/roles/save",
            role("Watcher", &["audit.list", "pages.sessions"]),
        )
        .await;
    made.is(200, "The role Watcher has 2 rights now.");
    owner
        .does("/p/dashboard/roles/save", role("watcher", &[]))
        .await
        .is(400, "There is a role of that name");
    owner
        .does("/p/dashboard/roles/save", role("Helper", &[]))
        .await
        .is(400, "There is a role of that name");
    let list = owner.get("/p/dashboard/roles/all").await;
    list.is(200, "a &lt;b&gt;role&lt;/b&gt;");
    owner
        .get("/p/dashboard/roles/edit?role=Watcher")
        .await
        .is(200, "audit.list");
    owner
        .get("/p/dashboard/roles/edit?copy=Helper")
        .await
        .is(200, "Helper copy");
    owner
        .get("/p/dashboard/roles/edit?role=Helper")
        .await
        .is(200, "comes with the host");
    let seen = owner.get("/p/dashboard/roles/preview?role=Watcher").await;
    assert!(seen.is(200, "Security").text.contains("What Watcher sees"));
    owner
        .get("/p/dashboard/roles/preview?role=Nobody")
        .await
        .is(400, "There is no role of that name");
    let member = bot.member();
    gives(&owner, &member, "Watcher").await;
    owner.get("/p/dashboard/roles").await.is(200, "Watcher");
    owner
        .get("/p/dashboard/roles/people?q=nobody-like-that")
        .await
        .is(200, "Nobody found");
    let watcher = Browser::through_discord(&bot, &member).await;
    watcher
        .get("/p/dashboard/security/journal")
        .await
        .is(200, "pages.set_role");
    watcher
        .get("/p/dashboard/roles")
        .await
        .is(403, "does not include `pages.access`");
    watcher
        .does("/p/dashboard/roles/save", role("Mine", &[]))
        .await
        .is(403, "does not include `pages.set_role`");
    // Without a name Discord is asked; and an id is one.
    let unnamed = json!({"user_id": member.id().to_string(), "name": "", "role": "Visitor"});
    owner
        .does("/p/dashboard/roles/people/set", unnamed)
        .await
        .is(200, "has the role Visitor");
    let odd = json!({"user_id": "ann", "name": "", "role": "Visitor"});
    owner
        .does("/p/dashboard/roles/people/set", odd)
        .await
        .is(400, "no user's id");
    watcher
        .get("/p/dashboard/security/journal")
        .await
        .is(403, "audit.list");
    let taken = json!({"user_id": member.id().to_string()});
    owner
        .does("/p/dashboard/roles/people/remove", taken)
        .await
        .is(200, "no role any more");
    watcher
        .get("/p/dashboard/")
        .await
        .is(403, "no role here any more");
    owner
        .does("/p/dashboard/roles/remove", json!({"role": "Watcher"}))
        .await
        .is(200, "is gone");
    owner
        .does("/p/dashboard/roles/remove", json!({"role": "Helper"}))
        .await
        .is(400, "comes with the host");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_what_they_dont_have() {
    let bot = dashboard(&[]).await;
    let owner = Browser::owner(&bot).await;
    let rights = [
        "pages.access",
        "pages.set_role",
        "pages.remove_role",
        "pages.set_user",
        "plugins.list",
    ];
    owner
        .does("/p/dashboard/roles/save", role("Clerk", &rights))
        .await
        .is(200, "Clerk");
    owner
        .does("/p/dashboard/roles/save", role("Boss", &["bot.stop"]))
        .await
        .is(200, "Boss");
    let member = bot.member();
    gives(&owner, &member, "Clerk").await;
    let clerk = Browser::through_discord(&bot, &member).await;
    clerk
        .does("/p/dashboard/roles/save", role("Less", &["plugins.list"]))
        .await
        .is(200, "Less");
    clerk
        .does("/p/dashboard/roles/save", role("More", &["bot.stop"]))
        .await
        .is(403, "You can't give what you don't have");
    clerk
        .does("/p/dashboard/roles/remove", json!({"role": "Boss"}))
        .await
        .is(403, "You can't give");
    let boss = json!({"user_id": "71", "name": "Ann", "role": "Boss"});
    clerk
        .does("/p/dashboard/roles/people/set", boss)
        .await
        .is(403, "You can't give");
    // It is greyed out, and what is more than theirs can't be edited.
    let page = clerk.get("/p/dashboard/roles/edit").await;
    page.is(200, "You don't have it, and can't give it.");
    clerk
        .get("/p/dashboard/roles/edit?role=Boss")
        .await
        .is(200, "has more than yours");
    let owner_role = json!({"user_id": member.id().to_string(), "name": "x", "role": "Owner"});
    owner
        .does("/p/dashboard/roles/people/set", owner_role)
        .await
        .is(400, "can be given");
    bot.close().await;
}

/// Whoever may change settings is no owner, and becomes none by what settings say.
#[tokio::test(flavor = "multi_thread")]
async fn no_setting_makes_an_owner_of_whoever_may_write_settings() {
    let bot = dashboard(&[]).await;
    let (owner, member) = (Browser::owner(&bot).await, bot.member());
    let rights = ["settings.describe", "settings.write"];
    let made = owner
        .does("/p/dashboard/roles/save", role("Tuner", &rights))
        .await;
    made.is(200, "Tuner");
    gives(&owner, &member, "Tuner").await;
    let tuner = Browser::through_discord(&bot, &member).await;
    let before = std::fs::read_to_string(bot.folder.path().join("config.toml")).unwrap();
    let myself = member.id().to_string();
    for (path, value) in [
        ("bot.owner_ids", &*myself),
        ("pages.listen", "0.0.0.0:0"),
        ("pages.url", "https://evil.example"),
        ("remote.url", "wss://evil.example/remote"),
        ("remote.role", "Owner"),
        ("extensions.folder", "elsewhere"),
        ("discord.api_url", "http://evil.example"),
        ("data.folder", "elsewhere"),
        ("secrets.folder", "elsewhere"),
        ("log.folder", "elsewhere"),
        ("metrics.listen", "0.0.0.0:0"),
    ] {
        for body in [
            json!({"path": path, "value": value}),
            json!({"path": path, "reset": true}),
        ] {
            let answer = tuner.does("/p/dashboard/settings/write", body).await;
            answer.is(403, "for the bot's owners alone");
        }
    }
    let now = std::fs::read_to_string(bot.folder.path().join("config.toml")).unwrap();
    assert_eq!(now, before);
    // What is nobody's rank may be changed.
    let other = json!({"path": "bot.prefix", "value": "?"});
    let changed = tuner.does("/p/dashboard/settings/write", other).await;
    changed.is(200, "");
    bot.close().await;
}

/// What a role had when a request began may be taken while its body comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_taken_while_a_body_comes_does_nothing_any_more() {
    let bot = dashboard(&["hello"]).await;
    bot.until_generation("hello", 1).await;
    let (owner, member) = (Browser::owner(&bot).await, bot.member());
    let rights = ["plugins.list", "plugins.unload"];
    let made = owner
        .does("/p/dashboard/roles/save", role("Loader", &rights))
        .await;
    made.is(200, "Loader");
    gives(&owner, &member, "Loader").await;
    let loader = Browser::through_discord(&bot, &member).await;
    let body = json!({"name": "hello"}).to_string();
    let (first, rest) = body.split_at(5);
    let open = loader
        .begins("/p/dashboard/plugins/unload", first, body.len())
        .await;
    let gone = json!({"user_id": member.id().to_string()});
    let taken = owner.does("/p/dashboard/roles/people/remove", gone).await;
    taken.is(200, "no role any more");
    let answer = open.ends(rest).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    let answer = bot.ask(&bot.owner(), "!hello").await.text();
    assert_eq!(answer, "Hello, owner!");
    bot.close().await;
}
