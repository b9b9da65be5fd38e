//! Watch: looks at the shards each minute, and tells of one that is ill, and of one that is well again.

use std::{collections::BTreeMap, time::Duration};

use plugin_api::{abi::ShardView, prelude::*, text::lines};

use crate::{
    alerts::{self, Alerts},
    memory::{Memory, Told, Watch},
    verdict::Verdict,
    words::now_ms,
};

/// Characters of a message.
const MESSAGE: usize = 1_900;

/// Looks again and again, as often as the setting says.
pub(crate) async fn run(host: Host, watch: Watch) -> Result {
    loop {
        tokio::time::sleep(host.setting("check_every")?).await;
        if let Err(error) = check(&host, &watch).await {
            match error.user_message() {
                // A power that was taken away is the operator's wish.
                Some(_) => tracing::debug!("the shards were not looked at: {error}"),
                None => tracing::warn!("the shards could not be looked at: {error}"),
            }
        }
    }
}

async fn check(host: &Host, watch: &Watch) -> Result {
    let shards = host.shards().await?.shards;
    let alerts = alerts::stored(host).await?;
    let cool_down: Duration = host.setting("cool_down")?;
    let (before, news) = {
        let mut memory = watch.0.borrow_mut();
        let before: BTreeMap<u32, Told> = memory
            .shards
            .iter()
            .map(|(id, seen)| (*id, seen.told))
            .collect();
        (
            before,
            look(&mut memory, &shards, &alerts, cool_down, now_ms()),
        )
    };
    let (Some(channel), false) = (alerts.channel, news.is_empty()) else {
        return Ok(());
    };
    let text = lines(&news, MESSAGE);
    tracing::warn!("{text}");
    if let Err(error) = host.discord().send(channel, text).await {
        // It was not told: the next check tells it.
        for (id, seen) in &mut watch.0.borrow_mut().shards {
            seen.told = before.get(id).copied().unwrap_or_default();
        }
        return Err(error.context("sending an alert; `shardalerts` chooses another channel"));
    }
    Ok(())
}

/// What there is to tell, a line each.
fn look(
    memory: &mut Memory,
    shards: &[ShardView],
    alerts: &Alerts,
    cool_down: Duration,
    now_ms: u64,
) -> Vec<String> {
    let cool_down = u64::try_from(cool_down.as_millis()).unwrap_or(u64::MAX);
    memory
        .shards
        .retain(|id, _| shards.iter().any(|shard| shard.id == *id));
    let mut news = Vec::new();
    for shard in shards {
        let seen = memory.shards.entry(shard.id).or_default();
        let verdict = Verdict::of(shard, now_ms);
        if let Some(latency) = shard.latency_us.filter(|_| shard.connected) {
            seen.measured(latency);
        }
        seen.ill_checks = match verdict {
            Verdict::Ill(_) => seen.ill_checks.saturating_add(1),
            _ => 0,
        };
        if alerts.channel.is_none() {
            // Nobody was told, so nobody waits for the end of it.
            seen.told.trouble = None;
            continue;
        }
        match (verdict, seen.told.trouble) {
            (Verdict::Well, Some(_)) => {
                seen.told.trouble = None;
                news.push(format!("✅ Shard {} is well again.", shard.id));
            }
            (Verdict::Ill(trouble), None) => {
                let is_cool =
                    seen.told.at_ms == 0 || now_ms.saturating_sub(seen.told.at_ms) >= cool_down;
                if seen.ill_checks >= alerts.threshold && is_cool {
                    seen.told = Told {
                        trouble: Some(trouble),
                        at_ms: now_ms,
                    };
                    news.push(format!("⚠️ Shard {} {}.", shard.id, verdict.words()));
                }
            }
            _ => {}
        }
    }
    news
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::SLOW_US;

    const COOL: Duration = Duration::from_secs(300);

    fn shard(id: u32, connected: bool) -> ShardView {
        let mut shard = ShardView::default();
        (shard.id, shard.connected) = (id, connected);
        shard.session_since_ms = Some(1);
        shard
    }

    fn alerts(threshold: u32) -> Alerts {
        Alerts {
            channel: Some(Id::new(7)),
            threshold,
        }
    }

    /// A minute for each check.
    fn told(memory: &mut Memory, checks: &[(u64, bool)], threshold: u32) -> Vec<Vec<String>> {
        checks
            .iter()
            .map(|(minute, up)| {
                let shards = [shard(0, true), shard(1, *up)];
                look(
                    memory,
                    &shards,
                    &alerts(threshold),
                    COOL,
                    (minute + 1) * 60_000,
                )
            })
            .collect()
    }

    #[test]
    fn a_loss_is_told_once_when_enough_checks_have_seen_it_and_its_end_once() {
        let checks = [
            (0, true),
            (1, false),
            (2, false),
            (3, false),
            (4, true),
            (5, true),
        ];
        let lost = vec!["⚠️ Shard 1 has lost its connection.".to_owned()];
        let well = vec!["✅ Shard 1 is well again.".to_owned()];
        let none = Vec::new();
        let all = told(&mut Memory::default(), &checks, 2);
        assert_eq!(
            all,
            [&none, &none, &lost, &none, &well, &none].map(Clone::clone)
        );
        // A check that finds it well begins the count anew.
        let checks = [(0, false), (1, true), (2, false), (3, true)];
        assert!(told(&mut Memory::default(), &checks, 2).concat().is_empty());
    }

    #[test]
    fn one_that_comes_and_goes_is_told_again_after_the_cool_down_alone() {
        let checks = [
            (0, false),
            (1, true),
            (2, false),
            (3, true),
            (4, false),
            (5, false),
            (6, true),
        ];
        let all = told(&mut Memory::default(), &checks, 1);
        let counts: Vec<usize> = all.iter().map(Vec::len).collect();
        // The second loss is within it, and so is its end; the third lasts until it is over.
        assert_eq!(counts, [1, 1, 0, 0, 0, 1, 1], "{all:?}");
    }

    #[test]
    fn what_was_not_told_to_anybody_is_told_when_there_is_a_channel() {
        let (mut memory, off) = (
            Memory::default(),
            Alerts {
                channel: None,
                threshold: 1,
            },
        );
        let lost = [shard(1, false)];
        assert!(look(&mut memory, &lost, &off, COOL, 60_000).is_empty());
        assert_eq!(look(&mut memory, &lost, &alerts(1), COOL, 120_000).len(), 1);
        // Switched off meanwhile: its end is no news either.
        assert!(look(&mut memory, &lost, &off, COOL, 180_000).is_empty());
        assert!(look(&mut memory, &[shard(1, true)], &alerts(1), COOL, 240_000).is_empty());
    }

    #[test]
    fn a_slow_shard_is_told_of_and_shards_that_are_gone_are_forgotten() {
        let (mut memory, mut slow) = (Memory::default(), shard(0, true));
        slow.latency_us = Some(2 * SLOW_US);
        let news = look(
            &mut memory,
            &[slow, shard(1, true)],
            &alerts(1),
            COOL,
            60_000,
        );
        assert_eq!(news, ["⚠️ Shard 0 is slow: its heartbeat took 2000.0 ms."]);
        assert_eq!(memory.shards[&0].latencies, [2 * SLOW_US]);
        let _ = look(&mut memory, &[shard(1, true)], &alerts(1), COOL, 120_000);
        assert_eq!(memory.shards.keys().collect::<Vec<_>>(), [&1]);
    }
}
