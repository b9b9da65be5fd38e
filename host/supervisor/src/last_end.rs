//! Record of the bot's last end, for the bot that follows.

use std::{
    fs, io,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

use crate::{
    end::How,
    run_folder::{RunFolder, read_json, write_json},
};

/// What the bot is told of the end of the one before it: `data/run/last-end.json`. Fields that come later are optional: the supervisor may
/// be an older program than the bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastEnd {
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// The process that ended.
    pub pid: u32,
    /// How.
    pub how: How,
    /// How many have ended so in a row, this one included.
    pub in_a_row: u32,
    /// How long it had lived, in milliseconds.
    pub lived_ms: u64,
    /// Whether it had been ready.
    pub was_ready: bool,
    /// Pause until the next start, in milliseconds.
    pub pause_ms: u64,
    /// Who did it, as far as the crash report of that process tells: filled in by the bot that reads this, never by the supervisor.
    #[serde(default)]
    pub blamed: Option<String>,
}

impl LastEnd {
    /// What there is to tell of the bot before this one, from the run folder; and removes it, so that it is told once.
    #[must_use]
    pub fn take(run: &Path) -> Option<Self> {
        let path = RunFolder(run.to_owned()).last_end();
        let last = read_json(&path);
        let _ = fs::remove_file(&path);
        last
    }

    /// Leaves it to the next bot.
    pub(crate) fn leave(&self, run: &RunFolder) -> io::Result<()> {
        write_json(&run.last_end(), self)
    }

    /// Whether the owner is told beside the log: of a crash loop the 1st, 2nd, 4th, 8th … end.
    #[must_use]
    pub fn is_alarming(&self) -> bool {
        self.in_a_row.is_power_of_two()
    }

    /// A sentence or two for the log and the owner.
    #[must_use]
    pub fn told(&self) -> String {
        let (how, lived) = (&self.how, lasted(self.lived_ms));
        let first = match how {
            How::Error(_) => {
                format!("The bot was started again after an error: {how}. It had run for {lived}.")
            }
            How::NotStarted(why) => {
                format!(
                    "The bot was started again. Its program could not be started before: {why}."
                )
            }
            How::TakenBack(_) => format!("The bot was started again: {how}."),
            how => {
                format!("The bot was started again after a crash: {how}. It had run for {lived}.")
            }
        };
        let row = match self.in_a_row {
            0 | 1 => String::new(),
            many => format!(" It has ended {many} times in a row."),
        };
        let blamed = self.blamed.as_ref();
        let blamed = blamed.map_or_else(String::new, |who| format!(" {who}"));
        format!("{first}{row}{blamed}")
    }

    /// When.
    #[must_use]
    pub fn at(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.at_ms)
    }

    /// How long ago, in words, and after what: `restarted 2 min ago after SIGSEGV`.
    #[must_use]
    pub fn ago(&self, now: SystemTime) -> String {
        let since = now.duration_since(self.at()).unwrap_or_default();
        let since = lasted(u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
        let row = match self.in_a_row {
            0 | 1 => String::new(),
            many => format!(", {many} times in a row"),
        };
        let blamed = self.blamed.as_ref();
        let blamed = blamed.map_or_else(String::new, |who| format!(". {who}"));
        format!(
            "restarted {since} ago after {}{row}{blamed}",
            self.how.short()
        )
    }
}

/// A duration as people say it: `40 ms`, `3 s`, `2 min`, `5 h`, `3 d`.
pub(crate) fn lasted(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..120_000 => format!("{} s", ms / 1_000),
        120_000..7_200_000 => format!("{} min", ms / 60_000),
        7_200_000..172_800_000 => format!("{} h", ms / 3_600_000),
        _ => format!("{} d", ms / 86_400_000),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    fn segv(in_a_row: u32) -> LastEnd {
        LastEnd {
            at_ms: 1_796_000_000_000,
            pid: 7,
            how: How::Signal("SIGSEGV".into()),
            in_a_row,
            lived_ms: 185_000,
            was_ready: true,
            pause_ms: 0,
            blamed: None,
        }
    }

    #[test]
    fn it_is_told_once_in_sentences() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder(folder.path().to_owned());
        assert_eq!(LastEnd::take(&run.0), None);
        segv(1).leave(&run).unwrap();
        let last = LastEnd::take(&run.0).unwrap();
        assert_eq!(
            last.told(),
            "The bot was started again after a crash: it was ended by SIGSEGV (a pointer to where nothing is, or a stack that overflowed). It had \
             run for 3 min."
        );
        let later = last.at() + Duration::from_secs(130);
        assert_eq!(last.ago(later), "restarted 2 min ago after SIGSEGV");
        assert_eq!(
            LastEnd {
                blamed: Some("Plugin `shop` did it.".into()),
                ..segv(3)
            }
            .ago(later),
            "restarted 2 min ago after SIGSEGV, 3 times in a row. Plugin `shop` did it."
        );
        assert_eq!(LastEnd::take(&run.0), None);
    }

    #[test]
    fn a_crash_loop_is_no_alert_a_minute() {
        let told: Vec<u32> = (1..70).filter(|row| segv(*row).is_alarming()).collect();
        assert_eq!(told, [1, 2, 4, 8, 16, 32, 64]);
    }

    #[test]
    fn an_older_supervisor_has_no_word_of_whoever_did_it() {
        let mut json = serde_json::to_value(segv(1)).unwrap();
        json.as_object_mut().unwrap().remove("blamed");
        assert_eq!(serde_json::from_value::<LastEnd>(json).unwrap(), segv(1));
    }
}
