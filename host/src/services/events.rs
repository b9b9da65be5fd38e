//! Capability `events`: choice of gateway events at run time, by listeners that are for chosen ones; and events that are heard once more, in
//! the sandbox.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{Mutex, OnceLock, PoisonError},
};

use host_base::PluginName;
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, MEMORY, Who};
use host_loader::{Caller, Completion, Places, Unserved};
use plugin_api::{
    EventKind, Power,
    abi::{ChooseEventsCall, ReplayEventCall},
    manifest::Manifest,
};
use serde_json::{json, value::RawValue};

use super::Services;

/// Bytes of an event that is heard once more: more than any but those of a large server's arrival.
const REPLAYED: usize = 1 << 20;

/// Delivers an event, by its kind and its data, to one plugin; as [`Routes::deliver_to`](host_commands::router::Routes::deliver_to).
pub type Replayer = Box<dyn Fn(&PluginName, EventKind, &str, &str) -> Option<bool> + Send + Sync>;

/// The events that may be chosen, by generation.
#[derive(Default)]
pub struct Events {
    chosen: Mutex<HashMap<Caller, BTreeSet<String>>>,
    /// Where Discord is a simulated one.
    replayer: OnceLock<Replayer>,
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Events").field(&self.chosen).finish()
    }
}

impl Events {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Caller, BTreeSet<String>>> {
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on events are replayed by this.
    pub(super) fn are_replayed_by(&self, replayer: Replayer) {
        let _ = self.replayer.set(replayer);
    }

    /// Whether they can be.
    pub(super) fn are_replayed(&self) -> bool {
        self.replayer.get().is_some()
    }

    fn replay(&self, call: &HostCall) -> Result<Completion, Failure> {
        let ReplayEventCall { event, plugin } = serde_json::from_value(call.params.clone())?;
        let replayer = self.replayer.get().ok_or_else(|| {
            Failure::Unfit(
                "events are replayed in the sandbox alone (`cogwright sandbox`): on Discord itself, what plugins do about them would be done twice"
                    .into(),
            )
        })?;
        let kind = EventKind::named(&event);
        let kind =
            kind.ok_or_else(|| Failure::Unfit(format!("there is no event `{event:.100}`")))?;
        if call.body.len() > REPLAYED {
            return Err(Failure::Unfit(format!(
                "an event that is replayed has {REPLAYED} bytes at most, and this one {}",
                call.body.len()
            )));
        }
        let data: &RawValue = serde_json::from_slice(&call.body)
            .map_err(|error| Failure::Unfit(format!("the event's data is no JSON: {error}")))?;
        let plugin = PluginName::new(&plugin);
        match replayer(&plugin, kind, &event, data.get()) {
            Some(true) => {
                let heard = json!({"event": event, "plugin": &*plugin});
                call.effect.changed("not heard again", heard);
                Ok(Completion::default())
            }
            Some(false) => Err(Failure::Unfit(format!(
                "`{plugin}` is too far behind to hear it: wait until it has caught up"
            ))),
            None => Err(Failure::Unfit(format!(
                "no listener of a plugin `{plugin}` that is loaded is for this `{event}`"
            ))),
        }
    }
}

impl Capability<Services> for Events {
    const CALLS: &'static [CallRule] = &[
        CallRule::free("events.choose"),
        CallRule::changes("events.replay", Power::BotControl, Who::Owner),
    ];
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
        if call.name == "events.replay" {
            return self.replay(&call);
        }
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
