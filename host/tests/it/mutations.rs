//! Each field of what Discord sends changed in turn, on a whole bot: commands are answered, interactions are answered, and no
//! server is lost. Which change it was is printed when one is not.

use sandbox::ResponseState;
use serde_json::{Value, json};

use crate::{
    mutate::{Mutation, mutations},
    observe::page,
    support::{Fixture, PATIENCE},
};

/// Ids that nobody else uses.
const FIRST: u64 = 1_400_000_000_000_000_000;

fn member_of(bot: &Fixture) -> Value {
    let id = bot.sandbox.user_id("member").unwrap().to_string();
    json!({
        "user": {"id": id, "username": "member", "discriminator": "0", "avatar": null, "global_name": "Member",
            "public_flags": 0, "avatar_decoration_data": {"asset": "a_b", "sku_id": "1"}, "clan": null},
        "roles": [], "joined_at": "2024-01-01T00:00:00+00:00", "deaf": false, "mute": false, "flags": 0, "nick": "M",
        "avatar": null, "premium_since": null, "pending": false, "communication_disabled_until": null,
    })
}

fn message(bot: &Fixture, id: u64, content: &str) -> Value {
    let mut member = member_of(bot);
    let user = member.as_object_mut().unwrap().remove("user").unwrap();
    json!({
        "id": id.to_string(), "channel_id": bot.sandbox.channel_id("general").unwrap().to_string(),
        "guild_id": bot.sandbox.guild_id().to_string(), "author": user, "member": member, "content": content,
        "timestamp": "2024-01-01T00:00:00+00:00", "edited_timestamp": null, "tts": false, "mention_everyone": false,
        "mentions": [], "mention_roles": [], "mention_channels": [], "attachments": [], "pinned": false, "type": 0,
        "embeds": [{"type": "rich", "author": {"url": "https://example.com"}, "fields": [{"name": "a"}]}],
        "reactions": [{"count": 1, "emoji": {"id": null, "name": "x"}}], "components": [{"type": 1, "components": []}],
        "sticker_items": [{"id": "1", "name": "s", "format_type": 1}], "flags": 0, "nonce": "1", "webhook_id": null,
        "referenced_message": null, "message_snapshots": [], "poll": null, "thread": null,
    })
}

/// What makes it another message, or none that anybody could answer.
fn is_needed(mutation: &Mutation) -> bool {
    matches!(
        &*mutation.path,
        "id" | "channel_id" | "content" | "author" | "author.id"
    ) || (mutation.path == "webhook_id")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_answered_whatever_else_is_odd_in_its_message() {
    let bot = Fixture::with(&["hello"]).await;
    let plain = message(&bot, FIRST, "!hello");
    let all = mutations(&plain);
    assert!(all.len() > 400, "{} are few", all.len());
    for (number, mutation) in all.into_iter().enumerate() {
        let mut payload = mutation.payload.clone();
        if is_needed(&mutation) {
            // It must not hurt: the next one is answered.
            bot.sandbox.raw_event("MESSAGE_CREATE", payload);
            continue;
        }
        // A real message, so that the answer has something to refer to; it is the raw one that is read.
        let said = bot.member().says("general", "hm").await.unwrap();
        payload["id"] = json!(said.id.to_string());
        bot.sandbox.raw_event("MESSAGE_CREATE", payload);
        let answer = bot.member().expects_reply_to(&said).await;
        let answer = answer.unwrap_or_else(|_| {
            panic!(
                "number {number}: no answer with {} = {}",
                mutation.path, mutation.what
            )
        });
        assert!(answer.content.starts_with("Hello, "), "{}", answer.content);
    }
    bot.close().await;
}

/// A slash command with options and all that Discord resolves, a click, a submitted modal, a context menu, an option while it is
/// typed.
fn interactions(bot: &Fixture) -> Vec<(&'static str, Value)> {
    let member = member_of(bot);
    let user = member["user"].clone();
    let user_id = user["id"].as_str().unwrap().to_owned();
    let general = bot.sandbox.channel_id("general").unwrap().to_string();
    let guild = bot.sandbox.guild_id().to_string();
    let resolved = json!({
        "users": {&user_id: user}, "members": {&user_id: {"roles": [], "permissions": "0", "joined_at": "2024-01-01T00:00:00+00:00"}},
        "roles": {&guild: {"id": guild, "name": "@everyone", "permissions": "0"}},
        "channels": {&general: {"id": general, "type": 0, "permissions": "0"}},
        "attachments": {"7": {"id": "7", "filename": "a.png", "size": 1, "url": "x", "proxy_url": "x"}},
        "messages": {"8": message(bot, 8, "hm")},
    });
    let of = |kind: u64, data: Value| {
        let channel = json!({"id": general, "type": 0, "name": "general", "nsfw": false, "permissions": "2147483647"});
        let mut member = member_of(bot);
        member["permissions"] = json!("2147483647");
        json!({
            "id": "0", "application_id": bot.sandbox.application_id().to_string(), "type": kind, "token": "t", "version": 1,
            "guild_id": guild, "guild": {"id": guild, "locale": "en-US", "features": ["A"]}, "channel_id": general,
            "channel": channel, "member": member, "locale": "en-US", "guild_locale": "en-US", "data": data, "context": 0,
            "app_permissions": "2147483647", "entitlements": [], "entitlement_sku_ids": [], "attachment_size_limit": 1000,
            "authorizing_integration_owners": {"0": guild},
        })
    };
    let options = |focused: bool| {
        json!([
            {"name": "text", "type": 3, "value": "hi"}, {"name": "times", "type": 4, "value": 2, "focused": focused},
            {"name": "loud", "type": 5, "value": true}, {"name": "colour", "type": 3, "value": "red"},
        ])
    };
    let command = |options: Value| json!({"id": "5", "name": "echo", "type": 1, "guild_id": guild, "options": options, "resolved": resolved});
    let mut click = of(
        3,
        json!({"custom_id": "nobody:1", "component_type": 3, "values": ["a", "b"]}),
    );
    click["message"] = message(bot, 9, "click me");
    let text = json!({"type": 18, "id": 2, "component": {"type": 4, "id": 3, "custom_id": "name", "value": "x"}});
    let box_ = json!({"type": 18, "id": 4, "component": {"type": 23, "id": 5, "custom_id": "yes", "value": true}});
    let menu = json!({"id": "6", "name": "Remember", "type": 3, "target_id": "8"});
    vec![
        ("command", of(2, command(options(false)))),
        ("typing", of(4, command(options(true)))),
        ("click", click),
        (
            "modal",
            of(
                5,
                json!({"custom_id": "nobody:2", "components": [text, box_]}),
            ),
        ),
        ("menu", of(2, menu)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_has_an_id_and_a_token_is_answered() {
    let bot = Fixture::with(&["echo"]).await;
    bot.sandbox
        .commands_registered("echo", PATIENCE)
        .await
        .unwrap();
    let mut next = FIRST;
    let mut sent = 0;
    for (kind, payload) in interactions(&bot) {
        let mut all = mutations(&payload);
        all.retain(|mutation| !matches!(&*mutation.path, "id" | "token"));
        all.push(Mutation {
            path: "nothing".into(),
            what: "changed".into(),
            payload,
        });
        sent += all.len();
        // Some are deferred by the host after two seconds: all of a batch at once, and no more than the bot may send in one.
        for batch in all.chunks(40) {
            let ids: Vec<u64> = (next..).take(batch.len()).collect();
            next += batch.len() as u64;
            for (id, mutation) in ids.iter().zip(batch) {
                let mut payload = mutation.payload.clone();
                payload["id"] = json!(id.to_string());
                payload["token"] = json!(format!("token-{id}"));
                assert_eq!(
                    bot.sandbox.raw_event("INTERACTION_CREATE", payload),
                    Some(*id)
                );
            }
            for (id, mutation) in ids.iter().zip(batch) {
                let answer = bot.sandbox.responded(*id).await;
                let state = answer.map(|answer| answer.state);
                assert!(
                    matches!(&state, Ok(state) if *state != ResponseState::Pending),
                    "{kind}: no answer with {} = {}: {state:?}",
                    mutation.path,
                    mutation.what
                );
            }
        }
    }
    assert!(sent > 2_000, "{sent} are few");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_interaction_twice_runs_once() {
    let bot = Fixture::with(&["echo"]).await;
    bot.sandbox
        .commands_registered("echo", PATIENCE)
        .await
        .unwrap();
    let (_, mut payload) = interactions(&bot).remove(0);
    payload["id"] = json!(FIRST.to_string());
    for _ in 0..2 {
        bot.sandbox.raw_event("INTERACTION_CREATE", &payload);
    }
    bot.sandbox.responded(FIRST).await.unwrap();
    // Behind both of them.
    assert!(
        bot.ask(&bot.member(), "!echo done")
            .await
            .text()
            .contains("done")
    );
    let callbacks = bot.sandbox.traffic();
    let callbacks = callbacks.iter().filter(|it| it.what.contains("/callback"));
    assert_eq!(callbacks.count(), 1);
    bot.close().await;
}

/// 579 of 1,297 changes of a GUILD_CREATE made the bot forget the server.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_told_again_oddly_and_its_owner_stays_its_owner() {
    let bot = Fixture::configured(&["hello"], "metrics.listen = \"127.0.0.1:0\"").await;
    let guild = bot.sandbox.guild_id().to_string();
    for odd in [
        json!({"emojis": [{"id": "1", "name": null}], "owner_id": bot.sandbox.owner_id().to_string()}),
        json!({"threads": [{"id": "70", "member_count": 300}], "presences": [{"status": "unknown"}]}),
        json!({"stage_instances": [{"privacy_level": 77}], "roles": "none", "members": [5]}),
        json!({"name": 5, "channels": [{"id": "71", "available_tags": [{"emoji_id": "0"}]}, 4, {}]}),
    ] {
        let mut data = odd;
        data["id"] = json!(guild);
        bot.sandbox.raw_event("GUILD_CREATE", data);
    }
    for (name, data) in [
        ("KIND_OF_TOMORROW", "[]"),
        ("GUILD_ROLE_UPDATE", "{\"role\":{\"id\":1e400}}"),
        ("MESSAGE_CREATE", "\"\\ud800\""),
        ("READY", "{}"),
        ("GUILD_DELETE", "{\"unavailable\":true}"),
        ("INTERACTION_CREATE", "null"),
    ] {
        bot.sandbox.raw_event(name, data);
    }
    bot.sandbox
        .raw_payload("{\"op\":0,\"t\":5,\"s\":\"x\",\"d\":null}");
    bot.sandbox.raw_payload("no json");
    let answer = bot.ask(&bot.member(), "!hello").await;
    assert_eq!(answer.content, "Hello, member!");
    let address = bot.bot.metrics_address().unwrap();
    let (_, text) = page(address, "/metrics", "*/*").await;
    for event in [
        "GUILD_CREATE",
        "GUILD_ROLE_UPDATE",
        "READY",
        "MESSAGE_CREATE",
    ] {
        let counted = format!("cogwright_gateway_unreadable_events_total{{event=\"{event}\"}}");
        assert!(text.contains(&counted), "{counted} is not in\n{text}");
    }
    assert!(
        text.contains("cogwright_gateway_up{shard=\"0\"} 1"),
        "{text}"
    );
    bot.close().await;
}
