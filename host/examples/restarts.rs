//! Restarts under load: `restarts LIBRARY [ROUNDS] [A_SECOND]`, with the library of `examples/counter` and `cogwright` beside this
//! program's folder.
//!
//! A bot runs in a process of its own, on a sandbox in this one, and a member says `!count` so many times a second. The bot is
//! stopped so many times by SIGTERM and then so many times by `kill -9`, each time started again, and it is counted for each kind of
//! end what was answered, by what, how often, and how many sessions Discord was asked for.
//!
//! Exit code 0 when nothing was lost or answered twice, and no SIGTERM has cost a session.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use sandbox::{Options, Sandbox, Way};
use tokio::time::sleep;

use self::process::{end, prepare, start, until_ready};

#[path = "common/process.rs"]
mod process;

const PATIENCE: Duration = Duration::from_secs(60);

/// After this long without an answer nothing more comes.
const SILENCE: Duration = Duration::from_secs(10);

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let library = PathBuf::from(
        arguments
            .first()
            .ok_or("restarts LIBRARY [ROUNDS] [A_SECOND]")?,
    );
    let number = |at: usize, default: u32| arguments.get(at).map_or(Ok(default), |it| it.parse());
    let (rounds, a_second) = (number(1, 20)?, number(2, 40)?);
    let runtime = tokio::runtime::Runtime::new()?;
    let mut is_well = true;
    for signal in ["TERM", "KILL"] {
        let told = runtime.block_on(restarts(&library, signal, rounds, a_second))?;
        println!("{told}");
        is_well &= told.is_well(signal);
    }
    Ok(match is_well {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// What became of what was said.
struct Told {
    signal: String,
    rounds: u32,
    said: usize,
    /// By the number of answers.
    answers: BTreeMap<usize, usize>,
    apologies: usize,
    identifies: usize,
    /// From the signal to the line that the bot is ready again.
    away: Vec<Duration>,
}

impl Told {
    fn is_well(&self, signal: &str) -> bool {
        let is_once = self.answers.keys().all(|answers| *answers == 1);
        is_once && (signal == "KILL" || self.identifies == 0)
    }
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = |answers: usize| self.answers.get(&answers).copied().unwrap_or_default();
        let doubled: usize = self.answers.range(2..).map(|(_, count)| count).sum();
        let mut away = self.away.clone();
        away.sort_unstable();
        write!(
            f,
            "{} restarts by SIG{}: {} commands, {} answered once, {} of them by an apology, {} lost, {doubled} answered twice; {} \
             identifies; away for {:.1?} (median), {:.1?} at most",
            self.rounds,
            self.signal,
            self.said,
            count(1),
            self.apologies,
            count(0),
            self.identifies,
            away[away.len() / 2],
            away[away.len() - 1],
        )
    }
}

async fn restarts(library: &Path, signal: &str, rounds: u32, a_second: u32) -> Outcome<Told> {
    let options = Options {
        deadline: PATIENCE,
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await?;
    let identifies = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&identifies);
    sandbox.observe(move |crossing| {
        let is_one = crossing.way == Way::GatewayIn && crossing.what == "IDENTIFY";
        counter.fetch_add(usize::from(is_one), Relaxed);
    });
    let folder = tempfile::tempdir()?;
    prepare(folder.path(), &[library.to_owned()], &sandbox, "")?;
    let mut bot = start(folder.path(), &sandbox, 0)?;
    until_ready(folder.path(), 0).await?;
    let (before, stop) = (identifies.load(Relaxed), Arc::new(AtomicBool::new(false)));
    let (speaker, stopped) = (sandbox.actor("member")?, Arc::clone(&stop));
    let speaking = tokio::spawn(async move {
        let mut said = Vec::new();
        while !stopped.load(Relaxed) {
            said.push(speaker.says("general", "!count").await.map(|it| it.id));
            sleep(Duration::from_secs(1) / a_second).await;
        }
        said
    });
    let (mut away, mut found) = (Vec::new(), Answers::new());
    for round in 1..=rounds {
        // At any moment of what goes on, which is not in step with this.
        sleep(Duration::from_millis(400 + u64::from(round) * 137 % 900)).await;
        let began = Instant::now();
        end(&mut bot, signal).await?;
        bot = start(folder.path(), &sandbox, round)?;
        until_ready(folder.path(), round).await?;
        away.push(began.elapsed());
        note(&sandbox, &mut found)?;
    }
    stop.store(true, Relaxed);
    let said: Vec<u64> = speaking.await?.into_iter().collect::<Result<_, _>>()?;
    let answers = counted(&sandbox, &said, &mut found).await?;
    let apologies = found.values().filter(|(_, is_apology)| *is_apology);
    let apologies = apologies.count();
    end(&mut bot, "TERM").await?;
    Ok(Told {
        signal: signal.to_owned(),
        rounds,
        said: said.len(),
        answers,
        apologies,
        identifies: identifies.load(Relaxed) - before,
        away,
    })
}

/// Answers by their ids: to which message, and whether it is an apology.
type Answers = BTreeMap<u64, (u64, bool)>;

/// Notes the answers that there are: Discord shows a channel's last ones alone.
fn note(sandbox: &Sandbox, answers: &mut Answers) -> Outcome<()> {
    let is_apology = |text: &str| text.contains("I was restarted") || text.contains("went wrong");
    for message in sandbox.actor("member")?.messages("general") {
        if let Some(to) = message.reply_to {
            answers.insert(message.id, (to, is_apology(&message.text())));
        }
    }
    Ok(())
}

/// Waits until no more answers come; how many messages have how many.
async fn counted(
    sandbox: &Sandbox,
    said: &[u64],
    answers: &mut Answers,
) -> Outcome<BTreeMap<usize, usize>> {
    let (mut before, mut since) = (0, Instant::now());
    while since.elapsed() < SILENCE {
        note(sandbox, answers)?;
        if answers.len() != before {
            (before, since) = (answers.len(), Instant::now());
        }
        sleep(Duration::from_millis(100)).await;
    }
    let mut by_message: BTreeMap<u64, usize> = said.iter().map(|id| (*id, 0)).collect();
    for (to, _) in answers.values() {
        *by_message.entry(*to).or_default() += 1;
    }
    let mut counts = BTreeMap::new();
    for count in by_message.into_values() {
        *counts.entry(count).or_default() += 1;
    }
    Ok(counts)
}
