//! Progress message, edited as the work goes on.

use std::time::Duration;

use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{Invocation, Reply};
use crate::{error::Result, host::Task, message::embed};

/// The least time between two edits: a channel takes some five in five seconds, and there may be others who write.
const PACE: Duration = Duration::from_secs(2);

/// Cells of the bar.
const CELLS: u64 = 20;

/// A message that shows how far something is: what [`Invocation::progress`] returns. What it was set to last is shown also
/// when it is dropped.
#[derive(Debug)]
pub struct Progress {
    title: String,
    reply: Reply,
    state: watch::Sender<(u64, u64)>,
    task: Task,
}

impl Invocation {
    /// Answers with a bar, to be set further from time to time. However often that is, the message changes every two
    /// seconds at most, and shows the last state in the end.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn import(ctx: CommandContext) -> Result {
    ///     let progress = ctx.progress("Importing").await?;
    ///     for n in 0..10_000 {
    ///         progress.set(n, 10_000);
    ///         tokio::task::yield_now().await;
    ///     }
    ///     progress.finish("10,000 imported.").await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`reply`](Self::reply).
    pub async fn progress(&self, title: impl Into<String>) -> Result<Progress> {
        let title = title.into();
        let reply = self.send(shown(&title, (0, 1))).await?;
        let (state, mut changes) = watch::channel((0, 1));
        let (of, message) = (title.clone(), reply.clone());
        let task = self.host().spawn(async move {
            let mut next = Instant::now() + PACE;
            // What was set last is seen also after the sender is gone.
            while changes.changed().await.is_ok() {
                tokio::select! {
                    () = sleep_until(next) => {}
                    () = dropped(changes.clone()) => {}
                }
                let state = *changes.borrow_and_update();
                message.edit(shown(&of, state)).await?;
                next = Instant::now() + PACE;
            }
            Ok(())
        });
        Ok(Progress {
            title,
            reply,
            state,
            task,
        })
    }
}

/// Until nobody sets it any more.
async fn dropped(mut changes: watch::Receiver<(u64, u64)>) {
    while changes.changed().await.is_ok() {}
}

impl Progress {
    /// Sets it to `done` of `total`. Never waits.
    pub fn set(&self, done: u64, total: u64) {
        self.state.send_if_modified(|state| {
            let changed = *state != (done, total);
            *state = (done, total);
            changed
        });
    }

    /// Ends it with a word on what came of it, in the bot's colour of success.
    ///
    /// # Errors
    ///
    /// As for [`Reply::edit`].
    pub async fn finish(self, words: impl Into<String>) -> Result {
        self.task.cancel();
        let done = embed(self.title).description(words).success();
        self.reply.edit(done).await
    }
}

fn shown(title: &str, (done, total): (u64, u64)) -> crate::EmbedBuilder {
    let total = total.max(1);
    let cells = (done.min(total) * CELLS / total) as usize;
    let bar = "▰".repeat(cells) + &"▱".repeat(CELLS as usize - cells);
    let percent = done.min(total) * 100 / total;
    embed(title).description(format!("{bar} {percent} %"))
}
