//! Capability `database`: all databases, whosever tables are in them; host-store serves its calls.

use host_base::PluginName;
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, places};
use host_loader::{Caller, Completion, Places, Unserved};
use host_store::storage::DATABASE_CALLS;
use plugin_api::{abi::DatabaseCall, manifest::Manifest};
use serde_json::Value;
use twilight_model::id::{Id, marker::GuildMarker};

use super::Services;

/// The host calls about all databases.
#[derive(Debug, Default)]
pub struct Databases;

impl Capability<Services> for Databases {
    const CALLS: &'static [CallRule] = DATABASE_CALLS;
    const PLACES: Places = places("database", 2);
    const LEAVES: Leaves = Leaves::Nothing;

    fn problems(_: &PluginName, _: &Manifest, _: &mut Vec<String>) {}

    async fn generation_starts(&self, _: &Caller, _: &Manifest) -> Result<(), Unserved> {
        Ok(())
    }

    async fn serve(
        &self,
        services: &Services,
        _: &Caller,
        call: HostCall,
    ) -> Result<Completion, Failure> {
        if call.name == "database.migrate"
            && let Some(plugin) = call.params["plugin"].as_str()
            && let Err(error) = services.plugins.set()?.loaded_name(plugin).await
        {
            return Err(Failure::Unfit(error.to_string()));
        }
        if call.name != "database.forget_guild" {
            return services.storage.serve_database(call).await;
        }
        let about: DatabaseCall = serde_json::from_value(call.params.clone())?;
        let guild = about.guild_id.and_then(Id::new_checked);
        let guild = guild.ok_or_else(|| Failure::Unfit("no server is named".into()))?;
        if !about.force {
            services.has_left(guild).await?;
        }
        let forgotten = services.storage.serve_database(call).await;
        services.forget_guild(guild);
        forgotten
    }

    fn generation_ended(&self, _: &Caller) {}

    fn registries(&self) -> Vec<(&'static str, usize)> {
        Vec::new()
    }
}

impl Services {
    /// Whether the bot is not in a server, which Discord is asked: what the bot knows of its servers is not all there until all of
    /// its shards are.
    async fn has_left(&self, guild: Id<GuildMarker>) -> Result<(), Failure> {
        let asked = self
            .discord
            .json("GET", format!("guilds/{guild}"), &Value::Null, false);
        match asked.await {
            Err(Failure::Discord {
                status: 403 | 404, ..
            }) => Ok(()),
            Err(error) => Err(error),
            Ok(_) => Err(Failure::Unfit(format!(
                "the bot is in the server {guild}: what is kept of it is erased by force alone (`force`)"
            ))),
        }
    }

    /// What is in memory of a server's settings and rules goes as well.
    fn forget_guild(&self, guild: Id<GuildMarker>) {
        self.settings.forget(Some(guild));
        if let Some(commands) = self.commands.pipeline() {
            commands.policy.rules.forget(Some(guild));
        }
    }
}
