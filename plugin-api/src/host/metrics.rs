//! Metrics of the plugin's own, on the host's `/metrics`.

use std::{fmt::Display, rc::Rc};

use super::Host;
use crate::{
    abi::{CallHead, MetricCall, MetricKind},
    runtime::Core,
};

/// A counter. Clones count the same.
#[derive(Debug, Clone)]
pub struct Counter(Figure);

/// A gauge. Clones are the same.
#[derive(Debug, Clone)]
pub struct Gauge(Figure);

/// A histogram. Clones see for the same.
#[derive(Debug, Clone)]
pub struct Histogram(Figure);

#[derive(Clone)]
struct Figure {
    core: Rc<Core>,
    call: Rc<MetricCall>,
}

impl Host {
    /// A number that only grows, by its name: it becomes `cogwright_custom_<name>_total` with the label `plugin` on the
    /// host's `/metrics`, and goes with this generation of the plugin. Asking for it costs nothing.
    ///
    /// A name has lowercase letters, digits and `_`, and tells its unit (`played_seconds`). Counting never fails: what the
    /// host does not take is a line in its log. The host keeps 100 combinations of label values of a figure and counts the
    /// rest as `other`, and so it does with what looks like an id of Discord's: a label is a choice of few, and never a
    /// server or a user.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn play(ctx: CommandContext) -> Result {
    ///     let played = ctx.host().counter("songs_played", "Songs that were played");
    ///     played.with("source", "radio").add(1.0);
    ///     ctx.reply("There you go").await
    /// }
    /// ```
    #[must_use]
    pub fn counter(&self, name: &str, help: &str) -> Counter {
        Counter(self.figure(MetricKind::Counter, name, help, &[]))
    }

    /// A number that goes up and down; otherwise as [`counter`](Self::counter), and called `cogwright_custom_<name>`.
    ///
    /// ```
    /// # use plugin_api::prelude::*;
    /// # fn queue(host: &Host, songs: &[String]) {
    /// host.gauge("songs_waiting", "Songs that wait").set(songs.len() as f64);
    /// # }
    /// ```
    #[must_use]
    pub fn gauge(&self, name: &str, help: &str) -> Gauge {
        Gauge(self.figure(MetricKind::Gauge, name, help, &[]))
    }

    /// How many values there were of which size; otherwise as [`counter`](Self::counter), and called
    /// `cogwright_custom_<name>`. `buckets` are upper bounds, ascending, 30 at most.
    ///
    /// ```
    /// # use plugin_api::prelude::*;
    /// # fn fetched(host: &Host, took: std::time::Duration) {
    /// let fetches = host.histogram("fetch_seconds", "How long a fetch took", &[0.1, 1.0, 10.0]);
    /// fetches.with("site", "weather").observe(took.as_secs_f64());
    /// # }
    /// ```
    #[must_use]
    pub fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Histogram {
        Histogram(self.figure(MetricKind::Histogram, name, help, buckets))
    }

    fn figure(&self, kind: MetricKind, name: &str, help: &str, buckets: &[f64]) -> Figure {
        Figure {
            core: Rc::clone(&self.0),
            call: Rc::new(MetricCall {
                name: name.to_owned(),
                kind,
                help: help.to_owned(),
                buckets: buckets.to_vec(),
                ..MetricCall::default()
            }),
        }
    }
}

impl Counter {
    /// The same counter under one label more.
    #[must_use]
    pub fn with(&self, label: &str, value: impl Display) -> Self {
        Self(self.0.with(label, &value))
    }

    /// Counts so many; less than none is nothing.
    pub fn add(&self, amount: f64) {
        self.0.record(amount, true);
    }
}

impl Gauge {
    /// The same gauge under one label more.
    #[must_use]
    pub fn with(&self, label: &str, value: impl Display) -> Self {
        Self(self.0.with(label, &value))
    }

    /// Sets it.
    pub fn set(&self, value: f64) {
        self.0.record(value, false);
    }

    /// Adds to it, or takes from it.
    pub fn add(&self, amount: f64) {
        self.0.record(amount, true);
    }
}

impl Histogram {
    /// The same histogram under one label more.
    #[must_use]
    pub fn with(&self, label: &str, value: impl Display) -> Self {
        Self(self.0.with(label, &value))
    }

    /// Counts a value by its size.
    pub fn observe(&self, value: f64) {
        self.0.record(value, false);
    }
}

impl Figure {
    fn with(&self, label: &str, value: &dyn Display) -> Self {
        let mut call = (*self.call).clone();
        call.labels.push((label.to_owned(), value.to_string()));
        Self {
            core: Rc::clone(&self.core),
            call: Rc::new(call),
        }
    }

    fn record(&self, value: f64, add: bool) {
        let call = MetricCall {
            value,
            add,
            ..(*self.call).clone()
        };
        // JSON has no other numbers.
        if value.is_finite()
            && let Ok(params) = serde_json::to_value(&call)
        {
            self.core.tell(&CallHead::new("metrics.record", params));
        }
    }
}

impl std::fmt::Debug for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.call.name)
    }
}
