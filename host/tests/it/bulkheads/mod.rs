//! Stories of what keeps one plugin from hurting the others: a real plugin gets stuck, falls behind, or takes too much.

mod crowd;
mod greedy;
mod late;
mod stuck;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::Duration,
};

use tokio::time::{sleep, timeout};
use twilight_model::guild::Permissions;

use crate::{
    fixtures,
    support::{Fixture, PATIENCE, Stopped},
};

/// The plugin `mire`.
fn mire() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let source = include_str!("plugin.rs");
    BUILT.get_or_init(|| fixtures::plugin("mire", "bulkheads", "0.9.3", "", source))
}

/// A bot with `mire` and `counter`, and the place by which what is stuck is freed at the end: nothing spins on behind a story.
struct Stuck {
    bot: Fixture,
    place: tempfile::TempDir,
    config: String,
}

impl Stuck {
    async fn with(limits: &str) -> Self {
        mire();
        let place = tempfile::tempdir().unwrap();
        let config = format!(
            "[limits]\n{limits}\n[extensions]\nstop_timeout_ms = 200\n[plugins.mire]\nplace = '{}'\n",
            place.path().join("free").display()
        );
        let bot = Fixture::configured(&["counter"], &config).await;
        bot.drop_in(mire(), "mire");
        bot.until_generation("mire", 1).await;
        Self { bot, place, config }
    }

    /// The same bot with another configuration.
    async fn reconfigured(self, config: &str) -> Self {
        let bot = self.bot.reconfigured(config).await;
        bot.until_generation("mire", 1).await;
        Self { bot, ..self }
    }

    /// The same bot, with a second server.
    async fn beside_another_server(self) -> Self {
        let add = async |stopped: &Stopped<'_>| stopped.add_harbour(Permissions::empty());
        let bot = self.bot.restart_after(add).await;
        bot.until_generation("mire", 1).await;
        Self { bot, ..self }
    }

    /// Frees whoever is stuck.
    fn free(&self) {
        fs::write(self.place.path().join("free"), "").unwrap();
    }

    /// Frees whoever is stuck, and stops the bot.
    async fn close(self) {
        self.free();
        self.bot.close().await;
    }

    /// Why `mire` is not served as it should be, once that is so.
    async fn error(&self, has: &str) -> String {
        let wanted = |status: &host_loader::Status| {
            status.plugin.is("mire")
                && status
                    .error
                    .as_ref()
                    .is_some_and(|error| error.contains(has))
        };
        let all = self.bot.until(|all| all.iter().any(wanted)).await;
        let found = all.into_iter().find(wanted).unwrap();
        found.error.unwrap()
    }
}

/// Waits until the thread is in the command that does not end: what was taken together with it is in its hands as well.
async fn until_stuck(bot: &Fixture) {
    let waiting = async {
        loop {
            let all = bot.plugins().generations();
            let mut mire = all.iter().filter(|(name, _)| name.is("mire"));
            if mire.any(|(_, generation)| generation.doing() == "command `stick`") {
                return;
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, waiting).await.unwrap();
}
