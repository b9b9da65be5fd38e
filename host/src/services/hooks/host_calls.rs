//! Host calls `hooks.…`: events of a plugin, and all plugins' handlers for whoever may see and switch them.

use std::time::SystemTime;

use host_base::PluginName;
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, MEMORY, Who};
use host_loader::{Caller, Completion, Places, Unserved};
use plugin_api::{
    Power,
    abi::{
        ChooseCall, HookCircuit, HookEvent, HookHistory, HookInfo, HookSwitch, HooksCall,
        HooksReply,
    },
    manifest::Manifest,
};

use super::{Circuit, Emitted, HookView, Hooks};
use crate::services::Services;

/// Handlers or events that one call reads.
const PAGE: (u32, u32) = (100, 200);

fn info(view: HookView) -> HookInfo {
    let (figures, mut info) = (view.figures, HookInfo::default());
    (info.id, info.event, info.plugin) = (view.id, view.event, view.plugin.to_string());
    (info.priority, info.enabled, info.at_work) = (view.priority, view.enabled, view.at_work);
    info.circuit = match view.circuit {
        Circuit::Closed => HookCircuit::Closed,
        Circuit::Open => HookCircuit::Open,
        Circuit::HalfOpen => HookCircuit::HalfOpen,
    };
    info.waiting = view.waiting as u64;
    (info.runs, info.failures) = (figures.runs, figures.failures);
    (info.dropped, info.skipped) = (figures.dropped, figures.skipped);
    (info.handled_us, info.waited_us) = (figures.handled_us, figures.waited_us);
    info.last_error = figures.last_error;
    info
}

fn event(emitted: Emitted) -> HookEvent {
    let since = emitted.at.duration_since(SystemTime::UNIX_EPOCH);
    let mut event = HookEvent::default();
    event.at_ms = since.map_or(0, |since| since.as_millis().try_into().unwrap_or(u64::MAX));
    event.from = emitted.from.map(|from| from.to_string());
    (event.event, event.keys) = (emitted.event, emitted.keys);
    (event.queued, event.dropped, event.skipped) =
        (emitted.queued, emitted.dropped, emitted.skipped);
    (event.handled, event.errors) = (emitted.handled, emitted.errors);
    (event.took_us, event.queue_delay_us) = (emitted.took_us, emitted.queue_delay_us);
    event
}

impl Hooks {
    /// A page of all handlers.
    fn page(&self, wanted: &HooksCall) -> HooksReply {
        let plugin = wanted.plugin.as_deref().map(PluginName::new);
        let mut all = self.list();
        all.retain(|view| {
            plugin.as_ref().is_none_or(|plugin| *plugin == view.plugin)
                && wanted
                    .event
                    .as_ref()
                    .is_none_or(|event| *event == view.event)
                && wanted.after.as_ref().is_none_or(|after| view.id > *after)
        });
        all.sort_by(|a, b| a.id.cmp(&b.id));
        let (limit, mut reply) = (limit(wanted), HooksReply::default());
        if all.len() > limit {
            all.truncate(limit);
            reply.next = all.last().map(|view| view.id.clone());
        }
        reply.hooks = all.into_iter().map(info).collect();
        reply.emitted = self.emissions();
        reply
    }

    fn events(&self, wanted: &HooksCall) -> HookHistory {
        let plugin = wanted.plugin.as_deref().map(PluginName::new);
        let all = self.history(usize::MAX).into_iter();
        let found = all.filter(|emitted| {
            plugin
                .as_ref()
                .is_none_or(|plugin| emitted.from.as_ref() == Some(plugin))
                && wanted
                    .event
                    .as_ref()
                    .is_none_or(|event| *event == emitted.event)
        });
        let mut history = HookHistory::default();
        history.events = found.take(limit(wanted)).map(event).collect();
        history
    }

    /// A handler as it is now.
    fn one(&self, id: &str) -> Option<HookInfo> {
        self.list().into_iter().find(|view| view.id == id).map(info)
    }

    async fn steer(&self, call: HostCall) -> Result<Completion, Failure> {
        let HookSwitch { id, on } = serde_json::from_value(call.params)?;
        let before = self.one(&id);
        match &*call.name {
            "hooks.switch" => self.switch(&id, on).await?,
            _ => self.reset(&id)?,
        }
        let after = self.one(&id);
        let seen = |info: &Option<HookInfo>| {
            let seen = info.as_ref().map(|it| (it.enabled, it.circuit));
            seen.map(
                |(enabled, circuit)| serde_json::json!({"enabled": enabled, "circuit": circuit}),
            )
        };
        call.effect.changed(seen(&before), seen(&after));
        Ok(Completion::json(&after))
    }
}

fn limit(wanted: &HooksCall) -> usize {
    wanted.limit.unwrap_or(PAGE.0).clamp(1, PAGE.1) as usize
}

impl Capability<Services> for Hooks {
    const CALLS: &'static [CallRule] = &[
        CallRule::free("hooks.choose"),
        CallRule::free("hooks.emit"),
        CallRule::reads("hooks.history", Power::HooksRead, Who::Owner),
        CallRule::reads("hooks.list", Power::HooksRead, Who::Owner),
        CallRule::changes("hooks.reset", Power::HooksManage, Who::Owner),
        CallRule::changes("hooks.switch", Power::HooksManage, Who::Owner),
    ];
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
        match &*call.name {
            "hooks.choose" => {
                let ChooseCall { handler, events } = serde_json::from_value(call.params)?;
                self.chosen.choose(caller, &handler, events)?;
                Ok(Completion::default())
            }
            "hooks.list" => Ok(Completion::json(
                &self.page(&serde_json::from_value(call.params)?),
            )),
            "hooks.history" => Ok(Completion::json(
                &self.events(&serde_json::from_value(call.params)?),
            )),
            "hooks.switch" | "hooks.reset" => self.steer(call).await,
            _ => Self::serve(self, caller, call.params, call.body).await,
        }
    }

    fn generation_ended(&self, caller: &Caller) {
        self.chosen.generation_ended(caller);
        self.prune();
    }

    fn registries(&self) -> Vec<(&'static str, usize)> {
        vec![
            ("hooks, queues", self.queue_count()),
            ("hooks, chosen", self.chosen.count()),
        ]
    }
}
