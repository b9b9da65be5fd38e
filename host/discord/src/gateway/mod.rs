//! Gateway shards: connected, resumed, and renewed when the intents change.

mod goodbye;
mod merge;
mod permits;
mod renewal;
mod saved;
mod shard;
mod shards;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::AtomicBool},
    time::Instant,
};

use host_base::PluginName;
use host_capability::Failure;
use thiserror::Error;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use twilight_gateway::{
    Config, ConfigBuilder, Intents, Message, Session, ShardId, queue::InMemoryQueue,
};
use twilight_model::gateway::payload::outgoing::update_presence::UpdatePresencePayload;

pub use self::{
    merge::News,
    saved::{Place, Sessions},
    shards::Shards,
};
use self::{permits::Permits, renewal::Allowance, saved::SavedSession, shard::Knows};
use crate::{
    Discord,
    lenient::{self, Fields},
};

/// Messages between the shards and the dispatcher: a second or two of a busy bot. When it is full the shards stop reading,
/// and the messages wait in their sockets.
pub const MESSAGES: usize = 1024;

/// Settings of the shards.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The bot's token.
    pub token: String,
    /// `[discord] gateway_url`.
    pub gateway_url: Option<String>,
    /// `SHARD_COUNT`; otherwise what Discord recommends.
    pub shard_count: Option<u32>,
    /// `SHARD_IDS`; otherwise all.
    pub shard_ids: Option<Vec<u32>>,
    /// The sessions of the process before, and where those of this one are saved.
    pub sessions: Arc<Sessions>,
}

/// A message from a shard, or its end.
#[derive(Debug)]
pub enum FromShard {
    /// A gateway message.
    Message {
        /// Which shard.
        shard: u32,
        /// The intents of its session.
        intents: Intents,
        /// What it is to the cache and to plugins.
        news: News,
        /// Where its session stands once it was dispatched, where that is known.
        place: Option<Place>,
        /// The message.
        message: Message,
        /// When it was passed on.
        at: Instant,
    },
    /// A shard has lost its connection, and looks for another.
    Lost {
        /// Which shard.
        shard: u32,
        /// Discord's close code, or 4000 when it was the host that has closed it; `None`: the connection broke.
        code: Option<u16>,
        /// Discord's words.
        reason: String,
    },
    /// Discord refuses a session with other intents; the shard goes on with the one that it has.
    Refused {
        /// Which shard.
        shard: u32,
        /// Why.
        reason: GatewayError,
    },
    /// The shard was told to stop, and has passed on all that it had read.
    Left {
        /// Which shard.
        shard: u32,
    },
    /// Discord has closed the shard for good.
    Closed {
        /// Which shard.
        shard: u32,
        /// Why.
        reason: GatewayError,
    },
}

/// Error that keeps the bot off the gateway.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// Discord does not know the token.
    #[error(
        "Discord does not know the token in DISCORD_TOKEN: copy it anew from the Developer Portal > your application > Bot > Reset Token"
    )]
    Token,
    /// Discord did not say how many shards to start.
    #[error("can't ask Discord how many shards to start: {0}")]
    Recommendation(String),
    /// Discord allows no more sessions today.
    #[error(
        "Discord allows no new session before {minutes} minutes from now: the bot has started too often today"
    )]
    SessionLimit {
        /// Until the limit is reset.
        minutes: u64,
    },
    /// `SHARD_IDS` and `SHARD_COUNT` do not fit.
    #[error("SHARD_IDS names shard {id}, and there are {count} shards: ids go from 0 to {}", count - 1)]
    ShardId {
        /// The id.
        id: u32,
        /// How many there are.
        count: u32,
    },
    /// Discord refused the session.
    #[error("{words}")]
    Refused {
        /// The close code, where there was one.
        code: Option<u16>,
        /// What it means, and the next step.
        words: String,
    },
}

/// Signals that the shards follow while they run.
#[derive(Debug, Clone)]
pub struct Follow {
    /// The intents to be identified with; the plugins behind each.
    pub intents: watch::Receiver<(Intents, BTreeMap<u64, Vec<PluginName>>)>,
    /// The presence to show.
    pub presence: watch::Receiver<UpdatePresencePayload>,
    /// True when the shards shall close.
    pub shutdown: CancellationToken,
    /// Where it is noted how the shards fare, and by which they are told to connect again.
    pub shards: Arc<Shards>,
}

/// Shards that were started.
#[derive(Debug)]
pub struct Started {
    /// What they say; it ends when all of them have closed.
    pub messages: mpsc::Receiver<FromShard>,
    /// How many there are.
    pub count: usize,
    /// Those that go on with a session of the process before, and whose servers are known from it.
    pub restored: BTreeSet<u32>,
}

/// Starts the shards. One whose session was saved goes on with it; what is known of its servers is read from the snapshot that
/// belongs to it.
///
/// # Errors
///
/// Discord recommends no number of shards, allows no session, or the numbers given do not fit.
pub async fn start(
    settings: Settings,
    discord: &Discord,
    follow: Follow,
) -> Result<Started, GatewayError> {
    let info = recommendation(discord).await?;
    let count = settings.shard_count.unwrap_or(info.shards).max(1);
    let ids = settings
        .shard_ids
        .clone()
        .unwrap_or_else(|| (0..count).collect());
    if let Some(&id) = ids.iter().find(|id| **id >= count) {
        return Err(GatewayError::ShardId { id, count });
    }
    let sessions = &settings.sessions;
    sessions.starting(count);
    let saved: Vec<&SavedSession> = ids
        .iter()
        .filter_map(|id| sessions.fitting(*id, count))
        .collect();
    if (info.remaining as usize) < ids.len() - saved.len() {
        return Err(GatewayError::SessionLimit {
            minutes: info.reset_after_ms / 60_000 + 1,
        });
    }
    let restored = restore(&follow.shards, sessions, &saved).await;
    tracing::info!(
        shards = ids.len(),
        of = count,
        resumed = saved.len(),
        "connecting"
    );
    let queue = InMemoryQueue::new(
        info.max_concurrency,
        info.remaining,
        std::time::Duration::from_millis(info.reset_after_ms),
        info.total,
    );
    let (sender, messages) = mpsc::channel(MESSAGES);
    let started = Started {
        messages,
        count: ids.len(),
        restored,
    };
    let gateway_url = settings.gateway_url.clone().or(Some(info.url));
    let template = Arc::new(Template {
        token: settings.token.clone(),
        gateway_url,
        queue,
        allowance: Allowance::of(info.total, info.remaining, count, Instant::now()),
        shards: Arc::clone(&follow.shards),
    });
    follow
        .shards
        .starting(count, info.total, info.remaining, info.reset_after_ms);
    for id in ids {
        // From now on it is waited for.
        let _ = follow.shards.figures().shard(id);
        let knows = match started.restored.contains(&id) {
            true => Knows::Servers,
            false => Knows::Nothing,
        };
        let saved = settings.sessions.fitting(id, count);
        let saved = saved.map(|saved| (saved.clone(), knows));
        let id = ShardId::new(id, count);
        tokio::spawn(shard::run(
            id,
            Arc::clone(&template),
            follow.clone(),
            sender.clone(),
            saved,
        ));
    }
    Ok(started)
}

/// Reads what was known when these sessions were left; the shards whose servers are known now.
async fn restore(shards: &Shards, sessions: &Sessions, saved: &[&SavedSession]) -> BTreeSet<u32> {
    let (cache, file) = (Arc::clone(shards.cache()), sessions.snapshot());
    let marks = Sessions::marks_of(saved);
    let read = tokio::task::spawn_blocking(move || {
        let known = cache.restore(&file, &marks);
        // It has people's names in it, and is of no use any more.
        let _ = std::fs::remove_file(file);
        known
    });
    read.await.unwrap_or_default()
}

/// Where the gateway is, if Discord does not say it.
const GATEWAY: &str = "wss://gateway.discord.gg";

/// More shards than any bot has: a number beyond it is none that Discord has meant.
const MOST_SHARDS: u32 = 100_000;

/// Response of `/gateway/bot`
/// ([reference](https://discord.com/developers/docs/events/gateway#get-gateway-bot)).
#[derive(Debug)]
struct Recommendation {
    url: String,
    shards: u32,
    total: u32,
    remaining: u32,
    reset_after_ms: u64,
    max_concurrency: u16,
}

/// Common parts of all shards.
#[derive(Debug)]
struct Template {
    token: String,
    gateway_url: Option<String>,
    queue: InMemoryQueue,
    allowance: Allowance,
    shards: Arc<Shards>,
}

impl Template {
    fn config(
        &self,
        intents: Intents,
        presence: UpdatePresencePayload,
        may_identify: Arc<AtomicBool>,
        restored: Option<&SavedSession>,
    ) -> Config<Permits> {
        let permits = Permits {
            queue: self.queue.clone(),
            given: may_identify,
            shards: Arc::clone(&self.shards),
        };
        let mut config = ConfigBuilder::new(self.token.clone(), intents)
            .queue(permits)
            .presence(presence);
        if let Some(url) = &self.gateway_url {
            config = config.proxy_url(url.trim_end_matches('/').to_owned());
        }
        if let Some(saved) = restored {
            config = config.session(Session::new(saved.sequence, saved.id.clone()));
            if let Some(url) = &saved.resume_url {
                config = config.resume_url(url.clone());
            }
        }
        config.build()
    }
}

/// What Discord recommends, and how many sessions it allows: asked for as long as it takes. What it leaves out is taken to be as
/// for a small bot.
async fn recommendation(discord: &Discord) -> Result<Recommendation, GatewayError> {
    let answer = discord.ask_until_answered("gateway/bot").await;
    let answer = answer.map_err(|failure| match failure {
        Failure::Discord { status: 401, .. } => GatewayError::Token,
        failure => GatewayError::Recommendation(failure.to_string()),
    })?;
    Ok(Recommendation::read(&answer))
}

impl Recommendation {
    /// Each part of which can't be read is as for a small bot.
    fn read(answer: &str) -> Self {
        let fields = Fields::read(answer).unwrap_or_default();
        let limit = fields.object("session_start_limit").known();
        let limit = limit.unwrap_or_default();
        let number = |of: &Fields<'_>, name: &str, default: u32| {
            let number = of.get(name, lenient::number).known();
            number.map_or(default, |number| number.try_into().unwrap_or(u32::MAX))
        };
        let url = fields.get("url", lenient::text).known();
        let url = url.filter(|url| url.starts_with("wss://") || url.starts_with("ws://"));
        let reset_after = limit.get("reset_after", lenient::number).known();
        let at_once = number(&limit, "max_concurrency", 1).try_into();
        let total = number(&limit, "total", 1_000);
        Self {
            url: url.map_or_else(|| GATEWAY.to_owned(), Into::into),
            shards: Some(number(&fields, "shards", 1))
                .filter(|shards| (1..=MOST_SHARDS).contains(shards))
                .unwrap_or(1),
            total,
            // The queue takes it that none of them is more than all.
            remaining: number(&limit, "remaining", 1_000).min(total),
            reset_after_ms: reset_after.unwrap_or_default(),
            max_concurrency: at_once.unwrap_or(u16::MAX).max(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_odd_in_the_recommendation_is_as_for_a_small_bot() {
        let read = |answer: &str| {
            let it = Recommendation::read(answer);
            let limits = (
                it.total,
                it.remaining,
                it.reset_after_ms,
                it.max_concurrency,
            );
            (it.url, it.shards, limits)
        };
        let good = r#"{"url":"wss://g.example","shards":3,"session_start_limit":
            {"total":9,"remaining":8,"reset_after":7,"max_concurrency":16}}"#;
        assert_eq!(read(good), ("wss://g.example".to_owned(), 3, (9, 8, 7, 16)));
        let small = (GATEWAY.to_owned(), 1, (1_000, 1_000, 0, 1));
        for odd in [
            "{}",
            r#"{"url":5,"shards":0,"session_start_limit":[]}"#,
            r#"{"url":"x","shards":-1,"session_start_limit":{"total":1e400,"remaining":"many","reset_after":null}}"#,
            r#"{"url":"\ud800","shards":4000000000,"session_start_limit":{"max_concurrency":0}}"#,
        ] {
            assert_eq!(read(odd), small, "{odd}");
        }
    }
}
