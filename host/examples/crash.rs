//! `kill -9` in a loop while databases are written to: `crash [ROUNDS]`.
//!
//! A child process writes to nine databases, from many tasks at once, and says of each write that it was acknowledged. The
//! parent kills it at a moment of its own choosing, and looks: every acknowledged write has to be there, every transaction
//! whole, every file sound. Then the next round goes on with the same files.

use std::{
    collections::{HashMap, HashSet},
    env,
    error::Error,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, ExitCode, Stdio},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use host::{
    config::Config,
    services::{
        Caller, Storage,
        storage::{Place, check_all},
    },
};
use plugin_api::manifest::Manifest;
use rusqlite::Connection;
use serde_json::json;

/// The bot's database, and those of this many servers.
const GUILDS: u64 = 8;
/// Tasks that write to each database at once.
const WRITERS: u64 = 16;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["child", folder, round] => child(folder, round.parse().unwrap_or_default()),
        _ => {
            let rounds = arguments.first().and_then(|text| text.parse().ok());
            parent(rounds.unwrap_or(50))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("crash: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parent(rounds: u64) -> Outcome {
    let folder = tempfile::tempdir()?;
    let mut acknowledged = Acknowledged::default();
    let (mut writing, mut slowest) = (Duration::ZERO, f64::INFINITY);
    for round in 1..=rounds {
        let before = acknowledged.count;
        let took = one_round(folder.path(), round, &mut acknowledged)?;
        writing += took;
        slowest = slowest.min((acknowledged.count - before) as f64 / took.as_secs_f64());
        acknowledged.verify(folder.path())?;
    }
    println!(
        "{rounds} kills, {} acknowledged writes in {:.1} s: {:.0} a second ({slowest:.0} in the slowest round), none lost, \
         {} databases sound",
        acknowledged.count,
        writing.as_secs_f64(),
        acknowledged.count as f64 / writing.as_secs_f64(),
        GUILDS + 1
    );
    Ok(())
}

/// Lets a child write, kills it, and notes what it had been told; how long it wrote.
fn one_round(folder: &Path, round: u64, acknowledged: &mut Acknowledged) -> Outcome<Duration> {
    let mut child = Command::new(env::current_exe()?)
        .args(["child", &folder.to_string_lossy(), &round.to_string()])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("the child has no output")?);
    let mut line = String::new();
    // The first acknowledgement: everything is open.
    lines.read_line(&mut line)?;
    acknowledged.note(&line)?;
    line.clear();
    let began = Instant::now();
    let pause = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)?
        .subsec_nanos();
    let reader = std::thread::spawn(move || {
        let mut said = Vec::new();
        while lines.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
            said.push(std::mem::take(&mut line));
        }
        said
    });
    std::thread::sleep(Duration::from_millis(
        300 + u64::from(pause / 1_000 % 1_200),
    ));
    child.kill()?;
    let took = began.elapsed();
    child.wait()?;
    let said = reader.join().map_err(|_| "the reader panicked")?;
    // The last line may be cut short: then the child had not said it yet.
    for line in said.iter().filter(|line| line.ends_with('\n')) {
        acknowledged.note(line)?;
    }
    Ok(took)
}

#[derive(Default)]
struct Acknowledged {
    count: u64,
    rows: HashMap<u64, HashSet<i64>>,
    /// The last acknowledged value of each key.
    shelf: HashMap<(u64, String), i64>,
}

impl Acknowledged {
    fn note(&mut self, line: &str) -> Outcome {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [kind, guild, key, value] = words[..] else {
            return Err(format!("the child said {line:?}").into());
        };
        let (guild, value): (u64, i64) = (guild.parse()?, value.parse()?);
        if kind == "row" {
            self.rows.entry(guild).or_default().insert(value);
        } else {
            self.shelf.insert((guild, key.to_owned()), value);
        }
        self.count += 1;
        Ok(())
    }

    fn verify(&self, folder: &Path) -> Outcome {
        for (place, found) in check_all(folder)? {
            found.map_err(|error| format!("{place}: {error}"))?;
        }
        for guild in 0..=GUILDS {
            let database = Connection::open(Place::of(guild).file(folder))?;
            let rows: HashSet<i64> = database
                .prepare("SELECT id FROM crash__rows WHERE text = 'row ' || id")?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            let empty = HashSet::new();
            let lost = self
                .rows
                .get(&guild)
                .unwrap_or(&empty)
                .difference(&rows)
                .count();
            if lost > 0 {
                return Err(
                    format!("{lost} acknowledged rows are lost in {}", Place::of(guild)).into(),
                );
            }
            let count: i64 =
                database.query_row("SELECT n FROM crash__count", [], |row| row.get(0))?;
            if count != rows.len() as i64 {
                let place = Place::of(guild);
                return Err(format!("{place} has {} rows and counted {count}", rows.len()).into());
            }
        }
        for ((guild, key), value) in &self.shelf {
            let database = Connection::open(Place::of(*guild).file(folder))?;
            let sql = "SELECT value FROM cogwright__shelf WHERE key = ?1";
            let kept: String = database.query_row(sql, [key], |row| row.get(0))?;
            if kept.parse::<i64>()? < *value {
                return Err(
                    format!("{key} on {guild} was acknowledged as {value}, and is {kept}").into(),
                );
            }
        }
        Ok(())
    }
}

fn child(folder: &str, round: u64) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()?;
    runtime.block_on(async {
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
        let mut writers = tokio::task::JoinSet::new();
        for guild in 0..=GUILDS {
            for writer in 0..WRITERS {
                let (storage, caller) = (Arc::clone(&storage), caller.clone());
                writers.spawn(async move { write(&storage, &caller, round, guild, writer).await });
            }
        }
        match writers.join_next().await {
            Some(Ok(Err(error))) => Err(error.into()),
            ended => Err(format!("a writer ended: {ended:?}").into()),
        }
    })
}

/// Writes for ever: rows, each with its count in one transaction, and now and then a value on a shelf.
async fn write(
    storage: &Storage,
    caller: &Caller,
    round: u64,
    guild: u64,
    writer: u64,
) -> Result<(), String> {
    let call = |name: &'static str, params, body: Vec<u8>| async move {
        let done = storage.serve(caller, name, params, body).await;
        done.map_err(|failure| failure.to_string())
    };
    for n in 0.. {
        let id = ((round * WRITERS + writer) << 32) + n;
        let line = if n % 4 == 3 {
            let key = format!("writer-{writer}");
            let params = json!({"guild_id": guild, "shelf": "last", "key": key});
            call("storage.set", params, id.to_string().into_bytes()).await?;
            format!("shelf {guild} {key} {id}\n")
        } else {
            let steps = json!([
                {"sql": "INSERT INTO crash__rows VALUES (?1, ?2)", "params": [id, format!("row {id}")]},
                {"sql": "UPDATE crash__count SET n = n + 1", "expect": {"changed": 1}},
            ]);
            let params = json!({"guild_id": guild, "steps": steps});
            call("storage.transaction", params, Vec::new()).await?;
            format!("row {guild} - {id}\n")
        };
        // In one piece, and at once: the pipe outlives us.
        std::io::stdout()
            .write_all(line.as_bytes())
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}
