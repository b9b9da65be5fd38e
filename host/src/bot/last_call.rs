//! Last save of plugins' states when a second signal ends the process.
//!
//! The first signal stops the bot in order: every plugin saves, serves what waits, saves again. Whoever sends a second one does not
//! want to wait for that. States that can be saved within a second are; then the process ends.

use std::{
    sync::{Arc, Mutex, PoisonError, Weak, mpsc},
    time::Duration,
};

use host_loader::Plugins;
use tokio::runtime::Handle;

/// The longest that the end is put off.
const PATIENCE: Duration = Duration::from_millis(1500);

/// The bot of this process. A signal is the process's, too.
static BOT: Mutex<Option<(Handle, Weak<Plugins>)>> = Mutex::new(None);

/// From now on these plugins are saved.
pub(super) fn answer_with(plugins: &Arc<Plugins>) {
    let bot = (Handle::current(), Arc::downgrade(plugins));
    *BOT.lock().unwrap_or_else(PoisonError::into_inner) = Some(bot);
}

/// Saves what can be saved quickly. Blocks for a moment; not to be called on the bot's runtime.
pub(crate) fn save() {
    let bot = BOT.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some((runtime, plugins)) = bot else {
        return;
    };
    let (done, wait) = mpsc::channel::<()>();
    runtime.spawn(async move {
        if let Some(plugins) = plugins.upgrade() {
            plugins.save_quickly().await;
        }
        drop(done);
    });
    // Nothing is ever sent: it ends when the task has, or late.
    let _ = wait.recv_timeout(PATIENCE);
}
