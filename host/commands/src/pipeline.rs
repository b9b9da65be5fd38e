//! Context of the command pipeline: what the steps in `request.rs` share.

use std::sync::{Arc, PoisonError, RwLock};

use host_discord::{Cache, Discord};
use host_ops::config::Live;
use host_store::Storage;
use twilight_model::gateway::Intents;

use super::{
    own::{OwnCommand, OwnCommands},
    policy::Policy,
    registered::Registered,
    usage_log::UsageLog,
};
use crate::router::Routes;

/// Commands, whatever they come by: which one is meant, who may, how often, with which options.
#[derive(Debug)]
pub struct Pipeline {
    /// Who owns the bot, what servers have set, limits.
    pub policy: Policy,
    /// How often commands are used.
    pub usage: UsageLog,
    pub(super) routes: Arc<Routes>,
    pub(super) cache: Arc<Cache>,
    pub(super) discord: Arc<Discord>,
    /// Commands that the host serves itself.
    pub(super) own: OwnCommands,
    own_listed: Vec<OwnCommand>,
    registered: RwLock<Arc<Registered>>,
}

impl Pipeline {
    /// Commands of the plugins in `routes`, and `own` of the host.
    #[must_use]
    pub fn new(
        live: Live,
        routes: Arc<Routes>,
        cache: Arc<Cache>,
        discord: Arc<Discord>,
        storage: &Arc<Storage>,
        own: OwnCommands,
    ) -> Self {
        Self {
            policy: Policy::new(live, storage),
            usage: UsageLog::new(Arc::clone(storage)),
            routes,
            cache,
            discord,
            own,
            own_listed: (own.declared)(),
            registered: RwLock::default(),
        }
    }

    /// Whether a loaded plugin needs the text of messages that do not mention the bot (MESSAGE_CONTENT).
    pub fn wants_content(&self) -> bool {
        let (intents, _) = self.routes.intents();
        intents.contains(Intents::MESSAGE_CONTENT)
    }

    /// The commands that the host serves itself.
    pub(super) fn own(&self) -> &[OwnCommand] {
        &self.own_listed
    }

    /// What is registered with Discord, and how each command is reached.
    #[must_use]
    pub fn registered(&self) -> Arc<Registered> {
        let registered = self.registered.read();
        Arc::clone(&registered.unwrap_or_else(PoisonError::into_inner))
    }

    /// From here on names mean what this says.
    pub fn set_registered(&self, registered: Registered) {
        let mut known = self
            .registered
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *known = Arc::new(registered);
    }
}
