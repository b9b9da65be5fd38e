//! Tests of a cell's share of the processor.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::{sleep, timeout};

use crate::{
    cells::{cell, rascal},
    support::{Fixture, PATIENCE},
};

/// The folder of that name somewhere below.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|it| it.is_dir()))
        .find_map(|entry| match entry.file_name() == name {
            true => Some(entry.path()),
            false => find(&entry.path(), name),
        })
}

fn times_throttled(group: &Path) -> u64 {
    let stat = fs::read_to_string(group.join("cpu.stat")).unwrap();
    let times = stat.lines().find_map(|it| it.strip_prefix("nr_throttled "));
    times.unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_has_no_more_of_the_processor_than_its_share_and_its_group_goes_with_it() {
    let config = "[isolation]\nplugins = { rascal = \"process\" }\nprocessor_percent = 10\n\
                  [extensions]\nstop_timeout_ms = 100\nsave_timeout_ms = 100";
    let bot = Fixture::configured(&["counter"], config).await;
    bot.drop_in(&rascal(), "rascal");
    bot.until_generation("rascal", 1).await;
    let home = cell(&bot, "rascal").unwrap();
    let extensions = bot.ask(&bot.owner(), "!extensions").await.text();
    if let Some(why) = home.unlimited() {
        println!("left out: {why}");
        assert!(
            extensions.contains("its processor time is not limited: "),
            "{extensions}"
        );
        return bot.close().await;
    }
    assert!(
        extensions.contains("at most 10 % of a processor"),
        "{extensions}"
    );
    let name = format!("cogwright-cell-{}-{}", std::process::id(), home.pid());
    let group = find(Path::new("/sys/fs/cgroup"), &name).unwrap();
    bot.member().says("general", "!spin").await.unwrap();
    let throttled = async {
        while times_throttled(&group) < 3 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, throttled).await.unwrap();
    bot.plugins().unload("rascal", true).await.unwrap();
    let gone = async {
        while group.exists() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, gone).await.unwrap();
    bot.close().await;
}
