//! Host call `discord.request`: any route of Discord's, and what becomes of the message that it sends.

use std::time::Duration;

use host_base::PluginName;
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, places};
use host_discord::{
    Discord,
    later::Sent,
    rest::{Call, canonical, writes_message},
};
use host_loader::{Caller, Completion, Places, Unserved};
use plugin_api::{
    abi::{RequestCall, ResponseHead},
    manifest::Manifest,
};
use serde_json::Value;

use super::Services;

impl Capability<Services> for Discord {
    const CALLS: &'static [CallRule] = &[CallRule::free("discord.request")];
    const PLACES: Places = places("discord", 256);
    const LEAVES: Leaves = Leaves::DiscordPath;

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
        let later = &services.later;
        let mut request: RequestCall = serde_json::from_value(call.params)?;
        request.path = canonical(&request.path)?;
        let writes = writes_message(&request.method, &request.path);
        let delete_after = request.delete_after_ms.map(Duration::from_millis);
        if delete_after.is_some() {
            later.may_delete()?;
        }
        let sent = Call {
            request,
            body: call.body,
            ..Call::default()
        };
        let (status, body) = self.send(sent).await?;
        if writes && let Ok(message) = serde_json::from_slice::<Value>(&body) {
            later.watch(&message, None);
            if let (Some(after), Some(sent)) = (delete_after, Sent::read(&message)) {
                later.delete(sent, None, after);
            }
        }
        Ok(Completion {
            status: 0,
            head: serde_json::to_vec(&ResponseHead { status })?,
            body,
        })
    }

    fn generation_ended(&self, _: &Caller) {}

    fn registries(&self) -> Vec<(&'static str, usize)> {
        Vec::new()
    }
}
