//! Bot behind the pages: what they ask of it.

use std::{fmt, sync::Arc};

use axum::Router;
use host_base::PluginName;
use host_capability::CallRule;
use host_commands::{Pipeline, authorize::Invoker, router::Routes};
use host_discord::{Cache, Discord};
use host_loader::{Generation, Slot};
use host_ops::{audit::Deed, env::Secret};
use plugin_api::abi::ErrorHead;
use tokio::task::JoinHandle;
use twilight_model::{
    guild::Permissions,
    id::{
        Id,
        marker::{GuildMarker, UserMarker},
    },
};

/// What the pages ask of the bot that only the whole of it knows.
pub trait Bot: Send + Sync {
    /// Enters something into the audit journal, also if whoever waits goes away: it is there when the task ends.
    fn record(&self, deed: Deed) -> JoinHandle<()>;

    /// Tells the log and the list of errors what a plugin's route has failed over; the id by which both have it.
    fn failed(&self, plugin: &str, route: &str, user: u64, error: &ErrorHead) -> String;

    /// Counters of what pages may follow under `host:…`: each changes when there is something new.
    fn counters(&self) -> Vec<(&'static str, u64)>;

    /// The application's id at Discord; 0 while it is not known.
    fn application(&self) -> u64;

    /// The address of Discord, without a slash at its end.
    fn discord(&self) -> String;

    /// The metrics, where they are served along with the pages.
    fn metrics(&self) -> Option<Router>;
}

/// The bot, as the pages know it.
pub struct Site {
    /// Where plugins are.
    pub routes: Arc<Routes>,
    /// Who owns the bot.
    pub commands: Arc<Pipeline>,
    /// Which servers there are.
    pub cache: Arc<Cache>,
    /// By which links are sent.
    pub rest: Arc<Discord>,
    /// All host calls, with what they need.
    pub calls: Vec<CallRule>,
    /// The application's secret.
    pub client_secret: Option<Secret>,
    /// The rest of it.
    pub bot: Box<dyn Bot>,
}

impl Site {
    /// Whether a user owns the bot.
    #[must_use]
    pub fn is_owner(&self, user: u64) -> bool {
        Id::new_checked(user).is_some_and(|user| self.commands.policy.is_owner(user))
    }

    /// The servers that a user owns, of those that the bot is in and knows.
    #[must_use]
    pub fn owned_by(&self, user: u64) -> Vec<u64> {
        let guilds = self.cache.guilds().into_iter();
        let owned = guilds.filter(|guild| {
            let owner = self.cache.owner(*guild);
            owner.is_ok_and(|owner| owner.get() == user)
        });
        owned.map(Id::get).collect()
    }

    /// Whether a user owns or manages a server that the bot is in.
    pub async fn manages(&self, user: u64, guild: u64) -> bool {
        let user: Option<Id<UserMarker>> = Id::new_checked(user);
        let Some(guild) = Id::<GuildMarker>::new_checked(guild).filter(|it| self.cache.is_in(*it))
        else {
            return false;
        };
        let somebody = Invoker::somebody(user, Some(guild), None);
        somebody.is_guild_owner(&self.cache).await
            || somebody.permissions(&self.cache).await.is_ok_and(|has| {
                has.intersects(Permissions::ADMINISTRATOR | Permissions::MANAGE_GUILD)
            })
    }

    /// The generations that serve now, with what they declare.
    #[must_use]
    pub fn generations(&self) -> Vec<Arc<Generation>> {
        let plugins = self.routes.plugins();
        plugins.iter().map(|slot| slot.current()).collect()
    }

    /// The generation of a plugin that serves now.
    #[must_use]
    pub fn generation(&self, plugin: &PluginName) -> Option<Arc<Generation>> {
        self.routes.with_plugin(plugin, Slot::current)
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site").finish_non_exhaustive()
    }
}
