//! Capability `plugins`: which plugins there are, what they use, and loading, unloading, reloading them for whoever may.
//!
//! | file | what it does |
//! | --- | --- |
//! | `views.rs`, `footprint.rs` | plugins and what they use, as they cross |
//! | `manage.rs` | load, unload, reload; also of the plugin that asks |
//! | `check.rs` | what a load of a file would come to |
//! | `store.rs` | files that are installed, replaced, removed, rolled back |
//! | `generations.rs` | former files, and canaries: begun, promoted, taken back |

mod check;
mod footprint;
mod generations;
mod manage;
mod store;
mod views;

use std::sync::{Arc, OnceLock, Weak};

use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, Who, places};
use host_commands::registration::Registration;
use host_loader::{Caller, Completion, LoadError, Places, Plugins, Unserved};
use plugin_api::{Power, abi::PluginsCall, manifest::Manifest};

use super::Services;
use host_base::PluginName;

/// The host calls about plugins, from the moment that there are any.
#[derive(Debug, Default)]
pub struct PluginCalls {
    set: OnceLock<Weak<Plugins>>,
    registration: OnceLock<Weak<Registration>>,
}

impl PluginCalls {
    /// From here on they are about these.
    pub(super) fn are_about(&self, plugins: &Arc<Plugins>) {
        let _ = self.set.set(Arc::downgrade(plugins));
    }

    /// From here on slash commands are registered by this.
    pub(super) fn are_registered_by(&self, registration: &Arc<Registration>) {
        let _ = self.registration.set(Arc::downgrade(registration));
    }

    /// The set of plugins.
    ///
    /// # Errors
    ///
    /// The bot starts or stops.
    pub(super) fn set(&self) -> Result<Arc<Plugins>, Failure> {
        let set = self.set.get().and_then(Weak::upgrade);
        set.ok_or_else(|| Failure::Refused("there are no plugins yet, or not any more".into()))
    }

    /// What registers slash commands, from the moment that the bot has logged in.
    pub(super) fn registration(&self) -> Option<Arc<Registration>> {
        self.registration.get().and_then(Weak::upgrade)
    }
}

/// A failure whose sentence a member may read.
fn told(text: impl Into<String>) -> Failure {
    Failure::Unfit(text.into())
}

pub(super) fn refused(error: LoadError) -> Failure {
    told(error.to_string())
}

/// A task of its own: not of the call, which ends with its generation.
pub(super) fn apart(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(work);
}

impl Capability<Services> for PluginCalls {
    const CALLS: &'static [CallRule] = &[
        CallRule::reads("plugins.list", Power::PluginsRead, Who::Anybody),
        CallRule::reads("plugins.usage", Power::PluginsRead, Who::Anybody),
        CallRule::reads("plugins.former", Power::PluginsRead, Who::Anybody),
        CallRule::reads("plugins.check", Power::PluginsRead, Who::Owner),
        // Runs code of a file that nobody has put into the extensions folder: no mere look.
        CallRule::changes("plugins.check_file", Power::PluginsManage, Who::Owner),
        CallRule::changes("plugins.load", Power::PluginsManage, Who::Owner),
        CallRule::changes("plugins.unload", Power::PluginsManage, Who::Owner),
        CallRule::changes("plugins.reload", Power::PluginsManage, Who::Owner),
        CallRule::changes("plugins.reload_all", Power::PluginsManage, Who::Owner),
        CallRule::changes("plugins.install", Power::PluginsManage, Who::Owner),
        CallRule::changes("plugins.remove", Power::PluginsManage, Who::Owner),
        CallRule::changes("plugins.rollback", Power::PluginsManage, Who::Owner),
        CallRule::changes("plugins.begin_canary", Power::PluginsManage, Who::Owner),
        CallRule::changes("plugins.promote_canary", Power::PluginsManage, Who::Owner),
        CallRule::changes("plugins.take_canary_back", Power::PluginsManage, Who::Owner),
    ];
    const PLACES: Places = places("plugins", 4);
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
        let set = self.set()?;
        let about: PluginsCall = serde_json::from_value(call.params.clone())?;
        match &*call.name {
            "plugins.list" => Ok(Completion::json(&views::list(services, &set, &about))),
            "plugins.usage" => {
                let usage = views::usage(services, &set, &about.name).await?;
                Ok(Completion::json(&usage))
            }
            "plugins.check" => {
                let file = store::known_file(services, &set, &about.name).await?;
                let report = check::check(services, &set, &file).await?;
                Ok(Completion::json(&report))
            }
            "plugins.check_file" => store::check_file(services, &set, caller, &about, &call).await,
            "plugins.former" => {
                let former = generations::former(&set, &about.name).await?;
                Ok(Completion::json(&former))
            }
            "plugins.begin_canary" => {
                generations::begin(services, &set, &about, &call.effect).await
            }
            "plugins.promote_canary" => {
                generations::promote(&set, caller, &about, &call.effect).await
            }
            "plugins.take_canary_back" => generations::take_back(&set, &about, &call.effect).await,
            "plugins.install" => store::install(services, &set, caller, &about, call).await,
            "plugins.remove" => store::remove(services, &set, caller, &about, &call).await,
            "plugins.rollback" => store::roll_back(&set, caller, &about, &call).await,
            _ => manage::manage(services, &set, caller, &about, call).await,
        }
    }

    fn generation_ended(&self, _: &Caller) {}

    fn registries(&self) -> Vec<(&'static str, usize)> {
        Vec::new()
    }
}
