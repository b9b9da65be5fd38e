//! Odd data from Discord, as it may come one day, or should never: in its answers, in events that nobody wrote, of
//! servers that are out of reach.

mod interactions;
mod parts;
mod rights;

use std::{path::PathBuf, sync::OnceLock};

use sandbox::{Actor, Effect, Fault};
use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use crate::{
    access, fixtures, mutate::mutations, observe::page, process::Process, support::Fixture,
};

/// What stands in the odd places, and nobody may read in a log.
const SECRET: &str = "tell nobody of the cake";

/// Lets a request be answered with this from now on; gives the fault's number.
fn answer(bot: &Fixture, route: &str, body: impl ToString) -> u64 {
    let body = body.to_string();
    let odd = Fault::request(route, Effect::Answer { body });
    bot.sandbox.faults().add(odd, None).unwrap()
}

/// What everyone may do.
const EVERYONE: Permissions = Permissions::VIEW_CHANNEL
    .union(Permissions::SEND_MESSAGES)
    .union(Permissions::READ_MESSAGE_HISTORY)
    .union(Permissions::MANAGE_MESSAGES);

/// A bot with guarded commands; `guard` has a role that may ban, `member` has none.
async fn guarded() -> (Fixture, u64) {
    let library = access::library();
    let bot = Fixture::configured(&["access"], "[discord]\nrequests_per_second = 5000").await;
    bot.drop_in(&library, "guarded");
    bot.until_generation("guarded", 1).await;
    let mut role = 0;
    let bot = bot
        .restart_after(async |stopped| {
            let guild = stopped.sandbox.guild_id();
            role = stopped.sandbox.change_world(|world| {
                world.set_role_permissions(guild, guild, EVERYONE);
                let role = world.add_role(guild, "Guard", Permissions::BAN_MEMBERS);
                let guard = world.add_user("guard");
                world.add_member(guild, guard, &[role]);
                role
            });
        })
        .await;
    bot.until_generation("guarded", 1).await;
    (bot, role)
}

fn member(id: u64, roles: &[u64]) -> Value {
    let roles: Vec<String> = roles.iter().map(u64::to_string).collect();
    json!({
        "user": {"id": id.to_string(), "username": "somebody", "discriminator": "0", "avatar": null, "global_name": null,
            "public_flags": 0, "avatar_decoration_data": null, "clan": null, "primary_guild": null},
        "roles": roles, "joined_at": "2024-01-01T00:00:00+00:00", "deaf": false, "mute": false, "flags": 0, "nick": null,
        "avatar": null, "banner": null, "premium_since": null, "pending": false, "communication_disabled_until": null,
    })
}

/// A command by somebody of whose membership nothing can be read in the message: Discord is asked.
async fn says_unseen(bot: &Fixture, who: &Actor, text: &str) -> String {
    let said = who.says("general", "hm").await.unwrap();
    let author = json!({"id": who.id().to_string(), "username": who.name(), "discriminator": "0"});
    let message = json!({
        "id": said.id.to_string(), "channel_id": said.channel_id.to_string(), "guild_id": bot.sandbox.guild_id().to_string(),
        "author": author, "member": "odd", "content": text, "mentions": [],
    });
    bot.sandbox.raw_event("MESSAGE_CREATE", message);
    who.expects_reply_to(&said).await.unwrap().text()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_with_an_odd_avatar_can_use_a_guarded_prefix_command() {
    let (bot, role) = guarded().await;
    let guard = bot.sandbox.actor("guard").unwrap();
    let mut odd = member(guard.id(), &[role]);
    odd["avatar"] = json!("v2_a_new_kind_of_hash");
    odd["user"]["avatar"] = json!({"hash": "v3"});
    odd["user"]["clan"] = json!([]);
    odd["flags"] = json!("many");
    answer(&bot, "GET /guilds/*/members/*", &odd);
    assert_eq!(says_unseen(&bot, &guard, "!ban").await, "banned");
    // What no parser takes as a whole.
    bot.sandbox.faults().clear();
    let text = odd
        .to_string()
        .replacen('{', "{\"n\":1e400,\"half\":\"\\ud800\",", 1);
    answer(&bot, "GET /guilds/*/members/*", text);
    assert_eq!(says_unseen(&bot, &guard, "!ban").await, "banned");
    bot.close().await;
}

/// Discord's answers about members: whatever is odd in one, who has no right gets none, and who has one keeps it, unless it is the
/// roles that can't be read.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_odd_in_an_answer_about_a_member_gives_nobody_a_right() {
    let (bot, role) = guarded().await;
    let (guard, outsider) = (bot.sandbox.actor("guard").unwrap(), bot.member());
    for (who, roles) in [(&guard, &[role][..]), (&outsider, &[])] {
        for mutation in mutations(&member(who.id(), roles)) {
            let fault = answer(&bot, "GET /guilds/*/members/*", &mutation.payload);
            let said = says_unseen(&bot, who, "!ban").await;
            bot.sandbox.faults().remove(fault);
            let is_about_rights = mutation.path.starts_with("roles")
                || mutation.path == "communication_disabled_until";
            let place = format!("{} = {}: {said}", mutation.path, mutation.what);
            assert!(said != "banned" || who.id() == guard.id(), "{place}");
            assert!(
                said == "banned" || who.id() != guard.id() || is_about_rights,
                "{place}"
            );
        }
    }
    bot.close().await;
}

/// The same of a channel and of a server with its roles, of which an event has told so oddly that Discord is asked.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_odd_in_an_answer_about_a_channel_or_a_server_gives_nobody_a_right() {
    let (bot, role) = guarded().await;
    let (guard, outsider) = (bot.sandbox.actor("guard").unwrap(), bot.member());
    let guild = bot.sandbox.guild_id().to_string();
    let general = bot.sandbox.channel_id("general").unwrap().to_string();
    let owner = bot.sandbox.owner_id().to_string();
    let a_role = |id: &str, may: Permissions| {
        json!({"id": id, "name": "x", "permissions": may.bits().to_string(), "position": 0, "color": 0, "hoist": false,
            "managed": false, "mentionable": false, "flags": 0, "icon": null, "tags": {}})
    };
    let server = json!({
        "id": guild, "name": "Sandbox", "owner_id": owner, "icon": null, "emojis": [{"id": null}],
        "roles": [a_role(&guild, EVERYONE), a_role(&role.to_string(), Permissions::BAN_MEMBERS)],
    });
    // What everyone may do, this one may not.
    let denied = json!({"id": outsider.id().to_string(), "type": 1, "allow": "0",
        "deny": Permissions::MANAGE_MESSAGES.bits().to_string()});
    let channel = json!({
        "id": general, "guild_id": guild, "type": 0, "name": "general", "nsfw": false, "position": 0, "parent_id": null,
        "permission_overwrites": [denied],
    });
    let odd_server = json!({"id": guild, "roles": [5], "owner_id": owner});
    let odd_channel =
        json!({"id": general, "guild_id": guild, "type": 0, "permission_overwrites": "odd"});
    let decides = ["roles", "owner_id", "permission_overwrites", "id"];
    for (event, odd, route, truth, command, done) in [
        (
            "GUILD_UPDATE",
            odd_server,
            "GET /guilds/*",
            server,
            "!ban",
            "banned",
        ),
        (
            "CHANNEL_UPDATE",
            odd_channel,
            "GET /channels/*",
            channel,
            "!sweep",
            "swept",
        ),
    ] {
        for mutation in mutations(&truth) {
            let fault = answer(&bot, route, &mutation.payload);
            for (who, is_allowed) in [(&guard, true), (&outsider, false)] {
                bot.sandbox.raw_event(event, &odd);
                let sent = who.says("general", command).await.unwrap();
                let said = who.expects_reply_to(&sent).await.unwrap().text();
                let place = format!("{route}: {} = {}: {said}", mutation.path, mutation.what);
                assert!(said != done || is_allowed, "{place}");
                let is_about_rights = decides.iter().any(|it| mutation.path.starts_with(it));
                assert!(said == done || !is_allowed || is_about_rights, "{place}");
            }
            bot.sandbox.faults().remove(fault);
        }
    }
    bot.close().await;
}

/// A partial `guild` in `applications/@me`, or a prefixed avatar in `users/@me`, and the bot did not start.
#[tokio::test(flavor = "multi_thread")]
async fn a_bot_of_which_discord_says_odd_things_starts() {
    let mut bot = Fixture::with(&["hello"]).await;
    let me = bot.sandbox.application_id();
    let partial = json!({
        "id": me.to_string(), "name": "Cogwright", "guild": {"id": "5"}, "flags": "many", "icon": "v2_0123", "owner": {"id": null},
        "team": {"members": [{}]}, "install_params": [], "bot": {"id": me.to_string(), "avatar": "v3:x"},
    });
    let prefixed = json!({"id": me.to_string(), "username": "Cogwright", "avatar": "v2_0123", "flags": "many", "clan": 5});
    let untold = format!(
        "{{\"id\":{me},\"bio\":\"\\ud800\",\"username\":5,\"approximate_guild_count\":1e400}}"
    );
    let shards = r#"{"url":5,"shards":"one","session_start_limit":{"remaining":1e400}}"#;
    for (route, body) in [
        ("GET /applications/@me", partial.to_string()),
        ("GET /users/@me", prefixed.to_string()),
        ("GET /users/@me", untold.clone()),
        ("GET /applications/@me", untold),
        ("GET /gateway/bot", shards.to_owned()),
    ] {
        bot = bot
            .restart_after(async |stopped| {
                let body = body.clone();
                let odd = Fault::request(route, Effect::Answer { body });
                stopped.sandbox.faults().clear();
                stopped.sandbox.faults().add(odd, None).unwrap();
            })
            .await;
        let hello = bot.ask(&bot.member(), "!hello").await.content;
        assert_eq!(hello, "Hello, member!", "{route}");
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_server_with_an_outage_a_guarded_command_is_told_of_the_outage() {
    let (bot, _) = guarded().await;
    let guild = bot.sandbox.guild_id();
    let outage = json!({"id": guild.to_string(), "unavailable": true});
    bot.sandbox.raw_event("GUILD_DELETE", outage);
    let guard = bot.sandbox.actor("guard").unwrap();
    let said = says_unseen(&bot, &guard, "!ban").await;
    assert!(
        said.contains("unavailable: Discord has an outage there; try again later"),
        "{said}"
    );
    // It was not left: its commands go on, and it is as before when it is back.
    assert_eq!(says_unseen(&bot, &guard, "!open").await, "opened");
    let sessions = bot.sessions();
    bot.sandbox.invalidate_sessions();
    bot.until_sessions_silently(sessions + 1).await;
    let sent = guard.says("general", "!ban").await.unwrap();
    assert_eq!(
        guard.expects_reply_to(&sent).await.unwrap().text(),
        "banned"
    );
    bot.close().await;
}

const LISTENER: &str = r#"//! Tells which updates it hears.
use plugin_api::{prelude::*, twilight_model::gateway::payload::incoming::MessageUpdate};

export_plugin!(|| {
    Plugin::new()
        .listen(Listener::new().ignore_bots(), update)
        .listen(Listener::new().ignore_bots(), message)
});

async fn update(ctx: EventContext<MessageUpdate>) -> Result {
    say(ctx.host(), ctx.channel_id(), format!("updated: {}", ctx.content())).await
}

async fn message(ctx: EventContext<MessageCreate>) -> Result {
    if ctx.content() == "whole" {
        ctx.event()?;
    }
    if ctx.content().starts_with("heard?") {
        say(ctx.host(), ctx.channel_id(), ctx.content().to_owned()).await?;
    }
    Ok(())
}

async fn say(host: &Host, channel: Option<Id<marker::ChannelMarker>>, text: String) -> Result {
    let channel = channel.ok_or(Error::new("no channel"))?;
    host.discord().send(channel, text).await?;
    Ok(())
}
"#;

fn listener() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY
        .get_or_init(|| fixtures::plugin("updates", "odd", "0.1.1", "", LISTENER))
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_that_ignore_bots_hear_no_update_that_nobody_wrote() {
    let library = listener();
    let bot = Fixture::with(&[]).await;
    bot.drop_in(&library, "updates");
    bot.until_generation("updates", 1).await;
    bot.until_content_is_seen().await;
    let member = bot.member();
    let said = member.says("general", "a link").await.unwrap();
    let update = |author: Value, content: &str| {
        let mut update = json!({
            "id": said.id.to_string(), "channel_id": said.channel_id.to_string(), "content": content,
            "guild_id": bot.sandbox.guild_id().to_string(), "embeds": [{"type": "link"}], "author": author,
        });
        if update["author"].is_null() {
            update.as_object_mut().unwrap().remove("author");
        }
        update
    };
    let by_bot = json!({"id": "77", "username": "other", "discriminator": "0", "bot": true});
    for (author, content) in [
        (Value::Null, "unfolded"),
        (json!("odd"), "by whom?"),
        (json!({}), "by nobody"),
        (by_bot, "by a bot"),
    ] {
        let update = update(author, content);
        bot.sandbox.raw_event("MESSAGE_UPDATE", update);
    }
    bot.sandbox.raw_event(
        "MESSAGE_CREATE",
        update(json!({"id": "x"}), "heard? by nobody"),
    );
    // Behind them.
    let by_member =
        json!({"id": member.id().to_string(), "username": "member", "discriminator": "0"});
    bot.sandbox
        .raw_event("MESSAGE_UPDATE", update(by_member, "by a member"));
    member
        .expects("general", "updated: by a member")
        .await
        .unwrap();
    let all = member.messages("general");
    let heard: Vec<&str> = all
        .iter()
        .map(|message| &*message.content)
        .filter(|content| content.contains("by ") || content.contains("unfolded"))
        .collect();
    assert_eq!(heard, ["updated: by a member"]);
    bot.close().await;
}

/// Each kind of event with something odd in it, and where.
fn odd_events(guild: u64) -> Vec<(&'static str, Value, &'static str)> {
    let guild = guild.to_string();
    vec![
        (
            "GUILD_ROLE_UPDATE",
            json!({"guild_id": guild, "role": {"id": "5", "permissions": SECRET}}),
            "role.permissions",
        ),
        (
            "CHANNEL_UPDATE",
            json!({"guild_id": guild, "id": SECRET, "type": 0, "permission_overwrites": []}),
            "id",
        ),
        (
            "GUILD_MEMBER_UPDATE",
            json!({"guild_id": guild, "user": {"id": "5"}, "roles": [SECRET]}),
            "roles",
        ),
        (
            "GUILD_MEMBERS_CHUNK",
            json!({"guild_id": guild, "members": [{"user": {"id": SECRET}, "roles": []}]}),
            "members[0].user.id",
        ),
        (
            "THREAD_LIST_SYNC",
            json!({"guild_id": guild, "threads": [{"id": SECRET, "type": 11}]}),
            "threads[0].id",
        ),
        (
            "MESSAGE_UPDATE",
            json!({"guild_id": guild, "id": "5", "channel_id": SECRET, "content": SECRET}),
            "channel_id",
        ),
        (
            "INTERACTION_CREATE",
            json!({"guild_id": guild, "id": "5", "token": "t", "type": 2, "member": SECRET, "data": SECRET}),
            "data.name",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_counted_by_kind_and_told_without_what_stood_there() {
    let plugins = [
        ("hello", fixtures::example("hello")),
        ("updates", listener()),
    ];
    let bot = Process::run(&plugins, "log.level = \"trace\"").await;
    let guild = bot.sandbox.guild_id();
    for (name, data, _) in odd_events(guild) {
        bot.sandbox.raw_event(name, data);
    }
    // And what a plugin can't read of it.
    let member = bot.member();
    let author = json!({"id": member.id().to_string(), "username": "member", "discriminator": "0"});
    let message = json!({"id": "5", "channel_id": "6", "guild_id": guild.to_string(), "content": "whole", "author": author,
        "timestamp": SECRET});
    bot.sandbox.raw_event("MESSAGE_CREATE", message);
    bot.until_said("can't read MESSAGE_CREATE: ").await;
    bot.until(&bot.member(), "!hello", "Hello").await;
    let said = bot.said();
    let address = said.split("metrics at http://").nth(1).unwrap();
    let address = address.split('/').next().unwrap().parse().unwrap();
    let (_, figures) = page(address, "/metrics", "*/*").await;
    for (name, _, path) in odd_events(guild) {
        let line = said.lines().find(|line| {
            line.contains("WARN")
                && line.contains(name)
                && line.contains("can't be read")
                && line.contains(path)
        });
        let line = line.unwrap_or_else(|| panic!("{name} at {path} is not in\n{said}"));
        assert!(
            line.contains(&guild.to_string()),
            "the server is not in {line}"
        );
        let counted = format!("cogwright_gateway_unreadable_events_total{{event=\"{name}\"}} ");
        assert!(figures.contains(&counted), "{counted}\n{figures}");
    }
    assert!(!said.contains(SECRET), "{said}");
    bot.signal("TERM");
    bot.ended().await;
}
