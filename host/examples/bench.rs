//! Benchmark of the boundary and the loader: `bench FILE`, with the library of `examples/misbehave`.
//!
//! Prints medians and 99th percentiles of one run; compare runs on the same machine only.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use host::{program, services::Services};
use host_commands::router::Routes;
use host_discord::reply::{Kind, Received};
use host_loader::{Handled, Packet, PluginFigures, Plugins, interpose, next_id};
use host_ops::config::Config;
use plugin_api::{
    abi::{CommandHead, OptionValue, Origin, frame_kind},
    manifest::CommandKind,
};
use tokio::sync::oneshot;

type Answered = oneshot::Receiver<host_loader::Answer>;

fn main() -> Result<(), Box<dyn Error>> {
    interpose::install();
    let file = PathBuf::from(env::args().nth(1).ok_or("bench FILE")?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        tokio::spawn(bench(file))
            .await
            .map_err(|error| error.to_string())?
    })?;
    Ok(())
}

async fn bench(file: PathBuf) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut config = Config::default();
    config.data.folder = folder.path().to_owned();
    config.extensions.probe = false;
    let services = Arc::new(Services::offline());
    let routes = Arc::new(Routes::default());
    let plugins = program::plugins(
        Arc::new(config),
        PathBuf::new(),
        services,
        Arc::clone(&routes),
    )
    .map_err(|error| error.to_string())?;
    plugins
        .load_file(&file)
        .await
        .map_err(|error| error.to_string())?;

    let mut trips = Vec::new();
    for _ in 0..20_000 {
        let began = Instant::now();
        let _ = invoke(&routes)?.await;
        trips.push(began.elapsed());
    }
    show("command, there and back", trips);

    let each = at_once(&routes).await?;
    println!(
        "{:<32} {each:>10.2?} each, {:.0} a second",
        "command, 64 at once",
        1.0 / each.as_secs_f64()
    );
    counting();
    interactions();
    logging(folder.path(), &routes).await?;

    show(
        "reload, state handed over",
        reloads(&plugins, &file, 100).await?,
    );
    Ok(())
}

/// Commands to one plugin, 64 at once; what each takes.
async fn at_once(routes: &Routes) -> Result<Duration, String> {
    let began = Instant::now();
    let rounds = 2_000;
    for _ in 0..rounds {
        let answers: Vec<Answered> = (0..64).map(|_| invoke(routes)).collect::<Result<_, _>>()?;
        for answer in answers {
            let _ = answer.await;
        }
    }
    Ok(began.elapsed() / (rounds * 64))
}

/// What each of a million takes.
fn each(what: &str, count: u32, mut work: impl FnMut()) {
    let began = Instant::now();
    for _ in 0..count {
        work();
    }
    println!("{what:<32} {:>10.2?} each", began.elapsed() / count);
}

/// Each interaction is known for a quarter of an hour: what one costs behind none, and behind many.
fn interactions() {
    let services = Services::offline();
    let mut next = 0;
    let mut come = |what: &str, count| {
        each(what, count, || {
            next += 1;
            services.replies.register(Received {
                id: next,
                token: "a token as long as those that Discord sends with each interaction that it sends",
                user: 0,
                kind: Kind::Command,
                ephemeral: false,
                source: None,
            });
        });
    };
    come("one of the first 1,500 interactions", 1_500);
    come("one of 20,000 behind them", 20_000);
    come("one of 1,500 behind 21,500", 1_500);
}

/// All that is counted of one event on its way to one plugin.
fn counting() {
    let figures = PluginFigures::default();
    let what = Handled {
        frame: frame_kind::EVENT,
        event: 3,
        name: "",
    };
    each("counting an event", 1_000_000, || {
        let queued = Instant::now();
        let taken = Instant::now();
        figures.waited.observe(taken - queued);
        figures.handled(what, taken.elapsed());
    });
}

/// The log in files: what lines and spans take whoever logs, and the same commands as before beside it.
async fn logging(folder: &Path, routes: &Routes) -> Result<(), String> {
    let span = || {
        let header = (7u64, 8u64, 9u64);
        let span = tracing::info_span!(
            "invocation",
            id = 1u64,
            kind = "command",
            plugin = "hello",
            name = "hello",
            shard = 0,
            guild = header.0,
            channel = header.1,
            user = header.2
        );
        drop(span.entered());
    };
    let debug =
        || drop(tracing::debug_span!("event", id = 1u64, event = "MESSAGE_CREATE").entered());
    each("a span, no log", 1_000_000, span);
    let mut config = Config::default().log;
    config.folder = folder.join("botlogs");
    host_ops::log::init(&config, "bench")?;
    each("an invocation's span, level info", 1_000_000, span);
    each("an event's span, level info", 1_000_000, debug);
    each("a line, level info", 10_000, || {
        tracing::info!(plugin = "hello", "a line of the usual length, more or less");
    });
    host_ops::log::flush();
    let at_info = at_once(routes).await?;
    println!(
        "{:<32} {at_info:>10.2?} each",
        "command, 64 at once, level info"
    );
    host_ops::log::set_levels("debug", &BTreeMap::new())?;
    each("an event's span, level debug", 1_000_000, debug);
    host_ops::log::set_levels("off", &BTreeMap::new())
}

async fn reloads(plugins: &Plugins, file: &Path, count: usize) -> Result<Vec<Duration>, String> {
    let mut times = Vec::new();
    for _ in 0..count {
        let began = Instant::now();
        plugins
            .load_file(file)
            .await
            .map_err(|error| error.to_string())?;
        times.push(began.elapsed());
    }
    Ok(times)
}

/// A command whose handler ends at once and answers nothing.
fn invoke(routes: &Routes) -> Result<Answered, String> {
    let head = CommandHead {
        kind: CommandKind::Chat,
        command: "misbehave".into(),
        origin: Origin::Message {
            channel_id: 2,
            message_id: 4,
            user_id: 3,
        },
        options: BTreeMap::from([("manner".into(), OptionValue::String("silent".into()))]),
        ephemeral: false,
        typed: String::new(),
        checked: false,
    };
    let packet = Packet::new(frame_kind::COMMAND, next_id(), &head);
    routes
        .with_command(CommandKind::Chat, "misbehave", |route| {
            route.slot.invoke(packet)
        })
        .ok_or("there is no command `misbehave`")?
        .map_err(|refused| format!("{refused:?}"))
}

fn show(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    println!(
        "{what:<32} {:>10.2?} median, {:.2?} p99, {} times",
        at(50),
        at(99),
        times.len()
    );
}
