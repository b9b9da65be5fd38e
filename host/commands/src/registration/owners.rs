//! Registration of the owners' commands: one group, where the owner wants it, so that it takes no place of everybody's.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use host_capability::Failure;
use host_ops::config::OwnerGuild;
use serde_json::Value;
use tokio::{sync::watch, time::timeout};
use twilight_model::id::{Id, marker::GuildMarker};

use super::{QUIET, Registration, diff, fingerprint};

/// After a failure it is tried again.
const RETRY: Duration = Duration::from_secs(60);

/// Servers that do not take the group, and what they did not take.
type RefusedGuilds = BTreeMap<Id<GuildMarker>, String>;

impl Registration {
    /// Keeps the group where it belongs, until the sender of `pulse`, which counts up when servers come, change and go, is
    /// gone.
    pub async fn follow_owners(&self, mut pulse: watch::Receiver<u64>) {
        let mut config = self.with.config.follow();
        let mut refused = RefusedGuilds::new();
        loop {
            // A start brings many servers one after the other.
            while let Ok(Ok(())) = timeout(QUIET, pulse.changed()).await {}
            let wanted = {
                let config = config.borrow_and_update();
                (config.commands.owner_guild, config.bot.owner_ids.clone())
            };
            let again = self.place_owners(false, &mut refused).await;
            let again = again.and(self.place_chosen_where_servers_came().await);
            if let Err(failure) = &again {
                tracing::warn!(
                    "slash commands of single servers could not be registered: {failure}; this is tried again in {RETRY:?}"
                );
            }
            let later = async {
                match again {
                    Ok(()) => std::future::pending().await,
                    Err(_) => tokio::time::sleep(RETRY).await,
                }
            };
            let configured = config.wait_for(|config| {
                (config.commands.owner_guild, &config.bot.owner_ids) != (wanted.0, &wanted.1)
            });
            tokio::select! {
                changed = pulse.changed() => if changed.is_err() { return },
                () = later => {}
                Ok(_) = configured => refused.clear(),
            }
        }
    }

    /// A server that commands are for may have come only now.
    async fn place_chosen_where_servers_came(&self) -> Result<(), Failure> {
        let mut memory = self.memory.lock().await;
        let before = memory.chosen.clone();
        let placed = self.place_chosen(&mut memory, false).await;
        if memory.chosen != before {
            self.write(&memory);
        }
        placed
    }

    /// Registers the group where it is missing, and takes it away where it does not belong any more.
    pub(super) async fn place_owners(
        &self,
        always: bool,
        refused: &mut RefusedGuilds,
    ) -> Result<(), Failure> {
        let group = &self.with.host.owners;
        let wanted = fingerprint(std::iter::once(group));
        let mut memory = self.memory.lock().await;
        let before = memory.owners.clone();
        let mut result = Ok(());
        let guilds = self.owners_guilds();
        for guild in guilds.iter().copied() {
            let is_there = before.get(&guild.to_string()) == Some(&wanted);
            if (is_there && !always) || refused.get(&guild) == Some(&wanted) {
                continue;
            }
            match self.place_in(guild, group, always).await {
                Ok(()) => {
                    memory.owners.insert(guild.to_string(), wanted.clone());
                }
                Err(Failure::Discord {
                    status: 403 | 404,
                    message,
                    ..
                }) => {
                    tracing::warn!(
                        guild = guild.get(),
                        "the owner's slash commands can't be registered in this server: {message}; is the bot there, and was it invited \
                         with the scope `applications.commands`? They work by prefix, by mention and in direct messages"
                    );
                    refused.insert(guild, wanted.clone());
                }
                Err(failure) => result = Err(failure),
            }
        }
        for (name, _) in before {
            let Some(guild) = name.parse().ok().and_then(Id::new_checked) else {
                continue;
            };
            if guilds.contains(&guild) || self.may_still_be_ours(guild) {
                continue;
            }
            match self.take_owners_away(guild).await {
                Ok(())
                | Err(Failure::Discord {
                    status: 403 | 404, ..
                }) => {
                    memory.owners.remove(&name);
                }
                Err(failure) => result = Err(failure),
            }
        }
        self.write(&memory);
        result
    }

    /// Creates the group in a server, or replaces the one of this name. With `look` only if it differs.
    async fn place_in(
        &self,
        guild: Id<GuildMarker>,
        group: &Value,
        look: bool,
    ) -> Result<(), Failure> {
        let path = format!("{}/{guild}/commands", self.guilds_path());
        let discord = &self.with.discord;
        if look {
            let known = discord
                .json(
                    "GET",
                    format!("{path}?with_localizations=true"),
                    &Value::Null,
                    false,
                )
                .await?;
            let known = known.as_array().cloned().unwrap_or_default();
            if diff::has(&known, group) {
                return Ok(());
            }
        }
        discord.json("POST", path, group, false).await.map(drop)
    }

    /// Where the group belongs, as far as it is known.
    pub fn owners_guilds(&self) -> BTreeSet<Id<GuildMarker>> {
        let cache = &self.with.cache;
        match self.with.config.now().commands.owner_guild {
            OwnerGuild::None => BTreeSet::new(),
            OwnerGuild::One(guild) => Id::new_checked(guild).into_iter().collect(),
            OwnerGuild::Owned => {
                let policy = &self.with.commands.policy;
                let guilds = cache.guilds().into_iter();
                guilds
                    .filter(|guild| {
                        cache
                            .owner(*guild)
                            .is_ok_and(|owner| policy.is_owner(owner))
                    })
                    .collect()
            }
        }
    }

    /// Whose server that is, is not known yet, or not now: nothing is taken away on a guess.
    fn may_still_be_ours(&self, guild: Id<GuildMarker>) -> bool {
        self.with.config.now().commands.owner_guild == OwnerGuild::Owned
            && self.with.cache.owner(guild).is_err()
    }

    async fn take_owners_away(&self, guild: Id<GuildMarker>) -> Result<(), Failure> {
        let path = format!("{}/{guild}/commands", self.guilds_path());
        let discord = &self.with.discord;
        let known = discord
            .json("GET", path.clone(), &Value::Null, false)
            .await?;
        for command in known
            .as_array()
            .into_iter()
            .flatten()
            .filter(|it| diff::is_owners_group(it))
        {
            let id = command["id"].as_str().unwrap_or_default();
            let path = format!("{path}/{id}");
            discord.json("DELETE", path, &Value::Null, false).await?;
        }
        Ok(())
    }

    fn guilds_path(&self) -> String {
        format!("applications/{}/guilds", self.with.application_id)
    }
}
