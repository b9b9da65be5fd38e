//! Tests of the check against openapi.json, which all tests of REST go through.

use serde_json::{Value, json};

use crate::{
    bot::Bot,
    openapi::{DESCRIPTION, Schemas},
};

/// What a schema of the description says about an answer.
fn faults(name: &str, value: &Value) -> Vec<String> {
    let Some(api) = &*DESCRIPTION else {
        return Vec::new();
    };
    let schemas = Schemas {
        api,
        of_requests: false,
    };
    let schema = &api["components"]["schemas"][name];
    let mut found = schemas.faults(schema, value, "");
    found.extend(schemas.strangers(schema, value, ""));
    found
}

/// Faults are looked for only where the description is.
fn check(name: &str, value: Value, expect: &[&str]) {
    if DESCRIPTION.is_some() {
        assert_eq!(faults(name, &value), expect);
    }
}

#[test]
fn what_differs_is_found() {
    let of_field = json!({"code": 50035, "message": "Invalid Form Body",
        "errors": {"embeds": {"0": {"_errors": [{"code": "BASE_TYPE_REQUIRED", "message": "m"}]}}}});
    check("ErrorResponse", of_field, &[]);
    let wrong = json!({"code": "0", "errors": 1});
    check(
        "ErrorResponse",
        wrong,
        &[
            ".code: \"0\" is not of type \"integer\"",
            ".message: missing",
            ".errors: 1 is not of type \"object\"",
        ],
    );
    let url = |url: &str| json!({"url": url});
    check("GatewayResponse", url("ws://127.0.0.1:1"), &[]);
    check(
        "GatewayResponse",
        url("nowhere"),
        &[".url: \"nowhere\" is no \"uri\""],
    );
    let kinds = json!({"users": [], "integrations": [], "webhooks": [], "threads": [{"type": 11, "flags": 1e10}]});
    let found = faults("GuildAuditLogResponse", &kinds).join("\n");
    if DESCRIPTION.is_some() {
        assert!(found.contains(".audit_log_entries: missing"), "{found}");
        assert!(found.contains(".threads.0.id: missing"), "{found}");
        assert!(
            found.contains(".threads.0.flags: 10000000000.0 is no \"int32\""),
            "{found}"
        );
    }
    let invented = json!({"url": "ws://127.0.0.1", "uri": "x"});
    check("GatewayResponse", invented, &[".uri: not described"]);
}

#[test]
fn formats_are_checked() {
    let at = |text: &str| {
        let found = faults(
            "GuildIncidentsDataResponse",
            &json!({"invites_disabled_until": text}),
        );
        !found.iter().any(|fault| fault.contains("date-time"))
    };
    assert!(at("2026-01-31T23:59:59.123456+00:00"));
    assert!(at("2026-01-31T23:59:59Z"));
    for wrong in [
        "2026-01-31",
        "2026-13-31T23:59:59Z",
        "2026-01-31T23:59:59",
        "31.1.2026T23:59:59Z",
    ] {
        assert!(DESCRIPTION.is_none() || !at(wrong), "{wrong}");
    }
}

#[tokio::test]
async fn calls_are_seen_with_their_routes() {
    let bot = Bot::new().await;
    bot.send("GET", "users/@me", None).await;
    bot.send("GET", "users/1", None).await;
    bot.send("GET", &bot.in_channel("general", "messages?limit=2"), None)
        .await;
    if DESCRIPTION.is_some() {
        let served: Vec<_> = bot.watch.served().into_iter().collect();
        assert_eq!(
            served,
            ["GET /channels/{channel_id}/messages", "GET /users/@me"]
        );
    }
}

#[tokio::test]
#[should_panic(expected = "query.sort: not described")]
async fn a_fault_fails_the_test() {
    let bot = Bot::new().await;
    if DESCRIPTION.is_none() {
        panic!("not checked: query.sort: not described");
    }
    bot.send("GET", &bot.in_channel("general", "messages?sort=asc"), None)
        .await;
}

#[test]
fn the_readme_shows_the_examples_that_are_run() {
    let readme = include_str!("../../README.md");
    for example in [
        include_str!("../../examples/hello_discordpy.py"),
        include_str!("../../examples/hello_hikari.py"),
        include_str!("../../examples/hello_discordjs.mjs"),
        include_str!("../../examples/hello_twilight.rs"),
    ] {
        assert!(
            readme.contains(example),
            "not in the README as it is:\n{example}"
        );
    }
}
