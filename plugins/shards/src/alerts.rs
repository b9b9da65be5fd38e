//! Command `shardalerts`: where the watch tells of shards, and after how many checks.

use plugin_api::{KvStore, prelude::*, text::counted};
use serde::{Deserialize, Serialize};

use crate::memory::Watch;

/// Checks in a row that must have found a shard ill: one may fall into a reconnect that takes seconds.
const THRESHOLD: u32 = 2;

/// Most of them.
const MOST: u32 = 20;

/// Key in the plugin's own store.
const KEY: &str = "alerts";

/// Where the watch tells, and after how many checks in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Alerts {
    pub(crate) channel: Option<Id<marker::ChannelMarker>>,
    pub(crate) threshold: u32,
}

impl Default for Alerts {
    fn default() -> Self {
        Self {
            channel: None,
            threshold: THRESHOLD,
        }
    }
}

impl Alerts {
    pub(crate) fn words(&self) -> String {
        let checks = match self.threshold {
            1 => "at the first check that finds".to_owned(),
            checks => format!(
                "after {} in a row that found",
                counted(checks.into(), "check")
            ),
        };
        match self.channel {
            Some(channel) => {
                format!("Alerts go to <#{channel}>, {checks} a shard lost, slow or silent.")
            }
            None => "Alerts about shards are off.".to_owned(),
        }
    }
}

fn store(host: &Host) -> KvStore {
    host.storage().bot().kv_store("settings")
}

/// What was chosen.
pub(crate) async fn stored(host: &Host) -> Result<Alerts> {
    Ok(store(host).get(KEY).await?.unwrap_or_default())
}

pub(super) fn shardalerts() -> Command<Watch> {
    Command::new("shardalerts", "Sets where you are told of shards that are lost, slow or silent")
        .help(
            "With a channel alerts go there. A number from 1 to 20 is how many checks in a row, one a minute, must find a shard ill \
             before you are told; alone it leaves the channel as it is. With neither, alerts are switched off.",
        )
        .example("shardalerts #bot-log")
        .example("shardalerts #bot-log 5")
        .example("shardalerts 5")
        .option(CommandOption::channel("channel", "Where; left out with the number as well: off"))
        .option(
            CommandOption::integer("threshold", "Checks in a row, 1 to 20")
                .min(1)
                .max(f64::from(MOST)),
        )
        .run(run)
}

async fn run(ctx: CommandContext<Watch>) -> Result {
    let channel: Option<Id<marker::ChannelMarker>> = ctx.option("channel")?;
    let threshold: Option<u32> = ctx.option("threshold")?;
    if let Some(channel) = channel {
        ctx.host().cache().writable(channel).await?;
    }
    let before = stored(ctx.host()).await?;
    let mut now = before.clone();
    match (channel, threshold) {
        // Neither: off. A number alone is about the number.
        (None, None) => now.channel = None,
        (channel, threshold) => {
            now.channel = channel.or(now.channel);
            now.threshold = threshold.unwrap_or(now.threshold);
        }
    }
    store(ctx.host()).set(KEY, &now).await?;
    let mut text = now.words();
    if now.channel.is_none() && threshold.is_some() {
        text.push_str(&format!(
            " Once they have a channel, they come after {}.",
            counted(now.threshold.into(), "check")
        ));
    } else if now == before {
        text.push_str(" So it was before.");
    } else if let Some(old) = before.channel.filter(|old| Some(*old) != now.channel) {
        text.push_str(&format!(" Before, that was <#{old}>."));
    }
    let card = embed("Alerts about shards").success().description(text);
    ctx.reply(card).await
}
