//! Crash test: `kill -9` in a loop while databases and files are written to: `crash [ROUNDS] [CHEAT]`.
//!
//! A child process writes to nine databases and to plugins' files, from many tasks at once, and says of each write that it was
//! acknowledged. The parent kills it at a moment of its own choosing, and looks: every acknowledged write has to be there,
//! every transaction and every file whole, every database sound. Then the next round goes on with the same files.
//!
//! With a [`Cheat`] the child acknowledges what it has not done, and it is a failure when that is not noticed.

mod acknowledged;
mod child;
mod files;

use std::{
    env,
    error::Error,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant, SystemTime},
};

use self::{acknowledged::Acknowledged, child::Cheat};

/// The bot's database, and those of this many servers.
const GUILDS: u64 = 8;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["child", folder, round, cheat] => child::run(folder, round, cheat),
        [] => parent(50, Cheat::None),
        [rounds] => rounds
            .parse()
            .map_or_else(|_| Err(usage()), |rounds| parent(rounds, Cheat::None)),
        [rounds, cheat] => match (rounds.parse(), Cheat::named(cheat)) {
            (Ok(rounds), Some(cheat)) => caught(parent(rounds, cheat)),
            _ => Err(usage()),
        },
        _ => Err(usage()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("crash: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> Box<dyn Error> {
    let cheats = Cheat::ALL.map(Cheat::name).join(", ");
    format!("write `crash [ROUNDS] [CHEAT]`; cheats are {cheats}").into()
}

/// A child that cheats has to be found out.
fn caught(found: Outcome) -> Outcome {
    match found {
        Ok(()) => Err("the child cheated, and nobody noticed".into()),
        Err(found) => {
            println!("caught: {found}");
            Ok(())
        }
    }
}

fn parent(rounds: u64, cheat: Cheat) -> Outcome {
    let folder = tempfile::tempdir()?;
    let mut acknowledged = Acknowledged::default();
    let (mut writing, mut slowest) = (Duration::ZERO, f64::INFINITY);
    let (mut unfinished, mut swept) = (Vec::new(), 0);
    for round in 1..=rounds {
        let before = acknowledged.count();
        let took = one_round(folder.path(), round, cheat, &mut acknowledged)
            .map_err(|error| format!("round {round}: {error}"))?;
        writing += took;
        slowest = slowest.min((acknowledged.count() - before) as f64 / took.as_secs_f64());
        acknowledged
            .verify(folder.path())
            .map_err(|error| format!("round {round}: {error}"))?;
        swept += unfinished.len();
        unfinished = files::unfinished(folder.path(), &unfinished)?;
    }
    let (rows, files) = (acknowledged.rows_and_values, acknowledged.files);
    let seconds = writing.as_secs_f64();
    println!(
        "{rounds} kills, {} acknowledged writes in {seconds:.1} s: {:.0} a second to databases and {:.0} to files \
         ({slowest:.0} of both in the slowest round), none lost; {} databases sound, {} files whole, {swept} unfinished ones \
         swept",
        rows + files,
        rows as f64 / seconds,
        files as f64 / seconds,
        GUILDS + 1,
        acknowledged.distinct_files(),
    );
    Ok(())
}

/// Lets a child write, kills it, and notes what it had been told; how long it wrote.
fn one_round(
    folder: &Path,
    round: u64,
    cheat: Cheat,
    acknowledged: &mut Acknowledged,
) -> Outcome<Duration> {
    let mut child = Command::new(env::current_exe()?)
        .args([
            "child",
            &folder.to_string_lossy(),
            &round.to_string(),
            cheat.name(),
        ])
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
