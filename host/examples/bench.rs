//! How fast the boundary and the loader are: `bench FILE`, with the library of `examples/misbehave`.
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

use host::{
    config::Config,
    plugin::{Packet, Plugins, interpose, next_id},
    router::Routes,
    services::Services,
};
use plugin_api::abi::{CommandHead, OptionValue, Origin, frame_kind};
use plugin_api::manifest::CommandKind;
use tokio::sync::oneshot;

type Answered = oneshot::Receiver<host::plugin::Answer>;

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
    let plugins = Plugins::new(
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

    let began = Instant::now();
    let rounds = 2_000;
    for _ in 0..rounds {
        let answers: Vec<Answered> = (0..64).map(|_| invoke(&routes)).collect::<Result<_, _>>()?;
        for answer in answers {
            let _ = answer.await;
        }
    }
    let each = began.elapsed() / (rounds * 64);
    println!(
        "{:<32} {each:>10.2?} each, {:.0} a second",
        "command, 64 at once",
        1.0 / each.as_secs_f64()
    );

    show(
        "reload, state handed over",
        reloads(&plugins, &file, 100).await?,
    );
    Ok(())
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
