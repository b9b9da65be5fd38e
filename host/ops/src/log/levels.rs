//! Log levels: a filter per target, and a level per plugin.

use std::collections::BTreeMap;

use host_base::PluginName;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use crate::filter::{check_filter, directives, level_word, parse_level};

/// The target of all that plugins log.
pub(super) const PLUGIN_TARGET: &str = "plugin";

/// Floor of the log: errors are logged whatever is set, so that an error id that a member has read leads somewhere.
const FLOOR: LevelFilter = LevelFilter::ERROR;

/// Targets that log every change in a folder: written to a file in that folder, each line would be the next change, for ever.
const OF_THE_WATCHER: [&str; 2] = ["notify", "inotify"];

/// Levels of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levels {
    /// As in `[log] level`: a level, and exceptions per target; `plugin` stands for all plugins.
    pub level: String,
    /// As in `[log] plugins`: exceptions per plugin.
    pub plugins: BTreeMap<PluginName, String>,
    /// The same, ready to be asked.
    of_plugins: BTreeMap<PluginName, LevelFilter>,
    others: LevelFilter,
}

impl Levels {
    /// Reads `level` as in `[log] level`, and `plugins` as in `[log] plugins`.
    ///
    /// # Errors
    ///
    /// Which level is none.
    pub fn new(level: &str, plugins: &BTreeMap<PluginName, String>) -> Result<Self, String> {
        let mut of_plugins = BTreeMap::new();
        for (plugin, level) in plugins {
            let parsed = parse_level(level)
                .ok_or_else(|| format!("[log] plugins: `{level}` of `{plugin}` is no level"))?;
            of_plugins.insert(plugin.clone(), parsed);
        }
        check_filter(level).map_err(|error| format!("[log] level: {error}"))?;
        let levels = Self {
            level: level.to_owned(),
            plugins: plugins.clone(),
            of_plugins,
            others: level_of(level, PLUGIN_TARGET).max(FLOOR),
        };
        levels.filter()?;
        Ok(levels)
    }

    /// The same with another level for a target; for the default with `None` as target. Without a level the exception goes.
    #[must_use]
    pub fn with_target(&self, target: Option<&str>, level: Option<LevelFilter>) -> String {
        let is_same = |directive: &str| match (target, directive.split_once('=')) {
            (Some(target), Some((of, _))) => of == target,
            // A target alone means all of it.
            (Some(target), None) => directive == target && parse_level(directive).is_none(),
            (None, None) => parse_level(directive).is_some(),
            (None, Some(_)) => false,
        };
        let mut directives: Vec<String> = directives(&self.level)
            .filter(|directive| !is_same(directive))
            .map(str::to_owned)
            .collect();
        match (target, level) {
            (Some(target), Some(level)) => {
                directives.push(format!("{target}={}", level_word(level)))
            }
            (None, Some(level)) => directives.insert(0, level_word(level).to_owned()),
            (None, None) => directives.insert(0, "info".to_owned()),
            (Some(_), None) => {}
        }
        directives.join(",")
    }

    /// What a plugin's lines are held against.
    #[must_use]
    pub fn of_plugin(&self, plugin: &PluginName) -> LevelFilter {
        self.of_plugins.get(plugin).copied().unwrap_or(self.others)
    }

    /// The subscriber's filter: it lets through errors of everybody, whatever the level, and what any plugin may log, since
    /// the bridge asks for each by name.
    pub(super) fn filter(&self) -> Result<EnvFilter, String> {
        let plugins = self.of_plugins.values().fold(self.others, |a, b| a.max(*b));
        let mut all = vec![level_word(FLOOR).to_owned()];
        all.extend(directives(&self.level).map(floored));
        all.push(format!("{PLUGIN_TARGET}={}", level_word(plugins)));
        all.extend(OF_THE_WATCHER.iter().map(|target| format!("{target}=info")));
        EnvFilter::try_new(all.join(",")).map_err(|error| format!("[log] level: {error}"))
    }
}

/// Errors stay.
fn floored(directive: &str) -> String {
    match directive.rsplit_once('=') {
        Some((target, level)) if parse_level(level) == Some(LevelFilter::OFF) => {
            format!("{target}={}", level_word(FLOOR))
        }
        None if parse_level(directive) == Some(LevelFilter::OFF) => level_word(FLOOR).to_owned(),
        _ => directive.to_owned(),
    }
}

/// The level of a target in a filter: its own, or the default.
fn level_of(filter: &str, target: &str) -> LevelFilter {
    let mut level = LevelFilter::ERROR;
    for directive in directives(filter) {
        match directive.split_once('=') {
            Some((of, exception)) if of == target => {
                return parse_level(exception).unwrap_or(level);
            }
            None if directive == target => return LevelFilter::TRACE,
            None => level = parse_level(directive).unwrap_or(level),
            Some(_) => {}
        }
    }
    level
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(level: &str, plugins: &[(&str, &str)]) -> Levels {
        let plugins = plugins
            .iter()
            .map(|(plugin, level)| (PluginName::new(plugin), (*level).to_owned()));
        Levels::new(level, &plugins.collect()).unwrap()
    }

    #[test]
    fn plugins_have_their_own_level_or_that_of_all_plugins_or_the_default() {
        let all = levels("info,host=debug", &[("my-shop", "trace")]);
        assert_eq!(all.of_plugin(&"my_shop".into()), LevelFilter::TRACE);
        assert_eq!(all.of_plugin(&"other".into()), LevelFilter::INFO);
        let named = levels("plugin=warn,debug", &[]);
        assert_eq!(named.of_plugin(&"other".into()), LevelFilter::WARN);
        assert_eq!(
            levels("host=debug", &[]).of_plugin(&"any".into()),
            LevelFilter::ERROR
        );
        // Errors stay, but for a plugin that was switched off by its name.
        assert_eq!(
            levels("off", &[]).of_plugin(&"any".into()),
            LevelFilter::ERROR
        );
        let silent = levels("info", &[("a", "off")]);
        assert_eq!(silent.of_plugin(&"a".into()), LevelFilter::OFF);
    }

    #[test]
    fn the_filter_lets_through_what_the_most_talkative_plugin_may_say() {
        let shown = |levels: &Levels| levels.filter().unwrap().to_string();
        assert!(shown(&levels("warn", &[("a", "trace")])).contains("plugin=trace"));
        assert!(shown(&levels("debug", &[("a", "off")])).contains("plugin=debug"));
        for wrong in ["info,=", "verbose", "info,host=loud", "host", "", " , "] {
            assert!(Levels::new(wrong, &BTreeMap::new()).is_err(), "{wrong}");
        }
        let wrong = BTreeMap::from([("a".into(), "loud".to_owned())]);
        assert!(
            Levels::new("info", &wrong)
                .unwrap_err()
                .contains("`loud` of `a`")
        );
    }

    #[test]
    fn errors_are_logged_whatever_the_filter() {
        use tracing_subscriber::layer::SubscriberExt;
        for filter in [
            "off",
            "host=debug",
            "host=off",
            "info,host=off",
            "[event]=off",
        ] {
            let filter = levels(filter, &[]).filter().unwrap();
            let subscriber = tracing_subscriber::registry().with(filter);
            tracing::subscriber::with_default(subscriber, || {
                assert!(tracing::enabled!(target: "host::dispatch", tracing::Level::ERROR));
                assert!(tracing::enabled!(target: "plugin", tracing::Level::ERROR));
            });
        }
    }

    #[test]
    fn the_host_is_all_of_its_crates() {
        use tracing_subscriber::layer::SubscriberExt;
        let filter = levels("warn,host=debug", &[]).filter().unwrap();
        let subscriber = tracing_subscriber::registry().with(filter);
        tracing::subscriber::with_default(subscriber, || {
            assert!(tracing::enabled!(target: "host::dispatch", tracing::Level::DEBUG));
            assert!(tracing::enabled!(target: "host_loader::plugins", tracing::Level::DEBUG));
            assert!(!tracing::enabled!(target: "hyper::client", tracing::Level::DEBUG));
        });
    }

    #[test]
    fn a_watcher_that_tells_of_each_line_of_the_log_is_not_logged() {
        use tracing_subscriber::layer::SubscriberExt;
        for filter in ["trace", "info,notify=trace", "debug"] {
            let filter = levels(filter, &[]).filter().unwrap();
            let subscriber = tracing_subscriber::registry().with(filter);
            tracing::subscriber::with_default(subscriber, || {
                assert!(!tracing::enabled!(target: "notify::inotify", tracing::Level::DEBUG));
                assert!(tracing::enabled!(target: "notify::inotify", tracing::Level::INFO));
            });
        }
    }

    #[test]
    fn exceptions_come_change_and_go() {
        let now = levels("info,host=debug,[event{shard=1}]=trace", &[]);
        let debug = Some(LevelFilter::DEBUG);
        assert_eq!(
            now.with_target(Some("hyper"), debug),
            "info,host=debug,[event{shard=1}]=trace,hyper=debug"
        );
        assert_eq!(
            now.with_target(Some("host"), None),
            "info,[event{shard=1}]=trace"
        );
        assert_eq!(
            now.with_target(None, Some(LevelFilter::WARN)),
            "warn,host=debug,[event{shard=1}]=trace"
        );
    }
}
