//! Statistics of several rounds, and how they are printed.

use std::time::Instant;

/// Figures by name, in the order in which they were first noted.
#[derive(Default)]
pub struct Figures(Vec<(&'static str, Vec<f64>)>);

impl Figures {
    /// Notes what a round has given.
    pub fn note(&mut self, name: &'static str, figure: f64) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, figures)) => figures.push(figure),
            None => self.0.push((name, vec![figure])),
        }
    }

    /// A line for each: the median and the extremes.
    pub fn print(&self) {
        for (name, figures) in &self.0 {
            let [least, middle, most] = spread(figures);
            println!("{name:36} median {middle:9.1}   from {least:9.1} to {most:9.1}");
        }
    }

    /// How many times one figure is another one, by round: both were taken one after the other.
    pub fn compare(&self, mine: &str, other: &str) {
        let of = |name: &str| {
            let mut figures = self.0.iter();
            figures.find(|(known, _)| *known == name)
        };
        let (Some((_, mine_figures)), Some((_, others))) = (of(mine), of(other)) else {
            return;
        };
        let pairs = mine_figures.iter().zip(others);
        let ratios: Vec<_> = pairs.map(|(mine, other)| mine / other).collect();
        let shown: Vec<_> = ratios.iter().map(|ratio| format!("{ratio:.1}")).collect();
        let [_, middle, _] = spread(&ratios);
        println!(
            "{mine} : {other} = {}; median {middle:.1}",
            shown.join(", ")
        );
    }
}

/// How many a second since then.
pub fn rate(count: u64, since: Instant) -> f64 {
    count as f64 / since.elapsed().as_secs_f64()
}

/// What this process holds in memory, in MB; 0 where there is no /proc.
pub fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kb = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kb.unwrap_or(0.0) / 1000.0
}

/// The least, the median and the most.
fn spread(figures: &[f64]) -> [f64; 3] {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    [0, sorted.len() / 2, sorted.len() - 1].map(|at| sorted[at])
}
