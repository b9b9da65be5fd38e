//! Bot's side of the loader's interface: options, rules, host calls and routes.

mod manifest;

use std::{
    path::PathBuf,
    sync::{Arc, Weak},
    time::Duration,
};

use futures_util::future::BoxFuture;
use host_base::{PluginName, shown};
use host_loader::{
    Behalf, Caller, CellCrash, Change, Completion, Environment, Figures, Lifted, Limits, LoadError,
    Much, Neighbour, Options, Places, Plugins, Program, Refusal, Slot, Unserved, crumbs::Remains,
    isolation,
};
use host_ops::{
    config::{Config, Live, Sandbox, Where},
    log,
};
use plugin_api::{
    abi::{CallHead, StartHead},
    hook::{ListenerError, PluginBlocked, PluginPanicked, TaskError},
    manifest::Manifest,
};
use tracing::Level;

pub use self::manifest::Rules;
use crate::{
    crashes,
    services::{self, Failed, Services},
};
use host_commands::router::Routes;

/// Characters of a reason in an alert: a manifest may have many problems.
const LONGEST_REASON: usize = 1_000;

/// The bot, for the loader.
#[derive(Debug)]
struct BotProgram {
    config: Live,
    services: Arc<Services>,
    routes: Arc<Routes>,
}

/// No plugins yet, in a bot with this configuration, these services and these routes. `probe_with` is the executable that tries
/// files.
///
/// # Errors
///
/// The folder of private copies can't be made.
pub fn plugins(
    config: impl Into<Live>,
    probe_with: PathBuf,
    services: Arc<Services>,
    routes: Arc<Routes>,
) -> Result<Plugins, LoadError> {
    let program = BotProgram {
        config: config.into(),
        services,
        routes,
    };
    Plugins::new(Arc::new(program), probe_with)
}

/// Tells plugins which of their log lines are wanted, whenever that changes.
pub fn follow_log_levels(plugins: &Arc<Plugins>) {
    let plugins: Weak<Plugins> = Arc::downgrade(plugins);
    log::follow(move || match plugins.upgrade() {
        Some(plugins) => {
            plugins.send_log_levels();
            true
        }
        None => false,
    });
}

/// Takes over what `[limits]` says, and tries plugins again that config.toml stood in the way of, whenever it changes.
pub async fn follow_config(plugins: Arc<Plugins>, services: Arc<Services>, config: Live) {
    let mut changes = config.follow();
    let mut before = config.now();
    while changes.changed().await.is_ok() {
        let now = config.now();
        if before.limits != now.limits {
            plugins.send_limits();
            services.discord.bound_invalid(&now.limits);
        }
        if concerns_plugins(&before, &now) {
            plugins.configuration_changed().await;
        }
        before = now;
    }
}

/// Whether a change of the configuration may lift a refusal.
fn concerns_plugins(before: &Config, now: &Config) -> bool {
    before.extensions != now.extensions
        || before.plugins != now.plugins
        || before.grants != now.grants
        || before.web != now.web
        || before.secrets != now.secrets
}

/// What an alert of a refused file is about, and its text: the file, why, and what to do.
fn refused_file(refusal: &Refusal) -> (String, String) {
    let file = refusal.file.file_name().unwrap_or_default();
    let file = shown::word(&file.to_string_lossy());
    let first = refusal.hook.error.lines().next().unwrap_or_default();
    let why: String = shown::said(first).chars().take(LONGEST_REASON).collect();
    let serves = match refusal.serves {
        true => " What was loaded from it before goes on.",
        false => "",
    };
    let next = match refusal.lifted {
        Lifted::File => "It is tried again when it is replaced or touched.",
        Lifted::Others => {
            "It is tried again when it is replaced or touched, and when another plugin comes or goes."
        }
        Lifted::Config => {
            "It is tried again when it is replaced or touched, and when config.toml changes."
        }
    };
    let text = format!("The plugin file `{file}` was refused: {why}.{serves} {next}");
    (format!("{file} refused"), text)
}

/// The alert of a plugin whose thread does not go on.
fn blocks(hook: &PluginBlocked) -> String {
    let pace = match hook.spins {
        Some(true) => ", and spins",
        Some(false) => ", and is blocked: it uses no processor time",
        None => "",
    };
    format!(
        "The plugin `{}` does not go on: its thread has been in {} for {} s{pace}. All that is for it waits.",
        hook.plugin,
        shown::said(&hook.handler),
        hook.blocked_ms / 1000
    )
}

/// What `[extensions]` and `[data]` say.
fn options(config: &Config) -> Options {
    let extensions = &config.extensions;
    Options {
        extensions: extensions.folder.clone(),
        data: config.data.folder.clone(),
        own_files: log::folder().map(PathBuf::from),
        blacklist: extensions.blacklist.clone(),
        enforce_dependencies: extensions.enforce_dependencies,
        enforce_conflicts: extensions.enforce_conflicts,
        probe: extensions.probe,
        probe_timeout: Duration::from_millis(extensions.probe_timeout_ms),
        start_timeout: Duration::from_millis(extensions.start_timeout_ms),
        save_timeout: Duration::from_millis(extensions.save_timeout_ms),
        stop_timeout: Duration::from_millis(extensions.stop_timeout_ms),
        save_every: Duration::from_secs(extensions.save_every_s),
        panics_per_minute: extensions.panics_per_minute,
        canary_failure_percent: extensions.canary_failure_percent,
        pinned_limit_bytes: extensions.pinned_limit_mb * 1_000_000,
        keep_files: extensions.keep_files.try_into().unwrap_or(usize::MAX),
        isolation: isolated(&config.isolation),
    }
}

/// What `[isolation]` says.
fn isolated(table: &host_ops::config::Isolation) -> isolation::Isolation {
    let is_apart = |place: &Where| *place == Where::Process;
    let plugins = table.plugins.iter();
    isolation::Isolation {
        by_default: is_apart(&table.default),
        plugins: plugins
            .map(|(name, place)| (name.clone(), is_apart(place)))
            .collect(),
        folders: table.folders.clone(),
        limits: isolation::Limits {
            memory_bytes: Some(table.memory_mb << 20).filter(|bytes| *bytes > 0),
            niceness: table.niceness,
            processor_percent: Some(table.processor_percent).filter(|percent| *percent > 0),
            sandbox: match table.sandbox {
                Sandbox::None => isolation::Sandbox::None,
                Sandbox::Possible => isolation::Sandbox::Possible,
                Sandbox::Required => isolation::Sandbox::Required,
            },
        },
    }
}

/// What `[limits]` says.
fn limits(config: &Config) -> Limits {
    let limits = &config.limits;
    let unless_zero = |value: u64| Some(value).filter(|value| *value > 0);
    Limits {
        watchdog: unless_zero(limits.watchdog_s).map(Duration::from_secs),
        abandoned: usize::try_from(limits.abandoned_generations).unwrap_or(usize::MAX),
        handler_deadline: unless_zero(limits.handler_deadline_s).map(Duration::from_secs),
        heap: unless_zero(limits.heap_mb).map(|megabytes| megabytes << 20),
        calls_per_second: unless_zero(limits.host_calls_per_second)
            .map(|calls| u32::try_from(calls).unwrap_or(u32::MAX)),
        lines_per_second: u32::try_from(limits.log_lines_per_second).unwrap_or(u32::MAX),
    }
}

impl host_loader::Rules for BotProgram {
    fn calls(&self) -> Vec<&'static str> {
        Rules.calls()
    }

    fn problems(
        &self,
        plugin: &PluginName,
        manifest: &Manifest,
        neighbours: &[Neighbour<'_>],
        problems: &mut Vec<String>,
    ) {
        Rules.problems(plugin, manifest, neighbours, problems);
    }
}

impl Environment for BotProgram {
    fn options(&self) -> Options {
        options(&self.config.now())
    }

    fn limits(&self) -> Limits {
        limits(&self.config.now())
    }

    fn figures(&self) -> &Figures {
        &self.services.figures.plugins
    }

    fn places(&self, call: &str) -> Places {
        services::places(call)
    }

    fn call_at_once(&self, caller: &Caller, head: CallHead) -> Result<Completion, CallHead> {
        self.services.call_at_once(caller, head)
    }

    fn call<'a>(
        &'a self,
        caller: &'a Caller,
        behalf: Behalf,
        head: CallHead,
        body: Vec<u8>,
    ) -> BoxFuture<'a, Completion> {
        Box::pin(self.services.call(caller, behalf, head, body))
    }

    fn generation_ended(&self, caller: &Caller) {
        self.services.generation_ended(caller);
        self.routes.forget_events(caller);
    }

    fn failed(&self, caller: &Caller, failed: host_loader::Failed) {
        let plugin = caller.plugin.to_string();
        self.services.failed(match failed {
            host_loader::Failed::Listener { event, error } => Failed::Listener(ListenerError {
                plugin,
                event,
                error,
            }),
            host_loader::Failed::Task(error) => Failed::Task(TaskError { plugin, error }),
            host_loader::Failed::Panic {
                message,
                at,
                trace,
                ends_plugin,
            } => {
                let hook = PluginPanicked {
                    plugin,
                    message,
                    at,
                    ends_plugin,
                };
                Failed::Panic(hook, trace.join("\n"))
            }
        });
    }

    fn cell_crashed(&self, _: &Caller, remains: &Remains) -> Option<CellCrash> {
        crashes::of_cell(remains, &self.config.now())
    }

    fn log_level(&self, plugin: &PluginName) -> &'static str {
        log::plugin_level(plugin)
    }

    fn wants_log_line(&self, plugin: &PluginName, level: Level) -> bool {
        log::takes(plugin, level)
    }
}

impl Program for BotProgram {
    fn generation_starts<'a>(
        &'a self,
        caller: &'a Caller,
        manifest: &'a Manifest,
    ) -> BoxFuture<'a, Result<(), Unserved>> {
        Box::pin(self.services.generation_starts(caller, manifest))
    }

    fn start_head(&self, caller: &Caller) -> StartHead {
        let (config, services) = (self.config.now(), &self.services);
        StartHead {
            host_version: env!("CARGO_PKG_VERSION").to_owned(),
            generation: caller.generation,
            calls: services::calls().map(|call| call.name.to_owned()).collect(),
            settings: services.settings.at_start(caller),
            log_level: log::plugin_level(&caller.plugin).to_owned(),
            bot_id: Some(services.bot_id()).filter(|id| *id != 0),
            application_id: Some(services.application_id()).filter(|id| *id != 0),
            colours: services.replies.colours(),
            component_timeout_s: Some(config.components.timeout_s).filter(|it| *it != 0),
        }
    }

    fn changed(&self, change: Change) {
        let services = &self.services;
        match change {
            Change::Loaded(caller, hook) => {
                services.settings.generation_serves(&caller);
                services.hooks.emit(&hook);
            }
            Change::Unloaded(hook) => services.hooks.emit(&hook),
            Change::Refused(refusal) => {
                services.hooks.emit(&refusal.hook);
                if refusal.is_new && !refusal.is_wanted {
                    let (about, text) = refused_file(&refusal);
                    services.alerts.raise("plugins", &about, &text);
                }
            }
            Change::Blocked(hook) => {
                services.hooks.emit(&hook);
                let about = format!("{} blocks", hook.plugin);
                services.alerts.raise("plugins", &about, &blocks(&hook));
            }
            Change::Crowded(plugin, dropped) => {
                let text = format!(
                    "The plugin `{plugin}` is too far behind: {}.",
                    dropped.in_words()
                );
                let about = format!("{plugin} is too far behind");
                services.alerts.raise("plugins", &about, &text);
            }
            Change::CanaryTakenBack(caller, text) => {
                // Each was begun by an owner, who is told each time.
                let about = format!("canary {}#{}", caller.plugin, caller.generation);
                services
                    .alerts
                    .raise("plugins", &about, &shown::said(&text));
            }
            Change::TakesMuch(much, text) => {
                let (subject, about) = match much {
                    Much::Threads(plugin) => ("plugins", format!("{plugin} has many threads")),
                    Much::Pinned => ("plugins", "ended generations hold much".to_owned()),
                    Much::Descriptors => ("bot", "descriptors run short".to_owned()),
                };
                services.alerts.raise(subject, &about, &text);
            }
            Change::Failed(hook) => {
                services.hooks.emit(&hook);
                let (plugin, why) = (&hook.plugin, shown::said(&hook.error));
                let text = format!("The plugin `{plugin}` has failed: {why}");
                services.alerts.raise("plugins", plugin, &text);
            }
        }
    }

    fn route(
        &self,
        change: &mut dyn FnMut() -> Result<Vec<Arc<Slot>>, LoadError>,
    ) -> Result<(), LoadError> {
        self.routes.change(change)
    }
}

#[cfg(test)]
mod tests {
    use plugin_api::hook::ExtensionFailed;

    use super::*;

    #[test]
    fn a_change_of_what_no_plugin_sees_tries_nothing_again() {
        let of = |text: &str| Config::parse(text, "c").unwrap();
        let concerns = |text: &str| concerns_plugins(&of(""), &of(text));
        assert!(!concerns("bot.prefix = '?'"));
        assert!(concerns("extensions.blacklist = ['a']"));
        assert!(concerns("plugins.a.limit = 3"));
    }

    #[test]
    fn an_alert_of_a_refused_file_has_the_file_the_first_line_and_what_to_do() {
        let mut refusal = Refusal {
            hook: ExtensionFailed {
                plugin: "shop".into(),
                error: "it needs `bank`\nand more".into(),
            },
            file: "extensions/lib`shop.so".into(),
            is_new: true,
            is_wanted: false,
            serves: false,
            lifted: Lifted::Others,
        };
        let (about, text) = refused_file(&refusal);
        assert_eq!(about, "lib'shop.so refused");
        assert_eq!(
            text,
            "The plugin file `lib'shop.so` was refused: it needs `bank`. It is tried again when it is replaced or touched, and when \
             another plugin comes or goes."
        );
        refusal.hook.error = "x".repeat(3_000);
        (refusal.serves, refusal.lifted) = (true, Lifted::File);
        let (_, text) = refused_file(&refusal);
        assert!(text.ends_with(
            "xx. What was loaded from it before goes on. It is tried again when it is replaced or touched."
        ));
        assert!(text.len() < 1_900);
    }

    #[test]
    fn the_loaders_defaults_are_those_of_the_configuration() {
        let ours = options(&Config::default());
        let theirs = Options::default();
        assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
        assert_eq!(limits(&Config::default()), Limits::default());
    }
}
