//! What the process has at one moment, and how that grows.

use std::{fs, path::Path, thread::sleep, time::Duration};

use host_loader::{interpose, snapshot};

use super::plot::Series;

/// Memory that a reload may cost: the allocator's and the kernel's own noise.
const GROWTH_BYTES: f64 = 1024.0;

/// What there is behind so many reloads.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Reloads so far.
    pub reloads: usize,
    /// Memory in RAM, in bytes.
    pub resident: u64,
    /// Mappings of the process, files and memory.
    pub mappings: usize,
    /// Bytes that are mapped of generations: one's.
    pub mapped: u64,
    pub threads: usize,
    pub descriptors: usize,
    /// Keys of thread-specific data.
    pub keys: usize,
}

impl Sample {
    /// Counts. `folder` has the private copies.
    #[must_use]
    pub fn take(reloads: usize, folder: &Path) -> Self {
        // A thread that was joined is listed for a moment longer: the fewest of some looks.
        let threads = (0..5).filter_map(|_| {
            sleep(Duration::from_micros(500));
            snapshot::thread_count()
        });
        let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
        Self {
            reloads,
            threads: threads.min().unwrap_or_default(),
            resident: snapshot::resident_bytes().unwrap_or_default(),
            mappings: maps.lines().count(),
            mapped: snapshot::mapped_bytes(folder).unwrap_or_default(),
            descriptors: snapshot::open_fds().map_or(0, |fds| fds.len()),
            keys: interpose::keys_of(0, usize::MAX).len(),
        }
    }
}

/// The second tenth and the last one, beside each other.
#[derive(Debug)]
pub struct Growth {
    first: Tenth,
    last: Tenth,
}

/// The mean of memory and the medians of all else.
#[derive(Debug)]
struct Tenth {
    reloads: f64,
    resident: f64,
    medians: [u64; 5],
}

const NAMES: [&str; 5] = [
    "mappings",
    "bytes mapped of the plugin",
    "threads",
    "descriptors",
    "keys of thread-specific data",
];

impl Growth {
    /// Of these samples.
    #[must_use]
    pub fn of(samples: &[Sample]) -> Self {
        let tenth = (samples.len() / 10).max(1);
        let first = samples.iter().skip(tenth).take(tenth);
        Self {
            first: Tenth::of(first.copied().collect()),
            last: Tenth::of(samples[samples.len() - tenth..].to_vec()),
        }
    }

    /// Whether nothing grows.
    #[must_use]
    pub fn is_flat(&self) -> bool {
        let counted = self.last.medians.iter().zip(&self.first.medians);
        self.bytes_a_reload() < GROWTH_BYTES
            && counted.into_iter().all(|(last, first)| last <= first)
    }

    fn bytes_a_reload(&self) -> f64 {
        let reloads = (self.last.reloads - self.first.reloads).max(1.0);
        (self.last.resident - self.first.resident) / reloads
    }

    /// A table for the documentation.
    #[must_use]
    pub fn told(&self, count: usize, each: Duration, foreign: &str) -> String {
        let mut told = format!(
            "{count} reloads, {:.0} ms each with the call behind it and the wait for the old generation's end. {foreign}\n\n\
             | | second tenth | last tenth |\n| --- | --- | --- |\n| resident memory, mean | {:.0} kB | {:.0} kB: {:.0} bytes a reload |\n",
            each.as_secs_f64() * 1000.0,
            self.first.resident / 1024.0,
            self.last.resident / 1024.0,
            self.bytes_a_reload(),
        );
        for ((name, first), last) in NAMES.iter().zip(self.first.medians).zip(self.last.medians) {
            told += &format!("| {name}, median | {first} | {last} |\n");
        }
        told
    }
}

impl Tenth {
    fn of(samples: Vec<Sample>) -> Self {
        let mean = |of: fn(&Sample) -> f64| {
            samples.iter().map(of).sum::<f64>() / samples.len().max(1) as f64
        };
        let median = |of: fn(&Sample) -> u64| {
            let mut values: Vec<u64> = samples.iter().map(of).collect();
            values.sort_unstable();
            values.get(values.len() / 2).copied().unwrap_or_default()
        };
        Self {
            reloads: mean(|it| it.reloads as f64),
            resident: mean(|it| it.resident as f64),
            medians: [
                median(|it| it.mappings as u64),
                median(|it| it.mapped),
                median(|it| it.threads as u64),
                median(|it| it.descriptors as u64),
                median(|it| it.keys as u64),
            ],
        }
    }
}

/// The panels of the plot.
#[must_use]
pub fn series(samples: &[Sample]) -> Vec<Series<'static>> {
    let panel = |title, of: fn(&Sample) -> f64| Series {
        title,
        points: samples
            .iter()
            .map(|it| (it.reloads as f64, of(it)))
            .collect(),
    };
    vec![
        panel("resident memory, MB", |it| it.resident as f64 / 1e6),
        panel("mappings of the process", |it| it.mappings as f64),
        panel("mapped of the plugin, MB", |it| it.mapped as f64 / 1e6),
        panel("threads", |it| it.threads as f64),
        panel("descriptors", |it| it.descriptors as f64),
        panel("keys of thread-specific data", |it| it.keys as f64),
    ]
}
