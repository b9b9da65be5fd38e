//! Metrics that plugins declare themselves.

use std::fmt;

use plugin_api::abi::MetricKind;

use super::rows::{Histogram, Row, Rows};
use crate::services::{Sample, Services};

pub(super) fn write(rows: &mut Rows<'_>, services: &Services) -> fmt::Result {
    for family in services.metrics.families() {
        let name = format!("cogwright_custom_{}", family.name);
        let mut numbers = Vec::new();
        let mut histograms = Vec::new();
        for (plugin, labels, sample) in family.samples {
            let labels: Row = std::iter::once(("plugin".to_owned(), plugin))
                .chain(labels)
                .collect();
            match sample {
                Sample::Number(number) => numbers.push((labels, number)),
                Sample::Histogram { sum, buckets } => {
                    let count = buckets.iter().map(|(_, count)| count).sum();
                    let histogram: Histogram = (sum, count, buckets);
                    histograms.push((labels, histogram));
                }
            }
        }
        match family.kind {
            MetricKind::Counter => rows.counter(&name, &family.help, numbers)?,
            MetricKind::Gauge => rows.gauge(&name, &family.help, numbers)?,
            MetricKind::Histogram => rows.histogram(&name, &family.help, histograms)?,
            // Refused when it came.
            _ => {}
        }
    }
    Ok(())
}
