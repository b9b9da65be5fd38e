//! Tests of command permissions: who is offered which command where.

use serde_json::{Value, json};
use twilight_model::gateway::event::Event;

use crate::bot::Bot;

async fn register(bot: &Bot, command: Value) -> String {
    let path = format!("applications/{}/commands", bot.sandbox.application_id());
    let (status, made) = bot.send("POST", &path, Some(&command)).await;
    assert_eq!(status, 201, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_guild_overrides_who_may_use_a_command() {
    let mut bot = Bot::new().await;
    let [owner, member] = ["owner", "member"].map(|name| bot.sandbox.actor(name).unwrap());
    let id = register(
        &bot,
        json!({"name": "ping", "description": "d", "default_member_permissions": "8"}),
    )
    .await;
    let uses = |channel: &str| member.start_slash(channel, "ping", &[]).is_ok();
    assert!(!uses("general"), "it is for administrators by default");
    owner
        .overrides_command("Sandbox", "ping", "member", true)
        .unwrap();
    assert!(uses("general"));
    owner
        .overrides_command("Sandbox", "ping", "#general", false)
        .unwrap();
    assert!(
        !uses("general") && uses("bots"),
        "a channel wins over a user"
    );
    assert!(
        owner.start_slash("general", "ping", &[]).is_ok(),
        "administrators stay"
    );
    assert!(
        member
            .overrides_command("Sandbox", "ping", "member", true)
            .is_err()
    );
    let told = bot.next(|event| match event {
        Event::CommandPermissionsUpdate(update) => Some(update.0.id.get()),
        _ => None,
    });
    assert_eq!(told.await.to_string(), id);

    let (application, guild) = (bot.sandbox.application_id(), bot.sandbox.guild_id());
    let commands = format!("applications/{application}/guilds/{guild}/commands");
    let (_, all) = bot
        .send("GET", &format!("{commands}/permissions"), None)
        .await;
    assert_eq!(all[0]["permissions"].as_array().unwrap().len(), 2);
    let one = format!("{commands}/{id}/permissions");
    assert_eq!(bot.send("GET", &one, None).await.1, all[0]);
    let (status, refused) = bot
        .send("PUT", &one, Some(&json!({"permissions": []})))
        .await;
    assert_eq!((status, &refused["code"]), (403, &json!(20001)));
    let none = format!("{commands}/{application}/permissions");
    assert_eq!(bot.send("GET", &none, None).await.1["code"], 10066);
}

#[tokio::test]
async fn commands_show_up_where_they_belong() {
    let bot = Bot::new().await;
    let member = bot.sandbox.actor("member").unwrap();
    let command = |name: &str, more: Value| {
        let mut body = json!({"name": name, "description": "d"});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    register(&bot, command("guilds", json!({"contexts": [0]}))).await;
    register(&bot, command("private", json!({"contexts": [1]}))).await;
    register(&bot, command("mine", json!({"integration_types": [1]}))).await;
    register(&bot, command("adult", json!({"nsfw": true}))).await;
    let offered = |channel: &str, name: &str| member.start_slash(channel, name, &[]).is_ok();
    for (name, in_guild, direct) in [
        ("guilds", true, false),
        ("private", false, true),
        ("mine", false, true),
        ("adult", false, true),
    ] {
        assert_eq!(
            (offered("general", name), offered("dm", name)),
            (in_guild, direct),
            "{name}"
        );
    }
}

#[tokio::test]
async fn lists_speak_one_language_unless_asked_for_all() {
    let bot = Bot::new().await;
    register(
        &bot,
        json!({"name": "ping", "description": "d", "name_localizations": {"de": "pieps"}}),
    )
    .await;
    let path = format!("applications/{}/commands", bot.sandbox.application_id());
    let (_, list) = bot.send("GET", &path, None).await;
    assert!(list[0].get("name_localizations").is_none());
    let (_, list) = bot
        .send("GET", &format!("{path}?with_localizations=true"), None)
        .await;
    assert_eq!(list[0]["name_localizations"]["de"], "pieps");
}
