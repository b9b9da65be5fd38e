//! Host call `alerts.raise`: alerts of plugins to the owner.

use host_base::PluginName;
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, MEMORY, Who};
use host_discord::Alerts;
use host_loader::{Caller, Completion, Places, Unserved};
use host_ops::config;
use plugin_api::{
    Power,
    abi::{AlertCall, AlertReply},
    manifest::Manifest,
};

use super::Services;

/// Characters of what an alert is about, and of its text.
const LONGEST: (usize, usize) = (200, 1_800);

impl Capability<Services> for Alerts {
    // It changes nothing, so the audit journal has none of it: the log has each.
    const CALLS: &'static [CallRule] =
        &[CallRule::reads("alerts.raise", Power::Alerts, Who::Anybody)];
    const PLACES: Places = MEMORY;
    const LEAVES: Leaves = Leaves::Nothing;

    fn problems(_: &PluginName, _: &Manifest, _: &mut Vec<String>) {}

    async fn generation_starts(&self, _: &Caller, _: &Manifest) -> Result<(), Unserved> {
        Ok(())
    }

    async fn serve(
        &self,
        _: &Services,
        caller: &Caller,
        call: HostCall,
    ) -> Result<Completion, Failure> {
        let AlertCall {
            subject,
            about,
            text,
        } = serde_json::from_value(call.params)?;
        if !config::Alerts::is_subject(&subject) {
            return Err(Failure::Refused(format!(
                "`{}` is no subject of alerts: lower-case letters, digits, `_` and `-`, 32 of them at most",
                subject.chars().take(40).collect::<String>()
            )));
        }
        let short = |text: &str, most| text.chars().take(most).collect::<String>();
        let plugin = &caller.plugin;
        // What two plugins say is not about the same thing, whatever they call it.
        let about = format!("{plugin}: {}", short(&about, LONGEST.0));
        let mut reply = AlertReply::default();
        if !self.is_within_share(plugin, &subject, &about) {
            return Err(Failure::Refused(format!(
                "plugin `{plugin}` has raised too many alerts: {} an hour about different things at most",
                host_discord::alerts::AN_HOUR
            )));
        }
        reply.raised = self.raise(
            &subject,
            &about,
            &format!("{} (`{plugin}`)", short(&text, LONGEST.1)),
        );
        Ok(Completion::json(&reply))
    }

    fn generation_ended(&self, _: &Caller) {}

    fn registries(&self) -> Vec<(&'static str, usize)> {
        Vec::new()
    }
}
