//! Reloads of a hostile plugin: `hostile_reloads [COUNT] [DOCUMENTS]`, 10,000 as it comes, with `cogwright`'s own loader in this process.
//!
//! The plugin ([`plugin.rs`](plugin.rs), [`foreign.cpp`](foreign.cpp)) takes of the process whatever a plugin may and leaves most of it behind. It is
//! reloaded so many times with its state handed over, and called after each reload. Some 250 times it is counted what the process has: memory,
//! mappings, threads, descriptors, keys of thread-specific data.
//!
//! With a folder of documents the plot goes to `hostile-reloads.svg` and the figures into `measurements.md` there.
//!
//! Exit code 0 when nothing grows: between the second and the last tenth memory by less than 1 KiB a reload, and all else by nothing.

#[path = "../common/document.rs"]
mod document;
#[path = "../common/fixture.rs"]
mod fixture;
mod foreign;
mod plot;
mod sample;
mod served;

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use host::{program, services::Services};
use host_commands::router::Routes;
use host_loader::{Plugins, interpose, memory};
use host_ops::config::Config;
use tokio::time::sleep;

use self::sample::{Growth, Sample};

/// As the plugin's package is called.
const NAME: &str = "torment";

/// How many samples are taken.
const SAMPLES: usize = 250;

/// What the old generation may take to go.
const PATIENCE: Duration = Duration::from_secs(30);

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    memory::return_large_buffers();
    interpose::install();
    let mut arguments = env::args().skip(1);
    let count: usize = arguments.next().map_or(Ok(10_000), |text| text.parse())?;
    let documents = arguments.next().map(PathBuf::from);
    let foreign = foreign::compile(&fixture::target()?)?;
    let file = fixture::build(
        NAME,
        include_str!("plugin.rs"),
        &[("build.rs", foreign::BUILD), ("link.txt", &foreign.link)],
    )?;
    println!("{}", foreign.words);
    // As many threads as the bot has on a small machine; none comes and goes, so that they can be counted.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(2)
        .thread_keep_alive(Duration::from_secs(3600))
        .enable_all()
        .build()?;
    let began = Instant::now();
    let samples = runtime.block_on(reloads(&file, count))?;
    let each = began.elapsed() / u32::try_from(count.max(1))?;
    let growth = Growth::of(&samples);
    let told = growth.told(count, each, &foreign.words);
    println!("{told}");
    if let Some(documents) = documents {
        write(&documents, count, &samples, &told)?;
    }
    match growth.is_flat() {
        true => Ok(()),
        false => Err("something grows".into()),
    }
}

async fn reloads(file: &Path, count: usize) -> Outcome<Vec<Sample>> {
    let folder = tempfile::tempdir()?;
    let mut config = Config::default();
    config.data.folder = folder.path().to_owned();
    // What a probe finds is remembered per file: it would be run once.
    config.extensions.probe = false;
    let routes = Arc::new(Routes::default());
    let services = Services::through(served::discord().await?, &config, Arc::clone(&routes));
    let services = Arc::new(services);
    let plugins = program::plugins(
        Arc::new(config),
        PathBuf::new(),
        Arc::clone(&services),
        Arc::clone(&routes),
    )?;
    plugins.load_file(file).await?;
    served::work(&routes).await?;
    let mut samples = vec![Sample::take(0, folder.path())];
    let every = (count / SAMPLES).max(1);
    for number in 1..=count {
        plugins.reload(NAME).await?;
        served::work(&routes).await?;
        until_alone(&plugins, &services, number).await?;
        if number % every == 0 {
            memory::trim();
            samples.push(Sample::take(number, folder.path()));
        }
        if number % (every * 25) == 0 {
            eprintln!("{number} reloads");
        }
    }
    Ok(samples)
}

/// Waits until the generation before is gone.
async fn until_alone(plugins: &Plugins, services: &Services, number: usize) -> Outcome<()> {
    let began = Instant::now();
    loop {
        let known = services.figures.plugins.footprints.of(&NAME.into(), 1);
        if known.remains.pinned > 0 {
            let why = known.stays.unwrap_or_default();
            return Err(format!("{} stay mapped: {why}", plugins.abandoned().join(", ")).into());
        }
        // The report comes last, when the library is gone.
        let is_reported = known.remains.unloads == number as u64;
        if is_reported && services.figures.plugins.generations_alive() == 1 {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            return Err("the generation before does not go".into());
        }
        sleep(Duration::from_millis(1)).await;
    }
}

fn write(documents: &Path, count: usize, samples: &[Sample], told: &str) -> Outcome<()> {
    let title = format!("{count} reloads of a hostile plugin");
    let svg = plot::svg(&title, "reloads", &sample::series(samples));
    fs::write(documents.join("hostile-reloads.svg"), svg)?;
    document::write_into(&documents.join("measurements.md"), "hostile reloads", told)
}
