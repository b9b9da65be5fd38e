//! Stories of shards that are lost, one or all of them.

use sandbox::Fault;

use host::services::schedules::Clock;

use super::{ANY_MACHINE, NOON, bot, has, slash, started};
use crate::support::Fixture;

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_is_lost_is_told_and_so_is_its_return_but_no_reconnect() {
    let bot = bot().await;
    // For a moment it is away, and back before the next look.
    let sessions = bot.sessions();
    bot.sandbox.invalidate_sessions();
    bot.until_sessions_silently(sessions + 1).await;
    assert_eq!(bot.state().await, "healthy");
    bot.sandbox
        .faults()
        .add(Fault::RefuseConnections, None)
        .unwrap();
    bot.sandbox.drop_connections();
    bot.until_up(&[false]).await;
    assert_eq!(bot.state().await, "healthy", "it may be back in a moment");
    assert_eq!(bot.state().await, "critical");
    has(&bot.until_alerts(1).await, &["no shard is connected"]);
    bot.looks().await;
    bot.sandbox.faults().clear();
    bot.until_up(&[true]).await;
    assert_eq!(bot.state().await, "healthy");
    has(&bot.until_alerts(2).await, &["healthy again"]);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_shards_that_is_lost_is_named_and_its_return_is_told() {
    let bot = Fixture::sharded_at(&["diagnostics"], Clock::paused(NOON), 2).await;
    let bot = started(bot, ANY_MACHINE).await;
    bot.until_up(&[true; 2]).await;
    // The owner's server is on one of them; the other is lost.
    let here = usize::try_from((bot.sandbox.guild_id() >> 22) % 2).unwrap();
    let lost = 1 - here;
    let gate = bot
        .sandbox
        .faults()
        .add(Fault::RefuseConnections, None)
        .unwrap();
    assert!(bot.bot.services().shards.reconnect(lost as u32).unwrap());
    bot.until_up(&[here == 0, here == 1]).await;
    bot.until_state("degraded").await;
    let named = format!("1 of 2 shards not connected for more than a minute: {lost}");
    has(
        &bot.until_alerts(1).await,
        &["degraded, and was healthy", &named],
    );
    let entry = bot.looks().await;
    assert_eq!(
        (&entry["state"], &entry["shards_connected"]),
        (&"degraded".into(), &1.into()),
        "{entry}"
    );
    let shown = slash(&bot.owner(), "general", "fw_diagnostics").await;
    has(&shown.text(), &["1 of 2 connected", &named]);
    bot.sandbox.faults().remove(gate);
    bot.until_up(&[true; 2]).await;
    bot.until_state("healthy").await;
    has(&bot.until_alerts(2).await, &["healthy again"]);
    bot.close().await;
}
