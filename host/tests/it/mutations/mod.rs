//! Mutation tests on a whole bot: each field of what Discord sends changed in turn; commands are answered, interactions
//! are answered, and no server is lost. Which change it was is printed when one is not.

pub mod interactions;

use serde_json::{Value, json};

use crate::{
    mutate::{Mutation, mutations},
    observe::page,
    support::Fixture,
};

/// Ids that nobody else uses.
pub const FIRST: u64 = 1_400_000_000_000_000_000;

fn member_of(bot: &Fixture) -> Value {
    let id = bot.sandbox.user_id("member").unwrap().to_string();
    json!({
        "user": {"id": id, "username": "member", "discriminator": "0", "avatar": null, "global_name": "Member",
            "public_flags": 0, "avatar_decoration_data": {"asset": "a_b", "sku_id": "1"}, "clan": null},
        "roles": [], "joined_at": "2024-01-01T00:00:00+00:00", "deaf": false, "mute": false, "flags": 0, "nick": "M",
        "avatar": null, "premium_since": null, "pending": false, "communication_disabled_until": null,
    })
}

pub fn message(bot: &Fixture, id: u64, content: &str) -> Value {
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
