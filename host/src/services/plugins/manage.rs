//! Load, unload and reload for whoever may; also of the plugin that asks, which gets its answer out first.

use std::sync::Arc;

use host_base::PluginName;
use host_capability::{Effect, Failure, HostCall};
use host_loader::{Behalf, Caller, Completion, Plugins, UnloadNote, UnloadReport};
use host_ops::audit::Deed;
use plugin_api::abi::{ManagedReply, PluginsCall, UnloadView};

use super::{
    apart, refused,
    store::{self, StagedFiles},
    told,
    views::{load_view, us, versions},
};
use crate::services::{Services, authority};

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verb {
    Load,
    Unload { force: bool, note: UnloadNote },
    Reload,
    ReloadAll,
}

pub(super) async fn manage(
    services: &Services,
    set: &Arc<Plugins>,
    caller: &Caller,
    about: &PluginsCall,
    call: HostCall,
) -> Result<Completion, Failure> {
    let verb = match &*call.name {
        "plugins.load" => Verb::Load,
        "plugins.unload" => Verb::Unload {
            force: about.force,
            note: UnloadNote::now(&who(caller, &call), about.reason.as_deref().unwrap_or("")),
        },
        "plugins.reload" => Verb::Reload,
        _ => Verb::ReloadAll,
    };
    let name = about.name.trim().to_owned();
    if name.is_empty() && verb != Verb::ReloadAll {
        return Err(told("Which plugin? Name one."));
    }
    let is_load = matches!(verb, Verb::Load | Verb::Reload);
    let staged = match is_load && store::is_staged(services, &PluginName::new(&name)).await {
        true => Some(StagedFiles::of(services)),
        false => None,
    };
    if !concerns(set, &verb, &name, &caller.plugin) {
        let done = work(set, verb, &name, staged, &call.effect).await;
        return done.map(|reply| Completion::json(&reply));
    }
    // The generation that asks goes when it has answered what it is working on: it is waited for, as everybody is.
    let deed = authority::deed(caller, &call);
    begin(services, set, deed, verb, name, staged);
    let mut reply = ManagedReply::default();
    reply.begun = true;
    Ok(Completion::json(&reply))
}

/// Does it apart from whoever asked, who can't wait for the end of themselves.
fn begin(
    services: &Services,
    set: &Arc<Plugins>,
    deed: Deed,
    verb: Verb,
    name: String,
    staged: Option<StagedFiles>,
) {
    let (set, journal) = (Arc::clone(set), services.authority.recorder());
    apart(async move {
        let effect = Effect::default();
        let result = work(&set, verb, &name, staged, &effect).await;
        let (before, after) = effect.take();
        let result = match result {
            Ok(_) => "done, after it was answered".to_owned(),
            Err(failure) => {
                tracing::error!(plugin = name, "what was asked for was not done: {failure}");
                format!("failed: {failure}")
            }
        };
        journal
            .record(Deed {
                before,
                after,
                result,
                ..deed
            })
            .await;
    });
}

/// Whether the plugin that asks is among those that go.
fn concerns(set: &Plugins, verb: &Verb, name: &str, asks: &PluginName) -> bool {
    let name = PluginName::new(name);
    let needs_it = || set.dependents(&name).contains(asks);
    match verb {
        Verb::Load => false,
        Verb::ReloadAll => true,
        Verb::Unload { force: false, .. } => {
            name == *asks && {
                // Refused at once, with the reason.
                set.dependents(&name).is_empty()
            }
        }
        Verb::Unload { force: true, .. } | Verb::Reload => name == *asks || needs_it(),
    }
}

async fn work(
    set: &Plugins,
    verb: Verb,
    name: &str,
    staged: Option<StagedFiles>,
    effect: &Effect,
) -> Result<ManagedReply, Failure> {
    let before = versions(set);
    let mut reply = ManagedReply::default();
    if let Some(staged) = staged {
        let report = store::load_staged(&staged, set, &PluginName::new(name)).await?;
        reply.loads = vec![load_view(&report)];
        effect.changed(before, versions(set));
        return Ok(reply);
    }
    match verb {
        Verb::Load => reply.loads = vec![load_view(&set.load(name).await.map_err(refused)?)],
        Verb::Reload => {
            let reports = set.reload(name).await.map_err(refused)?;
            reply.loads = reports.iter().map(load_view).collect();
        }
        Verb::ReloadAll => {
            let reports = set.reload_all().await.map_err(refused)?;
            reply.loads = reports.iter().map(load_view).collect();
        }
        Verb::Unload { force, note } => {
            let report = set.unload_for_good(name, force, note).await;
            let report = report.map_err(refused)?;
            reply.unload = Some(unload_view(&report));
        }
    }
    effect.changed(before, versions(set));
    Ok(reply)
}

/// Whoever asks, in words: the member behind the plugin, where there is one.
fn who(caller: &Caller, call: &HostCall) -> String {
    match &call.behalf {
        Behalf::Somebody(invocation) => invocation.event.who(),
        _ => format!("the plugin `{}`", caller.plugin),
    }
}

fn unload_view(report: &UnloadReport) -> UnloadView {
    let mut view = UnloadView::default();
    view.name = report.plugin.to_string();
    view.generation = report.generation;
    view.took_us = us(report.took);
    view.returned_bytes = report.returned_bytes;
    view.unmapped = report.unmapped;
    view.stayed.clone_from(&report.stayed);
    view
}
