//! Host call `bot.lag`: how late the host is.

use std::sync::Arc;

use host_base::{PluginName, lag::Lag};
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, MEMORY, Who};
use host_discord::figures::Figures;
use host_loader::{Caller, Completion, Places, Unserved};
use plugin_api::{
    Power,
    abi::{LagReply, LagView},
    manifest::Manifest,
};

use super::Services;

/// The host's lag.
#[derive(Debug)]
pub struct LagCalls(pub(super) Arc<Figures>);

fn view(lag: &Lag) -> LagView {
    let (summary, mut view) = (lag.summary(), LagView::default());
    (view.last_us, view.minute_max_us) = (summary.last_us, summary.minute_max_us);
    (view.p99_us, view.count) = (summary.p99_us, summary.count);
    view
}

impl Capability<Services> for LagCalls {
    const CALLS: &'static [CallRule] = &[CallRule::reads("bot.lag", Power::BotRead, Who::Anybody)];
    const PLACES: Places = MEMORY;
    const LEAVES: Leaves = Leaves::Nothing;

    fn problems(_: &PluginName, _: &Manifest, _: &mut Vec<String>) {}

    async fn generation_starts(&self, _: &Caller, _: &Manifest) -> Result<(), Unserved> {
        Ok(())
    }

    async fn serve(&self, _: &Services, _: &Caller, _: HostCall) -> Result<Completion, Failure> {
        let mut reply = LagReply::default();
        reply.runtime = view(&self.0.runtime_lag);
        reply.main_loop = view(&self.0.loop_lag);
        Ok(Completion::json(&reply))
    }

    fn generation_ended(&self, _: &Caller) {}

    fn registries(&self) -> Vec<(&'static str, usize)> {
        Vec::new()
    }
}
