//! Benchmark of many databases: `databases [GUILDS] [TOUCHES]`, by default 10,000 and 40,000.
//!
//! Touches the databases of servers in random order, 32 at a time: writes a value, reads one. Prints speed, memory and
//! descriptors; an error if more than `storage.max_open` were open. Then the speed of writes that are acknowledged.

use std::{
    env,
    error::Error,
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use host_loader::Caller;
use host_ops::config::Config;
use host_store::Storage;
use plugin_api::manifest::Manifest;
use serde_json::{Value, json};
use tokio::task::JoinSet;

const AT_ONCE: u64 = 32;

#[derive(Clone)]
struct Plugin {
    storage: Arc<Storage>,
    caller: Caller,
}

impl Plugin {
    async fn call(&self, name: &str, params: Value, body: &[u8]) -> Result<(), String> {
        let done = self
            .storage
            .serve(&self.caller, name, params, body.to_vec())
            .await;
        done.map(drop).map_err(|failure| failure.to_string())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut numbers = env::args().skip(1).map(|text| text.parse::<u64>());
    let guilds = numbers.next().transpose()?.unwrap_or(10_000);
    let touches = numbers.next().transpose()?.unwrap_or(40_000);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()?;
    runtime.block_on(measure(guilds, touches))
}

async fn measure(guilds: u64, touches: u64) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut config = Config::default();
    config.data.folder = folder.path().to_owned();
    config.storage.backup_on_shutdown = false;
    let storage = Arc::new(Storage::open(&config)?);
    let caller = Caller::new("bench", 1);
    let manifest: Manifest = serde_json::from_value(json!({"migrations": [
        {"number": 1, "scope": "bot", "sql": "CREATE TABLE bench__rows (id INTEGER PRIMARY KEY, text TEXT)"},
    ]}))?;
    storage.generation_starts(&caller, &manifest).await?;
    let plugin = Plugin { storage, caller };

    println!("{} resident at the start", mebibytes(resident()));
    let watch = Watch::start();
    // First all of them once, which makes their files; then at random.
    touch(&plugin, guilds, guilds, |n| n + 1, "made").await?;
    let after_first = resident();
    let random = |n: u64| mix(n) % guilds + 1;
    touch(&plugin, guilds, touches / 2, random, "touched").await?;
    let half = resident();
    touch(
        &plugin,
        guilds,
        touches / 2,
        |n| random(n + touches),
        "touched",
    )
    .await?;
    let (most_resident, most_descriptors) = watch.end();
    let numbers = plugin.storage.numbers().ok_or("no storage")?;
    println!(
        "{} resident after the first round, {} in the middle, {} at the end, {} at most; {most_descriptors} descriptors at most",
        mebibytes(after_first),
        mebibytes(half),
        mebibytes(resident()),
        mebibytes(most_resident),
    );
    println!(
        "{} databases open at most, {} threads, opened {} times",
        numbers.most_open, numbers.threads, numbers.opened
    );
    if numbers.most_open > 256 {
        return Err("more than storage.max_open were open".into());
    }
    for writers in [1, 16, 64, 256] {
        writes(&plugin, 0, writers).await?;
    }
    reads(&plugin, 64).await?;
    plugin.storage.shut_down(Duration::from_secs(60)).await;
    Ok(())
}

/// Writes a value to one database and reads one of it, `AT_ONCE` databases at a time.
async fn touch(
    plugin: &Plugin,
    guilds: u64,
    touches: u64,
    which: impl Fn(u64) -> u64,
    verb: &str,
) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let mut running = JoinSet::new();
    let mut times = Vec::new();
    for n in 0..touches {
        if running.len() as u64 >= AT_ONCE {
            times.extend(running.join_next().await.transpose()?.transpose()?);
        }
        let (plugin, guild) = (plugin.clone(), which(n));
        running.spawn(async move {
            let began = Instant::now();
            let at = json!({"guild_id": guild, "shelf": "visits", "key": "last"});
            plugin
                .call("storage.set", at.clone(), b"{\"at\": 1}")
                .await?;
            plugin.call("storage.get", at, b"").await?;
            Ok::<_, String>(began.elapsed())
        });
    }
    while let Some(done) = running.join_next().await {
        times.push(done??);
    }
    let took = began.elapsed();
    times.sort();
    println!(
        "{touches} of {guilds} databases {verb} in {:.1} s: {:.0} a second; a write and a read take {:.2?} (median), {:.2?} (p99)",
        took.as_secs_f64(),
        touches as f64 / took.as_secs_f64(),
        times[times.len() / 2],
        times[times.len() * 99 / 100],
    );
    Ok(())
}

async fn writes(plugin: &Plugin, guild: u64, writers: u64) -> Result<(), Box<dyn Error>> {
    let next = Arc::new(AtomicU64::new(writers << 40));
    let step = move |next: &AtomicU64| {
        let id = next.fetch_add(1, Relaxed);
        json!({"guild_id": guild, "steps": [{"sql": "INSERT INTO bench__rows VALUES (?1, ?2)", "params": [id, "a row"]}]})
    };
    let name = format!("writes acknowledged, {writers} at once");
    many(plugin, writers, &name, "storage.execute", move || {
        step(&next)
    })
    .await
}

async fn reads(plugin: &Plugin, readers: u64) -> Result<(), Box<dyn Error>> {
    let step = || json!({"guild_id": 0, "steps": [{"sql": "SELECT text FROM bench__rows WHERE id = ?1", "params": [1_u64 << 40]}]});
    let name = format!("reads, {readers} at once");
    many(plugin, readers, &name, "storage.query", step).await
}

async fn many(
    plugin: &Plugin,
    count: u64,
    name: &str,
    call: &'static str,
    params: impl Fn() -> Value + Clone + Send + 'static,
) -> Result<(), Box<dyn Error>> {
    let until = Instant::now() + Duration::from_secs(3);
    let mut running = JoinSet::new();
    for _ in 0..count {
        let (plugin, params) = (plugin.clone(), params.clone());
        running.spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < until {
                let began = Instant::now();
                plugin.call(call, params(), b"").await?;
                times.push(began.elapsed());
            }
            Ok::<_, String>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = running.join_next().await {
        times.extend(done??);
    }
    times.sort();
    println!(
        "{name}: {:.0} a second; {:.2?} (median), {:.2?} (p99)",
        times.len() as f64 / 3.0,
        times[times.len() / 2],
        times[times.len() * 99 / 100],
    );
    Ok(())
}

/// Looks at memory and descriptors every 50 ms.
struct Watch {
    stop: Arc<AtomicBool>,
    resident: Arc<AtomicU64>,
    descriptors: Arc<AtomicUsize>,
}

impl Watch {
    fn start() -> Self {
        let watch = Self {
            stop: Arc::default(),
            resident: Arc::default(),
            descriptors: Arc::default(),
        };
        let (stop, most, descriptors) = (
            Arc::clone(&watch.stop),
            Arc::clone(&watch.resident),
            Arc::clone(&watch.descriptors),
        );
        std::thread::spawn(move || {
            while !stop.load(Relaxed) {
                most.fetch_max(resident(), Relaxed);
                let open = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
                descriptors.fetch_max(open, Relaxed);
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        watch
    }

    fn end(self) -> (u64, usize) {
        self.stop.store(true, Relaxed);
        (self.resident.load(Relaxed), self.descriptors.load(Relaxed))
    }
}

/// Resident memory in bytes.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or_default() * 1024
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / (1 << 20) as f64)
}

/// [splitmix64](https://prng.di.unimi.it/splitmix64.c): a fixed order that looks random.
fn mix(n: u64) -> u64 {
    let mut z = (n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
