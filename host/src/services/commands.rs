//! Host calls about commands. They are served by the commands, which are built on the services.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use futures_util::future::BoxFuture;
use host_capability::{Capability, Failure, HOST_TABLES, HostCall, Leaves};
use host_loader::{Caller, Completion, Places, Unserved};
use plugin_api::manifest::Manifest;
use serde_json::Value;

use super::Services;

/// Serves the host calls about commands.
pub trait ServeCommands: fmt::Debug + Send + Sync {
    /// Serves a call of this name.
    fn serve<'a>(
        &'a self,
        call: &'a str,
        params: Value,
    ) -> BoxFuture<'a, Result<Completion, Failure>>;

    /// How many uses of commands are at work.
    fn at_work(&self) -> usize;
}

/// The host calls about commands, from the moment that somebody serves them.
#[derive(Debug, Default)]
pub struct CommandCalls(OnceLock<Arc<dyn ServeCommands>>);

impl CommandCalls {
    /// Has them served from here on. The first one stays.
    pub(super) fn are_served_by(&self, commands: Arc<dyn ServeCommands>) {
        let _ = self.0.set(commands);
    }
}

impl Capability<Services> for CommandCalls {
    const CALLS: &'static [&'static str] = &[
        "commands.list",
        "commands.prefix",
        "commands.require",
        "commands.usage",
        "commands.why",
    ];
    const PLACES: Places = HOST_TABLES;
    const LEAVES: Leaves = Leaves::Nothing;

    fn problems(_: &str, _: &Manifest, _: &mut Vec<String>) {}

    async fn generation_starts(&self, _: &Caller, _: &Manifest) -> Result<(), Unserved> {
        Ok(())
    }

    async fn serve(&self, _: &Services, _: &Caller, call: HostCall) -> Result<Completion, Failure> {
        match self.0.get() {
            Some(commands) => commands.serve(&call.name, call.params).await,
            None => Err(Failure::Refused("there are no commands yet".into())),
        }
    }

    fn generation_ended(&self, _: &Caller) {}

    fn registries(&self) -> Vec<(&'static str, usize)> {
        let at_work = self.0.get().map_or(0, |commands| commands.at_work());
        vec![("commands at work", at_work)]
    }
}
