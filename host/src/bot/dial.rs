//! Connection to the gateway while plugins are loaded: what comes meanwhile waits in the shards' queue.
//!
//! Which intents it takes is in the manifests, which are known before the first plugin is loaded. The queue has a bound
//! ([`MESSAGES`](host_discord::gateway::MESSAGES)); when it is full the shards stop reading until all plugins are loaded or refused.

use std::{collections::BTreeMap, sync::Arc};

use host_base::PluginName;
use host_discord::{
    gateway::{self, Follow, Sessions, Started},
    intents,
};
use host_loader::StartPlan;
use host_ops::env::Environment;
use plugin_api::manifest::Manifest;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use twilight_model::gateway::{Intents, payload::outgoing::update_presence::UpdatePresencePayload};

use super::{BotError, core::Core, folder::tidy_files};
use crate::status::{self, Numbers};

/// Folder in the data folder of what outlives the process, and need not outlive the machine.
pub(super) const RUN: &str = "run";

/// Intents, and the plugins behind each.
pub(super) type Wanted = (Intents, BTreeMap<u64, Vec<PluginName>>);

/// Shards that connect, and what they follow. Dropped, they close, and their sessions can be resumed.
pub(super) struct Dialled {
    pub(super) started: Started,
    pub(super) intents: watch::Sender<Wanted>,
    pub(super) presence: watch::Sender<UpdatePresencePayload>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) gateway_shutdown: CancellationToken,
}

impl Core {
    /// Loads what lies in the extensions folder, and connects to the gateway meanwhile.
    pub(super) async fn load_and_dial(
        &self,
        environment: &Environment,
    ) -> Result<Dialled, BotError> {
        let config = self.config.now();
        let extensions = &config.extensions;
        let plan = match extensions.auto_load {
            true => {
                let files = tidy_files(&extensions.folder);
                self.plugins.plan_start(files).await
            }
            false => StartPlan::default(),
        };
        // Should it crash again as they are loaded, Discord would have given a session for nothing: it gives so many a day.
        if self.is_after_crash {
            self.plugins.load_planned(plan).await;
            return self.dial(environment, self.routes.intents()).await;
        }
        let known = expected(&plan);
        // What a plugin may choose as it starts is not in its manifest: it is waited for where that takes further intents.
        let chosen = plan.loaded(|manifest| !known.0.contains(choices(manifest)));
        let dialling = async {
            chosen.await;
            self.dial(environment, both(known, self.routes.intents()))
                .await
        };
        let (dialled, ()) = tokio::join!(dialling, self.plugins.load_planned(plan));
        let dialled = dialled?;
        self.correct(&dialled);
        Ok(dialled)
    }

    /// Has the shards connect.
    async fn dial(&self, environment: &Environment, wanted: Wanted) -> Result<Dialled, BotError> {
        let config = self.config.now();
        let run = config.data.folder.join(RUN);
        let sessions = Arc::new(Sessions::open(&run, self.services.application_id()));
        let (intents, intents_followed) = watch::channel(wanted);
        let (presence, presence_followed) = watch::channel(self.presence());
        let gateway_shutdown = CancellationToken::new();
        let settings = gateway::Settings {
            token: environment.token.expose().to_owned(),
            gateway_url: config.discord.gateway_url.clone(),
            shard_count: environment.shard_count,
            shard_ids: environment.shard_ids.clone(),
            sessions: Arc::clone(&sessions),
        };
        let follow = Follow {
            intents: intents_followed,
            presence: presence_followed,
            shutdown: gateway_shutdown.clone(),
            shards: Arc::clone(&self.services.shards),
        };
        let started = gateway::start(settings, &self.services.discord, follow).await?;
        Ok(Dialled {
            started,
            intents,
            presence,
            sessions,
            gateway_shutdown,
        })
    }

    /// Has the shards follow what was loaded, where that is not what was expected: a start has failed, or there are numbers to show.
    fn correct(&self, dialled: &Dialled) {
        let wanted = self.routes.intents();
        dialled.intents.send_if_modified(|current| {
            let is_another = current.0 != wanted.0;
            *current = wanted;
            is_another
        });
        let shown = self.presence();
        dialled.presence.send_if_modified(|current| {
            let is_another = *current != shown;
            *current = shown;
            is_another
        });
    }

    /// The presence to begin with.
    fn presence(&self) -> UpdatePresencePayload {
        let numbers = Numbers::count(&self.services.cache, &self.routes);
        status::presence(&self.config.now().status, 0, numbers)
    }
}

/// The intents of all that a plugin may choose to hear.
fn choices(manifest: &Manifest) -> Intents {
    let chosen = manifest.listeners.iter().filter(|it| it.chosen);
    let events = chosen.map(|it| it.event.clone()).collect();
    intents::of_chosen(manifest, &events)
}

fn both(mut one: Wanted, other: Wanted) -> Wanted {
    one.0 |= other.0;
    for (intent, names) in other.1 {
        let all = one.1.entry(intent).or_default();
        all.extend(names);
        all.sort();
        all.dedup();
    }
    one
}

/// The intents that these plugins will want, as their routes will have them but for what is chosen.
fn expected(plan: &StartPlan) -> Wanted {
    let mut all = intents::HOST;
    let mut reasons: BTreeMap<u64, Vec<PluginName>> = BTreeMap::new();
    for (name, manifest) in plan.expected() {
        let wanted = intents::of(manifest);
        all |= wanted;
        for intent in wanted.iter() {
            reasons.entry(intent.bits()).or_default().push(name.clone());
        }
    }
    reasons.values_mut().for_each(|names| names.sort());
    (all, reasons)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_chosen_is_told_from_what_is_heard_always() {
        let manifest: Manifest = serde_json::from_value(serde_json::json!({"listeners": [
            {"event": "GUILD_MEMBER_ADD", "chosen": true},
            {"event": "TYPING_START"},
        ]}))
        .unwrap();
        assert_eq!(choices(&manifest), Intents::GUILD_MEMBERS);
        assert_eq!(choices(&Manifest::default()), Intents::empty());
    }

    #[test]
    fn of_two_sets_of_intents_each_plugin_is_named_once() {
        let bit = Intents::GUILD_MEMBERS.bits();
        let wanted = |names: &[&str], all| {
            let names = names.iter().map(|it| PluginName::new(it)).collect();
            (all, BTreeMap::from([(bit, names)]))
        };
        let one = wanted(&["b", "c"], Intents::GUILD_MEMBERS);
        let other = wanted(&["a", "b"], Intents::GUILD_MEMBERS | Intents::GUILDS);
        let (all, reasons) = both(one, other);
        assert_eq!(all, Intents::GUILD_MEMBERS | Intents::GUILDS);
        assert_eq!(reasons[&bit], ["a", "b", "c"].map(PluginName::new));
    }
}
