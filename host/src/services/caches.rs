//! Host calls `caches.…`: what the host keeps in memory of files, rules and members, and how the files fare.

use host_base::PluginName;
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, MEMORY, Who};
use host_loader::{Caller, Completion, Places, Unserved};
use plugin_api::{
    Power,
    abi::{CacheInfo, CacheKind, CachesCall, CachesReply},
    manifest::Manifest,
};

use super::Services;

/// The host's caches.
#[derive(Debug, Default)]
pub struct Caches;

fn caches(services: &Services) -> CachesReply {
    let mut reply = CachesReply::default();
    let figures = services.files.figures();
    let files = &mut reply.files;
    (files.reads, files.cache_hits, files.writes) =
        (figures.reads, figures.cache_hits, figures.writes);
    (files.read_failures, files.write_failures) = (figures.read_failures, figures.write_failures);
    (files.locks, files.health) = (figures.locks as u64, figures.health.word().to_owned());
    let rules = services
        .commands
        .pipeline()
        .map_or(0, |commands| commands.policy.rules.kept_count());
    reply.caches = vec![
        CacheInfo::new(
            CacheKind::Files,
            figures.cached as u64,
            Some(figures.cached_bytes as u64),
        ),
        CacheInfo::new(CacheKind::Rules, rules as u64, None),
        CacheInfo::new(
            CacheKind::Members,
            services.cache.members_kept() as u64,
            None,
        ),
    ];
    reply
}

/// Empties caches: what is needed is read or asked for anew.
fn clear(services: &Services, kinds: &[CacheKind]) {
    for kind in kinds {
        match kind {
            CacheKind::Files => services.files.clear_cache(),
            CacheKind::Rules => {
                if let Some(commands) = services.commands.pipeline() {
                    commands.policy.rules.clear();
                }
            }
            CacheKind::Members => services.cache.clear_members(),
            _ => {}
        }
    }
}

impl Capability<Services> for Caches {
    const CALLS: &'static [CallRule] = &[
        CallRule::changes("caches.clear", Power::BotControl, Who::Owner),
        CallRule::reads("caches.list", Power::BotRead, Who::Anybody),
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
        if call.name == "caches.clear" {
            let CachesCall { kinds } = serde_json::from_value(call.params)?;
            if kinds.contains(&CacheKind::Unknown) {
                return Err(Failure::Refused(
                    "the caches are `files`, `rules` and `members`".into(),
                ));
            }
            let before = caches(services).caches;
            clear(
                services,
                if kinds.is_empty() {
                    CacheKind::ALL
                } else {
                    &kinds
                },
            );
            let after = caches(services);
            call.effect.changed(
                serde_json::to_value(before)?,
                serde_json::to_value(&after.caches)?,
            );
            return Ok(Completion::json(&after));
        }
        Ok(Completion::json(&caches(services)))
    }

    fn generation_ended(&self, _: &Caller) {}

    fn registries(&self) -> Vec<(&'static str, usize)> {
        Vec::new()
    }
}
