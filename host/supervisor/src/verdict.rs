//! Verdict on the end of a bot: what follows from it.

use std::process::ExitStatus;

use crate::{end::How, run_folder::Mark};

/// Exit codes of a bot that no restart helps: `BotError::exit_code` in the host has them.
const FINAL: std::ops::RangeInclusive<u8> = 3..=6;

/// What is known of an end.
#[derive(Debug)]
pub(crate) struct Facts {
    /// What the kernel says.
    pub(crate) status: ExitStatus,
    /// What the bot said last.
    pub(crate) mark: Option<Mark>,
    /// The kernel has killed something for memory meanwhile.
    pub(crate) out_of_memory: bool,
    /// This bot, or one before it, had been ready: the configuration is one that works.
    pub(crate) was_ever_ready: bool,
    /// It follows one that has crashed.
    pub(crate) follows_a_crash: bool,
    /// Somebody asked for its end.
    pub(crate) asked: Option<Asked>,
    /// The supervisor has killed it after so many seconds in which its main loop did not answer.
    pub(crate) hung_s: Option<u64>,
}

/// What somebody has asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Stop,
    Restart,
}

/// What follows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The supervisor ends with this code.
    End(u8),
    /// It ended in order to be started anew.
    Anew,
    /// It is started again, with a pause if it is one of many.
    Again(How),
}

impl Facts {
    /// Looked at from the top: who asked, what it said, what the kernel says.
    pub(crate) fn verdict(&self) -> Verdict {
        let how = || match self.hung_s {
            Some(seconds) => How::Hung(seconds),
            None => How::of(self.status, self.out_of_memory),
        };
        match (self.asked, self.mark) {
            (Some(Asked::Stop), Some(mark)) => Verdict::End(mark.code),
            (Some(Asked::Stop), None) => Verdict::End(code(self.status)),
            (Some(Asked::Restart), Some(mark)) if mark.code == 0 => Verdict::Anew,
            (_, Some(mark)) if mark.restart => Verdict::Anew,
            (_, Some(mark)) => self.in_order(mark.code),
            (_, None) => Verdict::Again(how()),
        }
    }

    fn in_order(&self, code: u8) -> Verdict {
        let is_seen = self.was_ever_ready || self.follows_a_crash;
        if code == 0 || FINAL.contains(&code) || !is_seen {
            return Verdict::End(code);
        }
        Verdict::Again(How::Error(code))
    }
}

/// As a shell says it: 128 and the signal's number.
fn code(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().or_else(|| Some(128 + status.signal()?));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use signal_hook::consts::{SIGKILL, SIGSEGV, SIGTERM};

    use super::*;

    /// A bot that had been ready, and of whose end the kernel says this.
    fn ended(raw: i32, mark: Option<(u8, bool)>) -> Facts {
        Facts {
            status: ExitStatus::from_raw(raw),
            mark: mark.map(|(code, restart)| Mark {
                pid: 1,
                code,
                restart,
            }),
            out_of_memory: false,
            was_ever_ready: true,
            follows_a_crash: false,
            asked: None,
            hung_s: None,
        }
    }

    fn exit(code: u8) -> Facts {
        ended(i32::from(code) << 8, Some((code, false)))
    }

    #[test]
    fn an_orderly_end_is_an_end_and_an_exit_code_alone_is_not() {
        assert_eq!(exit(0).verdict(), Verdict::End(0));
        // `exit_group(0)` by a bare system call.
        assert_eq!(ended(0, None).verdict(), Verdict::Again(How::Exit(0)));
        assert_eq!(ended(3 << 8, None).verdict(), Verdict::Again(How::Exit(3)));
        let segv = How::Signal("SIGSEGV".into());
        assert_eq!(ended(SIGSEGV, None).verdict(), Verdict::Again(segv));
        let hung = Facts {
            hung_s: Some(60),
            ..ended(SIGKILL, None)
        };
        assert_eq!(hung.verdict(), Verdict::Again(How::Hung(60)));
        // A thread that was abandoned fell on its face while the process went: it had ended.
        assert_eq!(ended(SIGSEGV, Some((0, false))).verdict(), Verdict::End(0));
        let killed = Facts {
            out_of_memory: true,
            ..ended(SIGKILL, None)
        };
        assert_eq!(killed.verdict(), Verdict::Again(How::OutOfMemory));
    }

    #[test]
    fn an_error_is_passed_on_before_the_bot_was_ever_ready_and_when_no_restart_helps() {
        for code in 3..=6 {
            assert_eq!(exit(code).verdict(), Verdict::End(code));
        }
        assert_eq!(exit(1).verdict(), Verdict::Again(How::Error(1)));
        let slip = || Facts {
            was_ever_ready: false,
            ..exit(1)
        };
        assert_eq!(slip().verdict(), Verdict::End(1));
        // The first one crashed while it started, and the second one found no network.
        let second = Facts {
            follows_a_crash: true,
            ..slip()
        };
        assert_eq!(second.verdict(), Verdict::Again(How::Error(1)));
    }

    #[test]
    fn who_asks_for_an_end_gets_one() {
        let stopped = |facts| Facts {
            asked: Some(Asked::Stop),
            ..facts
        };
        assert_eq!(stopped(exit(0)).verdict(), Verdict::End(0));
        assert_eq!(stopped(exit(1)).verdict(), Verdict::End(1));
        assert_eq!(stopped(ended(130 << 8, None)).verdict(), Verdict::End(130));
        assert_eq!(stopped(ended(SIGTERM, None)).verdict(), Verdict::End(143));
        assert_eq!(stopped(ended(SIGSEGV, None)).verdict(), Verdict::End(139));
    }

    #[test]
    fn a_restart_is_no_crash() {
        let restart = |facts| Facts {
            asked: Some(Asked::Restart),
            ..facts
        };
        assert_eq!(ended(0, Some((0, true))).verdict(), Verdict::Anew);
        assert_eq!(restart(exit(0)).verdict(), Verdict::Anew);
        // It crashed on its way down: that is told, and the next one starts all the same.
        let segv = How::Signal("SIGSEGV".into());
        assert_eq!(
            restart(ended(SIGSEGV, None)).verdict(),
            Verdict::Again(segv)
        );
    }
}
