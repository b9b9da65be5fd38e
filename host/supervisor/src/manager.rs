//! Words for systemd, where it is the one that has started this: `Type=notify` and its watchdog
//! ([sd_notify](https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html)).

use std::{env, time::Duration};

use sd_notify::NotifyState::{self, Ready, Reloading, Status, Stopping, Watchdog};

/// Variables that are the supervisor's alone: a plugin is not to speak in its name.
pub(crate) const VARIABLES: [&str; 3] = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

/// The service manager, if there is one that wants to hear.
#[derive(Debug)]
pub(crate) struct Manager {
    listens: bool,
    watchdog: Option<Duration>,
}

impl Manager {
    pub(crate) fn from_environment() -> Self {
        Self {
            listens: env::var_os("NOTIFY_SOCKET").is_some(),
            watchdog: sd_notify::watchdog_enabled().filter(|limit| !limit.is_zero()),
        }
    }

    /// Whether it wants to know when the bot is ready.
    pub(crate) fn listens(&self) -> bool {
        self.listens
    }

    /// The longest time that it waits for a ping; `None` without a watchdog.
    pub(crate) fn watchdog(&self) -> Option<Duration> {
        self.watchdog
    }

    pub(crate) fn ready(&self) {
        self.tell(&[Ready, Status("ready")]);
    }

    /// The bot is on its way up again.
    pub(crate) fn reloading(&self, why: &str) {
        let Ok(now) = NotifyState::monotonic_usec_now() else {
            return;
        };
        self.tell(&[Reloading, now, Status(why)]);
    }

    pub(crate) fn stopping(&self) {
        self.tell(&[Stopping, Status("stopping in order")]);
    }

    pub(crate) fn status(&self, text: &str) {
        self.tell(&[Status(text)]);
    }

    pub(crate) fn ping(&self) {
        self.tell(&[Watchdog]);
    }

    /// Nothing depends on it: who does not listen any more is not told.
    fn tell(&self, states: &[NotifyState<'_>]) {
        if self.listens {
            let _ = sd_notify::notify(states);
        }
    }
}
