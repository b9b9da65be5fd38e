//! Heartbeat of the main loop: a question each second that it answers between two events.

use std::time::Duration;

use host_supervisor::Supervised;
use tokio::{
    sync::{mpsc, oneshot},
    task,
};

/// Time between two questions.
const BEAT: Duration = Duration::from_secs(1);

/// A question, and the way back.
pub(super) type Question = oneshot::Sender<()>;

/// Asks the main loop for as long as it is there, and passes each answer on.
pub(super) async fn beat(ask: mpsc::Sender<Question>, supervised: Supervised) {
    loop {
        let (question, answer) = oneshot::channel();
        if ask.send(question).await.is_err() {
            return;
        }
        if answer.await.is_ok() {
            let supervised = supervised.clone();
            // Elsewhere: a disk that hangs is no main loop that does.
            let _ = task::spawn_blocking(move || supervised.beat()).await;
        }
        tokio::time::sleep(BEAT).await;
    }
}
