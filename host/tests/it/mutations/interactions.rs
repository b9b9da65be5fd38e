//! Mutation tests of interactions: each field changed in turn; it is answered, what was picked is read as what it is or
//! refused in words, and nobody may do more.

use sandbox::ResponseState;
use serde_json::{Value, json};

use super::{FIRST, member_of, message};
use crate::{
    access,
    mutate::{Mutation, mutations},
    support::{Fixture, PATIENCE},
};

/// Interactions that are open at once, and a bot that can answer as many soon.
const BATCH: usize = 200;
const MANY: &str = "[discord]\nrequests_per_second = 5000";

pub const COMMAND: u64 = 2;
pub const COMPONENT: u64 = 3;
pub const AUTOCOMPLETE: u64 = 4;
pub const MODAL: u64 = 5;

/// Where an interaction comes from.
#[derive(Clone, Copy)]
pub enum From {
    /// A server of the bot's.
    Server,
    /// The bot's direct messages.
    Direct,
    /// A user has installed the bot, and uses it among others.
    Group,
    /// The same in a server that the bot is not in.
    Elsewhere,
}

/// An interaction of `member`, of whom `may` says what they may do.
pub fn interaction(bot: &Fixture, from: From, kind: u64, data: Value, may: u64) -> Value {
    let general = bot.sandbox.channel_id("general").unwrap().to_string();
    let guild = bot.sandbox.guild_id().to_string();
    let mut member = member_of(bot);
    let user = member["user"].clone();
    member["permissions"] = json!(may.to_string());
    let mut whole = json!({
        "id": "0", "application_id": bot.sandbox.application_id().to_string(), "type": kind, "token": "t", "version": 1,
        "locale": "en-US", "data": data, "app_permissions": "2147483647", "entitlements": [], "entitlement_sku_ids": [],
        "attachment_size_limit": 1000,
    });
    let user_id = user["id"].clone();
    let private = |kind: u64| json!({"id": "66", "type": kind, "recipients": [user], "last_message_id": null, "flags": 0});
    let of_place = match from {
        From::Server => json!({
            "guild_id": guild, "guild": {"id": guild, "locale": "en-US", "features": ["A"]}, "channel_id": general,
            "channel": {"id": general, "type": 0, "name": "general", "nsfw": false, "permissions": may.to_string()},
            "member": member, "guild_locale": "en-US", "context": 0, "authorizing_integration_owners": {"0": guild},
        }),
        From::Direct => json!({
            "channel_id": "66", "channel": private(1), "user": user, "context": 1, "authorizing_integration_owners": {"0": "0"},
        }),
        From::Group => json!({
            "channel_id": "66", "channel": private(3), "user": user, "context": 2, "authorizing_integration_owners": {"1": user_id},
        }),
        From::Elsewhere => json!({
            "guild_id": "67", "guild": {"id": "67", "locale": "en-US", "features": []}, "channel_id": "68",
            "channel": {"id": "68", "type": 0, "name": "x", "permissions": may.to_string()}, "member": member, "context": 0,
            "guild_locale": "en-US", "authorizing_integration_owners": {"1": user_id},
        }),
    };
    let fields = of_place.as_object().unwrap().clone();
    whole.as_object_mut().unwrap().extend(fields);
    whole
}

/// All that Discord resolves.
pub fn resolved(bot: &Fixture) -> Value {
    let user = member_of(bot)["user"].clone();
    let user_id = user["id"].as_str().unwrap().to_owned();
    let general = bot.sandbox.channel_id("general").unwrap().to_string();
    let guild = bot.sandbox.guild_id().to_string();
    json!({
        "users": {&user_id: user}, "members": {&user_id: {"roles": [], "permissions": "0", "joined_at": "2024-01-01T00:00:00+00:00"}},
        "roles": {&guild: {"id": guild, "name": "@everyone", "permissions": "0"}},
        "channels": {&general: {"id": general, "type": 0, "permissions": "0"}},
        "attachments": {"7": {"id": "7", "filename": "a.png", "size": 1, "url": "https://x", "proxy_url": "https://x", "width": 5,
            "content_type": "image/png", "ephemeral": true, "duration_secs": 1.5, "flags": 0}},
        "messages": {"8": message(bot, 8, "hm")},
    })
}

/// A slash command with options and all that Discord resolves, a click, a submitted modal, a context menu, an option while it is
/// typed; in a server, and where there is none.
fn interactions(bot: &Fixture) -> Vec<(&'static str, Value)> {
    let guild = bot.sandbox.guild_id().to_string();
    let options = |focused: bool| {
        json!([
            {"name": "text", "type": 3, "value": "hi"}, {"name": "times", "type": 4, "value": 2, "focused": focused},
            {"name": "loud", "type": 5, "value": true}, {"name": "colour", "type": 3, "value": "red"},
        ])
    };
    let resolved = resolved(bot);
    let command = |options: Value| json!({"id": "5", "name": "echo", "type": 1, "guild_id": guild, "options": options, "resolved": resolved});
    let of = |from, kind, data| interaction(bot, from, kind, data, 2_147_483_647);
    let clicked = json!({"custom_id": "nobody:1", "component_type": 3, "values": ["a", "b"]});
    let click = |from| {
        let mut click = of(from, COMPONENT, clicked.clone());
        if matches!(from, From::Server) {
            click["message"] = message(bot, 9, "click me");
        }
        click
    };
    let text = json!({"type": 18, "id": 2, "component": {"type": 4, "id": 3, "custom_id": "name", "value": "x"}});
    let box_ = json!({"type": 18, "id": 4, "component": {"type": 23, "id": 5, "custom_id": "yes", "value": true}});
    let modal = json!({"custom_id": "nobody:2", "components": [text, box_]});
    let menu =
        json!({"id": "6", "name": "Remember", "type": 3, "target_id": "8", "resolved": resolved});
    let plain = json!({"id": "5", "name": "echo", "type": 1, "options": options(false)});
    let typing = json!({"id": "5", "name": "echo", "type": 1, "options": options(true)});
    vec![
        (
            "command",
            of(From::Server, COMMAND, command(options(false))),
        ),
        (
            "typing",
            of(From::Server, AUTOCOMPLETE, command(options(true))),
        ),
        ("click", click(From::Server)),
        ("modal", of(From::Server, MODAL, modal.clone())),
        ("menu", of(From::Server, COMMAND, menu)),
        (
            "command in private",
            of(From::Direct, COMMAND, plain.clone()),
        ),
        ("typing in private", of(From::Direct, AUTOCOMPLETE, typing)),
        ("click in private", click(From::Direct)),
        (
            "command in a group",
            of(From::Group, COMMAND, plain.clone()),
        ),
        ("modal in a group", of(From::Group, MODAL, modal)),
        ("command elsewhere", of(From::Elsewhere, COMMAND, plain)),
    ]
}

/// The mutations of an interaction that can be answered; one more is the interaction as it is.
fn answerable(payload: Value) -> Vec<Mutation> {
    let mut all = mutations(&payload);
    all.retain(|mutation| !matches!(&*mutation.path, "id" | "token"));
    all.push(Mutation {
        path: "nothing".into(),
        what: "changed".into(),
        payload,
    });
    all
}

/// Sends a mutation as an interaction of its own.
fn send(bot: &Fixture, id: u64, mutation: &Mutation) {
    let mut payload = mutation.payload.clone();
    payload["id"] = json!(id.to_string());
    payload["token"] = json!(format!("token-{id}"));
    let sent = bot.sandbox.raw_event("INTERACTION_CREATE", payload);
    assert_eq!(sent, Some(id));
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_has_an_id_and_a_token_is_answered() {
    let bot = Fixture::patient(&["echo"], MANY).await;
    bot.sandbox
        .commands_registered("echo", PATIENCE)
        .await
        .unwrap();
    let mut next = FIRST;
    let mut sent = 0;
    for (kind, payload) in interactions(&bot) {
        let all = answerable(payload);
        sent += all.len();
        // Some are deferred by the host after two seconds: all of a batch at once.
        for batch in all.chunks(BATCH) {
            let ids: Vec<u64> = (next..).take(batch.len()).collect();
            next += batch.len() as u64;
            for (id, mutation) in ids.iter().zip(batch) {
                send(&bot, *id, mutation);
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
    assert!(sent > 3_500, "{sent} are few");
    bot.close().await;
}

/// What an interaction is answered in the end.
async fn answer(bot: &Fixture, id: u64) -> String {
    bot.sandbox.responded(id).await.unwrap();
    let member = bot.member();
    let answered = async {
        loop {
            let message = member.interaction(id).and_then(|view| view.message);
            if let Some(message) = message.filter(|message| !message.loading) {
                return message.text();
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, answered).await.unwrap()
}

/// The options that people and files are picked for: nothing that is odd in what Discord resolves makes a role of a user, or loses a
/// file of which it is told where it lies.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_picked_is_read_as_what_it_is_however_oddly_it_is_resolved() {
    let bot = Fixture::patient(&["options"], MANY).await;
    bot.sandbox
        .commands_registered("show", PATIENCE)
        .await
        .unwrap();
    let user = bot.member().id().to_string();
    let (role, channel) = (
        bot.sandbox.guild_id().to_string(),
        bot.sandbox.channel_id("general").unwrap().to_string(),
    );
    let mut next = FIRST;
    for (option, kind, value, expect) in [
        ("user", 6, &user, format!("user {user}")),
        ("member", 6, &user, format!("user {user}")),
        ("role", 8, &role, format!("role {role}")),
        ("channel", 7, &channel, format!("channel {channel}")),
        ("mentionable", 9, &user, format!("user {user}")),
        ("mentionable", 9, &role, format!("role {role}")),
        (
            "attachment",
            11,
            &"7".to_owned(),
            "a.png of 1 bytes".to_owned(),
        ),
    ] {
        let given = json!({"name": option, "type": 1, "options": [{"name": "value", "type": kind, "value": value}]});
        let data = json!({"id": "5", "name": "show", "type": 1, "options": [given], "resolved": resolved(&bot)});
        let payload = interaction(&bot, From::Server, COMMAND, data, 0);
        for mutation in answerable(payload) {
            let is_resolved = mutation.path.starts_with("data.resolved");
            if !is_resolved && mutation.path != "nothing" {
                continue;
            }
            next += 1;
            send(&bot, next, &mutation);
            let text = answer(&bot, next).await;
            let place = format!("{option}: {} = {}: {text}", mutation.path, mutation.what);
            let file = "data.resolved.attachments.7";
            let is_file = option == "attachment";
            let is_lost = is_file
                && (file.starts_with(&mutation.path) || mutation.path == format!("{file}.url"));
            match is_lost {
                // Discord may have written an address that leads nowhere: that is for whoever fetches it.
                true => assert!(
                    text.contains("Discord did not send it along") || text == expect,
                    "{place}"
                ),
                false if is_file && mutation.path.starts_with(file) => {
                    assert!(text.contains(" bytes"), "{place}");
                }
                false => assert_eq!(text, expect, "{place}"),
            }
        }
    }
    bot.close().await;
}

/// A command that needs a permission, one for owners and one for servers, by somebody who may use none of them.
#[tokio::test(flavor = "multi_thread")]
async fn no_interaction_allows_more_because_it_is_odd() {
    let library = access::library();
    let bot = Fixture::patient(&["access"], MANY).await;
    bot.drop_in(&library, "guarded");
    bot.until_generation("guarded", 1).await;
    bot.sandbox
        .commands_registered("ban", PATIENCE)
        .await
        .unwrap();
    let mut next = FIRST;
    for (from, command) in [
        (From::Server, "ban"),
        (From::Server, "root"),
        (From::Server, "crown"),
        (From::Server, "private"),
        (From::Direct, "root"),
        (From::Group, "root"),
        (From::Elsewhere, "ban"),
        (From::Elsewhere, "crown"),
    ] {
        let data = json!({"id": "5", "name": command, "type": 1});
        let payload = interaction(&bot, from, COMMAND, data, 0);
        for batch in answerable(payload).chunks(BATCH) {
            let first = next + 1;
            for mutation in batch {
                next += 1;
                send(&bot, next, mutation);
            }
            for (id, mutation) in (first..).zip(batch) {
                let text = answer(&bot, id).await;
                let place = format!("/{command}: {} = {}: {text}", mutation.path, mutation.what);
                let is_done = ["banned", "rooted", "crowned", "in private"].contains(&&*text);
                assert!(!is_done, "{place}");
            }
        }
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_interaction_twice_runs_once() {
    let bot = Fixture::patient(&["echo"], "").await;
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
