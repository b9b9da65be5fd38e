//! The tab Commands: what is used, who may, why not, and a server's rules.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde_json::json;
use twilight_model::guild::Permissions;

use super::{dashboard, gives};
use crate::pages::browser::Browser;

const AT: &str = "/p/dashboard/commands";

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_found_tried_as_somebody_and_a_server_asks_for_roles() {
    let role = AtomicU64::default();
    let bot = dashboard(&["hello", "moderation"])
        .await
        .restart_after(async |stopped| {
            stopped.add_harbour(Permissions::empty());
            let made = stopped.sandbox.change_world(|world| {
                let guild = world.guild_named("Sandbox").unwrap();
                world.add_role(guild, "Brewer", Permissions::empty())
            });
            role.store(made, Relaxed);
        })
        .await;
    let role = role.into_inner();
    bot.until_generation("hello", 1).await;
    bot.until_generation("moderation", 1).await;
    let (owner, member) = (Browser::owner(&bot).await, bot.member());
    owner.get(AT).await.is(200, "hello").is(200, "kick");
    let found = owner.get(&format!("{AT}/list?q=hello")).await;
    found.is(200, "hello");
    assert!(!found.text.contains("kick"), "{}", found.text);
    owner
        .get(&format!("{AT}/command?name=hello"))
        .await
        .is(200, "Says hello");

    let who = member.id().to_string();
    let tried = |command: &str, server: &str| json!({"command": command, "user": who, "server": server, "channel": ""});
    let trial = format!("{AT}/try");
    let yes = owner.does(&trial, tried("hello", "Sandbox")).await;
    yes.is(200, "Yes: ");
    let no = owner.does(&trial, tried("kick", "Sandbox")).await;
    no.is(200, "No: ").is(200, "permissions");
    owner
        .does(&trial, tried("hello", "Nowhere"))
        .await
        .is(400, "in no server");
    owner
        .does(&trial, tried("unheard_of", "Sandbox"))
        .await
        .is(400, "");
    let odd = json!({"command": "hello", "user": "ann", "server": "", "channel": ""});
    owner.does(&trial, odd).await.is(400, "no user");

    // A server's rule, which whoever reads the page sees, and whoever types the command feels.
    let sandbox = bot
        .sandbox
        .change_world(|world| world.guild_named("Sandbox").unwrap());
    let server = format!("{AT}/server/{sandbox}");
    owner.get(&format!("{AT}/servers")).await.is(200, "Harbour");
    owner.get(&server).await.is(200, "hello");
    let rule = json!({"command": "hello", "roles[]": [role.to_string()]});
    owner
        .does(&format!("{server}/require"), rule)
        .await
        .is(200, "needs one of 1 role");
    owner
        .get(&format!("{server}/command?name=hello"))
        .await
        .is(200, "Brewer");
    let no = owner.does(&trial, tried("hello", "Sandbox")).await;
    no.is(200, "No: ").is(200, "none of the roles");
    let refused = bot.ask(&member, "!hello").await.text();
    assert!(refused.contains("role"), "{refused}");
    let elsewhere = owner.does(&trial, tried("hello", "Harbour")).await;
    elsewhere.is(200, "Yes: ");
    let lifted = json!({"command": "hello", "roles[]": []});
    owner
        .does(&format!("{server}/require"), lifted)
        .await
        .is(200, "is lifted");
    assert_eq!(bot.ask(&member, "!hello").await.text(), "Hello, member!");

    // Whoever has a server of their own sees its commands, and no other server's.
    gives(&owner, &member, "Server owner").await;
    let own = Browser::through_discord(&bot, &member).await;
    let harbour = bot
        .sandbox
        .change_world(|world| world.guild_named("Harbour").unwrap());
    let picked = own.get(&format!("{AT}/servers")).await;
    picked.is(200, "Harbour");
    assert!(!picked.text.contains(">Sandbox<"), "{}", picked.text);
    own.get(&format!("{AT}/server/{harbour}"))
        .await
        .is(200, "hello");
    own.get(&server).await.is(403, "servers that you own");
    let elsewhere = json!({"command": "hello", "user": who, "server": "Sandbox"});
    own.does(&format!("{AT}/server/{harbour}/try"), elsewhere)
        .await
        .is(400, "of one server");
    bot.close().await;
}
