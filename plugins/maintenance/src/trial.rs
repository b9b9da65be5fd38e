//! Command `atomictest`: files written, read and removed in the plugin's own folder, of which nothing stays.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
    time::{Instant, UNIX_EPOCH},
};

use plugin_api::{
    Files,
    prelude::*,
    text::{milliseconds, or_none},
};

use crate::asked;

/// Writes that are on their way at once.
const AT_ONCE: usize = 10;

/// Bytes of each file.
const SIZE: usize = 4_096;

pub(super) fn atomictest() -> Command {
    Command::new(
        "atomictest",
        "Tries files out: writes, reads, ten writes at once, removal",
    )
    .help("In this plugin's own folder; nothing stays behind, whatever fails.")
    .example("atomictest")
    .run(run)
}

async fn run(ctx: CommandContext) -> Result {
    ctx.defer().await?;
    // Two trials at once have a folder each.
    let folder = format!(
        "trial-{:x}",
        UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos()
    );
    let trial = Trial {
        host: ctx.host(),
        files: ctx.host().files(),
        path: format!("{folder}/tea.txt"),
    };
    let mut steps = vec![
        step("Write", trial.write()).await,
        step("Read", trial.read()).await,
        step("Read from memory", trial.read_again()).await,
        step("Ten writes at once", trial.write_at_once()).await,
        step("Removal", trial.remove()).await,
    ];
    steps.push(step("Nothing left behind", trial.leave_nothing(&folder)).await);
    let failed = steps.iter().filter(|step| step.result.is_err()).count();
    let mut card = embed("Trial of files").description(match failed {
        0 => "All of it works.".to_owned(),
        failed => format!(
            "{failed} of {} failed. Is the disk full, or the folder read-only?",
            steps.len()
        ),
    });
    card = if failed == 0 {
        card.success()
    } else {
        card.error()
    };
    for step in steps {
        let words = match step.result {
            Ok(words) => format!("✓ {}{words}", milliseconds(step.took_us)),
            Err(why) => format!("✗ {why}"),
        };
        card = card.field(step.name, or_none(&words), true);
    }
    ctx.reply(card.build()).await
}

struct Step {
    name: &'static str,
    took_us: u64,
    result: Result<String, String>,
}

async fn step(name: &'static str, work: impl Future<Output = Result<String>>) -> Step {
    let began = Instant::now();
    let result = asked(name, work.await);
    Step {
        name,
        took_us: u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
        result,
    }
}

struct Trial<'a> {
    host: &'a Host,
    files: Files,
    path: String,
}

impl Trial<'_> {
    async fn write(&self) -> Result<String> {
        self.files.write(&self.path, text(0)).await?;
        Ok(String::new())
    }

    async fn read(&self) -> Result<String> {
        match self.files.read(&self.path).await? {
            Some(found) if found == text(0) => Ok(String::new()),
            found => Err(Error::new(differs(found))),
        }
    }

    /// The same again, which the cache serves.
    async fn read_again(&self) -> Result<String> {
        let hits =
            async || asked("files.stats", self.host.file_stats().await).map(|it| it.cache_hits);
        let before = hits().await;
        self.read().await?;
        Ok(match (before, hits().await) {
            (Ok(before), Ok(after)) if after > before => String::new(),
            (Ok(_), Ok(_)) => {
                ", but from the disk: are `files.cache_entries` or `files.cache_ttl_s` 0?"
                    .to_owned()
            }
            _ => ", from wherever: this plugin may not see the cache's figures".to_owned(),
        })
    }

    /// One of them is there afterwards, whole.
    async fn write_at_once(&self) -> Result<String> {
        let writes = (1..=AT_ONCE).map(|number| self.files.write(&self.path, text(number)));
        for written in together(writes).await {
            written?;
        }
        match self.files.read(&self.path).await? {
            Some(found) if (1..=AT_ONCE).any(|number| found == text(number)) => {
                Ok(", one of them whole".into())
            }
            found => Err(Error::new(differs(found))),
        }
    }

    async fn remove(&self) -> Result<String> {
        let removed = self.files.remove(&self.path).await?;
        match self.files.read(&self.path).await? {
            None if removed => Ok(String::new()),
            None => Err(Error::new("there was nothing to remove")),
            Some(_) => Err(Error::new("it is still there")),
        }
    }

    async fn leave_nothing(&self, folder: &str) -> Result<String> {
        self.files.remove(&self.path).await?;
        self.files.remove_folder(folder).await?;
        match self.files.stat(folder).await? {
            None => Ok(String::new()),
            Some(_) => Err(Error::new(format!("`{folder}` is still there"))),
        }
    }
}

/// What a file has, by its number.
fn text(number: usize) -> Vec<u8> {
    let line = format!("{number} cups of tea\n");
    line.into_bytes().into_iter().cycle().take(SIZE).collect()
}

fn differs(found: Option<Vec<u8>>) -> String {
    match found {
        None => "the file is not there".to_owned(),
        Some(found) => format!(
            "something else was read: {} bytes in place of {SIZE}",
            found.len()
        ),
    }
}

/// Runs all of them at once.
async fn together<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<Pin<Box<F>>> = all.map(Box::pin).collect();
    let mut done = Vec::new();
    poll_fn(move |cx| {
        running.retain_mut(|one| match one.as_mut().poll(cx) {
            Poll::Ready(output) => {
                done.push(output);
                false
            }
            Poll::Pending => true,
        });
        match running.is_empty() {
            true => Poll::Ready(std::mem::take(&mut done)),
            false => Poll::Pending,
        }
    })
    .await
}
