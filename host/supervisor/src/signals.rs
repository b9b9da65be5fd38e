//! Signals as they come, in a channel.

use std::{
    fs::File,
    io,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use signal_hook::{
    consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2},
    iterator::Signals,
};

/// What a signal means to a supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// A child has ended, ours or an orphan.
    Child,
    /// The bot is to end, by this signal.
    Stop(i32),
    /// It is to be started anew.
    Restart,
    /// The bot's own business.
    Pass(i32),
}

/// The signals of this process.
#[derive(Debug)]
pub(crate) struct Inbox {
    signals: Receiver<i32>,
    /// A terminal was there at the start.
    had_terminal: bool,
}

impl Inbox {
    /// Takes them from now on; what came before has done what signals do.
    pub(crate) fn open() -> io::Result<Self> {
        let mut all = Signals::new([SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2])?;
        // Some more than the kernel keeps of them. Full, the thread waits, and signals of a kind merge as they do anywhere.
        let (send, signals) = mpsc::sync_channel(64);
        thread::Builder::new()
            .name("signals".to_owned())
            .stack_size(64 * 1024)
            .spawn(move || all.forever().try_for_each(|signal| send.send(signal)))?;
        Ok(Self {
            signals,
            had_terminal: has_terminal(),
        })
    }

    /// The next one; `None` at the deadline.
    pub(crate) fn next(&self, deadline: Option<Instant>) -> Option<Order> {
        let signal = match deadline {
            None => self.signals.recv().ok(),
            Some(at) => {
                let left = at.saturating_duration_since(Instant::now());
                match self.signals.recv_timeout(left) {
                    Ok(signal) => Some(signal),
                    Err(RecvTimeoutError::Timeout) => None,
                    // The thread lives as long as the process; without it nothing comes, and nothing is to spin.
                    Err(RecvTimeoutError::Disconnected) => {
                        thread::sleep(left.min(Duration::from_secs(1)));
                        None
                    }
                }
            }
        };
        signal.map(|signal| order(signal, self.had_terminal && !has_terminal()))
    }
}

/// Whether a terminal controls this process. One that was hung up is gone.
fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}

fn order(signal: i32, hung_up: bool) -> Order {
    match signal {
        SIGCHLD => Order::Child,
        SIGHUP if hung_up => Order::Stop(SIGTERM),
        SIGHUP => Order::Restart,
        SIGTERM | SIGINT | SIGQUIT => Order::Stop(signal),
        other => Order::Pass(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_that_is_gone_is_an_end_and_a_sighup_without_one_a_restart() {
        assert_eq!(order(SIGHUP, false), Order::Restart);
        assert_eq!(order(SIGHUP, true), Order::Stop(SIGTERM));
        assert_eq!(order(SIGINT, false), Order::Stop(SIGINT));
        assert_eq!(order(SIGUSR2, false), Order::Pass(SIGUSR2));
    }
}
