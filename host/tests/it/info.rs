//! Tests of the plugin `info`: who sees what of the bot, of servers and of members, and what it costs.

use std::{
    fs,
    path::PathBuf,
    sync::OnceLock,
    time::{Duration, Instant},
};

use sandbox::{Actor, Effect, ErrorBody, Fault, MessageView, Way};
use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

/// Where a command's sentence comes from when the operator has taken its power away.
const PRIVATE: &str = "The bot's owner keeps that private";

/// How long a command rests for whoever has used it.
const COOLDOWN: Duration = Duration::from_secs(10);

/// So many guests: each has a cooldown of their own.
const GUESTS: usize = 24;

/// The bot of these examples with guests in its server, and one stranger who is in none.
async fn bot(examples: &[&str], config: &str) -> Fixture {
    furnished(Fixture::configured(examples, config).await).await
}

async fn furnished(bot: Fixture) -> Fixture {
    let bot = bot
        .restart_after(async |stopped| {
            let guild = stopped.sandbox.guild_id();
            stopped.sandbox.change_world(|world| {
                let helper = world.add_role(guild, "Helper", Permissions::KICK_MEMBERS);
                for number in 0..GUESTS {
                    let guest = world.add_user(&format!("guest{number}"));
                    let roles: &[u64] = if number == 0 { &[] } else { &[helper] };
                    world.add_member(guild, guest, roles);
                }
                world.add_user("stranger");
                world.add_voice_channel(guild, "lounge");
                world.add_forum(guild, "questions");
                world.add_category(guild, "Below");
                world.set_features(guild, &["COMMUNITY", "WELCOME_SCREEN_ENABLED"]);
            });
        })
        .await;
    bot.until_generation("info", 1).await;
    bot.sandbox
        .commands_registered("userinfo", PATIENCE)
        .await
        .unwrap();
    bot
}

fn guest(bot: &Fixture, number: usize) -> Actor {
    bot.sandbox.actor(&format!("guest{number}")).unwrap()
}

async fn said(who: &Actor, place: &str, text: &str) -> MessageView {
    let sent = who.says(place, text).await.unwrap();
    let seen = who.expects_reply_to(&sent).await.unwrap();
    no_failure(&seen)
}

async fn typed(who: &Actor, place: &str, line: &str) -> MessageView {
    let asked = who.slash_line(place, line).await.unwrap();
    let seen = who.expects_reply_to(&asked).await.unwrap();
    no_failure(&seen)
}

/// Nothing that people are told here is a failure with an id.
fn no_failure(seen: &MessageView) -> MessageView {
    assert!(!seen.text().contains("error id"), "{}", seen.text());
    seen.clone()
}

/// A field's value in a message's embed.
fn field(seen: &MessageView, name: &str) -> String {
    let fields = seen
        .embeds
        .iter()
        .flat_map(|embed| embed["fields"].as_array());
    let mut fields = fields.flatten();
    let found = fields.find(|field| field["name"] == name);
    let found = found.unwrap_or_else(|| panic!("no field {name}: {}", seen.text()));
    found["value"].as_str().unwrap().to_owned()
}

fn has(seen: &MessageView, words: &[&str]) {
    let text = seen.text();
    for word in words {
        assert!(text.contains(word), "no {word:?} in {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn owner_moderator_and_member_see_how_the_bot_fares_by_prefix_by_slash_and_in_private() {
    let bot = bot(&["info", "hello"], "").await;
    let (owner, moderator, member) = (bot.owner(), bot.sandbox.actor("mod").unwrap(), bot.member());
    let first = said(&owner, "general", "!stats").await;
    assert_eq!(field(&first, "Servers"), "1");
    // People, guests and the bot.
    assert_eq!(field(&first, "Members"), (4 + GUESTS).to_string());
    assert!(
        field(&first, "Plugins").starts_with("2, "),
        "{}",
        first.text()
    );
    assert!(field(&first, "Memory").ends_with(" MB"));
    assert!(field(&first, "Slash commands").contains(" of "));
    has(&first, &[" hour", "message", "command", "0 errors"]);
    let second = typed(&moderator, "general", "stats").await;
    assert_eq!(field(&second, "Servers"), "1");
    let third = said(&member, "dm", "!stats").await;
    assert_eq!(field(&third, "Shards"), "1");

    for (who, way) in [(&owner, "!"), (&moderator, "/"), (&member, "dm")] {
        let ask = async |command: &str| match way {
            "!" => said(who, "general", &format!("!{command}")).await,
            "/" => typed(who, "general", command).await,
            _ => said(who, "dm", &format!("!{command}")).await,
        };
        has(
            &ask("uptime").await,
            &["since <t:", "Machine", "Session with Discord"],
        );
        has(
            &ask("modules").await,
            &[
                "info 0.1.0",
                "8 commands",
                "hello 0.1.0",
                "2 plugins loaded",
            ],
        );
        let place = if way == "dm" {
            "Direct messages: shard 0 of 1"
        } else {
            "This server: shard 0 of 1"
        };
        has(
            &ask("shardinfo").await,
            &[place, "🟢 **Shard 0** connected"],
        );
        let about = ask("discordbotframework").await;
        has(
            &about,
            &[
                "Cogwright",
                "TheHolyOneZ",
                "https://github.com/TheHolyOneZ/discord-bot-framework",
            ],
        );
        let more = if way == "/" { "`/stats`" } else { "`!stats`" };
        has(&about, &[more]);
        // Pinged, measured, and shown.
        ask("ping").await;
        let place = if way == "dm" { "dm" } else { "general" };
        let measured = |seen: &MessageView| {
            seen.edited && seen.text().starts_with("Pong!") && !seen.text().contains("measuring")
        };
        let pong = who
            .expects_where(place, "the round trip", measured)
            .await
            .unwrap();
        assert!(
            field(&pong, "Round trip").ends_with(" ms"),
            "{}",
            pong.text()
        );
    }
    for (number, alias) in ["plugins", "framework", "botinfo", "whois", "guildinfo"]
        .iter()
        .enumerate()
    {
        let seen = said(&guest(&bot, number), "general", &format!("!{alias}")).await;
        assert_eq!(seen.embeds.len(), 1, "{alias}: {}", seen.text());
    }
    let nothing = said(&member, "dm", "!serverinfo").await;
    assert!(nothing.text().contains("server"), "{}", nothing.text());

    // Uses are in the database when the bot has stopped.
    let bot = bot.restart().await;
    bot.until_generation("info", 1).await;
    let again = said(&guest(&bot, 9), "general", "!stats").await;
    assert_eq!(
        field(&again, "Used most in 30 days"),
        "1. `discordbotframework`: 5 uses\n2. `modules`: 4 uses\n3. `ping`: 3 uses\n4. `shardinfo`: 3 uses\n\
         5. `stats`: 3 uses"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_and_its_members_are_shown_with_what_they_may_and_strangers_as_users() {
    let bot = bot(&["info"], "").await;
    let id = |name: &str| bot.sandbox.user_id(name).unwrap();
    let server = said(&guest(&bot, 0), "general", "!serverinfo").await;
    has(
        &server,
        &[
            "Sandbox",
            "3 text, 1 voice, 1 forum, 1 category",
            "community, welcome screen enabled",
        ],
    );
    assert_eq!(field(&server, "Owner"), format!("<@{}>", id("owner")));
    assert_eq!(field(&server, "Members"), (4 + GUESTS).to_string());

    let own = said(&guest(&bot, 0), "general", "!userinfo").await;
    assert_eq!(field(&own, "User name"), "`guest0`");
    assert_eq!(
        (field(&own, "Roles (0)"), field(&own, "Permissions")),
        ("none".into(), "none beyond those of members".into())
    );
    let other = typed(&guest(&bot, 1), "general", "userinfo user:guest2").await;
    assert_eq!(field(&other, "Permissions"), "kick members");
    assert!(field(&other, "Roles (1)").starts_with("<@&"));
    has(&other, &["Joined"]);
    let owner = said(&guest(&bot, 2), "general", "!userinfo owner").await;
    assert_eq!(field(&owner, "Permissions"), "administrator: all of them");
    let moderator = said(
        &guest(&bot, 3),
        "general",
        &format!("!userinfo <@{}>", id("mod")),
    )
    .await;
    assert_eq!(
        field(&moderator, "Permissions"),
        "manage threads, manage messages, ban members, kick members"
    );
    let the_bot = said(
        &guest(&bot, 4),
        "general",
        &format!("!userinfo {}", bot.sandbox.application_id()),
    )
    .await;
    assert_eq!(field(&the_bot, "Is a"), "bot");
    let stranger = said(
        &guest(&bot, 5),
        "general",
        &format!("!userinfo {}", id("stranger")),
    )
    .await;
    has(&stranger, &["`stranger`", "no member of this server"]);
    let picture = stranger.embeds[0]["thumbnail"]["url"].as_str().unwrap();
    assert!(
        picture.starts_with("https://cdn.discordapp.com/embed/avatars/"),
        "{picture}"
    );
    let private = said(&guest(&bot, 6), "dm", "!userinfo").await;
    has(&private, &["`guest6`", "Created"]);
    assert!(!private.text().contains("Roles"));
    let private = typed(&guest(&bot, 8), "dm", "userinfo").await;
    has(&private, &["`guest8`", "Created"]);
    // When Discord does not say whether somebody is a member, nobody is called a stranger.
    let refuses = Effect::Status {
        status: 403,
        body: ErrorBody::default(),
    };
    let fault = Fault::request("GET /guilds/*/members/*", refuses);
    bot.sandbox.faults().add(fault, Some(1)).unwrap();
    let asked = format!("!userinfo {}", id("stranger"));
    let unknown = bot.ask(&guest(&bot, 9), &asked).await.text();
    assert!(!unknown.contains("no member"), "{unknown}");
    let strikes = bot.sandbox.traffic();
    let strikes = strikes.iter().filter(|crossing| crossing.way == Way::Fault);
    assert_eq!(strikes.count(), 1, "it was asked");
    // Bad input: a sentence each, and no use is counted for what could not be read.
    for wrong in [
        "nobody",
        "<@1>",
        "175928847299117063",
        "<#5>",
        "guest1 guest2",
    ] {
        let seen = said(&guest(&bot, 7), "general", &format!("!userinfo {wrong}")).await;
        assert!(
            seen.embeds.iter().all(|it| it["thumbnail"].is_null()),
            "{wrong}: {}",
            seen.text()
        );
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_server_is_told_its_own_shard_and_many_shards_are_pages() {
    const SHARDS: u32 = 12;
    let bot = Fixture::many_shards(&["info"], SHARDS).await;
    let first = bot.sandbox.guild_id();
    let shard_of = |guild: u64| (guild >> 22) % u64::from(SHARDS);
    let mut other = 0;
    let bot = bot
        .restart_after(async |stopped| {
            let member = stopped.sandbox.user_id("member").unwrap();
            other = stopped.sandbox.change_world(|world| {
                let guild = std::iter::from_fn(|| Some(world.add_guild("Elsewhere", member)))
                    .find(|guild| shard_of(*guild) != shard_of(first))
                    .unwrap();
                world.add_channel(guild, "harbour");
                guild
            });
        })
        .await;
    bot.until_generation("info", 1).await;
    let up = async {
        let figures = &bot.bot.services().figures;
        while figures.shards().iter().filter(|(_, it)| it.is_up()).count() < SHARDS as usize {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, up).await.unwrap();
    let here = said(&bot.owner(), "general", "!shardinfo").await;
    has(
        &here,
        &[
            &format!("This server: shard {} of 12", shard_of(first)),
            "**Shard 9**",
        ],
    );
    assert!(!here.text().contains("**Shard 10**"), "{}", here.text());
    assert_eq!(here.buttons()[2], "1 / 2");
    let clicked = bot.owner().clicks_on(&here, "›").await.unwrap();
    has(
        &bot.owner().expects_reply_to(&clicked).await.unwrap(),
        &["**Shard 10**", "**Shard 11**"],
    );
    let there = said(&bot.member(), "harbour", "!shardinfo").await;
    let place = field(&there, "Here");
    assert_eq!(
        place,
        format!("This server: shard {} of 12", shard_of(other))
    );
    assert_ne!(place, field(&here, "Here"));
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_granted_any_more_is_left_out_at_once_and_comes_back() {
    let bot = bot(&["info"], "").await;
    let file = bot.folder.path().join("config.toml");
    let edit = async |text: &str| {
        fs::write(&file, text).unwrap();
        bot.bot.services().settings.noticed().await;
    };
    let all = [
        "stats",
        "ping",
        "uptime",
        "modules",
        "shardinfo",
        "botinfo",
        "serverinfo",
        "userinfo",
    ];
    let asks = async |who: &Actor| {
        let mut seen = Vec::new();
        for command in all {
            seen.push(said(who, "general", &format!("!{command}")).await);
        }
        seen
    };
    let granted = asks(&guest(&bot, 0)).await;
    assert!(granted.iter().all(|seen| !seen.text().contains(PRIVATE)));

    edit("[grants.info]\npowers = []\n").await;
    let none = asks(&guest(&bot, 1)).await;
    let private: Vec<bool> = none
        .iter()
        .map(|seen| seen.text().contains(PRIVATE))
        .collect();
    assert_eq!(
        private,
        [true, false, true, true, true, false, false, false]
    );
    // What everybody may know is still there.
    assert_eq!(field(&none[0], "Servers"), "1");
    assert_eq!(field(&none[1], "Gateway"), "not shown here");
    has(&none[5], &["TheHolyOneZ"]);
    assert!(!none[0].text().contains("Memory") && !none[3].text().contains("0.1.0"));

    edit("[grants.info]\npowers = [\"plugins.read\"]\n").await;
    let some = asks(&guest(&bot, 2)).await;
    has(&some[3], &["info 0.1.0"]);
    has(&some[4], &[PRIVATE]);

    edit("# All as it was shipped.\n").await;
    let back = asks(&guest(&bot, 3)).await;
    assert!(back.iter().all(|seen| !seen.text().contains(PRIVATE)));
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_command_is_used_once_in_ten_seconds_by_each_member() {
    let bot = bot(&["info"], "").await;
    let (one, other) = (guest(&bot, 0), guest(&bot, 1));
    for command in [
        "stats",
        "uptime",
        "modules",
        "shardinfo",
        "botinfo",
        "serverinfo",
        "userinfo",
        "ping",
    ] {
        let began = Instant::now();
        let seen = said(&one, "general", &format!("!{command}")).await;
        assert!(!seen.text().contains("again"), "{}", seen.text());
        let again = said(&one, "general", &format!("!{command}")).await;
        let waits = again.text().contains("can be used again in ");
        assert!(waits || began.elapsed() > COOLDOWN, "{}", again.text());
        let theirs = said(&other, "general", &format!("!{command}")).await;
        assert!(!theirs.text().contains("again"), "{}", theirs.text());
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_pages_turn_after_a_reload_and_nobody_waits_in_vain_meanwhile() {
    let many = [
        "access",
        "checks",
        "counter",
        "echo",
        "hello",
        "info",
        "moderation",
        "options",
        "poll",
        "remind",
        "ticker",
        "wizard",
    ];
    let bot = bot(&many, "").await;
    bot.until(|all| all.iter().filter(|it| it.serving.is_some()).count() == many.len())
        .await;
    let reader = guest(&bot, 0);
    let open = said(&reader, "general", "!modules").await;
    has(&open, &["access 0.1.0", "12 plugins loaded"]);
    assert!(!open.text().contains("wizard 0.1.0"));
    bot.drop_in(&fixtures::example("info"), "info");
    let owner = bot.owner();
    let reload = owner.says("general", "!reload info").await.unwrap();
    for number in 1..12 {
        let seen = said(&guest(&bot, number), "general", "!uptime").await;
        has(&seen, &["since <t:"]);
    }
    owner.expects_reply_to(&reload).await.unwrap();
    bot.until_generation("info", 2).await;
    let turned = reader.clicks_on(&open, "›").await.unwrap();
    has(
        &reader.expects_reply_to(&turned).await.unwrap(),
        &["wizard 0.1.0", "12 plugins loaded"],
    );
    // They are the reader's alone.
    let shown = bot.sandbox.message(open.channel_id, open.id).unwrap();
    let theirs = guest(&bot, 13).clicks_on(&shown, "‹").await.unwrap();
    let answer = theirs.message.unwrap();
    assert!(answer.ephemeral, "{}", answer.text());
    bot.close().await;
}

const SCALE: &str = r#"//! Weighs what host calls bring.
use plugin_api::{Json, Power, prelude::*};

export_plugin!(|| {
    Plugin::new()
        .powers([Power::BotRead, Power::PluginsRead])
        .command(Command::new("weigh", "Weighs").run(weigh))
        .command(Command::new("counts", "Tells what info has asked").run(counts))
});

async fn weigh(ctx: CommandContext) -> Result {
    let mut lines = Vec::new();
    for call in ["bot.status", "slash.budget", "commands.usage"] {
        let (head, body) = ctx.host().call(call, Json::Object(Default::default()), Vec::new()).await?;
        lines.push(format!("{call} {} B", head.to_string().len() + body.len()));
    }
    ctx.reply(lines.join(", ")).await
}

async fn counts(ctx: CommandContext) -> Result {
    let usage = ctx.host().plugins().usage("info").await?;
    let calls: std::collections::BTreeMap<_, _> = usage.calls.iter().map(|it| (&*it.name, it.count)).collect();
    ctx.reply(Json::from_iter(calls).to_string()).await
}
"#;

fn scale() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY
        .get_or_init(|| fixtures::plugin("scale", "info", "0.15.7", "", SCALE))
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn stats_of_two_thousand_servers_are_three_host_calls_and_an_answer() {
    let grants = "[grants.scale]\npowers = [\"bot.read\", \"plugins.read\"]\n";
    let bot = bot(&["info"], grants).await;
    let bot = bot
        .restart_after(async |stopped| {
            stopped.sandbox.change_world(|world| {
                let member = world.user_named("member").unwrap();
                for number in 0..2_000 {
                    let guild = world.add_guild(&format!("Server {number}"), member);
                    if number == 1_999 {
                        world.add_crowd(guild, 5_000, &[]);
                        world.add_channel(guild, "square");
                    }
                }
            });
        })
        .await;
    bot.drop_in(&scale(), "scale");
    bot.until_generation("scale", 1).await;
    bot.until_generation("info", 1).await;
    // Owner and bot of each server, the crowd, and those of the first.
    let members = 2 * 2_000 + 5_000 + 4 + GUESTS as u64;
    let known = async {
        while bot.bot.services().cache.counts() != (2_001, members) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, known).await.unwrap();
    let counts = async || -> Value {
        let text = bot.ask(&bot.owner(), "!counts").await.content;
        serde_json::from_str(&text).unwrap()
    };
    let before = counts().await;
    let stats = said(&guest(&bot, 0), "general", "!stats").await;
    // The answer is seen before the call that has sent it is counted.
    let counted = async {
        loop {
            let after = counts().await;
            if after.get("reply").is_some() {
                break after;
            }
        }
    };
    let after = tokio::time::timeout(PATIENCE, counted).await.unwrap();
    assert_eq!(field(&stats, "Servers"), "2,001");
    assert_eq!(
        field(&stats, "Members").replace(',', ""),
        members.to_string()
    );
    assert_eq!(before, json!({}), "it asks for nothing by itself");
    assert_eq!(
        after,
        json!({"bot.status": 1, "slash.budget": 1, "commands.usage": 1, "reply": 1})
    );
    let bytes = bot.ask(&bot.owner(), "!weigh").await.content;
    println!(
        "stats in 2,001 servers: {bytes}, its answer {} B",
        json!(stats.embeds).to_string().len()
    );
    let square = said(&bot.member(), "square", "!serverinfo").await;
    assert_eq!(field(&square, "Members"), "5,002");
    assert_eq!(field(&square, "Channels"), "1 text");
    bot.close().await;
}
