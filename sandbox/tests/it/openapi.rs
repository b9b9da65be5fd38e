//! Answers against Discord's own description of its API, where it lies beside the workspace.

use serde_json::{Value, json};

use crate::bot::Bot;

/// Discord's description; `None` if it is not on this machine.
fn description() -> Option<Value> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/discord/openapi.json"
    );
    match std::fs::read_to_string(path) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(error) => {
            println!("skipped: {path}: {error}");
            None
        }
    }
}

/// What does not fit a schema, each with its path. Formats and patterns are not looked at.
fn faults(api: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        return faults(
            api,
            &api.pointer(&reference[1..]).unwrap().clone(),
            value,
            at,
        );
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(variants) = schema[key].as_array() {
            let tried: Vec<_> = variants
                .iter()
                .map(|variant| faults(api, variant, value, at))
                .collect();
            return tried.into_iter().min_by_key(Vec::len).unwrap_or_default();
        }
    }
    if let Some(all) = schema["allOf"].as_array() {
        return all
            .iter()
            .flat_map(|part| faults(api, part, value, at))
            .collect();
    }
    let types: Vec<_> = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    let fits = |kind: &&str| match *kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        _ => value.is_object(),
    };
    if !types.is_empty() && !types.iter().any(fits) {
        return vec![format!("{at}: {value} is not {types:?}")];
    }
    let mut found = Vec::new();
    if value.is_object() {
        for name in schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            if value.get(name).is_none() {
                found.push(format!("{at}.{name}: missing"));
            }
        }
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(inside) = value.get(name) {
                found.extend(faults(api, inner, inside, &format!("{at}.{name}")));
            }
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(faults(
            api,
            &schema["items"],
            item,
            &format!("{at}.{index}"),
        ));
    }
    found
}

#[tokio::test]
async fn answers_have_the_shapes_that_discord_publishes() {
    let Some(api) = description() else { return };
    let bot = Bot::new().await;
    let (guild, application) = (bot.sandbox.guild_id(), bot.sandbox.application_id());
    let member = bot.sandbox.actor("member").unwrap();
    let sent = member.says("general", "hello @Cogwright").await.unwrap();
    member.reacts(&sent, "👍").await.unwrap();
    let channel = format!("channels/{}", sent.channel_id);
    let reply = json!({
        "content": "hi",
        "message_reference": {"message_id": sent.id.to_string()},
        "embeds": [{"title": "t", "fields": [{"name": "a", "value": "b"}]}],
        "components": [{"type": 1, "components": [{"type": 2, "style": 1, "label": "a", "custom_id": "b"}]}],
    });
    let command = json!({"name": "echo", "description": "d", "options": [{"type": 3, "name": "text", "description": "d"}]});
    let cases = [
        ("GET", "gateway/bot".to_owned(), "/gateway/bot", None),
        ("GET", "users/@me".to_owned(), "/users/@me", None),
        (
            "GET",
            "users/@me/guilds".to_owned(),
            "/users/@me/guilds",
            None,
        ),
        (
            "GET",
            "applications/@me".to_owned(),
            "/applications/@me",
            None,
        ),
        ("GET", format!("guilds/{guild}"), "/guilds/{guild_id}", None),
        (
            "GET",
            format!("guilds/{guild}/channels"),
            "/guilds/{guild_id}/channels",
            None,
        ),
        (
            "GET",
            format!("guilds/{guild}/roles"),
            "/guilds/{guild_id}/roles",
            None,
        ),
        (
            "GET",
            format!("guilds/{guild}/members?limit=9"),
            "/guilds/{guild_id}/members",
            None,
        ),
        (
            "GET",
            format!("guilds/{guild}/members/{}", member.id()),
            "/guilds/{guild_id}/members/{user_id}",
            None,
        ),
        (
            "GET",
            format!("users/{}", member.id()),
            "/users/{user_id}",
            None,
        ),
        (
            "GET",
            format!("{channel}/messages/pins"),
            "/channels/{channel_id}/messages/pins",
            None,
        ),
        ("GET", channel.clone(), "/channels/{channel_id}", None),
        (
            "POST",
            format!("{channel}/messages"),
            "/channels/{channel_id}/messages",
            Some(reply),
        ),
        (
            "GET",
            format!("{channel}/messages"),
            "/channels/{channel_id}/messages",
            None,
        ),
        (
            "POST",
            format!("applications/{application}/commands"),
            "/applications/{application_id}/commands",
            Some(command),
        ),
        (
            "GET",
            format!("applications/{application}/commands"),
            "/applications/{application_id}/commands",
            None,
        ),
    ];
    let mut all = Vec::new();
    for (method, path, template, body) in cases {
        let (status, answer) = bot.send(method, &path, body.as_ref()).await;
        let responses = &api["paths"][template][method.to_lowercase()]["responses"];
        let schema = &responses[status.to_string()]["content"]["application/json"]["schema"];
        assert!(
            !schema.is_null(),
            "{method} {template}: {status} is not described; {answer}"
        );
        all.extend(faults(
            &api,
            schema,
            &answer,
            &format!("{method} {template}"),
        ));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}
