//! Tests with two shards: each event comes once, by the shard of its server, also while both have their sessions
//! renewed.

use std::{collections::BTreeSet, fs, sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{
    observe::page,
    renewal::ear,
    support::{Fixture, PATIENCE},
};

const SHARDS: u64 = 2;

/// The shard that hears of a server
/// ([reference](https://discord.com/developers/docs/events/gateway#sharding-sharding-formula)).
const fn shard_of(guild: u64) -> u64 {
    (guild >> 22) % SHARDS
}

/// A bot with two shards and a server on each; `harbour` is a channel of the other shard's.
async fn bot(config: &str) -> Fixture {
    let bot = Fixture::sharded(&[], config, SHARDS as u32).await;
    bot.restart_after(async |stopped| {
        let first = stopped.sandbox.guild_id();
        let (owner, member) = (
            stopped.sandbox.owner_id(),
            stopped.sandbox.user_id("member").unwrap(),
        );
        stopped.sandbox.change_world(|world| {
            let other = std::iter::from_fn(|| Some(world.add_guild("Elsewhere", owner)))
                .find(|guild| shard_of(*guild) != shard_of(first))
                .unwrap();
            world.add_member(other, member, &[]);
            world.add_channel(other, "harbour");
        });
    })
    .await
}

/// What the plugin has heard, a line each.
fn heard(file: &std::path::Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_shards_hear_each_message_once_also_while_both_are_renewed() {
    let library = ear();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("heard.txt");
    let config = format!(
        "[metrics]\nlisten = \"127.0.0.1:0\"\n[plugins.ear]\nfile = {:?}",
        file.to_str().unwrap()
    );
    let bot = Arc::new(bot(&config).await);
    // One shard of each start may have been stopped before it had its session.
    let up = async {
        let address = bot.bot.metrics_address().unwrap();
        loop {
            let (_, figures) = page(address, "/metrics", "*/*").await;
            let is_up =
                |shard| figures.contains(&format!("cogwright_gateway_up{{shard=\"{shard}\"}} 1"));
            if is_up(0) && is_up(1) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, up).await.unwrap();
    let sessions = bot.sessions();
    let (stop, stopped) = watch::channel(false);
    let speaker = Arc::clone(&bot);
    let stream = tokio::spawn(async move {
        let member = speaker.member();
        let mut said = Vec::new();
        while !*stopped.borrow() {
            let place = ["general", "harbour"][said.len() % 2];
            let text = format!("line {}", said.len());
            said.push(member.says(place, &text).await.unwrap().id);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        said
    });
    bot.drop_in(&library, "ear");
    // Both have a session with message content, and overlap the older ones for a while.
    bot.until_sessions_silently(sessions + SHARDS as usize)
        .await;
    tokio::time::sleep(Duration::from_millis(4_500)).await;
    stop.send_replace(true);
    let said = stream.await.unwrap();
    let last: Vec<String> = (said.len() - 2..said.len())
        .map(|number| format!("{} line {number}", said[number]))
        .collect();
    let all_heard = async {
        while !last.iter().all(|line| heard(&file).contains(line)) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, all_heard).await;
    assert!(
        waited.is_ok(),
        "{last:?} with their texts: {:#?}",
        heard(&file)
    );
    let lines = heard(&file);
    let ids: Vec<u64> = lines
        .iter()
        .filter_map(|line| line.split(' ').next()?.parse().ok())
        .collect();
    for shard in 0..2 {
        let of_shard: Vec<u64> = said.iter().copied().skip(shard).step_by(2).collect();
        let heard: Vec<u64> = ids
            .iter()
            .copied()
            .filter(|id| of_shard.contains(id))
            .collect();
        let expected: Vec<u64> = of_shard.into_iter().filter(|id| *id >= heard[0]).collect();
        assert!(expected.len() > 25, "{} are no stream", expected.len());
        assert_eq!(heard, expected, "each once, and in order");
    }
    let of_servers: BTreeSet<&str> = lines
        .iter()
        .map(String::as_str)
        .filter(|line| matches!(*line, "ready" | "a server"))
        .collect();
    assert_eq!(of_servers, BTreeSet::new(), "nothing of this is new");
    // Direct messages come by the first shard, and once.
    let direct = bot.member().says("dm", "in private").await.unwrap();
    let after = bot.member().says("harbour", "behind it").await.unwrap();
    let both_heard = async {
        let has = |id: u64| {
            heard(&file)
                .iter()
                .any(|line| line.starts_with(&format!("{id} ")))
        };
        while !(has(direct.id) && has(after.id)) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, both_heard).await.unwrap();
    let line = format!("{} in private", direct.id);
    assert_eq!(heard(&file).iter().filter(|it| **it == line).count(), 1);
    Arc::into_inner(bot).unwrap().close().await;
}
