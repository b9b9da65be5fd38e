//! Measurement of the plan of a start: `resolve [PLUGINS]`, 1,000 where nothing is said.
//!
//! Universes of made-up plugins, by a seed each: every plugin needs up to three others or provided names, in versions of which some don't
//! fit; one in five provides a name, and so many are against others. Timed: working out the relations, the plan, and all the
//! reasons of those that are left out.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    time::{Duration, Instant},
};

use host_base::PluginName;
use host_loader::resolve::{Candidate, Enforced, Universe};
use plugin_api::manifest::Manifest;
use serde_json::{Value, json};

/// Universes of each kind.
const UNIVERSES: u64 = 20;

/// Plugins of a hundred that are against another.
const AGAINST: [usize; 4] = [0, 2, 10, 50];

type Anyhow<T> = Result<T, Box<dyn Error>>;

fn main() -> Anyhow<()> {
    let plugins = env::args().nth(1).map_or(Ok(1_000), |it| it.parse())?;
    println!(
        "{plugins} plugins, {UNIVERSES} universes of each kind; milliseconds, the middle one and the longest"
    );
    println!("| against another | relations | plan | reasons | loaded | largest for sure |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for against in AGAINST {
        let runs: Result<Vec<Run>, _> = (1..=UNIVERSES)
            .map(|seed| run(plugins, against, seed))
            .collect();
        let runs = runs?;
        let times = |of: fn(&Run) -> Duration| {
            let mut times: Vec<f64> = runs.iter().map(|it| of(it).as_secs_f64() * 1e3).collect();
            times.sort_by(f64::total_cmp);
            format!(
                "{:.1} to {:.1}",
                times[times.len() / 2],
                times[times.len() - 1]
            )
        };
        let loaded: usize = runs.iter().map(|it| it.loaded).sum();
        println!(
            "| {against} % | {} | {} | {} | {} | {} of {UNIVERSES} |",
            times(|it| it.relations),
            times(|it| it.plan),
            times(|it| it.reasons),
            loaded / runs.len(),
            runs.iter().filter(|it| it.is_largest).count(),
        );
    }
    Ok(())
}

struct Run {
    relations: Duration,
    plan: Duration,
    reasons: Duration,
    loaded: usize,
    is_largest: bool,
}

fn run(plugins: usize, against: usize, seed: u64) -> Anyhow<Run> {
    let all = manifests(plugins, against, seed)?;
    let candidates = |serving: &[PluginName]| {
        let serving: std::collections::BTreeSet<_> = serving.iter().cloned().collect();
        let candidates = all.iter().map(move |(name, manifest)| {
            let mut candidate = Candidate::new(name, manifest);
            candidate.serves = serving.contains(name);
            candidate
        });
        candidates.collect::<Vec<_>>()
    };
    let began = Instant::now();
    let universe = Universe::new(candidates(&[]), Enforced::ALL);
    let relations = began.elapsed();
    let began = Instant::now();
    let plan = universe.plan();
    let planned = began.elapsed();
    let beside = Universe::new(candidates(&plan.order), Enforced::ALL);
    let began = Instant::now();
    let told: usize = plan
        .left_out
        .iter()
        .map(|name| beside.problems(name).len())
        .sum();
    if told < plan.left_out.len() {
        return Err("a plugin was left out without a reason".into());
    }
    Ok(Run {
        relations,
        plan: planned,
        reasons: began.elapsed(),
        loaded: plan.order.len(),
        is_largest: plan.is_largest,
    })
}

fn manifests(plugins: usize, against: usize, seed: u64) -> Anyhow<BTreeMap<PluginName, Manifest>> {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let capabilities = plugins / 20 + 1;
    let mut all = BTreeMap::new();
    for number in 0..plugins {
        let name = format!("plugin{number:05}");
        let needs: Vec<Value> = (0..random.below(4))
            .map(|_| {
                let name = match random.below(3) {
                    0 => format!("capability{}", random.below(capabilities)),
                    // Some in a circle; most of those before it.
                    _ if random.below(100) == 0 => format!("plugin{:05}", random.below(plugins)),
                    _ => format!("plugin{:05}", random.below(number + 1)),
                };
                let version = ["*", "^1", "^1", ">=1.2"][random.below(4)];
                json!({"name": name, "version": version})
            })
            .collect();
        let provides = match random.below(5) {
            0 => {
                json!([{"name": format!("capability{}", random.below(capabilities)), "version": "1.3"}])
            }
            _ => json!([]),
        };
        let conflicts = match random.below(100) < against {
            true => {
                json!([{"name": format!("plugin{:05}", random.below(plugins)), "version": "*"}])
            }
            false => json!([]),
        };
        let version = ["1.0.0", "1.2.0", "1.4.1", "1.5.0"][random.below(4)];
        let manifest = json!({
            "name": name,
            "version": version,
            "dependencies": needs,
            "provides": provides,
            "conflict_versions": conflicts,
        });
        all.insert(PluginName::new(&name), serde_json::from_value(manifest)?);
    }
    Ok(all)
}

/// Numbers that a seed determines (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}
