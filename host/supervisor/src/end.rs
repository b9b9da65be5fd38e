//! Ends of a process, in words.

use std::{fmt, os::unix::process::ExitStatusExt, process::ExitStatus};

use serde::{Deserialize, Serialize};
use signal_hook::{
    consts::{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGKILL, SIGSEGV, SIGSYS},
    low_level::signal_name,
};

/// How a bot ended that is started again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum How {
    /// A signal ended it: `SIGSEGV`.
    Signal(String),
    /// The kernel ended it for want of memory: SIGKILL, and its control group counts one more.
    OutOfMemory,
    /// Its main loop did not answer for so many seconds, and the supervisor killed it.
    Hung(u64),
    /// It ended with this exit code, and not in order: something ended the process behind the bot's back.
    Exit(i32),
    /// It ended in order, by an error.
    Error(u8),
    /// It could not be started.
    NotStarted(String),
    /// A newer program did not get ready, and the one before it is back.
    TakenBack(String),
}

impl How {
    /// What the kernel says of a process that has not said that it ends.
    pub(crate) fn of(status: ExitStatus, out_of_memory: bool) -> Self {
        match (status.signal(), status.code()) {
            (Some(SIGKILL), _) if out_of_memory => Self::OutOfMemory,
            (Some(signal), _) => Self::Signal(named(signal)),
            (None, code) => Self::Exit(code.unwrap_or_default()),
        }
    }

    /// In a few words, to stand behind "after": `SIGSEGV`, `exit code 0 without an orderly end`.
    #[must_use]
    pub fn short(&self) -> String {
        match self {
            Self::Signal(name) => name.clone(),
            Self::OutOfMemory => "being killed for memory".to_owned(),
            Self::Hung(seconds) => format!("{seconds} s in which its main loop did not answer"),
            Self::Exit(code) => format!("exit code {code} without an orderly end"),
            Self::Error(code) => format!("an error (exit code {code})"),
            Self::NotStarted(_) => "a start that failed".to_owned(),
            Self::TakenBack(_) => "an upgrade that was taken back".to_owned(),
        }
    }
}

/// A signal's name, or its number.
pub(crate) fn named(signal: i32) -> String {
    signal_name(signal).map_or_else(|| format!("signal {signal}"), str::to_owned)
}

/// What it most likely means, as a sentence's end.
impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(name) => {
                write!(f, "it was ended by {name}")?;
                match meaning(name) {
                    Some(meaning) => write!(f, " ({meaning})"),
                    None => Ok(()),
                }
            }
            Self::OutOfMemory => {
                f.write_str("the kernel killed it for memory: raise the limit, or find out who takes it (`/metrics` has each plugin's heap)")
            }
            Self::Hung(seconds) => write!(
                f,
                "its main loop did not answer for {seconds} s, and it was killed for that (`limits.main_loop_s`)"
            ),
            Self::Exit(code) => write!(
                f,
                "it ended with exit code {code} and not in order (a plugin, or a library of one, ended the process by a bare system call)"
            ),
            Self::Error(code) => write!(
                f,
                "it ended with an error (exit code {code}); the log's lines before this one say which"
            ),
            Self::NotStarted(why) => write!(f, "it could not be started: {why}"),
            Self::TakenBack(why) => write!(
                f,
                "the newer program was taken back, since {why}; the one before it runs again"
            ),
        }
    }
}

fn meaning(name: &str) -> Option<&'static str> {
    let is = |signal| signal_name(signal) == Some(name);
    Some(match () {
        () if is(SIGSEGV) => "a pointer to where nothing is, or a stack that overflowed",
        () if is(SIGBUS) => "a mapped file that became shorter, or a disk or memory that failed",
        () if is(SIGILL) => {
            "an instruction that this processor does not have, or code that gave itself up"
        }
        () if is(SIGFPE) => "a division by zero, most likely",
        () if is(SIGABRT) => {
            "it gave itself up: a damaged heap, most likely, or a failed assertion"
        }
        () if is(SIGSYS) => "a system call that is forbidden here",
        () if is(SIGKILL) => {
            "somebody's `kill -9`, or the kernel for want of memory: `dmesg` would say so"
        }
        () => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `waitpid` tells: a signal in the low seven bits, an exit code in the byte above.
    fn status(raw: i32) -> ExitStatus {
        ExitStatus::from_raw(raw)
    }

    #[test]
    fn signals_codes_and_the_kernels_want_of_memory_are_told_apart() {
        for (raw, out_of_memory, expected) in [
            (SIGSEGV, false, How::Signal("SIGSEGV".into())),
            // With a core dump.
            (SIGABRT | 0x80, true, How::Signal("SIGABRT".into())),
            (SIGKILL, false, How::Signal("SIGKILL".into())),
            (SIGKILL, true, How::OutOfMemory),
            (0, false, How::Exit(0)),
            (7 << 8, true, How::Exit(7)),
            (64, false, How::Signal("signal 64".into())),
        ] {
            assert_eq!(How::of(status(raw), out_of_memory), expected, "{raw}");
        }
    }

    #[test]
    fn an_end_is_a_sentence() {
        let segv = How::Signal("SIGSEGV".into());
        assert_eq!(segv.short(), "SIGSEGV");
        assert_eq!(
            segv.to_string(),
            "it was ended by SIGSEGV (a pointer to where nothing is, or a stack that overflowed)"
        );
        assert_eq!(
            How::Signal("signal 64".into()).to_string(),
            "it was ended by signal 64"
        );
        assert!(How::Hung(61).to_string().contains("for 61 s"));
        assert!(How::Exit(0).to_string().contains("not in order"));
    }
}
