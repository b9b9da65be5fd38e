//! Metrics page: all metrics as Prometheus text, collected when it is asked for.
//!
//! Names follow [Prometheus' conventions](https://prometheus.io/docs/practices/naming/): base units, `_total` for counters.

mod classic;
mod custom;
mod framework;
mod plugins;
mod process;
mod rows;

use std::{borrow::Cow, fmt, sync::Arc};

use host_base::redact;
use host_loader::Plugins;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, text},
    registry::Registry,
};

use self::rows::Rows;
use crate::services::{MetricsReader, Services};

/// The page.
pub struct Page {
    registry: Registry,
}

/// Sources of the page.
struct All {
    services: Arc<Services>,
    plugins: Arc<Plugins>,
}

impl Page {
    /// A page of the figures of this bot.
    #[must_use]
    pub fn new(services: Arc<Services>, plugins: Arc<Plugins>) -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(All { services, plugins }));
        Self { registry }
    }

    /// The page in the [OpenMetrics text format](https://prometheus.io/docs/specs/om/open_metrics_spec/).
    #[must_use]
    pub fn open_metrics(&self) -> String {
        let mut page = String::new();
        if text::encode(&mut page, &self.registry).is_err() {
            tracing::error!("the page of figures could not be written");
        }
        // Names and labels are plugins'.
        match redact::text(&page) {
            Cow::Owned(clean) => clean,
            Cow::Borrowed(_) => page,
        }
    }

    /// The page in the [Prometheus text format](https://prometheus.io/docs/instrumenting/exposition_formats/).
    #[must_use]
    pub fn classic(&self) -> String {
        classic::from_open_metrics(&self.open_metrics())
    }
}

/// All families.
fn write(rows: &mut Rows<'_>, services: &Services, plugins: &Plugins) -> fmt::Result {
    process::write(rows)?;
    framework::write(rows, services, plugins)?;
    plugins::write(rows, services, plugins)?;
    custom::write(rows, services)
}

/// What the host call `metrics.read` reads: the families whose names begin so, without secrets.
#[must_use]
pub fn reader(services: &Arc<Services>, plugins: &Arc<Plugins>) -> MetricsReader {
    // It is kept by the services, and would keep them.
    let (services, plugins) = (Arc::downgrade(services), Arc::downgrade(plugins));
    Box::new(move |prefix| {
        let mut families = Vec::new();
        if let (Some(services), Some(plugins)) = (services.upgrade(), plugins.upgrade()) {
            let written = write(
                &mut Rows::values(prefix, &mut families),
                &services,
                &plugins,
            );
            debug_assert!(written.is_ok(), "values are only pushed");
        }
        let labels = families.iter_mut().flat_map(|family| &mut family.samples);
        for value in labels.flat_map(|sample| sample.labels.values_mut()) {
            // Names and labels are plugins'.
            if let Cow::Owned(clean) = redact::text(value) {
                *value = clean;
            }
        }
        families
    })
}

impl Collector for All {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        write(&mut Rows::new(encoder), &self.services, &self.plugins)
    }
}

impl fmt::Debug for All {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("All")
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Page")
    }
}
