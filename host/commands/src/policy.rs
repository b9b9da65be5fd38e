//! Command policy: who owns the bot, what servers have set, and the limits.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use host_ops::config::Live;
use host_store::{Storage, storage::StorageError};
use plugin_api::manifest::{CooldownManifest, Per};
use twilight_model::{
    gateway::Intents,
    id::{
        Id,
        marker::{GuildMarker, UserMarker},
    },
};

use super::{limits::Limits, rules::Rules};

/// Policy of commands: who may use them, where, and how often.
#[derive(Debug)]
pub struct Policy {
    live: Live,
    /// The owner that the environment names.
    first_owner: AtomicU64,
    /// What servers have set.
    pub rules: Rules,
    /// How often, and how many at once.
    pub limits: Limits,
    /// The intents of the session that told of something last.
    intents: AtomicU64,
}

/// A server's prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix {
    pub text: String,
    pub mention: bool,
    /// Whether the server has set one of its own.
    pub own: bool,
}

impl Policy {
    pub(super) fn new(live: Live, storage: &Arc<Storage>) -> Self {
        Self {
            live,
            first_owner: AtomicU64::new(0),
            rules: Rules::new(Arc::clone(storage)),
            limits: Limits::default(),
            intents: AtomicU64::new(0),
        }
    }

    /// The bot's prefix, where a server has none of its own.
    pub fn own_prefix(&self) -> String {
        self.live.now().bot.prefix.clone()
    }

    /// Takes note of the intents that a session has.
    pub fn heard_with(&self, intents: Intents) {
        self.intents.store(intents.bits(), Relaxed);
    }

    /// Whether the bot gets the text of messages that do not mention it (MESSAGE_CONTENT).
    pub fn hears_content(&self) -> bool {
        let intents = Intents::from_bits_truncate(self.intents.load(Relaxed));
        intents.contains(Intents::MESSAGE_CONTENT)
    }

    /// Who owns the bot beside those in `bot.owner_ids`.
    pub fn set_owner(&self, id: u64) {
        self.first_owner.store(id, Relaxed);
    }

    /// The bot's owners.
    #[must_use]
    pub fn owners(&self) -> Vec<u64> {
        let first = self.first_owner.load(Relaxed);
        let named = self.live.now().bot.owner_ids.clone();
        let rest = named.into_iter().filter(|id| *id != first);
        [first]
            .into_iter()
            .filter(|id| *id != 0)
            .chain(rest)
            .collect()
    }

    /// Whether a user owns the bot.
    #[must_use]
    pub fn is_owner(&self, user: Id<UserMarker>) -> bool {
        user == self.first_owner.load(Relaxed)
            || self.live.now().bot.owner_ids.contains(&user.get())
    }

    /// A server's prefix; for direct messages (`None`) the bot's.
    ///
    /// # Errors
    ///
    /// The database can't be used.
    pub async fn prefix(&self, guild: Option<Id<GuildMarker>>) -> Result<Prefix, StorageError> {
        let rules = self.rules.of(guild).await?;
        let config = self.live.now();
        Ok(Prefix {
            text: rules
                .prefix
                .clone()
                .unwrap_or_else(|| config.bot.prefix.clone()),
            mention: rules.mention_prefix.unwrap_or(config.bot.mention_prefix),
            own: rules.prefix.is_some(),
        })
    }

    /// The cooldown of commands that declare none.
    pub fn default_cooldown(&self) -> Option<CooldownManifest> {
        let config = &self.live.now().commands;
        (config.cooldown_uses > 0).then(|| {
            let mut cooldown = CooldownManifest::default();
            cooldown.uses = Some(config.cooldown_uses);
            cooldown.period_ms = config.cooldown_s.saturating_mul(1_000);
            cooldown.per = Per::User;
            cooldown
        })
    }
}
