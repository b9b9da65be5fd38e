//! The application, its emojis, what it sells, and the bot's own account.

use sandbox::{Options, World};
use serde_json::{Value, json};
use twilight_model::gateway::event::Event;

use crate::bot::{ALL, Bot};

const PICTURE: &str = "data:image/png;base64,iVBORw0KGgo=";

fn code(answer: &Value, field: &str) -> Value {
    answer["errors"][field]["_errors"][0]["code"].clone()
}

#[tokio::test]
async fn the_account_can_be_changed() {
    let mut bot = Bot::new().await;
    let body = json!({"username": "Cog", "avatar": PICTURE});
    let (status, own) = bot.send("PATCH", "users/@me", Some(&body)).await;
    assert_eq!((status, &own["username"]), (200, &json!("Cog")));
    assert_eq!(own["avatar"].as_str().unwrap().len(), 32);
    let told = bot.next(|event| match event {
        Event::UserUpdate(user) => Some(user.name.clone()),
        _ => None,
    });
    assert_eq!(told.await, "Cog");
    let body = json!({"username": "x", "avatar": "x"});
    let (_, wrong) = bot.send("PATCH", "users/@me", Some(&body)).await;
    assert_eq!(code(&wrong, "username"), "BASE_TYPE_BAD_LENGTH");
    assert_eq!(code(&wrong, "avatar"), "BINARY_TYPE_INVALID_DATA_URI");
    let (status, refused) = bot.send("GET", "users/@me/connections", None).await;
    assert_eq!((status, &refused["code"]), (403, &json!(20001)));
}

#[tokio::test]
async fn the_application_can_be_described() {
    let bot = Bot::new().await;
    let body = json!({"tags": ["fun"], "description": {"default": "A bot."}});
    let (status, own) = bot.send("PATCH", "applications/@me", Some(&body)).await;
    assert_eq!((status, &own["tags"]), (200, &json!(["fun"])));
    let (_, own) = bot.send("GET", "applications/@me", None).await;
    assert_eq!(own["description"], "A bot.");
    let body = json!({"tags": ["a", "b", "c", "d", "e", "f"]});
    let (status, _) = bot.send("PATCH", "applications/@me", Some(&body)).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn emojis_of_the_application_come_and_go() {
    let bot = Bot::new().await;
    let path = format!("applications/{}/emojis", bot.sandbox.application_id());
    let body = json!({"name": "cog", "image": PICTURE});
    let (status, made) = bot.send("POST", &path, Some(&body)).await;
    assert_eq!((status, &made["name"]), (201, &json!("cog")));
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    let (_, renamed) = bot
        .send("PATCH", &one, Some(&json!({"name": "wheel"})))
        .await;
    assert_eq!(renamed["name"], "wheel");
    let (_, all) = bot.send("GET", &path, None).await;
    assert_eq!(all["items"], json!([renamed]));
    assert_eq!(bot.send("DELETE", &one, None).await.0, 204);
    assert_eq!(bot.send("GET", &one, None).await.1["code"], 10014);
    let body = json!({"name": "a b", "image": PICTURE});
    let (_, wrong) = bot.send("POST", &path, Some(&body)).await;
    assert_eq!(code(&wrong, "name"), "STRING_TYPE_REGEX");
}

#[tokio::test]
async fn entitlements_are_granted_for_a_test_and_come_with_interactions() {
    let mut world = World::sandbox();
    let sku = world.add_sku("Gold");
    let options = Options {
        world,
        ..Options::default()
    };
    let mut bot = Bot::start(options, ALL).await;
    let member = bot.sandbox.actor("member").unwrap();
    let own = format!("applications/{}", bot.sandbox.application_id());
    let (_, skus) = bot.send("GET", &format!("{own}/skus"), None).await;
    assert_eq!(skus[0]["name"], "Gold");
    let path = format!("{own}/entitlements");
    let grant = |sku: u64| json!({"sku_id": sku.to_string(), "owner_id": member.id().to_string(), "owner_type": 2});
    let (_, refused) = bot.send("POST", &path, Some(&grant(1))).await;
    assert_eq!(refused["code"], 10027);
    let (status, made) = bot.send("POST", &path, Some(&grant(sku))).await;
    assert_eq!(
        (status, &made["user_id"]),
        (200, &json!(member.id().to_string()))
    );
    bot.next(|event| matches!(event, Event::EntitlementCreate(_)).then_some(()))
        .await;

    let command = json!({"name": "ping", "description": "d"});
    bot.send("POST", &format!("{own}/commands"), Some(&command))
        .await;
    member.start_slash("general", "ping", &[]).unwrap();
    let asked = bot.next_interaction().await;
    assert_eq!(asked.entitlements.len(), 1);

    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    let (_, refused) = bot.send("POST", &format!("{one}/consume"), None).await;
    assert_eq!(refused["code"], 40018);
    assert_eq!(bot.send("DELETE", &one, None).await.0, 204);
    // Twilight knows this event by type and not by name.
    let traffic = bot.sandbox.traffic();
    assert!(
        traffic
            .iter()
            .any(|crossing| crossing.what.contains("ENTITLEMENT_DELETE"))
    );
    assert_eq!(bot.send("GET", &path, None).await.1, json!([]));
}

#[tokio::test]
async fn linked_roles_ask_for_metadata() {
    let bot = Bot::new().await;
    let path = format!(
        "applications/{}/role-connections/metadata",
        bot.sandbox.application_id()
    );
    let one = json!({"type": 2, "key": "level", "name": "Level", "description": "How far"});
    let (status, kept) = bot.send("PUT", &path, Some(&json!([one]))).await;
    assert_eq!((status, &kept[0]["key"]), (200, &json!("level")));
    let wrong = json!([{"type": 9, "key": "A B", "name": "", "description": "d"}]);
    let (_, wrong) = bot.send("PUT", &path, Some(&wrong)).await;
    let fields: Vec<_> = wrong["errors"]["0"].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["key", "name", "type"]);
    assert_eq!(bot.send("GET", &path, None).await.1, kept);
}

#[tokio::test]
async fn the_bot_leaves_a_guild() {
    let mut bot = Bot::new().await;
    let guild = bot.sandbox.guild_id();
    let (_, listed) = bot
        .send("GET", "users/@me/guilds?with_counts=true", None)
        .await;
    assert_eq!(listed[0]["approximate_member_count"], 4);
    let path = format!("users/@me/guilds/{guild}");
    assert_eq!(bot.send("DELETE", &path, None).await.0, 204);
    let told = bot.next(|event| match event {
        Event::GuildDelete(gone) => Some(gone.id.get()),
        _ => None,
    });
    assert_eq!(told.await, guild);
    let (_, listed) = bot.send("GET", "users/@me/guilds", None).await;
    assert_eq!(listed, json!([]));
}
