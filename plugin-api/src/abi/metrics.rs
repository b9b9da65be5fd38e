//! JSON head of the host call `metrics.record`.

use serde::{Deserialize, Serialize};

use super::words::words;

/// Parameters of `metrics.record`. With id 0 the call has no completion.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MetricCall {
    /// The figure's name, without a prefix and without `_total`.
    pub name: String,
    /// What it is.
    #[serde(default)]
    pub kind: MetricKind,
    /// What it counts.
    #[serde(default)]
    pub help: String,
    /// Labels and their values.
    #[serde(default)]
    pub labels: Vec<(String, String)>,
    /// What is added to a counter or to a gauge, what a gauge is set to, or what a histogram sees.
    pub value: f64,
    /// For a gauge: whether `value` is added to it.
    #[serde(default)]
    pub add: bool,
    /// For a histogram: the upper bounds of its buckets, ascending.
    #[serde(default)]
    pub buckets: Vec<f64>,
}

words! {
/// Kind of a metric.
#[derive(Default)]
pub enum MetricKind {
    /// It only grows.
    #[default]
    Counter = "counter",
    /// It goes up and down.
    Gauge = "gauge",
    /// It counts values by size.
    Histogram = "histogram",
}
}
