//! Tests of cells and the end of the bot: they go with it, and not before it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::{
    cells::{IN_CELLS, cells_of, have_ended, is_alive},
    fixtures,
    process::{Process, signal},
    support::drop_in,
};

fn counter() -> (&'static str, PathBuf) {
    ("counter", fixtures::example("counter"))
}

/// A bot alone in a process, and in a process group, with all plugins in cells.
async fn alone(libraries: &[(&str, PathBuf)]) -> Process {
    Process::grouped(libraries, IN_CELLS, |_| fixtures::cogwright()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_is_killed_takes_its_cells_along() {
    let hello = ("hello", fixtures::example("hello"));
    let bot = alone(&[counter(), hello]).await;
    bot.until(&bot.member(), "!count", "Count: ").await;
    let cells = cells_of(bot.id());
    assert_eq!(cells.len(), 2, "{}", bot.said());
    bot.signal("KILL");
    bot.ended().await;
    have_ended(&cells).await;
}

/// Every way in which an operator ends the bot reaches its cells as well: a terminal signals the process group, systemd all processes
/// of the service. They outlive it until their states are saved.
#[tokio::test(flavor = "multi_thread")]
async fn what_ends_the_bot_in_order_does_not_end_its_cells_first() {
    let mut bot = alone(&[counter()]).await;
    let (member, mut counted) = (bot.member(), 0);
    for name in ["INT", "TERM"] {
        bot.until(&member, "!count", "Count: ").await;
        let last = bot.ask(&member, "!count").await.content;
        let last: u64 = last.rsplit(' ').next().unwrap().parse().unwrap();
        assert!(last > counted, "what was counted before is lost: {last}");
        counted = last;
        let cells = cells_of(bot.id());
        assert_eq!(cells.len(), 1, "{}", bot.said());
        match name {
            "INT" => {
                let group = Pid::from_raw(bot.id().try_into().unwrap()).unwrap();
                kill_process_group(group, Signal::INT).unwrap();
            }
            _ => {
                for pid in &cells {
                    for all in [name, "HUP", "INT"] {
                        signal(*pid, all);
                    }
                }
                assert!(cells.iter().all(|pid| is_alive(*pid)), "{}", bot.said());
                bot.signal(name);
            }
        }
        assert!(bot.ended().await.success(), "{name}: {}", bot.said());
        assert!(!bot.said().contains("its cell (process"), "{}", bot.said());
        have_ended(&cells).await;
        bot = bot.revived_grouped(&fixtures::cogwright());
        bot.until_said("ready: ").await;
    }
    let last = bot.until(&member, "!count", "Count: ").await;
    let last: u64 = last.rsplit(' ').next().unwrap().parse().unwrap();
    assert!(last > counted, "what was counted before is lost: {last}");
}

/// The name that a process has in lists of threads.
fn name_of(pid: u32) -> String {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap();
    name.trim_end().to_owned()
}

fn linked(folder: &Path) -> PathBuf {
    let own = folder.join("cogwright");
    fs::hard_link(fixtures::cogwright(), &own)
        .or_else(|_| fs::copy(fixtures::cogwright(), &own).map(drop))
        .unwrap();
    own
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_was_replaced_below_a_running_bot_goes_on_trying_files_and_starting_cells() {
    let bot = Process::grouped(&[counter()], IN_CELLS, linked).await;
    bot.until(&bot.member(), "!count", "Count: ").await;
    let program = bot.folder.path().join("cogwright");
    fs::remove_file(&program).unwrap();
    fs::write(&program, "of another build").unwrap();
    drop_in(
        &fixtures::example("hello"),
        &bot.folder.path().join("extensions"),
        "hello",
    );
    bot.until(&bot.member(), "!hello", "Hello").await;
    let cells = cells_of(bot.id());
    assert_eq!(cells.len(), 2, "{}", bot.said());
    for pid in cells {
        assert_eq!(name_of(pid), "cogwright");
    }
    bot.signal("TERM");
    assert!(bot.ended().await.success(), "{}", bot.said());
}
