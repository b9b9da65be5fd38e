//! Benchmark of fairness: what a plugin that floods every service does to the others. `siege FOLDER [SECONDS]`, with a
//! folder in which the libraries of `examples/misbehave`, the besieger, and `examples/hello` lie.
//!
//! A bot runs on a sandbox, in this process. A victim asks each service in turn, [`AT_ONCE`] calls at once; members say
//! `!hello`. First nobody else is there; then the besieger makes [`FLOOD`] of the same call at once; then that many of every
//! call at the same time. Latency and throughput stand side by side.
//!
//! The victim's calls begin where a plugin's are taken up by the host. What a plugin's own thread adds is in
//! `just bench`, and is nobody else's.
//!
//! Exit code 0 when each of the victim's calls was answered well.

mod calls;
mod probe;

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use host::{Bot, services::Services};
use host_loader::{Caller, interpose};
use host_ops::{
    config::Config,
    env::{Environment, Secret},
};
use sandbox::{Options, RateLimits, Sandbox};
use serde_json::{Value, json};

use self::{
    calls::Call,
    probe::{Measured, Probe, VICTIM},
};

/// Calls of the victim's that are on their way at once.
const AT_ONCE: usize = 4;

/// Calls of the besieger's that are on their way at once, each of the calls that it makes.
const FLOOD: usize = 200;

const BESIEGER: &str = "misbehave";

const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn Error>> {
    interpose::install();
    let mut arguments = env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("siege FOLDER [SECONDS]")?);
    let seconds: f64 = arguments.next().map_or(Ok(60.0), |text| text.parse())?;
    // The bot's own runtime on a small machine.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        tokio::spawn(besiege(folder, Duration::from_secs_f64(seconds)))
            .await?
            .map_err(Into::into)
    })
}

async fn besiege(libraries: PathBuf, span: Duration) -> Result<(), String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let options = Options {
        deadline: PATIENCE,
        rate_limits: RateLimits::Generous,
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await.map_err(|it| said(&it))?;
    let folder = tempfile::tempdir().map_err(|it| said(&it))?;
    let page = calls::page().await.map_err(|it| said(&it))?;
    let bot = start(&sandbox, &libraries, folder.path())
        .await
        .map_err(|it| said(&*it))?;
    sandbox.bot_ready(PATIENCE).await.map_err(|it| said(&it))?;

    let services = bot.services();
    let calls = calls::all(&sandbox, &page);
    let each = span / u32::try_from(calls.len() + 1).unwrap_or(1);
    let mut probes: Vec<_> = calls.iter().map(Probe::Call).collect();
    probes.push(Probe::Command);

    let mut rows = Vec::new();
    for probe in &probes {
        let quiet = probe.measure(&sandbox, services, each).await?;
        let same = probe
            .call()
            .map_or(calls[..1].to_vec(), |it| vec![it.clone()]);
        flood(services, &same).await?;
        let besieged = probe.measure(&sandbox, services, each).await?;
        end_flood(services).await?;
        rows.push((quiet, besieged));
    }
    flood(services, &calls).await?;
    let mut of_all = Vec::new();
    for probe in &probes {
        of_all.push(probe.measure(&sandbox, services, each).await?);
    }
    let answered = end_flood(services).await?;
    show(&probes, &rows, &of_all);
    println!(
        "\nthe besieger's calls while it flooded all services, and those of them that were refused:"
    );
    for (name, (well, refused)) in answered {
        println!("{name:<20} {:>10} {refused:>10}", well + refused);
    }
    bot.shut_down().await.map_err(|it| said(&it))?;
    let failed = rows.iter().flat_map(|(one, other)| [one, other]);
    let failed: Vec<_> = failed
        .chain(&of_all)
        .filter_map(|it| it.failed.clone())
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(format!(
        "calls of the victim's failed:\n{}",
        failed.join("\n")
    ))
}

async fn start(
    sandbox: &Sandbox,
    libraries: &Path,
    folder: &Path,
) -> Result<Bot, Box<dyn Error + Send + Sync>> {
    let mut config = Config::default();
    config.data.folder = folder.join("data");
    config.extensions.folder = folder.join("extensions");
    config.extensions.probe = false;
    config.secrets.folder = folder.join("secrets");
    config.metrics.listen = None;
    config.storage.backup_on_shutdown = false;
    config.discord.api_url = Some(format!("http://{}", sandbox.http_proxy()));
    config.discord.gateway_url = Some(sandbox.gateway_url());
    for plugin in [VICTIM, BESIEGER] {
        let grants = config.grants.entry(plugin.into()).or_default();
        grants.web = vec!["127.0.0.1".into()];
        grants.secrets = vec!["key".into()];
    }
    fs::create_dir_all(&config.extensions.folder)?;
    for name in [VICTIM, BESIEGER] {
        let file = format!("lib{name}.so");
        fs::copy(libraries.join(&file), config.extensions.folder.join(&file))?;
    }
    let environment = Environment {
        token: Secret::new(sandbox.token()),
        bot_owner_id: sandbox.owner_id(),
        shard_count: None,
        shard_ids: None,
        client_secret: None,
        secrets: BTreeMap::from([("key".to_owned(), Secret::new("from-the-environment"))]),
    };
    Ok(Bot::start(config, environment, PathBuf::new()).await?)
}

async fn flood(services: &Arc<Services>, calls: &[Call]) -> Result<(), String> {
    let calls: Vec<Value> = calls
        .iter()
        .map(|call| call.by(BESIEGER).described())
        .collect();
    ask(services, "flood", json!({"calls": calls, "at_once": FLOOD})).await?;
    Ok(())
}

/// Ends the flood: by call, how many were answered well, and how many were refused.
async fn end_flood(services: &Arc<Services>) -> Result<BTreeMap<String, (u64, u64)>, String> {
    let answer = ask(services, "end_flood", Value::Null).await?;
    serde_json::from_slice(&answer).map_err(|error| error.to_string())
}

/// Asks a function of the besieger's.
async fn ask(services: &Arc<Services>, function: &str, argument: Value) -> Result<Vec<u8>, String> {
    let call = Call {
        name: "functions.call",
        params: json!({"plugin": BESIEGER, "function": function, "version": 1, "deadline_ms": 60_000}),
        body: argument.to_string(),
    };
    call.make(services, &Caller::new("siege", 1)).await
}

fn show(probes: &[Probe<'_>], rows: &[(Measured, Measured)], of_all: &[Measured]) {
    println!(
        "| the victim's | alone: median, p99, calls/s | one flooded: median, p99, calls/s | all flooded: median, p99, calls/s |"
    );
    println!("| --- | --- | --- | --- |");
    for ((probe, (quiet, besieged)), all) in probes.iter().zip(rows).zip(of_all) {
        println!("| {} | {quiet} | {besieged} | {all} |", probe.name());
    }
}
