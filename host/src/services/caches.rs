//! Capabilities `bot.caches` and `bot.clear_caches`: what is only in memory, and read anew when it is asked for next.

use host_base::PluginName;
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, MEMORY, Who};
use host_loader::{Caller, Completion, Places, Unserved};
use plugin_api::{
    Power,
    abi::{CachesCleared, CachesReply, ClearCaches},
    manifest::Manifest,
};
use serde_json::json;

use super::Services;

/// What there is to clear.
const CACHES: [&str; 4] = ["files", "rules", "settings", "members"];

/// The host calls that count and empty caches.
#[derive(Debug, Default)]
pub struct Caches;

/// What is in memory at this moment.
fn kept(services: &Services) -> CachesReply {
    let mut kept = CachesReply::default();
    let files = services.files.figures();
    (kept.files, kept.file_bytes) = (files.cached as u64, files.cached_bytes as u64);
    if let Some(commands) = services.commands.pipeline() {
        kept.rules = commands.policy.rules.kept_count() as u64;
    }
    kept.settings = services.settings.kept_count() as u64;
    kept.members = services.cache.members_count() as u64;
    kept
}

impl Capability<Services> for Caches {
    const CALLS: &'static [CallRule] = &[
        CallRule::reads("bot.caches", Power::BotRead, Who::Anybody),
        CallRule::changes("bot.clear_caches", Power::BotControl, Who::Owner),
    ];
    const PLACES: Places = MEMORY;
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
        if call.name == "bot.caches" {
            return Ok(Completion::json(&kept(services)));
        }
        let ClearCaches { caches } = serde_json::from_value(call.params)?;
        if let Some(unknown) = caches.iter().find(|name| !CACHES.contains(&&***name)) {
            let known = CACHES.join("`, `");
            return Err(Failure::Unfit(format!(
                "there is no cache `{unknown}`; there are `{known}`"
            )));
        }
        let wants = |name: &str| caches.is_empty() || caches.iter().any(|one| one == name);
        let mut cleared = CachesCleared::default();
        if wants("files") {
            let (files, bytes) = services.files.clear_cache();
            (cleared.files, cleared.file_bytes) = (files as u64, bytes as u64);
        }
        if wants("rules")
            && let Some(commands) = services.commands.pipeline()
        {
            cleared.rules = commands.policy.rules.forget(None) as u64;
        }
        if wants("settings") {
            cleared.settings = services.settings.forget(None) as u64;
        }
        if wants("members") {
            cleared.members = services.cache.forget_members() as u64;
        }
        call.effect.changed(json!(cleared), ());
        Ok(Completion::json(&cleared))
    }

    fn generation_ended(&self, _: &Caller) {}

    fn registries(&self) -> Vec<(&'static str, usize)> {
        Vec::new()
    }
}
