//! Host calls `shards.…`: how the gateway's shards fare, and what they are told to do.

use host_base::PluginName;
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, MEMORY, Who};
use host_discord::gateway::Shards;
use host_loader::{Caller, Completion, Places, Unserved};
use plugin_api::{
    Power,
    abi::{ShardsCall, ShardsReply},
    manifest::Manifest,
};

use super::Services;

impl Capability<Services> for Shards {
    const CALLS: &'static [CallRule] = &[
        CallRule::reads("shards.list", Power::BotRead, Who::Anybody),
        CallRule::changes("shards.reconnect", Power::GatewayControl, Who::Owner),
        CallRule::changes("shards.reset", Power::GatewayControl, Who::Owner),
    ];
    const PLACES: Places = MEMORY;
    const LEAVES: Leaves = Leaves::Nothing;

    fn problems(_: &PluginName, _: &Manifest, _: &mut Vec<String>) {}

    async fn generation_starts(&self, _: &Caller, _: &Manifest) -> Result<(), Unserved> {
        Ok(())
    }

    async fn serve(&self, _: &Services, _: &Caller, call: HostCall) -> Result<Completion, Failure> {
        let ShardsCall { shard } = serde_json::from_value(call.params)?;
        let mut reply = ShardsReply::default();
        match &*call.name {
            "shards.reconnect" => {
                let shard = shard.ok_or_else(|| {
                    Failure::Refused("`shards.reconnect` needs the number of a shard".into())
                })?;
                reply.reconnecting = self.reconnect(shard)?;
            }
            "shards.reset" => {
                let before = self.list(shard)?;
                self.reset(shard)?;
                call.effect
                    .changed(serde_json::to_value(before)?, "counts from zero");
            }
            _ => {}
        }
        reply.shards = self.list(shard)?;
        reply.starts = self.starts();
        Ok(Completion::json(&reply))
    }

    fn generation_ended(&self, _: &Caller) {}

    fn registries(&self) -> Vec<(&'static str, usize)> {
        Vec::new()
    }
}
