//! Series of one metric of one plugin: its values by labels.

use std::collections::BTreeMap;

use host_base::bounded::OTHER;
use plugin_api::abi::{MetricCall, MetricKind};

/// Combinations of label values of one figure.
const COMBINATIONS: usize = 100;
/// Labels of one figure.
const LABELS: usize = 5;
/// Characters of a name.
const NAME: usize = 64;
/// Characters of a label's value.
const VALUE: usize = 64;
/// Buckets of a histogram.
const BUCKETS: usize = 30;

/// The labels of one value, by name.
pub type Labels = Vec<(String, String)>;

/// One figure of one plugin.
#[derive(Debug)]
pub struct Series {
    pub(super) kind: MetricKind,
    pub(super) help: String,
    bounds: Vec<f64>,
    values: BTreeMap<Labels, Sample>,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Sample {
    /// Of a counter or a gauge.
    Number(f64),
    /// Of a histogram.
    Histogram {
        /// The sum of all values.
        sum: f64,
        /// Upper bounds, and how many values there were up to each and beyond the one before; the last is infinite.
        buckets: Vec<(f64, u64)>,
    },
}

/// Whether the names and numbers can stand on the page; why not, in words.
pub(super) fn check(call: &MetricCall) -> Result<(), String> {
    let is_name = |name: &str| {
        name.len() <= NAME
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    if call.kind == MetricKind::Unknown {
        return Err(format!(
            "this host ({}) does not know figures of its kind: update the host",
            env!("CARGO_PKG_VERSION")
        ));
    }
    if !is_name(&call.name) {
        return Err(format!(
            "a name has lowercase letters, digits and `_`, begins with a letter, and is {NAME} long at most"
        ));
    }
    for suffix in ["_total", "_count", "_sum", "_bucket", "_info", "_created"] {
        if call.name.ends_with(suffix) {
            return Err(format!("write the name without `{suffix}`"));
        }
    }
    if call.help.trim().is_empty()
        || call.help.chars().count() > 200
        || call.help.contains(['\n', '\\'])
    {
        return Err("it needs a line of help, of 200 characters at most, without `\\`".to_owned());
    }
    if call.labels.len() > LABELS {
        return Err(format!("a figure has {LABELS} labels at most"));
    }
    for (index, (label, _)) in call.labels.iter().enumerate() {
        let is_twice = call.labels[..index].iter().any(|(other, _)| other == label);
        if !is_name(label) || ["plugin", "le", "quantile"].contains(&&**label) || is_twice {
            return Err(format!(
                "`{}` is no name for a label here",
                label.escape_debug()
            ));
        }
    }
    let ascending = call.buckets.windows(2).all(|pair| pair[0] < pair[1]);
    let is_histogram = call.kind == MetricKind::Histogram;
    if is_histogram && (call.buckets.is_empty() || call.buckets.len() > BUCKETS || !ascending) {
        return Err(format!("a histogram has 1 to {BUCKETS} buckets, ascending"));
    }
    if !call.value.is_finite() || call.kind == MetricKind::Counter && call.value < 0.0 {
        return Err("its value is no number, or a counter would fall".to_owned());
    }
    Ok(())
}

impl Series {
    pub(super) fn new(call: &MetricCall) -> Self {
        Self {
            kind: call.kind,
            help: call.help.trim_end_matches('.').to_owned(),
            bounds: call.buckets.clone(),
            values: BTreeMap::new(),
        }
    }

    /// Counts a checked value.
    pub(super) fn record(&mut self, call: &MetricCall) -> Result<(), String> {
        if self.kind != call.kind {
            return Err("it was declared as another kind before".to_owned());
        }
        let mut labels: Labels = call
            .labels
            .iter()
            .map(|(label, value)| (label.clone(), tame(value)))
            .collect();
        labels.sort();
        if !self.values.contains_key(&labels) && self.values.len() >= COMBINATIONS {
            for (_, value) in &mut labels {
                OTHER.clone_into(value);
            }
            // Labels of other names each time are no way around it.
            if !self.values.contains_key(&labels) && self.values.len() > COMBINATIONS {
                return Err(format!(
                    "it has more than {COMBINATIONS} combinations of labels"
                ));
            }
        }
        let sample = self
            .values
            .entry(labels)
            .or_insert_with(|| match call.kind {
                MetricKind::Histogram => Sample::Histogram {
                    sum: 0.0,
                    buckets: self
                        .bounds
                        .iter()
                        .copied()
                        .chain([f64::INFINITY])
                        .map(|bound| (bound, 0))
                        .collect(),
                },
                _ => Sample::Number(0.0),
            });
        match sample {
            Sample::Number(number) if call.kind == MetricKind::Counter || call.add => {
                *number += call.value
            }
            Sample::Number(number) => *number = call.value,
            Sample::Histogram { sum, buckets } => {
                *sum += call.value;
                let bucket = buckets.partition_point(|(bound, _)| *bound < call.value);
                buckets[bucket].1 += 1;
            }
        }
        Ok(())
    }

    pub(super) fn samples(&self) -> impl Iterator<Item = (Labels, Sample)> {
        self.values
            .iter()
            .map(|(labels, sample)| (labels.clone(), sample.clone()))
    }
}

/// A label's value as it is kept: short, and never an id of Discord's.
fn tame(value: &str) -> String {
    let is_id = (15..=20).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit());
    if is_id {
        return OTHER.to_owned();
    }
    value.chars().take(VALUE).collect()
}
