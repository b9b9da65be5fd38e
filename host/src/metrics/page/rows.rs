//! Writer of metric families, one after the other.

use std::fmt;

use host_base::timing::Timing;
use prometheus_client::{
    encoding::{DescriptorEncoder, EncodeLabelSet, MetricEncoder, NoLabelSet},
    metrics::MetricType,
};

/// A label and its value.
pub(super) type NamedLabels = Vec<(&'static str, String)>;

/// The same, named by a plugin.
pub(super) type Row = Vec<(String, String)>;

/// Labels of a row.
pub(super) trait RowLabels: EncodeLabelSet {
    /// Whether there are none.
    fn none(&self) -> bool;
}

impl RowLabels for NamedLabels {
    fn none(&self) -> bool {
        self.is_empty()
    }
}

impl RowLabels for Row {
    fn none(&self) -> bool {
        self.is_empty()
    }
}

/// Sum, count, and each bucket's upper bound with its own count.
pub(super) type Histogram = (f64, u64, Vec<(f64, u64)>);

/// Writes families. One without rows is left out.
pub(super) struct Rows<'a>(DescriptorEncoder<'a>);

impl<'a> Rows<'a> {
    pub(super) const fn new(encoder: DescriptorEncoder<'a>) -> Self {
        Self(encoder)
    }

    /// A counter: `name` without `_total`, `help` without a full stop.
    pub(super) fn counter<L: RowLabels>(
        &mut self,
        name: &str,
        help: &str,
        rows: Vec<(L, f64)>,
    ) -> fmt::Result {
        self.family(name, help, MetricType::Counter, rows, |row, value| {
            row.encode_counter::<NoLabelSet, _, f64>(&value, None)
        })
    }

    /// A gauge.
    pub(super) fn gauge<L: RowLabels>(
        &mut self,
        name: &str,
        help: &str,
        rows: Vec<(L, f64)>,
    ) -> fmt::Result {
        self.family(name, help, MetricType::Gauge, rows, |row, value| {
            row.encode_gauge(&value)
        })
    }

    /// A histogram.
    pub(super) fn histogram<L: RowLabels>(
        &mut self,
        name: &str,
        help: &str,
        rows: Vec<(L, Histogram)>,
    ) -> fmt::Result {
        let write = |row: &mut MetricEncoder<'_>, (sum, count, buckets): Histogram| {
            row.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
        };
        self.family(name, help, MetricType::Histogram, rows, write)
    }

    fn family<L: RowLabels, V>(
        &mut self,
        name: &str,
        help: &str,
        kind: MetricType,
        rows: Vec<(L, V)>,
        write: impl Fn(&mut MetricEncoder<'_>, V) -> fmt::Result,
    ) -> fmt::Result {
        if rows.is_empty() {
            return Ok(());
        }
        let mut family = self.0.encode_descriptor(name, help, None, kind)?;
        for (labels, value) in rows {
            with(&mut family, &labels, |row| write(row, value))?;
        }
        Ok(())
    }

    /// A counter without labels.
    pub(super) fn count(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.counter(name, help, vec![(NamedLabels::new(), number(value))])
    }

    /// A gauge without labels.
    pub(super) fn level(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        self.gauge(name, help, vec![(NamedLabels::new(), value)])
    }
}

/// One row of a family; without labels it has no braces either.
fn with(
    family: &mut MetricEncoder<'_>,
    labels: &impl RowLabels,
    write: impl FnOnce(&mut MetricEncoder<'_>) -> fmt::Result,
) -> fmt::Result {
    if labels.none() {
        write(family)
    } else {
        write(&mut family.encode_family(labels)?)
    }
}

/// A histogram of durations, unless nothing was counted.
pub(super) fn timing(labels: NamedLabels, timing: &Timing) -> Option<(NamedLabels, Histogram)> {
    let read = timing.read();
    (read.1 > 0).then_some((labels, read))
}

/// Exact up to 2^53, which no count of ours reaches.
#[allow(
    clippy::cast_precision_loss,
    reason = "Prometheus knows no other numbers"
)]
pub(super) const fn number(value: u64) -> f64 {
    value as f64
}
