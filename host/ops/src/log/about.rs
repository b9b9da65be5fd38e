//! Rate limit of the host's own lines about plugins. A plugin whose handlers fail without end, or that is too far
//! behind for each event, fills no disk with them.

use std::{
    collections::HashMap,
    fmt::Debug,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use host_base::share::{A_SECOND, AT_ONCE, Fate, Share};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context};

/// The field that names the plugin that a line is about.
const PLUGIN: &str = "plugin";

/// The field that lines of a plugin's own have, which have their share where they come from.
const MODULE: &str = "module";

/// Plugins that are remembered before those that are quiet are forgotten.
const KEPT: usize = 1_000;

/// The shares, by plugin.
#[derive(Debug, Default)]
pub(super) struct AboutPlugins(Mutex<HashMap<String, Share>>);

impl AboutPlugins {
    fn fate(&self, plugin: &str, now: Instant) -> Fate {
        let mut shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = shares.get_mut(plugin) {
            return share.take(now, A_SECOND);
        }
        if shares.len() >= KEPT {
            shares.retain(|_, share| !share.is_idle(now));
        }
        let share = shares.entry(plugin.to_owned());
        share
            .or_insert_with(|| Share::whole(now))
            .take(now, A_SECOND)
    }
}

impl<S: Subscriber> Layer<S> for AboutPlugins {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        let has = |name| metadata.fields().field(name).is_some();
        // Whoever asks for more than that wants all of it.
        if *metadata.level() > Level::INFO || !has(PLUGIN) || has(MODULE) {
            return true;
        }
        let mut plugin = Plugin::default();
        event.record(&mut plugin);
        let Plugin(Some(about)) = plugin else {
            return true;
        };
        match self.fate(&about, Instant::now()) {
            Fate::Written(0) => true,
            Fate::Written(left_out) => {
                tracing::warn!(about, left_out, "lines about the plugin were left out");
                true
            }
            Fate::FirstOut => {
                tracing::warn!(
                    about,
                    "more than {} lines at once and {A_SECOND} a second are to be said about the plugin: what comes on top is \
                     left out, and counted",
                    AT_ONCE * A_SECOND
                );
                false
            }
            Fate::Out => false,
        }
    }
}

/// The plugin that a line is about.
#[derive(Debug, Default)]
struct Plugin(Option<String>);

impl Visit for Plugin {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == PLUGIN {
            self.0 = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == PLUGIN {
            self.0 = Some(format!("{value:?}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    };

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    struct Counts(Arc<AtomicUsize>);

    impl<S: Subscriber> Layer<S> for Counts {
        fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    #[test]
    fn what_is_said_about_a_plugin_has_a_share_and_others_have_theirs() {
        let written = Arc::<AtomicUsize>::default();
        let subscriber = tracing_subscriber::registry()
            .with(AboutPlugins::default())
            .with(Counts(Arc::clone(&written)));
        tracing::subscriber::with_default(subscriber, || {
            for _ in 0..5_000 {
                tracing::error!(plugin = "shop", "a handler failed");
            }
            // By then some more may have come in its share.
            let shops = written.swap(0, SeqCst);
            assert!((1_000..2_000).contains(&shops), "{shops}");
            tracing::warn!(plugin = "poll", "another");
            tracing::error!("nobody's");
            for _ in 0..2_000 {
                tracing::error!(plugin = "shop", module = "shop::buy", "its own");
                tracing::debug!(plugin = "shop", "asked for");
            }
            assert_eq!(written.load(SeqCst), 2 + 4_000);
        });
    }

    #[test]
    fn quiet_plugins_are_forgotten() {
        let (about, now) = (AboutPlugins::default(), Instant::now());
        for number in 0..2 * KEPT {
            let later = now + std::time::Duration::from_secs(number as u64);
            assert_eq!(about.fate(&number.to_string(), later), Fate::Written(0));
        }
        assert!(about.0.lock().unwrap().len() <= KEPT + 1);
    }
}
