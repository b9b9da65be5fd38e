//! Soak test: loads, calls and unloads a plugin over and over, and measures that nothing stays.
//!
//! `soak FILE CYCLES`: exit code 0 when no mapping of the plugin is left, there are as many threads and descriptors as before,
//! and memory grew by less than 1 KiB a cycle, in one of four rounds.

use std::{
    env,
    error::Error,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use host::{program, services::Services};
use host_commands::router::Routes;
use host_loader::{
    EventRecord, Packet, interpose, memory, next_id,
    snapshot::{self, ProcessSnapshot},
};
use host_ops::config::Config;
use plugin_api::{
    abi::{CommandHead, EventHeader, Origin, frame_kind},
    manifest::CommandKind,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// Memory that a cycle may cost: the allocator's and the kernel's own noise, over many cycles.
const GROWTH_BYTES: i64 = 1024;

/// Rounds in all of which something must have stayed: what leaks grows in each, and what is filled once does not.
const ROUNDS: usize = 4;

fn main() -> Result<(), Box<dyn Error>> {
    memory::return_large_buffers();
    interpose::install();
    let mut arguments = env::args().skip(1);
    let file = PathBuf::from(arguments.next().ok_or("soak FILE CYCLES")?);
    let cycles: usize = arguments.next().ok_or("soak FILE CYCLES")?.parse()?;
    // As many threads as the bot has on a small machine; none comes and goes, so that they can be counted.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(2)
        .thread_keep_alive(Duration::from_secs(3600))
        .enable_all()
        .build()?;
    runtime.block_on(soak(file, cycles))
}

async fn soak(file: PathBuf, cycles: usize) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut config = Config::default();
    config.data.folder = folder.path().to_owned();
    // What a probe finds is remembered per file: it would be run once.
    config.extensions.probe = false;
    let routes = Arc::new(Routes::default());
    let services = Services::through(discord().await?, &config, Arc::clone(&routes));
    let services = Arc::new(services);
    let plugins = program::plugins(
        Arc::new(config),
        PathBuf::new(),
        services,
        Arc::clone(&routes),
    )?;
    let cycle = async || -> Result<(), Box<dyn Error>> {
        plugins.load_file(&file).await?;
        call(&routes).await?;
        let report = plugins.unload("misbehave", false).await?;
        match report.unmapped {
            true => Ok(()),
            false => Err(report.stayed.join("; ").into()),
        }
    };
    // The first cycles fill what is filled once: the pool of blocking threads, the allocator's arenas, connections, and the
    // pages of the loader's own tables.
    let warm_up = cycles.clamp(10, 250);
    for _ in 0..warm_up {
        cycle().await?;
    }
    println!("{cycles} cycles, after {warm_up} to warm up");
    let mut stayed = Vec::new();
    for _ in 0..ROUNDS {
        memory::trim();
        let before = ProcessSnapshot::take();
        let began = Instant::now();
        for _ in 0..cycles {
            cycle().await?;
        }
        let took = began.elapsed() / u32::try_from(cycles)?;
        memory::trim();
        let after = ProcessSnapshot::take();
        println!("a cycle           {:.1} ms", took.as_secs_f64() * 1000.0);
        stayed = compare(&before, &after, cycles);
        let mapped = snapshot::mapped_bytes(folder.path()).unwrap_or_default();
        println!("mapped            {mapped} bytes");
        if mapped != 0 {
            stayed.push("a mapping");
        }
        if stayed.is_empty() {
            return Ok(());
        }
    }
    Err(format!(
        "in each of {ROUNDS} rounds there stayed {}",
        stayed.join(", ")
    )
    .into())
}

/// What there is more of than before.
fn compare(before: &ProcessSnapshot, after: &ProcessSnapshot, cycles: usize) -> Vec<&'static str> {
    let resident = |it: &ProcessSnapshot| it.resident_bytes.unwrap_or_default() as i64;
    let fds = |it: &ProcessSnapshot| it.fds.as_ref().map_or(0, |fds| fds.len());
    let per_cycle = (resident(after) - resident(before)) / cycles as i64;
    println!(
        "threads           {:?} -> {:?}",
        before.thread_count, after.thread_count
    );
    println!("descriptors       {} -> {}", fds(before), fds(after));
    println!(
        "resident memory   {} -> {} bytes: {per_cycle} bytes a cycle",
        resident(before),
        resident(after)
    );
    let grown = [
        ("threads", after.thread_count > before.thread_count),
        ("descriptors", fds(after) > fds(before)),
        ("memory", per_cycle >= GROWTH_BYTES),
    ];
    let grown = grown.into_iter().filter(|(_, grown)| *grown);
    grown.map(|(what, _)| what).collect()
}

/// `!work`, as the dispatcher would queue it.
async fn call(routes: &Routes) -> Result<(), Box<dyn Error>> {
    let event = Arc::new(EventRecord {
        header: EventHeader {
            channel_id: 2,
            user_id: 3,
            message_id: 4,
            ..EventHeader::EMPTY
        },
        content: "!work".into(),
        user_name: "ann".into(),
        json: "{}".into(),
    });
    let head = CommandHead {
        kind: CommandKind::Chat,
        command: "work".into(),
        origin: Origin::Message {
            channel_id: 2,
            message_id: 4,
            user_id: 3,
        },
        options: std::collections::BTreeMap::new(),
        ephemeral: false,
        typed: String::new(),
        checked: false,
    };
    let packet = Packet::new(frame_kind::COMMAND, next_id(), &head).with_event(event);
    let answer = routes
        .with_command(CommandKind::Chat, "work", |route| route.slot.invoke(packet))
        .ok_or("there is no command `work`")?
        .map_err(|refused| format!("{refused:?}"))?
        .await?;
    match answer.error() {
        None => Ok(()),
        Some(error) => Err(error.message.into()),
    }
}

/// A Discord that answers every request with the same message: what is measured is the plugin, not a world that grows.
async fn discord() -> Result<String, Box<dyn Error>> {
    const BODY: &str = r#"{"id":"5"}"#;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                // One request at a time, small enough for one read.
                while let Ok(1..) = stream.read(&mut buffer).await {
                    let response = format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{BODY}",
                        BODY.len()
                    );
                    if stream.write_all(response.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    Ok(address)
}
