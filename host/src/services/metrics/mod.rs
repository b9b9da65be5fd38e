//! Metrics of plugins' own: counters, gauges and histograms that they declare by name.
//!
//! They belong to a generation and go with it. Their number is bounded, whatever a plugin does.

mod series;

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use host_base::PluginName;
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, MEMORY};
use host_loader::{Caller, Completion, Places, Unserved};
use plugin_api::{
    abi::{MetricCall, MetricKind},
    manifest::Manifest,
};
use serde_json::Value;

pub use self::series::{Labels, Sample, Series};
use crate::services::Services;

/// Figures of one plugin.
const NAMES: usize = 50;
/// Words that are logged of a plugin's refused figures, each once.
const REFUSALS: usize = 50;

/// Characters of such words that tell them apart.
const WORDS: usize = 300;

/// The figures of all plugins.
#[derive(Debug, Default)]
pub struct Metrics {
    state: Mutex<MetricsState>,
}

#[derive(Debug, Default)]
struct MetricsState {
    /// By generation, and by name.
    figures: BTreeMap<Caller, BTreeMap<String, Series>>,
    refused: HashSet<(Caller, String)>,
}

/// A family of figures, as it stands on the page: of all plugins that have one of that name.
#[derive(Debug)]
pub struct Family {
    /// The name, without a prefix.
    pub name: String,
    /// What it is.
    pub kind: MetricKind,
    /// What it counts, in the words of the first plugin.
    pub help: String,
    /// By plugin and labels.
    pub samples: Vec<(String, Labels, Sample)>,
}

impl Metrics {
    /// The host call `metrics.record`.
    ///
    /// # Errors
    ///
    /// The name, a label or the buckets can't be had, or there are too many figures; the log has it, too, since plugins
    /// don't wait for the answer.
    pub fn serve(&self, caller: &Caller, params: Value) -> Result<Completion, Failure> {
        let call: MetricCall = serde_json::from_value(params)?;
        self.record(caller, call).map_err(|(name, why)| {
            let (name, why) = (cut(name.escape_debug().to_string()), cut(why));
            let mut state = self.state();
            let of_plugin = state.refused.iter().filter(|(of, _)| of == caller);
            let is_new =
                of_plugin.count() < REFUSALS && state.refused.insert((caller.clone(), why.clone()));
            drop(state);
            let words = format!("the figure `{name}` is not counted: {why}");
            if is_new {
                tracing::warn!(plugin = &*caller.plugin, "{words}");
            }
            Failure::Refused(words)
        })?;
        Ok(Completion::default())
    }

    fn record(&self, caller: &Caller, call: MetricCall) -> Result<(), (String, String)> {
        series::check(&call).map_err(|why| (call.name.clone(), why))?;
        let mut state = self.state();
        let others = state.figures.iter().filter(|(other, _)| *other != caller);
        for (other, figures) in others {
            if let Some(figure) = figures.get(&call.name)
                && figure.kind != call.kind
                && other.plugin != caller.plugin
            {
                let why = format!(
                    "plugin `{}` has one of that name that is of another kind",
                    other.plugin
                );
                return Err((call.name, why));
            }
        }
        let own = state.figures.entry(caller.clone()).or_default();
        if !own.contains_key(&call.name) && own.len() >= NAMES {
            return Err((call.name, format!("a plugin has {NAMES} figures at most")));
        }
        own.entry(call.name.clone())
            .or_insert_with(|| Series::new(&call))
            .record(&call)
            .map_err(|why| (call.name.clone(), why))
    }

    /// All figures, of each plugin those of its newest generation.
    #[must_use]
    pub fn families(&self) -> Vec<Family> {
        let state = self.state();
        let mut newest: BTreeMap<&str, &BTreeMap<String, Series>> = BTreeMap::new();
        for (caller, figures) in &state.figures {
            // Ordered by generation: the last one stays.
            newest.insert(&caller.plugin, figures);
        }
        let mut families: BTreeMap<&str, Family> = BTreeMap::new();
        for (plugin, figures) in newest {
            for (name, series) in figures {
                let family = families.entry(name).or_insert_with(|| Family {
                    name: name.clone(),
                    kind: series.kind,
                    help: series.help.clone(),
                    samples: Vec::new(),
                });
                if family.kind == series.kind {
                    let samples = series.samples();
                    family.samples.extend(
                        samples.map(|(labels, sample)| (plugin.to_owned(), labels, sample)),
                    );
                }
            }
        }
        families.into_values().collect()
    }

    /// How many generations have counted something.
    #[must_use]
    pub fn generation_count(&self) -> usize {
        self.state().figures.len()
    }

    /// Drops what a generation has counted.
    pub fn generation_ended(&self, caller: &Caller) {
        let mut state = self.state();
        state.figures.remove(caller);
        state.refused.retain(|(of, _)| of != caller);
    }

    fn state(&self) -> MutexGuard<'_, MetricsState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a plugin has said may be long.
fn cut(text: String) -> String {
    match text.char_indices().nth(WORDS) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}

impl Capability<Services> for Metrics {
    const CALLS: &'static [CallRule] = &[CallRule::free("metrics.record")];
    const PLACES: Places = MEMORY;
    const LEAVES: Leaves = Leaves::Nothing;

    fn problems(_: &PluginName, _: &Manifest, _: &mut Vec<String>) {}

    async fn generation_starts(&self, _: &Caller, _: &Manifest) -> Result<(), Unserved> {
        Ok(())
    }

    fn serve_at_once(
        &self,
        caller: &Caller,
        call: HostCall,
    ) -> Result<Result<Completion, Failure>, HostCall> {
        Ok(Self::serve(self, caller, call.params))
    }

    async fn serve(
        &self,
        _: &Services,
        caller: &Caller,
        call: HostCall,
    ) -> Result<Completion, Failure> {
        Self::serve(self, caller, call.params)
    }

    fn generation_ended(&self, caller: &Caller) {
        Self::generation_ended(self, caller);
    }

    fn registries(&self) -> Vec<(&'static str, usize)> {
        let families = self.families();
        let samples = families.iter().map(|family| family.samples.len()).sum();
        vec![
            ("figures, families", families.len()),
            ("figures, generations", self.generation_count()),
            ("figures, samples", samples),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(kind: MetricKind, name: &str) -> MetricCall {
        MetricCall {
            name: name.into(),
            kind,
            help: "Counts".into(),
            value: 1.0,
            buckets: if kind == MetricKind::Histogram {
                vec![1.0]
            } else {
                Vec::new()
            },
            ..MetricCall::default()
        }
    }

    fn serve(metrics: &Metrics, caller: &Caller, call: &MetricCall) -> Result<(), String> {
        let params = serde_json::to_value(call).unwrap();
        let result = metrics.serve(caller, params);
        result.map(drop).map_err(|failure| failure.to_string())
    }

    #[test]
    fn figures_go_with_their_generation_and_the_newest_is_shown() {
        let metrics = Metrics::default();
        let (old, new) = (Caller::new("shop", 1), Caller::new("shop", 2));
        let sold = call(MetricKind::Counter, "sold");
        for caller in [&old, &old, &new] {
            serve(&metrics, caller, &sold).unwrap();
        }
        let shown = || -> Vec<Sample> {
            let families = metrics.families().into_iter();
            families
                .flat_map(|family| family.samples)
                .map(|sample| sample.2)
                .collect()
        };
        assert_eq!(shown(), [Sample::Number(1.0)]);
        metrics.generation_ended(&old);
        assert_eq!(shown(), [Sample::Number(1.0)]);
        metrics.generation_ended(&new);
        assert_eq!(shown(), []);
    }

    #[test]
    fn what_can_not_be_counted_is_refused_in_words() {
        let metrics = Metrics::default();
        let (shop, other) = (Caller::new("shop", 1), Caller::new("other", 1));
        serve(&metrics, &shop, &call(MetricKind::Counter, "sold")).unwrap();
        let refused = |caller: &Caller, call: &MetricCall, words: &str| {
            let error = serve(&metrics, caller, call).unwrap_err();
            assert!(error.contains(words), "{error}");
        };
        refused(
            &other,
            &call(MetricKind::Gauge, "sold"),
            "plugin `shop` has one of that name",
        );
        refused(
            &shop,
            &call(MetricKind::Gauge, "sold"),
            "it was declared as another kind",
        );
        refused(
            &shop,
            &call(MetricKind::Counter, "Sold!"),
            "lowercase letters",
        );
        refused(
            &shop,
            &call(MetricKind::Counter, "sold_total"),
            "without `_total`",
        );
        let mut labelled = call(MetricKind::Counter, "sold");
        labelled.labels = vec![("plugin".into(), "other".into())];
        refused(&shop, &labelled, "`plugin` is no name for a label");
        for number in 0..NAMES - 1 {
            serve(
                &metrics,
                &shop,
                &call(MetricKind::Counter, &format!("n{number}")),
            )
            .unwrap();
        }
        refused(
            &shop,
            &call(MetricKind::Counter, "one_more"),
            "50 figures at most",
        );
    }
}
