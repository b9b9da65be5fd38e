//! Child process that is killed: it writes for ever, and says what was acknowledged.

use std::{io::Write, path::Path, sync::Arc};

use host_loader::Caller;
use host_ops::config::{Config, Live};
use host_store::{Files, Storage};
use plugin_api::manifest::Manifest;
use serde_json::json;
use tokio::task::JoinSet;

use crate::{GUILDS, Outcome, files};

/// Tasks that write to each database at once.
const WRITERS: u64 = 16;

/// One write of this many is cheated.
const NOW_AND_THEN: u64 = 7;

/// How a child may deceive the parent, which has to notice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cheat {
    None,
    /// Acknowledges transactions that it has not made.
    LosesRows,
    /// Acknowledges files that it has not written.
    LosesFiles,
    /// Writes files in their place, so that a kill can tear them.
    TearsFiles,
}

impl Cheat {
    pub(crate) const ALL: [Self; 3] = [Self::LosesRows, Self::LosesFiles, Self::TearsFiles];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::LosesRows => "loses-rows",
            Self::LosesFiles => "loses-files",
            Self::TearsFiles => "tears-files",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cheat| cheat.name() == name)
    }

    /// Whether this write is one that is cheated.
    pub(crate) const fn now(self, n: u64) -> bool {
        !matches!(self, Self::None) && n % NOW_AND_THEN == NOW_AND_THEN - 1
    }
}

pub(crate) fn run(folder: &str, round: &str, cheat: &str) -> Outcome {
    let cheat = Cheat::named(cheat).unwrap_or(Cheat::None);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()?;
    runtime.block_on(write_for_ever(Path::new(folder), round.parse()?, cheat))
}

async fn write_for_ever(folder: &Path, round: u64, cheat: Cheat) -> Outcome {
    let mut config = Config::default();
    config.data.folder = folder.into();
    let storage = Arc::new(Storage::open(&config)?);
    let caller = Caller::new("crash", round);
    let sql = "CREATE TABLE crash__rows (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
               CREATE TABLE crash__count (n INTEGER NOT NULL);
               INSERT INTO crash__count VALUES (0)";
    let manifest: Manifest = serde_json::from_value(json!({"migrations": [
        {"number": 1, "scope": "bot", "sql": sql}, {"number": 1, "scope": "guild", "sql": sql},
    ]}))?;
    storage.generation_starts(&caller, &manifest).await?;
    // Every database is made before the first acknowledgement, which the parent waits for.
    for guild_id in 0..=GUILDS {
        let params = json!({"guild_id": guild_id, "shelf": "last", "key": "round"});
        let value = round.to_string().into_bytes();
        storage
            .serve(&caller, "storage.set", params, value)
            .await
            .map_err(|failure| failure.to_string())?;
    }
    let mut writers = JoinSet::new();
    for guild in 0..=GUILDS {
        for writer in 0..WRITERS {
            let (storage, caller) = (Arc::clone(&storage), caller.clone());
            writers.spawn(async move {
                write_rows(&storage, &caller, round, guild, writer, cheat).await
            });
        }
    }
    let folder: Arc<Path> = folder.into();
    let service = Arc::new(Files::new(Live::new(config), folder.to_path_buf()));
    for writer in 0..files::WRITERS {
        let (service, caller, folder) = (Arc::clone(&service), caller.clone(), Arc::clone(&folder));
        writers.spawn(async move {
            files::write(&service, &caller, &folder, round, writer, cheat).await
        });
    }
    match writers.join_next().await {
        Some(Ok(Err(error))) => Err(error.into()),
        ended => Err(format!("a writer ended: {ended:?}").into()),
    }
}

/// Writes for ever: rows, each with its count in one transaction, and now and then a value in a key-value store.
async fn write_rows(
    storage: &Storage,
    caller: &Caller,
    round: u64,
    guild: u64,
    writer: u64,
    cheat: Cheat,
) -> Result<(), String> {
    let call = |name: &'static str, params, body: Vec<u8>| async move {
        let done = storage.serve(caller, name, params, body).await;
        done.map_err(|failure| failure.to_string())
    };
    for n in 0.. {
        let id = ((round * WRITERS + writer) << 32) + n;
        if n % 4 == 3 {
            let key = format!("writer-{writer}");
            let params = json!({"guild_id": guild, "shelf": "last", "key": key});
            call("storage.set", params, id.to_string().into_bytes()).await?;
            say(&format!("shelf {guild} {key} {id}\n"))?;
            continue;
        }
        let steps = json!([
            {"sql": "INSERT INTO crash__rows VALUES (?1, ?2)", "params": [id, format!("row {id}")]},
            {"sql": "UPDATE crash__count SET n = n + 1", "expect": {"changed": 1}},
        ]);
        if cheat != Cheat::LosesRows || !cheat.now(n) {
            let params = json!({"guild_id": guild, "steps": steps});
            call("storage.transaction", params, Vec::new()).await?;
        }
        say(&format!("row {guild} - {id}\n"))?;
    }
    Ok(())
}

/// Tells the parent, in one piece and at once: the pipe outlives us.
pub(crate) fn say(line: &str) -> Result<(), String> {
    let said = std::io::stdout().write_all(line.as_bytes());
    said.map_err(|error| error.to_string())
}
