//! Heartbeat of the main loop: a question each second that it answers between two events.

use std::{
    io,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use host_supervisor::Supervised;
use tokio::sync::{mpsc, oneshot};

/// Time between two questions.
const BEAT: Duration = Duration::from_secs(1);

/// A question, and the way back.
pub(super) type Question = oneshot::Sender<()>;

/// Asks the main loop for as long as it is there, and passes each answer on; then the heart is at rest.
///
/// # Errors
///
/// There is no thread for it. The heart does not beat then, and nobody judges by it.
pub(super) fn start(ask: mpsc::Sender<Question>, supervised: Supervised) -> io::Result<()> {
    let (tell, answers) = sync_channel(1);
    // A thread of its own: neither a disk nor a runtime's other threads that hang are a main loop that does.
    thread::Builder::new()
        .name("heart".to_owned())
        .stack_size(128 * 1024)
        .spawn(move || pass_on(&answers, &supervised))?;
    tokio::spawn(beat(ask, tell));
    Ok(())
}

fn pass_on(answers: &Receiver<()>, supervised: &Supervised) {
    while answers.recv().is_ok() {
        supervised.beat();
    }
    supervised.rests();
}

async fn beat(ask: mpsc::Sender<Question>, tell: SyncSender<()>) {
    loop {
        let (question, answer) = oneshot::channel();
        if ask.send(question).await.is_err() {
            return;
        }
        if answer.await.is_ok() {
            // One that waits there is enough.
            let _ = tell.try_send(());
        }
        tokio::time::sleep(BEAT).await;
    }
}
