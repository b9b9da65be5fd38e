//! Capability `commands`: its calls are served by host-commands, which is built on the services.

use std::sync::{Arc, OnceLock};

use host_base::PluginName;
use host_capability::{CallRule, Capability, Failure, HOST_TABLES, HostCall, Leaves};
use host_commands::Pipeline;
use host_loader::{Caller, Completion, Places, Unserved};
use plugin_api::manifest::Manifest;

use super::Services;

/// The host calls about commands, from the moment that somebody serves them.
#[derive(Debug, Default)]
pub struct CommandCalls(OnceLock<Arc<Pipeline>>);

impl CommandCalls {
    /// Has them served from here on. The first one stays.
    pub(super) fn are_served_by(&self, commands: Arc<Pipeline>) {
        let _ = self.0.set(commands);
    }
}

impl CommandCalls {
    /// Whoever serves them, from the moment that somebody does.
    pub(super) fn pipeline(&self) -> Option<&Arc<Pipeline>> {
        self.0.get()
    }
}

impl Capability<Services> for CommandCalls {
    const CALLS: &'static [CallRule] = Pipeline::CALLS;
    const PLACES: Places = HOST_TABLES;
    const LEAVES: Leaves = Leaves::Nothing;

    fn problems(_: &PluginName, _: &Manifest, _: &mut Vec<String>) {}

    async fn generation_starts(&self, _: &Caller, _: &Manifest) -> Result<(), Unserved> {
        Ok(())
    }

    async fn serve(&self, _: &Services, _: &Caller, call: HostCall) -> Result<Completion, Failure> {
        match self.0.get() {
            Some(commands) => commands.serve(call).await,
            None => Err(Failure::Refused("there are no commands yet".into())),
        }
    }

    fn generation_ended(&self, _: &Caller) {}

    fn registries(&self) -> Vec<(&'static str, usize)> {
        let at_work = self.0.get().map_or(0, |commands| commands.at_work());
        vec![("commands at work", at_work)]
    }
}
