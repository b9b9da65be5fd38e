//! Stories of the plugin `shards`: what an owner sees of the connections, and what is told when one is lost.

use std::{fmt::Write as _, time::Duration};

use sandbox::{Actor, Fault, MessageView};
use twilight_model::guild::Permissions;

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

/// The watch of these stories looks each second, and tells of each loss.
const QUICK: &str = "[plugins.shards]\ncheck_every = \"1s\"\ncool_down = \"0s\"\n";

async fn ready(bot: &Fixture, shards: usize) {
    bot.until_generation("shards", 1).await;
    bot.sandbox
        .commands_registered("shardmonitor", PATIENCE)
        .await
        .unwrap();
    bot.until_up(&vec![true; shards]).await;
    bot.until_content_is_seen().await;
    bot.until_up(&vec![true; shards]).await;
}

async fn said(who: &Actor, place: &str, text: &str) -> MessageView {
    let sent = who.says(place, text).await.unwrap();
    let seen = who.expects_reply_to(&sent).await.unwrap();
    assert!(!seen.text().contains("error id"), "{}", seen.text());
    seen
}

async fn typed(who: &Actor, place: &str, line: &str) -> MessageView {
    let asked = who.slash_line(place, line).await.unwrap();
    who.expects_reply_to(&asked).await.unwrap()
}

async fn clicked(who: &Actor, message: &MessageView, label: &str) -> MessageView {
    let clicked = who.clicks_on(message, label).await.unwrap();
    who.expects_reply_to(&clicked).await.unwrap()
}

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
async fn a_shard_that_is_cut_is_told_of_once_and_so_is_its_return() {
    let bot = Fixture::sharded(&["shards"], QUICK, 2).await;
    ready(&bot, 2).await;
    // The owner's server is on one of them; the other is cut.
    let here = u32::try_from((bot.sandbox.guild_id() >> 22) % 2).unwrap();
    let there = 1 - here;
    let owner = bot.owner();
    let general = bot.sandbox.channel_id("general").unwrap();
    has(
        &said(&owner, "general", "!shardalerts #general 1").await,
        &[&format!(
            "<#{general}>, at the first check that finds a shard lost"
        )],
    );
    let gate = bot
        .sandbox
        .faults()
        .add(Fault::RefuseConnections, None)
        .unwrap();
    assert!(bot.bot.services().shards.reconnect(there).unwrap());
    let mut wanted = [true; 2];
    wanted[there as usize] = false;
    bot.until_up(&wanted).await;
    let lost = format!("⚠️ Shard {there} has lost its connection.");
    owner.expects("general", &lost).await.unwrap();

    // What an owner sees meanwhile.
    let health = said(&owner, "general", "!shardhealth").await;
    has(
        &health,
        &[
            "1 of 2 shards are well",
            &format!("🔴 Shard {there} has lost its connection"),
        ],
    );
    let overview = said(&owner, "general", "!shardmonitor").await;
    assert_eq!(field(&overview, "Connected"), "1 of 2");
    has(
        &overview,
        &[
            &format!("🟢 **Shard {here}**"),
            &format!("🔴 **Shard {there}**"),
        ],
    );
    let details = said(&owner, "general", &format!("!sharddetails {there}")).await;
    has(
        &details,
        &[&format!("Shard {there} of 2"), "It has lost its connection"],
    );
    // The plugin is swapped while the shard is away: it is not told of again.
    bot.drop_in(&fixtures::example("shards"), "shards");
    said(&owner, "general", "!reload shards").await;
    bot.until_generation("shards", 2).await;

    bot.sandbox.faults().remove(gate);
    bot.until_up(&[true; 2]).await;
    let well = format!("✅ Shard {there} is well again.");
    owner.expects("general", &well).await.unwrap();
    let told = |text: &str| {
        let all = owner.messages("general").into_iter();
        all.filter(|message| message.content.contains(text)).count()
    };
    assert_eq!(
        (told("has lost its connection."), told("is well again")),
        (1, 1)
    );
    // The hooks of the connections are in the monitor, and its counts are the host's.
    let events = clicked(&owner, &overview, "Events").await;
    has(
        &events,
        &[&format!("shard {there} has lost its connection")],
    );
    let shown = bot.bot.services().shards.list(Some(there)).unwrap();
    assert_eq!(shown[0].reconnects, 1);
    has(&events, &["1 reconnect"]);
    let health = clicked(&owner, &overview, "Health").await;
    has(&health, &["🟢 **Shard 0** well", "🟢 **Shard 1** well"]);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_monitor_shows_four_views_to_its_invoker_alone_also_after_a_reload() {
    let bot = Fixture::with(&["shards"]).await;
    let bot = bot
        .restart_after(async |stopped| stopped.add_harbour(Permissions::MANAGE_MESSAGES))
        .await;
    ready(&bot, 1).await;
    let (owner, moderator) = (bot.owner(), bot.sandbox.actor("mod").unwrap());
    let open = said(&owner, "general", "!shardmonitor").await;
    assert_eq!(
        open.buttons(),
        ["Overview", "Health", "Latency", "Events", "Refresh"]
    );
    assert_eq!(
        (field(&open, "Connected"), field(&open, "Servers")),
        ("1 of 1".into(), "2".into())
    );
    assert!(field(&open, "Sessions left to start").contains(" of "));
    for (label, told) in [
        ("Health", "**Shard 0** well · heard <t:"),
        ("Latency", "**Shard 0** · "),
        ("Events", "session since <t:"),
        ("Refresh", "session since <t:"),
        ("Overview", "2 servers"),
    ] {
        let seen = clicked(&owner, &open, label).await;
        has(&seen, &[told]);
        assert_eq!((seen.id, seen.edited), (open.id, true), "it edits itself");
    }
    let theirs = moderator.clicks_on(&open, "Health").await.unwrap();
    assert!(theirs.message.unwrap().ephemeral);
    bot.drop_in(&fixtures::example("shards"), "shards");
    said(&owner, "general", "!reload shards").await;
    bot.until_generation("shards", 2).await;
    has(&clicked(&owner, &open, "Health").await, &["Shards: health"]);
    // By slash it is for the owner's eyes, and edits itself there.
    let other = Fixture::with(&["shards"]).await;
    ready(&other, 1).await;
    let (owner, private) = (
        other.owner(),
        typed(&other.owner(), "general", "shardmonitor").await,
    );
    assert!(private.ephemeral);
    let latency = clicked(&owner, &private, "Latency").await;
    assert!(latency.ephemeral && latency.id == private.id);
    has(&latency, &["Shards: latency"]);
    let again = said(&owner, "general", "!shardmonitor").await;
    has(&again, &["can be used again in"]);
    other.close().await;
    // Whoever deletes the message closes the menu, and nothing comes of it.
    let owner = bot.owner();
    owner.deletes(&open).await.unwrap();
    assert!(owner.clicks_on(&open, "Health").await.is_err());
    has(
        &said(&owner, "general", "!shardhealth").await,
        &["The shard is well"],
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_shards_are_pages() {
    let bot = Fixture::many_shards(&["shards"], 12).await;
    ready(&bot, 12).await;
    let owner = bot.owner();
    let open = said(&owner, "general", "!shardmonitor").await;
    has(&open, &["**Shard 9**", "Page 1 of 2"]);
    assert!(!open.text().contains("**Shard 10**"));
    let second = clicked(&owner, &open, "›").await;
    has(&second, &["**Shard 10**", "**Shard 11**", "Page 2 of 2"]);
    assert_eq!(field(&second, "Connected"), "12 of 12");
    has(
        &clicked(&owner, &second, "Health").await,
        &["Shards: health", "**Shard 11**"],
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_alone_ask_choose_and_reset_and_bad_input_is_told() {
    let bot = Fixture::with(&["shards"]).await;
    let bot = bot
        .restart_after(async |stopped| {
            stopped.add_harbour(Permissions::MANAGE_MESSAGES);
            let bot = stopped.sandbox.application_id();
            stopped.sandbox.change_world(|world| {
                let pier = world.channel_named("pier").unwrap();
                world.deny(pier, bot, Permissions::SEND_MESSAGES);
            });
        })
        .await;
    ready(&bot, 1).await;
    let (owner, member) = (bot.owner(), bot.member());
    let moderator = bot.sandbox.actor("mod").unwrap();
    let docks = bot.sandbox.channel_id("docks").unwrap();
    let general = bot.sandbox.channel_id("general").unwrap();

    // A number alone changes the number: the reference switches off what it was given for.
    let first = said(&owner, "docks", "!shardalerts").await;
    has(
        &first,
        &["Alerts about shards are off.", "So it was before"],
    );
    let only = typed(&owner, "general", "shardalerts threshold:7").await;
    has(&only, &["are off", "after 7 checks"]);
    assert!(only.ephemeral);
    has(
        &said(&owner, "docks", "!shardalerts #docks").await,
        &[&format!("<#{docks}>, after 7 checks in a row")],
    );
    has(
        &typed(&owner, "general", "shardalerts threshold:3").await,
        &[&format!("<#{docks}>, after 3 checks in a row")],
    );
    // By prefix as well, also where there are no channels.
    for (place, count) in [("docks", 5), ("dm", 6), ("general", 3)] {
        has(
            &said(&owner, place, &format!("!shardalerts {count}")).await,
            &[&format!("<#{docks}>, after {count} checks in a row")],
        );
    }
    let bot = bot.restart().await;
    ready(&bot, 1).await;
    has(
        &said(&owner, "general", "!shardhealth").await,
        &[&format!("<#{docks}>, after 3 checks in a row")],
    );
    has(
        &said(&owner, "general", "!shardalerts #general").await,
        &[
            &format!("<#{general}>, after 3"),
            &format!("Before, that was <#{docks}>"),
        ],
    );
    has(
        &said(&owner, "docks", "!shardalerts #pier").await,
        &["can't write in", "send messages"],
    );
    has(
        &said(&owner, "general", "!shardalerts").await,
        &["are off", &format!("Before, that was <#{general}>")],
    );

    let details = said(&owner, "dm", "!sharddetails 0").await;
    has(
        &details,
        &["Shard 0 of 1", "It is well", "counted since the bot began"],
    );
    assert_eq!(field(&details, "Servers"), "2");
    let reset = said(&owner, "general", "!shardreset").await;
    has(
        &reset,
        &["Shard 0 had ", " events, 0 reconnects and 0 resumes"],
    );
    let counted = bot.bot.services().shards.list(Some(0)).unwrap();
    assert!(counted[0].counted_since_ms.is_some());
    let journal = bot.data().join("audit");
    let is_noted = || {
        let files = std::fs::read_dir(&journal).into_iter().flatten();
        let mut texts = files.filter_map(|it| std::fs::read_to_string(it.ok()?.path()).ok());
        texts.any(|text| text.contains("shards.reset"))
    };
    let noted = async {
        while !is_noted() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, noted).await.unwrap();
    has(
        &typed(&owner, "general", "shardreset id:all").await,
        &["Shard 0 had"],
    );

    for (wrong, told) in [
        ("shardreset 7", "has no shard 7"),
        ("shardreset tea", "`tea` is no number of a shard"),
        ("shardreset 99999999999", "is no number of a shard"),
        ("shardalerts #docks 21", "20"),
        ("shardalerts #docks 0", "1"),
        ("shardalerts 21", "`threshold` can't be `21`"),
        ("shardalerts tea", "`channel` can't be `tea`"),
        (
            "shardalerts 5 tea",
            "Usage: `!shardalerts [channel] [threshold]`",
        ),
        ("shardalerts #nowhere", "nowhere"),
    ] {
        has(&said(&owner, "docks", &format!("!{wrong}")).await, &[told]);
    }
    for (who, place) in [
        (&member, "docks"),
        (&moderator, "general"),
        (&member, "general"),
        (&member, "dm"),
    ] {
        for command in [
            "shardmonitor",
            "sharddetails 0",
            "shardhealth",
            "shardalerts",
            "shardreset",
        ] {
            let seen = said(who, place, &format!("!{command}")).await;
            has(&seen, &["owner"]);
            assert!(
                seen.embeds.iter().all(|it| it["fields"].is_null()),
                "{}",
                seen.text()
            );
        }
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_power_a_command_names_it_and_the_others_work() {
    let mut config = QUICK.to_owned();
    write!(config, "[grants.shards]\npowers = [\"bot.read\"]\n").unwrap();
    let bot = Fixture::configured(&["shards"], &config).await;
    ready(&bot, 1).await;
    let owner = bot.owner();
    has(
        &said(&owner, "general", "!shardhealth").await,
        &["The shard is well"],
    );
    has(
        &said(&owner, "general", "!shardreset").await,
        &["`gateway.control`", "[grants.shards]"],
    );
    let open = said(&owner, "general", "!shardmonitor").await;
    let bot = bot.reconfigured("[grants.shards]\npowers = []\n").await;
    ready(&bot, 1).await;
    has(
        &said(&owner, "general", "!sharddetails 0").await,
        &["`bot.read`"],
    );
    // A menu that was open shows nothing any more.
    let clicked = owner.clicks_on(&open, "Health").await.unwrap();
    let seen = owner.expects_reply_to(&clicked).await.unwrap();
    has(&seen, &["`bot.read`"]);
    bot.close().await;
}
