//! Former files of plugins, and canaries: begun, promoted, taken back.

use std::{collections::BTreeSet, sync::Arc};

use host_base::PluginName;
use host_capability::{Effect, Failure};
use host_loader::{Caller, CanaryStatus, Completion, KeptFile, Plugins};
use plugin_api::abi::{FormerReply, FormerView, ManagedReply, PluginsCall};
use twilight_model::id::Id;

use super::{
    apart, refused, store, told,
    views::{canary_view, load_view, versions},
};
use crate::services::Services;

/// The files that are kept of a plugin.
pub(super) async fn former(set: &Plugins, name: &str) -> Result<FormerReply, Failure> {
    let name = named(name)?;
    let (present, files) = tokio::join!(set.present_file(name), set.former_files(name));
    let mut reply = FormerReply::default();
    reply.present = present.as_ref().map(kept);
    reply.files = files.iter().map(kept).collect();
    Ok(reply)
}

/// Begins a canary, with the file that was installed and waits, where there is one.
pub(super) async fn begin(
    services: &Services,
    set: &Arc<Plugins>,
    about: &PluginsCall,
    effect: &Effect,
) -> Result<Completion, Failure> {
    let name = named(&about.name)?;
    let guilds: BTreeSet<u64> = about.guilds.iter().copied().collect();
    if guilds.is_empty() {
        return Err(told("In which servers? Name one at least."));
    }
    let strange = guilds.iter().find(|id| {
        let known = Id::new_checked(**id).and_then(|id| services.cache.guild(id).ok());
        known.is_none()
    });
    if let Some(strange) = strange {
        return Err(told(format!(
            "The bot is in no server with the id {strange}."
        )));
    }
    let plugin = PluginName::new(name);
    let status = set.status().into_iter().find(|it| it.plugin == plugin);
    let present = status.filter(|it| it.serving.is_some()).map(|it| it.file);
    let Some(present) = present else {
        return Err(told(format!(
            "`{plugin}` does not serve, so that nothing can serve beside it: load it first"
        )));
    };
    let waiting = store::beside_present(services, &plugin, &present).await?;
    let begun = match set.begin_canary(name, guilds).await {
        Ok(begun) => begun,
        Err(error) => {
            if let Some(waiting) = waiting {
                waiting.put_back().await?;
            }
            return Err(refused(error));
        }
    };
    effect.changed("", words(&begun.canary));
    let mut view = canary_view(&begun.canary);
    view.remarks = begun.remarks;
    Ok(Completion::json(&view))
}

/// Has a canary serve all servers; that of the plugin that asks, or of one that it needs, when that has answered.
pub(super) async fn promote(
    set: &Arc<Plugins>,
    caller: &Caller,
    about: &PluginsCall,
    effect: &Effect,
) -> Result<Completion, Failure> {
    let name = named(&about.name)?.to_owned();
    // There is one, or the answer says so, also where it is promoted later.
    set.canary(&name).await.map_err(refused)?;
    let plugin = PluginName::new(&name);
    let concerns = caller.plugin == plugin || set.dependents(&plugin).contains(&caller.plugin);
    let promoting = {
        let (set, effect) = (Arc::clone(set), effect.clone());
        async move {
            let before = versions(&set);
            let promoted = set.promote_canary(&name).await.map_err(refused)?;
            effect.changed(before, versions(&set));
            Ok::<_, Failure>(promoted)
        }
    };
    let mut reply = ManagedReply::default();
    if concerns {
        reply.begun = true;
        apart(async move {
            if let Err(failure) = promoting.await {
                tracing::error!("a canary was not promoted: {failure}");
            }
        });
    } else {
        let done = promoting.await?;
        reply.loads = done.reports.iter().map(load_view).collect();
        reply.remarks = done.remarks;
    }
    Ok(Completion::json(&reply))
}

/// Ends a canary.
pub(super) async fn take_back(
    set: &Plugins,
    about: &PluginsCall,
    effect: &Effect,
) -> Result<Completion, Failure> {
    let name = named(&about.name)?;
    let status = set.take_canary_back(name).await.map_err(refused)?;
    effect.changed(words(&status), "taken back");
    Ok(Completion::json(&canary_view(&status)))
}

fn named(name: &str) -> Result<&str, Failure> {
    match name.trim() {
        "" => Err(told("Which plugin? Name one.")),
        name => Ok(name),
    }
}

fn words(status: &CanaryStatus) -> String {
    status.in_words(std::time::SystemTime::now())
}

fn kept(file: &KeptFile) -> FormerView {
    let mut view = FormerView::default();
    view.sha256.clone_from(&file.sha256);
    view.version.clone_from(&file.version);
    view.bytes = file.bytes;
    view.first_ms = file.first_ms;
    view.last_ms = file.last_ms;
    view.loads = file.loads;
    view.panics = file.panics;
    view.ended.clone_from(&file.ended);
    view.state_ms = file.state_ms;
    view
}
