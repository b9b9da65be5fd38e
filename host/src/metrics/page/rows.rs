//! Writer of metric families, one after the other.

use std::{collections::BTreeMap, fmt};

use host_base::timing::Timing;
use plugin_api::abi::{MetricFamily, MetricSample};
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
    /// Each with its value.
    fn pairs(&self) -> BTreeMap<String, String>;

    /// Whether there are none.
    fn none(&self) -> bool;
}

impl<N: AsRef<str>> RowLabels for Vec<(N, String)>
where
    Self: EncodeLabelSet,
{
    fn pairs(&self) -> BTreeMap<String, String> {
        let pair = |(name, value): &(N, String)| (name.as_ref().to_owned(), value.clone());
        self.iter().map(pair).collect()
    }

    fn none(&self) -> bool {
        self.is_empty()
    }
}

/// Sum, count, and each bucket's upper bound with its own count.
pub(super) type Histogram = (f64, u64, Vec<(f64, u64)>);

/// Where families go.
enum Output<'a> {
    /// The page's text.
    Text(DescriptorEncoder<'a>),
    /// Values, of those whose names begin so.
    Values {
        prefix: &'a str,
        families: &'a mut Vec<MetricFamily>,
    },
}

/// Value of a row.
enum Value {
    Number(f64),
    Histogram(Histogram),
}

/// Writes families. One without rows is left out.
pub(super) struct Rows<'a>(Output<'a>);

impl<'a> Rows<'a> {
    pub(super) const fn new(encoder: DescriptorEncoder<'a>) -> Self {
        Self(Output::Text(encoder))
    }

    /// As values, of the families whose names begin so.
    pub(super) const fn values(prefix: &'a str, families: &'a mut Vec<MetricFamily>) -> Self {
        Self(Output::Values { prefix, families })
    }

    /// A counter: `name` without `_total`, `help` without a full stop.
    pub(super) fn counter<L: RowLabels>(
        &mut self,
        name: &str,
        help: &str,
        rows: Vec<(L, f64)>,
    ) -> fmt::Result {
        self.family(name, help, MetricType::Counter, numbers(rows))
    }

    /// A gauge.
    pub(super) fn gauge<L: RowLabels>(
        &mut self,
        name: &str,
        help: &str,
        rows: Vec<(L, f64)>,
    ) -> fmt::Result {
        self.family(name, help, MetricType::Gauge, numbers(rows))
    }

    /// A histogram.
    pub(super) fn histogram<L: RowLabels>(
        &mut self,
        name: &str,
        help: &str,
        rows: Vec<(L, Histogram)>,
    ) -> fmt::Result {
        let rows = rows
            .into_iter()
            .map(|(labels, value)| (labels, Value::Histogram(value)));
        self.family(name, help, MetricType::Histogram, rows.collect())
    }

    fn family<L: RowLabels>(
        &mut self,
        name: &str,
        help: &str,
        kind: MetricType,
        rows: Vec<(L, Value)>,
    ) -> fmt::Result {
        if rows.is_empty() {
            return Ok(());
        }
        let encoder = match &mut self.0 {
            Output::Text(encoder) => encoder,
            Output::Values { prefix, families } => {
                if name.starts_with(*prefix) {
                    families.push(view(name, help, kind, rows));
                }
                return Ok(());
            }
        };
        let mut family = encoder.encode_descriptor(name, help, None, kind)?;
        for (labels, value) in rows {
            with(&mut family, &labels, |row| match (kind, value) {
                (_, Value::Histogram((sum, count, buckets))) => {
                    row.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
                }
                (MetricType::Counter, Value::Number(value)) => {
                    row.encode_counter::<NoLabelSet, _, f64>(&value, None)
                }
                (_, Value::Number(value)) => row.encode_gauge(&value),
            })?;
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

fn numbers<L>(rows: Vec<(L, f64)>) -> Vec<(L, Value)> {
    let rows = rows.into_iter();
    rows.map(|(labels, value)| (labels, Value::Number(value)))
        .collect()
}

/// A family as it crosses.
fn view<L: RowLabels>(
    name: &str,
    help: &str,
    kind: MetricType,
    rows: Vec<(L, Value)>,
) -> MetricFamily {
    let sample = |(labels, value): (L, Value)| {
        let mut sample = MetricSample::default();
        sample.labels = labels.pairs();
        match value {
            Value::Number(value) => sample.value = value,
            Value::Histogram((sum, count, buckets)) => {
                (sample.value, sample.count) = (sum, Some(count));
                // JSON knows no infinity.
                let bucket = |(bound, count): (f64, u64)| {
                    let is_last = bound >= f64::MAX || !bound.is_finite();
                    ((!is_last).then_some(bound), count)
                };
                sample.buckets = buckets.into_iter().map(bucket).collect();
            }
        }
        sample
    };
    let mut family = MetricFamily::default();
    (family.name, family.help) = (name.to_owned(), help.to_owned());
    kind.as_str().clone_into(&mut family.kind);
    family.samples = rows.into_iter().map(sample).collect();
    family
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
