//! Capability `events`: choice of gateway events at run time, by listeners that are for chosen ones.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
};

use host_base::PluginName;
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, MEMORY};
use host_loader::{Caller, Completion, Places, Unserved};
use plugin_api::{abi::ChooseEventsCall, manifest::Manifest};

use super::Services;

/// The events that may be chosen, by generation.
#[derive(Debug, Default)]
pub struct Events(Mutex<HashMap<Caller, BTreeSet<String>>>);

impl Events {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Caller, BTreeSet<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Capability<Services> for Events {
    const CALLS: &'static [CallRule] = &[CallRule::free("events.choose")];
    const PLACES: Places = MEMORY;
    const LEAVES: Leaves = Leaves::Nothing;

    fn problems(_: &PluginName, _: &Manifest, _: &mut Vec<String>) {}

    async fn generation_starts(
        &self,
        caller: &Caller,
        manifest: &Manifest,
    ) -> Result<(), Unserved> {
        let listeners = manifest.listeners.iter().filter(|it| it.chosen);
        let events: BTreeSet<String> = listeners.map(|it| it.event.clone()).collect();
        if !events.is_empty() {
            self.lock().insert(caller.clone(), events);
        }
        Ok(())
    }

    async fn serve(
        &self,
        services: &Services,
        caller: &Caller,
        call: HostCall,
    ) -> Result<Completion, Failure> {
        let ChooseEventsCall { events } = serde_json::from_value(call.params)?;
        let events: BTreeSet<String> = events.into_iter().collect();
        let intents = services.routes().intents().0;
        {
            // Held until it is entered: what a generation that has ended chose would stay for good.
            let all = self.lock();
            let declared = all.get(caller);
            let none = BTreeSet::new();
            if let Some(other) = events.difference(declared.unwrap_or(&none)).next() {
                return Err(Failure::Refused(format!(
                    "no listener of the plugin is for chosen events called `{other:.100}`: declare it with `Listener::chosen`"
                )));
            }
            if declared.is_some() {
                services.routes().choose_events(caller, events);
            }
        }
        // One that is starting is looked at when it serves; and what changes no intents, is nobody's business.
        if services.routes().intents().0 != intents
            && let Ok(set) = services.plugins.set()
        {
            set.wants_have_changed();
        }
        Ok(Completion::default())
    }

    fn generation_ended(&self, caller: &Caller) {
        self.lock().remove(caller);
    }

    fn registries(&self) -> Vec<(&'static str, usize)> {
        vec![("generations that choose events", self.lock().len())]
    }
}
