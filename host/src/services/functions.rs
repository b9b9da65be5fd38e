//! Calls from plugin to plugin: functions that they offer to each other.

use std::{sync::Arc, time::Duration};

use host_base::PluginName;
use host_capability::{Behalf, CallRule, Capability, Failure, HostCall, Leaves, places};
use host_loader::{Caller, Completion, Packet, Places, Refused, Slot, Unserved, next_id};
use plugin_api::{
    abi::{EntryKind, FunctionCall, InvokeHead, frame_kind},
    manifest::{FunctionManifest, Manifest},
};
use serde_json::Value;
use tokio::time::timeout;

use crate::services::Services;
use host_commands::router::Routes;

/// What a call may take when the caller names nothing.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);

/// What the host waits beyond the deadline.
const GRACE: Duration = Duration::from_secs(1);

/// The most that a caller may name.
const LONGEST_DEADLINE: Duration = Duration::from_secs(300);

/// Bytes of an argument.
const ARGUMENT_BYTES: usize = 8 << 20;

/// Carries calls from plugin to plugin.
#[derive(Debug)]
pub struct Functions {
    routes: Arc<Routes>,
}

impl Functions {
    /// Functions of the plugins in `routes`.
    #[must_use]
    pub fn new(routes: Arc<Routes>) -> Self {
        Self { routes }
    }

    pub(super) fn routes(&self) -> &Routes {
        &self.routes
    }

    /// The host call `functions.call`. `provider` tells which plugin is meant by a name that several may provide.
    ///
    /// # Errors
    ///
    /// The plugin is away, does not offer the function, has too much to do, took too long, or failed.
    pub async fn serve(
        &self,
        caller: &Caller,
        behalf: &Behalf,
        params: Value,
        body: Vec<u8>,
        provider: impl FnOnce(&str) -> Option<PluginName>,
    ) -> Result<Completion, Failure> {
        let handed_on = match behalf {
            Behalf::Somebody(invocation) => Some(invocation.handed_on(&caller.plugin)),
            Behalf::Plugin | Behalf::Over => None,
        };
        let call: FunctionCall = serde_json::from_value(params)?;
        let deadline = call.deadline_ms.map_or(DEFAULT_DEADLINE, |ms| {
            Duration::from_millis(ms).min(LONGEST_DEADLINE)
        });
        if body.len() > ARGUMENT_BYTES {
            return Err(Failure::Refused(format!(
                "`{}` of plugin `{}`: an argument of {} bytes, and {ARGUMENT_BYTES} are the most",
                call.function,
                call.plugin,
                body.len()
            )));
        }
        let head = InvokeHead {
            kind: EntryKind::Function,
            entry: format!("{}@{}", call.function, call.version),
            from: Some(caller.plugin.to_string()),
            deadline_ms: Some(deadline.as_millis().try_into().unwrap_or(u64::MAX)),
            event: None,
        };
        let packet = Packet::new(frame_kind::INVOKE, next_id(), &head)
            .with_payload(body)
            .named(&head.entry)
            .on_behalf_of(handed_on)
            .asked_by_plugin();
        let (plugin, function) = (&call.plugin, &call.function);
        let refused =
            |words: String| Failure::Refused(format!("`{function}` of plugin `{plugin}`: {words}"));
        let asked = provider(plugin).unwrap_or_else(|| PluginName::new(plugin));
        let queued = self.routes.with_plugin(&asked, |slot| {
            check(slot, &call).map_err(&refused)?;
            slot.invoke(packet).map_err(|why| match why {
                Refused::Full => refused("the plugin is busy; try again later".into()),
                Refused::Closed => refused("the plugin is being unloaded".into()),
            })
        });
        let answer = queued.unwrap_or_else(|| {
            Err(refused(format!(
                "the plugin is not loaded; declare `.depends_on(\"{plugin}\")` to be loaded after it"
            )))
        })?;
        // The plugin ends the handler itself, unless its thread is stuck.
        match timeout(deadline + GRACE, answer).await {
            Ok(Ok(answer)) => match answer.error() {
                None => Ok(Completion {
                    status: 0,
                    head: Vec::new(),
                    body: answer.body,
                }),
                Some(error) => Err(Failure::Plugin {
                    message: format!(
                        "`{function}` of plugin `{plugin}` failed: {}",
                        error.message
                    ),
                    user_message: error.user_message,
                }),
            },
            Ok(Err(_)) => Err(refused(
                "the plugin was unloaded, or its thread ended, before it had answered".into(),
            )),
            Err(_) => Err(refused(format!("no answer within {deadline:?}"))),
        }
    }
}

/// Whether the generation that serves offers the function.
fn check(slot: &Slot, call: &FunctionCall) -> Result<(), String> {
    let generation = slot.current();
    let offered = &generation.manifest.functions;
    let is_it = |offered: &&FunctionManifest| offered.name == call.function;
    if offered
        .iter()
        .any(|offered| is_it(&offered) && offered.version == call.version)
    {
        return Ok(());
    }
    let versions: Vec<_> = offered
        .iter()
        .filter(is_it)
        .map(|offered| offered.version.to_string())
        .collect();
    let version = &generation.manifest.version;
    if versions.is_empty() {
        let names: Vec<_> = offered
            .iter()
            .map(|offered| format!("`{}`", offered.name))
            .collect();
        return Err(if names.is_empty() {
            format!("{version} of it offers no functions")
        } else {
            format!(
                "{version} of it does not offer that; there are {}",
                names.join(", ")
            )
        });
    }
    Err(format!(
        "{version} of it does not offer version {} of that, but {}",
        call.version,
        versions.join(", ")
    ))
}

impl Capability<Services> for Functions {
    const CALLS: &'static [CallRule] = &[CallRule::free("functions.call")];
    const PLACES: Places = places("functions", 32);
    const LEAVES: Leaves = Leaves::Nothing;

    fn problems(_: &PluginName, _: &Manifest, _: &mut Vec<String>) {}

    async fn generation_starts(&self, _: &Caller, _: &Manifest) -> Result<(), Unserved> {
        Ok(())
    }

    async fn serve(
        &self,
        services: &Services,
        caller: &Caller,
        call: HostCall,
    ) -> Result<Completion, Failure> {
        let provider = |named: &str| {
            let set = services.plugins.set().ok()?;
            set.provider(&caller.plugin, named)
        };
        Self::serve(self, caller, &call.behalf, call.params, call.body, provider).await
    }

    fn generation_ended(&self, _: &Caller) {}

    fn registries(&self) -> Vec<(&'static str, usize)> {
        let routes = self.routes().counts();
        routes.to_vec()
    }
}
