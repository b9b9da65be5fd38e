//! All plugins: what they are, what they use, and managing them for somebody who may.

use super::Host;
use crate::{
    abi::{
        CanaryView, FileReport, FormerReply, ManagedReply, PluginUsage, PluginView, PluginsCall,
        PluginsReply,
    },
    error::{Error, Result},
    manifest::Manifest,
};

impl Host {
    /// All plugins that there are. To see them needs the power `plugins.read`, for [`check`](Plugins::check) one of the bot's owners who
    /// acts as well; to change something the power `plugins.manage` and an owner: make those calls through the host of a context.
    ///
    /// ```
    /// use plugin_api::{Power, abi::PluginState, prelude::*};
    ///
    /// async fn plugins(ctx: CommandContext) -> Result {
    ///     let mut text = String::new();
    ///     for plugin in ctx.host().plugins().all().await? {
    ///         let serves = plugin.state == PluginState::Serving;
    ///         text += &format!("{} {}\n", if serves { "🟢" } else { "🔴" }, plugin.name);
    ///     }
    ///     ctx.reply(text).await
    /// }
    /// let plugin = Plugin::new()
    ///     .powers([Power::PluginsRead])
    ///     .command(Command::new("plugins", "Lists them").run(plugins));
    /// ```
    #[must_use]
    pub fn plugins(&self) -> Plugins<'_> {
        Plugins { host: self }
    }
}

/// All plugins: what [`Host::plugins`] gives.
#[derive(Debug, Clone, Copy)]
pub struct Plugins<'a> {
    host: &'a Host,
}

impl Plugins<'_> {
    /// All of them, by name, without their manifests.
    ///
    /// # Errors
    ///
    /// The power `plugins.read` is not granted.
    pub async fn all(&self) -> Result<Vec<PluginView>> {
        let mut all = Vec::new();
        let mut call = PluginsCall {
            limit: Some(500),
            ..PluginsCall::default()
        };
        loop {
            let page = self.page(&call).await?;
            all.extend(page.plugins);
            match page.next {
                Some(next) => call.after = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// A page of them, with what the call asks for.
    ///
    /// # Errors
    ///
    /// As for [`all`](Self::all).
    pub async fn page(&self, call: &PluginsCall) -> Result<PluginsReply> {
        self.host.query("plugins.list", call).await
    }

    /// One of them, with its manifest; `None` where there is none of that name.
    ///
    /// # Errors
    ///
    /// As for [`all`](Self::all).
    pub async fn get(&self, name: &str) -> Result<Option<PluginView>> {
        let call = PluginsCall {
            manifests: true,
            ..named(name)
        };
        Ok(self.page(&call).await?.plugins.pop())
    }

    /// What a plugin that is loaded declares; `None` where none of that name is.
    ///
    /// # Errors
    ///
    /// As for [`all`](Self::all).
    pub async fn manifest(&self, name: &str) -> Result<Option<Manifest>> {
        let found = self.get(name).await?.and_then(|plugin| plugin.manifest);
        Ok(found.map(serde_json::from_value).transpose()?)
    }

    /// What a plugin that is loaded uses: processor, memory, disk, its handlers and host calls.
    ///
    /// # Errors
    ///
    /// It is not loaded (the member may be told so), or the power `plugins.read` is not granted.
    pub async fn usage(&self, name: &str) -> Result<PluginUsage> {
        self.host.query("plugins.usage", &named(name)).await
    }

    /// What a load of a file would come to: an installed one, or one in the extensions folder by its or its plugin's name. Nothing is
    /// loaded; a child process is asked what the file declares.
    ///
    /// # Errors
    ///
    /// There is no such file, or it is no plugin (the member may be told so); nobody who may stands behind the call.
    pub async fn check(&self, name: &str) -> Result<FileReport> {
        self.host.query("plugins.check", &named(name)).await
    }

    /// The same for a file in the plugin's own folder, which nobody has put into the extensions folder yet: of one that was uploaded, for
    /// instance. Its code runs in the child process, so that this is for whoever may manage plugins.
    ///
    /// # Errors
    ///
    /// As for [`check`](Self::check); the power `plugins.manage` is not granted.
    pub async fn check_file(&self, path: &str) -> Result<FileReport> {
        let call = PluginsCall {
            path: Some(path.to_owned()),
            ..PluginsCall::default()
        };
        self.host.query("plugins.check_file", &call).await
    }

    /// Loads a plugin: what was installed under its name, or what lies in the extensions folder.
    ///
    /// # Errors
    ///
    /// It can't be loaded (the member may be told why); nobody who may stands behind the call.
    pub async fn load(&self, name: &str) -> Result<ManagedReply> {
        self.host.query("plugins.load", &named(name)).await
    }

    /// Unloads a plugin until it is loaded by name, also over a restart; with `force` also those that need it, and without its state if
    /// it can't be saved. A plugin that unloads itself gets its answers out first.
    ///
    /// # Errors
    ///
    /// As for [`load`](Self::load).
    pub async fn unload(&self, name: &str, force: bool) -> Result<ManagedReply> {
        let call = PluginsCall {
            force,
            ..named(name)
        };
        self.host.query("plugins.unload", &call).await
    }

    /// The same with a reason, which is shown until the plugin is loaded again.
    ///
    /// # Errors
    ///
    /// As for [`load`](Self::load).
    pub async fn unload_because(
        &self,
        name: &str,
        force: bool,
        reason: &str,
    ) -> Result<ManagedReply> {
        let call = PluginsCall {
            force,
            reason: Some(reason.to_owned()),
            ..named(name)
        };
        self.host.query("plugins.unload", &call).await
    }

    /// Reloads a plugin, and those that need it. A plugin that reloads itself gets its answers out first.
    ///
    /// # Errors
    ///
    /// As for [`load`](Self::load); the old generation goes on.
    pub async fn reload(&self, name: &str) -> Result<ManagedReply> {
        self.host.query("plugins.reload", &named(name)).await
    }

    /// Reloads all plugins, when the one that asks has answered: in one step, or none of them.
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call.
    pub async fn reload_all(&self) -> Result<ManagedReply> {
        self.host.query("plugins.reload_all", &named("")).await
    }

    /// Installs a file: verified as a load would, and kept until [`load`](Self::load) or [`reload`](Self::reload) is asked for. With
    /// a name and a SHA-256 nothing else than what was meant is taken.
    ///
    /// ```
    /// use plugin_api::{Power, abi::PluginsCall, prelude::*};
    ///
    /// async fn install(ctx: CommandContext) -> Result {
    ///     let file = ctx.host().files().read("downloads/shop.so").await?;
    ///     let file = file.ok_or(Error::user("It is not there yet."))?;
    ///     let wanted = PluginsCall { name: "shop".into(), ..PluginsCall::default() };
    ///     let report = ctx.host().plugins().install(&wanted, file).await?;
    ///     if !report.problems.is_empty() {
    ///         return Err(Error::user(report.problems.join("\n")));
    ///     }
    ///     ctx.host().plugins().load("shop").await?;
    ///     ctx.reply(format!("{} {} is loaded.", report.name, report.version)).await
    /// }
    /// let plugin = Plugin::new()
    ///     .powers([Power::PluginsManage])
    ///     .command(Command::new("install", "Installs the shop").owner_only().run(install));
    /// ```
    ///
    /// # Errors
    ///
    /// It is no plugin file, or another one than was meant (the member may be told so); nobody who may stands behind the call.
    pub async fn install(&self, wanted: &PluginsCall, file: Vec<u8>) -> Result<FileReport> {
        let reply = self.host.ask("plugins.install", wanted, file).await?;
        serde_json::from_slice(&reply.head).map_err(Error::from)
    }

    /// Unloads a plugin and takes its file out of the extensions folder, where [`roll_back`](Self::roll_back) brings it back.
    ///
    /// # Errors
    ///
    /// As for [`load`](Self::load).
    pub async fn remove(&self, name: &str) -> Result<ManagedReply> {
        self.host.query("plugins.remove", &named(name)).await
    }

    /// Loads the file that served last before the one that is there now, or that was removed, with the state of now. The last few of
    /// each plugin are kept (`[extensions] keep_files`).
    ///
    /// # Errors
    ///
    /// As for [`load`](Self::load); none is kept.
    pub async fn roll_back(&self, name: &str) -> Result<ManagedReply> {
        self.host.query("plugins.rollback", &named(name)).await
    }

    /// The same with a choice: `which` file, the state that it had left (`then`) or that of now, a file in quarantine (`force`).
    ///
    /// # Errors
    ///
    /// As for [`roll_back`](Self::roll_back); the file has left no state.
    pub async fn roll_back_to(&self, wanted: &PluginsCall) -> Result<ManagedReply> {
        self.host.query("plugins.rollback", wanted).await
    }

    /// The files of a plugin that are kept for a rollback: the present one, and those before it.
    ///
    /// # Errors
    ///
    /// The power `plugins.read` is not granted.
    pub async fn former(&self, name: &str) -> Result<FormerReply> {
        self.host.query("plugins.former", &named(name)).await
    }

    /// Has a newer file of a plugin serve some servers first, and the present one the others: the file that was installed and waits, or
    /// one beside the present one with `.canary` behind its name. Where it serves as a canary already, it serves these servers as well.
    ///
    /// # Errors
    ///
    /// There is no newer file, it does not fit beside the present one, or the bot is not in one of the servers (the member may be told
    /// so); nobody who may stands behind the call.
    pub async fn begin_canary(&self, name: &str, guilds: &[u64]) -> Result<CanaryView> {
        let call = PluginsCall {
            guilds: guilds.to_vec(),
            ..named(name)
        };
        self.host.query("plugins.begin_canary", &call).await
    }

    /// Has a plugin's canary serve all servers, in the place of the present file.
    ///
    /// # Errors
    ///
    /// It has none, or it can't be loaded (the member may be told so); nobody who may stands behind the call.
    pub async fn promote_canary(&self, name: &str) -> Result<ManagedReply> {
        let call = named(name);
        self.host.query("plugins.promote_canary", &call).await
    }

    /// Ends a plugin's canary: the present file serves all servers again. Gives how it has fared.
    ///
    /// # Errors
    ///
    /// It has none (the member may be told so); nobody who may stands behind the call.
    pub async fn take_canary_back(&self, name: &str) -> Result<CanaryView> {
        let call = named(name);
        self.host.query("plugins.take_canary_back", &call).await
    }
}

fn named(name: &str) -> PluginsCall {
    PluginsCall {
        name: name.to_owned(),
        ..PluginsCall::default()
    }
}
