//! Words that several answers share.

use std::time::{SystemTime, UNIX_EPOCH};

use plugin_api::{abi::ShardView, prelude::*};

/// Now, in milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    since.as_millis().try_into().unwrap_or(u64::MAX)
}

/// The shard of this number, or what there are.
pub(crate) fn shard(shards: &[ShardView], number: u32) -> Result<&ShardView> {
    shards
        .iter()
        .find(|shard| shard.id == number)
        .ok_or_else(|| {
            let there = match (shards.first(), shards.last()) {
                (Some(first), Some(last)) if first.id == last.id => {
                    format!("it has {} alone", first.id)
                }
                // The numbers of one process follow each other.
                (Some(first), Some(last)) => format!("it has {} to {}", first.id, last.id),
                _ => "it has none yet".to_owned(),
            };
            Error::user(format!("This process has no shard {number}: {there}."))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_that_is_not_there_is_answered_with_those_that_are() {
        let one = |id: u32| {
            let mut shard = ShardView::default();
            shard.id = id;
            shard
        };
        let shards = [one(2), one(3)];
        assert_eq!(shard(&shards, 3).unwrap().id, 3);
        let why = |shards: &[ShardView]| shard(shards, 7).unwrap_err().to_string();
        assert_eq!(why(&shards), "This process has no shard 7: it has 2 to 3.");
        assert_eq!(
            why(&shards[..1]),
            "This process has no shard 7: it has 2 alone."
        );
        assert_eq!(why(&[]), "This process has no shard 7: it has none yet.");
    }
}
