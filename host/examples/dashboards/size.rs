//! First bytes and sizes of all tabs, in 10,000 servers and with sixty plugins.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use sandbox::{Options, Sandbox, World};

use crate::{
    Outcome,
    browser::{Browser, tabs},
    process::{end, prepare, start, until_ready},
};

/// Servers, and members of each.
const SERVERS: u32 = 10_000;
const MEMBERS: u32 = 5;

/// Plugins.
const PLUGINS: usize = 60;

/// Looks at each tab.
const ROUNDS: usize = 11;

/// Takes the figures, and prints them.
pub async fn measure(libraries: &[PathBuf]) -> Outcome<()> {
    let options = Options {
        world: World::sized(SERVERS, MEMBERS),
        deadline: Duration::from_secs(120),
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await?;
    let folder = tempfile::tempdir()?;
    let mut all = libraries.to_vec();
    let own = tempfile::tempdir()?;
    let hello = libraries.iter().find(|it| it.ends_with("libhello.so"));
    let hello = hello.ok_or("the folder has no libhello.so")?;
    for number in 0..PLUGINS.saturating_sub(all.len()) {
        all.push(copy(hello, own.path(), number)?);
    }
    prepare(
        folder.path(),
        &all,
        &sandbox,
        "[pages]\nlisten = \"127.0.0.1:0\"\n",
    )?;
    let mut bot = start(folder.path(), &sandbox, 0)?;
    until_ready(folder.path(), 0).await?;
    sandbox
        .commands_registered("livemonitor", Duration::from_secs(120))
        .await?;
    let browser = Browser::owner(&sandbox).await?;
    let tabs = tabs(&browser).await?;
    println!(
        "{SERVERS} servers, {} plugins; {ROUNDS} looks at each tab, in turns",
        all.len()
    );
    let mut found = vec![(Vec::new(), 0); tabs.len()];
    for _ in 0..ROUNDS {
        for (tab, (times, bytes)) in tabs.iter().zip(&mut found) {
            let began = Instant::now();
            let answer = browser.get(tab).await?;
            times.push(began.elapsed());
            let status = answer.status();
            *bytes = answer.bytes().await?.len();
            if !status.is_success() {
                return Err(format!("{tab} answers {status}").into());
            }
        }
    }
    println!("| tab | first byte, median | the slowest | bytes |\n| --- | --- | --- | --- |");
    for (tab, (mut times, bytes)) in tabs.iter().zip(found) {
        times.sort_unstable();
        let (median, slowest) = (times[times.len() / 2], times[times.len() - 1]);
        println!("| {tab} | {median:.1?} | {slowest:.1?} | {bytes} |");
    }
    end(&mut bot, "TERM").await
}

/// The same library under another name of the same length: its name, and its command's, stand in it as text.
fn copy(library: &Path, folder: &Path, number: usize) -> Outcome<PathBuf> {
    let mut bytes = fs::read(library)?;
    let name = format!("h{number:04}");
    let old = b"hello";
    let mut at = 0;
    while at + old.len() <= bytes.len() {
        if bytes[at..].starts_with(old) {
            bytes[at..at + old.len()].copy_from_slice(name.as_bytes());
            at += old.len();
        } else {
            at += 1;
        }
    }
    let path = folder.join(format!("lib{name}.so"));
    fs::write(&path, bytes)?;
    Ok(path)
}
