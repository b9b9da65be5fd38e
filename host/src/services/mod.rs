//! Services behind the host calls: one file per capability, `plugin-api/src/host/` asks under the same names.

mod alerts;
mod authority;
mod bot;
mod caches;
mod commands;
mod databases;
pub mod erasure;
mod errors;
mod events;
mod functions;
pub mod hooks;
mod lag;
mod last_end;
mod log;
mod metrics;
mod plugins;
pub mod presence;
mod registries;
mod requests;
pub mod schedules;
mod secrets;
pub mod settings;
mod shards;
mod subjects;
mod text_format;
pub mod web;

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use futures_util::FutureExt;
use host_base::error_id;
use host_capability::{Behalf, Effect, Failure, HostCall, Leaves, Rule, capabilities};
use host_commands::{Pipeline, registration::Registration};
use host_discord::{Alerts, Cache, Discord, Later, Replies, figures::Figures, gateway::Shards};
use host_loader::{Caller, Completion, Plugins};
use host_ops::{
    audit::Journal,
    config::{Config, Live},
    env::Secret,
};
use host_pages::Pages;
use host_store::{BotFiles, Files, Storage};
use host_supervisor::LastEnd;
use plugin_api::abi::CallHead;
use tokio_util::sync::CancellationToken;
use twilight_model::id::Id;

pub use self::{
    authority::Authority,
    bot::MetricsReader,
    errors::{Errors, Failed},
    functions::Functions,
    hooks::Hooks,
    metrics::{Family, Metrics, Sample},
    presence::Presence,
    schedules::Schedules,
    secrets::Secrets,
    settings::Settings,
    web::Web,
};
use self::{
    bot::BotCalls, caches::Caches, commands::CommandCalls, databases::Databases, events::Events,
    lag::LagCalls, log::LogCalls, plugins::PluginCalls, schedules::Clock, subjects::Subjects,
};
use host_commands::router::Routes;

capabilities! {
    Services {
    alerts: Alerts,
    authority: Authority,
    bot: BotCalls,
    bot_files: BotFiles,
    cache: Cache,
    caches: Caches,
    commands: CommandCalls,
    databases: Databases,
    discord: Discord,
    errors: Errors,
    events: Events,
    files: Files,
    functions: Functions,
    hooks: Hooks,
    lag: LagCalls,
    log: LogCalls,
    metrics: Metrics,
    pages: Pages,
    plugins: PluginCalls,
    presence: Presence,
    replies: Replies,
    schedules: Schedules,
    secrets: Secrets,
    settings: Settings,
    shards: Shards,
    storage: Storage,
    subjects: Subjects,
    web: Web,
    }
}

/// The answers to host calls.
#[derive(Debug)]
pub struct Services {
    /// Who may make which call, and the audit journal.
    pub authority: Authority,
    /// Discord's REST API.
    pub discord: Arc<Discord>,
    /// Other servers on the web.
    pub web: Web,
    /// What is kept of Discord.
    pub cache: Arc<Cache>,
    /// The gateway's shards.
    pub shards: Arc<Shards>,
    /// Answers to commands, components and modals.
    pub replies: Replies,
    /// Files of plugins.
    pub files: Files,
    /// Events of the framework and of plugins.
    pub hooks: Arc<Hooks>,
    /// Alerts to the owner.
    pub alerts: Arc<Alerts>,
    /// What happens to messages after they were sent.
    pub later: Arc<Later>,
    functions: Functions,
    events: Events,
    bot: BotCalls,
    commands: CommandCalls,
    caches: Caches,
    lag: LagCalls,
    log: LogCalls,
    plugins: PluginCalls,
    databases: Databases,
    bot_files: BotFiles,
    subjects: Subjects,
    /// What plugins do at a time.
    pub schedules: Schedules,
    pub(crate) secrets: Secrets,
    /// Settings of the host and of plugins.
    pub settings: Arc<Settings>,
    /// SQL databases.
    pub storage: Arc<Storage>,
    /// Figures of plugins' own.
    pub metrics: Metrics,
    /// The bot's web pages.
    pub pages: Pages,
    /// The presence that a plugin has set.
    pub presence: Presence,
    /// What has failed lately.
    pub errors: Arc<Errors>,
    /// What is counted.
    pub figures: Arc<Figures>,
    last_end: OnceLock<LastEnd>,
    bot_id: AtomicU64,
    application_id: AtomicU64,
}

impl Services {
    /// Services that reach Discord with this token, on these databases, between the plugins of `routes`.
    #[must_use]
    pub fn new(
        token: Option<&str>,
        live: &Live,
        routes: Arc<Routes>,
        storage: Storage,
        secrets: &BTreeMap<String, Secret>,
    ) -> Self {
        let figures = Arc::<Figures>::default();
        let config = &live.now();
        let discord = Arc::new(Discord::new(&config.discord, token, Arc::clone(&figures)));
        let storage = Arc::new(storage);
        let later = Arc::new(Later::new(Arc::clone(&discord), Arc::clone(&storage)));
        let alerts = Arc::new(Alerts::new(live.clone(), Arc::clone(&discord)));
        discord.bound_invalid(&config.limits);
        let raised = Arc::downgrade(&alerts);
        discord.tell(move |about, text| {
            if let Some(alerts) = raised.upgrade() {
                alerts.raise("discord", about, text);
            }
        });
        let errors = Arc::<Errors>::default();
        let hooks = Arc::new(Hooks::new(
            live.clone(),
            Arc::clone(&routes),
            Arc::clone(&alerts),
            Arc::clone(&storage),
            Arc::clone(&errors),
        ));
        let cache = Arc::new(Cache::new(&config.cache, Arc::clone(&discord)));
        let known = Arc::downgrade(&cache);
        storage.ask_for_guilds(move |guild| {
            known
                .upgrade()
                .is_none_or(|cache| Id::new_checked(guild).is_none_or(|guild| cache.is_in(guild)))
        });
        Self {
            authority: Authority::new(live.clone(), Journal::absent()),
            web: Web::new(live.clone()),
            shards: Arc::new(Shards::new(Arc::clone(&figures), Arc::clone(&cache))),
            cache,
            replies: Replies::new(live.clone(), Arc::clone(&discord), Arc::clone(&later)),
            later,
            files: Files::new(live.clone(), config.data.folder.clone()).with_disk(storage.disk()),
            hooks: Arc::clone(&hooks),
            alerts: Arc::clone(&alerts),
            functions: Functions::new(Arc::clone(&routes)),
            bot: BotCalls::default(),
            events: Events::default(),
            commands: CommandCalls::default(),
            caches: Caches,
            lag: LagCalls(Arc::clone(&figures)),
            log: LogCalls,
            plugins: PluginCalls::default(),
            databases: Databases,
            bot_files: BotFiles::new(live.clone()),
            subjects: Subjects,
            secrets: Secrets::new(live.clone(), secrets),
            settings: Arc::new(Settings::new(
                live.clone(),
                routes,
                Arc::clone(&hooks),
                Arc::clone(&alerts),
                Arc::clone(&storage),
            )),
            discord,
            schedules: Schedules::new(live.clone(), Clock::default()),
            storage: Arc::clone(&storage),
            figures,
            metrics: Metrics::default(),
            pages: Pages::default(),
            presence: Presence::default(),
            errors,
            last_end: OnceLock::new(),
            bot_id: AtomicU64::new(0),
            application_id: AtomicU64::new(0),
        }
    }

    /// The same with schedules, and ages of messages, that go by another clock.
    #[must_use]
    pub fn with_clock(mut self, live: &Live, clock: Clock) -> Self {
        self.later.set_clock(clock.clone());
        self.schedules = Schedules::new(live.clone(), clock);
        self
    }

    /// The same with an audit journal.
    #[must_use]
    pub fn with_journal(mut self, live: &Live, journal: Journal) -> Self {
        self.authority = Authority::new(live.clone(), journal);
        self
    }

    /// From here on the host calls about commands are served.
    pub fn serve_commands(&self, commands: Arc<Pipeline>) {
        self.commands.are_served_by(commands);
    }

    /// From here on the host calls about plugins are about these.
    pub fn serve_plugins(&self, plugins: &Arc<Plugins>) {
        self.plugins.are_about(plugins);
    }

    /// From here on plugins stop the bot by this.
    pub fn serve_stops(&self, shutdown: CancellationToken) {
        self.bot.are_stopped_by(shutdown);
    }

    /// Whether the bot is to be started anew when it has stopped.
    #[must_use]
    pub fn wants_restart(&self) -> bool {
        self.bot.restarts()
    }

    /// From here on metrics are read by this.
    pub fn serve_metrics(&self, reader: MetricsReader) {
        self.bot.are_measured_by(reader);
    }

    /// From here on owners may have events heard once more, by this: for a bot whose Discord is a simulated one.
    pub fn serve_replays(&self, replayer: events::Replayer) {
        self.events.are_replayed_by(replayer);
    }

    /// From here on slash commands are registered by this.
    pub fn serve_registration(&self, registration: &Arc<Registration>) {
        self.plugins.are_registered_by(registration);
    }

    /// Services that reach nobody: for the probe.
    #[must_use]
    pub fn offline() -> Self {
        // Port 9 is `discard`: nobody listens.
        Self::through("127.0.0.1:9".into(), &Config::default(), Arc::default())
    }

    /// Services between the plugins of `routes` that reach Discord's REST API at `http_proxy` (host:port), without a token.
    #[must_use]
    pub fn through(http_proxy: String, config: &Config, routes: Arc<Routes>) -> Self {
        let mut config = config.clone();
        config.discord.http_proxy = Some(http_proxy);
        Self::new(
            None,
            &Live::new(config),
            routes,
            Storage::absent(),
            &BTreeMap::new(),
        )
    }

    /// Who the bot is, from the moment it is known.
    pub fn set_identity(&self, bot_id: u64, application_id: u64) {
        self.bot_id.store(bot_id, Relaxed);
        self.application_id.store(application_id, Relaxed);
        self.replies.set_application(application_id);
        self.cache.set_bot_id(bot_id);
        self.later.set_application(application_id);
    }

    /// Where commands, events and calls lead.
    #[must_use]
    pub fn routes(&self) -> &Routes {
        self.functions.routes()
    }

    /// The bot's user id; 0 while it is not known.
    #[must_use]
    pub fn bot_id(&self) -> u64 {
        self.bot_id.load(Relaxed)
    }

    /// The application's id; 0 while it is not known.
    #[must_use]
    pub fn application_id(&self) -> u64 {
        self.application_id.load(Relaxed)
    }

    /// Serves a host call that neither waits nor takes time: in the order in which the plugin makes them. The others give
    /// themselves back.
    ///
    /// # Errors
    ///
    /// The call, which is to be served by [`call`](Self::call).
    pub fn call_at_once(&self, caller: &Caller, head: CallHead) -> Result<Completion, CallHead> {
        // What needs somebody who may is looked into first, which takes its time.
        if !matches!(rule(&head.call), Some(Rule::Free)) {
            return Err(head);
        }
        let for_frame = head.for_frame;
        let call = HostCall {
            name: head.call.clone(),
            params: head.params,
            body: Vec::new(),
            behalf: Behalf::Plugin,
            effect: Effect::default(),
        };
        match self.at_once(caller, call) {
            Ok(result) => Ok(completed(caller, &head.call, result)),
            Err(call) => Err(CallHead {
                for_frame,
                ..CallHead::new(call.name, call.params)
            }),
        }
    }

    /// Serves one host call. Whatever happens, it is answered.
    pub async fn call(
        &self,
        caller: &Caller,
        behalf: Behalf,
        head: CallHead,
        body: Vec<u8>,
    ) -> Completion {
        let call = head.call.clone();
        let serving = self.serve(caller, behalf, head, body);
        answered(&self.errors, caller, &call, serving).await
    }

    async fn serve(
        &self,
        caller: &Caller,
        behalf: Behalf,
        head: CallHead,
        body: Vec<u8>,
    ) -> Completion {
        let name = head.call.clone();
        let Some(rule) = rule(&name) else {
            return Completion::unknown(&name);
        };
        let body = match self.may_leave(caller, &head, body).await {
            Ok(body) => body,
            Err(failure) => return completed(caller, &name, Err(failure)),
        };
        let call = HostCall {
            name: head.call,
            params: head.params,
            body,
            behalf,
            effect: Effect::default(),
        };
        let result = match rule {
            Rule::Changes(..) => self.serve_change(caller, call, rule).await,
            _ => self.serve_if_allowed(caller, call, rule).await,
        };
        completed(caller, &name, result)
    }

    async fn serve_if_allowed(
        &self,
        caller: &Caller,
        call: HostCall,
        rule: Rule,
    ) -> Result<Completion, Failure> {
        self.may(caller, &call, rule).await?;
        let name = call.name.clone();
        let served = self.served(caller, call).await;
        served.unwrap_or_else(|| Ok(Completion::unknown(&name)))
    }

    /// Serves a call that changes what is not the plugin's own: the journal has it, however it ends.
    async fn serve_change(
        &self,
        caller: &Caller,
        call: HostCall,
        rule: Rule,
    ) -> Result<Completion, Failure> {
        let (deed, effect) = (authority::deed(caller, &call), call.effect.clone());
        let result = self.serve_if_allowed(caller, call, rule).await;
        self.journal(caller, deed, effect.take(), &result).await;
        result
    }

    /// Gives the body of a call back that carries no secret to where it does not belong. What is shown on Discord loses them on its way
    /// there.
    async fn may_leave(
        &self,
        caller: &Caller,
        head: &CallHead,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, Failure> {
        let path = || head.params["path"].as_str().unwrap_or_default();
        match leaves(&head.call) {
            Leaves::Nothing => {}
            Leaves::WebRequest => return self.secrets.may_leave(caller, &head.params, body).await,
            Leaves::DiscordPath => self.secrets.may_be_asked(caller, path())?,
            Leaves::FilePath => {
                self.secrets.may_be_shown(path())?;
                let to = head.params["to"].as_str().unwrap_or_default();
                self.secrets.may_be_shown(to)?;
            }
        }
        Ok(body)
    }
}

/// Answers a call also when the host panics over it.
async fn answered(
    errors: &Errors,
    caller: &Caller,
    call: &str,
    serving: impl Future<Output = Completion>,
) -> Completion {
    let served = AssertUnwindSafe(serving).catch_unwind().await;
    served.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        let (plugin, error_id) = (&*caller.plugin, error_id::new());
        tracing::error!(
            plugin,
            call,
            error_id,
            "the host panicked over a call: {}",
            text.as_deref().unwrap_or_default()
        );
        errors.of_host(plugin, call, text.unwrap_or_default(), &error_id);
        completed(caller, call, Err(Failure::Host { error_id }))
    })
}

fn completed(caller: &Caller, call: &str, result: Result<Completion, Failure>) -> Completion {
    result.unwrap_or_else(|failure| {
        tracing::debug!(
            plugin = &*caller.plugin,
            call,
            "a host call failed: {failure}"
        );
        Completion::failed(&failure.into_head())
    })
}

#[cfg(test)]
mod tests {
    use plugin_api::abi::{ErrorHead, ErrorsCall, status};

    use super::*;

    #[tokio::test]
    async fn a_call_that_the_host_panics_over_is_answered() {
        let caller = Caller::new("tea", 1);
        let errors = Errors::default();
        let serving = async { panic!("too many leaves") };
        let answer = answered(&errors, &caller, "web.request", serving).await;
        let kept = errors.list(&ErrorsCall::default()).errors.remove(0);
        assert_eq!(
            (&*kept.what, &*kept.text),
            ("web.request", "too many leaves")
        );
        assert_eq!(kept.error_id.len(), 8);
        assert_eq!(answer.status, status::FAILED);
        let head: ErrorHead = serde_json::from_slice(&answer.head).unwrap();
        assert!(head.message.contains("error id"), "{}", head.message);
        assert!(!head.message.contains("leaves"), "{}", head.message);
    }
}
