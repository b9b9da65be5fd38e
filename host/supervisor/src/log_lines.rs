//! The supervisor's lines: on standard error, and at the end of the log that the operator reads.

use std::{fs::OpenOptions, io::Write, path::PathBuf};

use jiff::Timestamp;
use serde_json::json;

/// The module that the lines are said to be of.
const TARGET: &str = "cogwright::supervisor";

/// The log that outlives runs. It is appended to, in one write a line; the bot rotates it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    /// `permanent.log`.
    pub path: PathBuf,
    /// Whether its lines are JSON.
    pub json: bool,
}

/// Level of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Info,
    Warn,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warn => "WARN",
        }
    }
}

/// Writes a line everywhere. A place that takes none is passed over: the other one has it.
pub(crate) fn write(log: Option<&LogFile>, level: Level, text: &str) {
    let now = Timestamp::now();
    let json = log.is_some_and(|log| log.json);
    let line = line(now, level, text, json);
    let _ = std::io::stderr().write_all(line.as_bytes());
    let Some(log) = log else { return };
    let file = OpenOptions::new().append(true).open(&log.path);
    if let Ok(mut file) = file {
        let _ = file.write_all(line.as_bytes());
    }
}

/// As the bot writes them: time, level, module, text.
fn line(now: Timestamp, level: Level, text: &str, json: bool) -> String {
    let (level, text) = (level.word(), text.replace('\n', " "));
    if json {
        let line = json!({"timestamp": format!("{now:.6}"), "level": level, "message": text, "target": TARGET});
        return format!("{line}\n");
    }
    format!("{now:.6} {level:>5} {TARGET}: {text}\n")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn lines_look_like_the_bots() {
        let now: Timestamp = "2026-11-29T21:35:54.1234567Z".parse().unwrap();
        assert_eq!(
            line(now, Level::Warn, "it\nended", false),
            "2026-11-29T21:35:54.123456Z  WARN cogwright::supervisor: it ended\n"
        );
        let line = line(now, Level::Info, "a \"b\"", true);
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["message"], "a \"b\"");
        assert_eq!(read["timestamp"], "2026-11-29T21:35:54.123456Z");
    }
}
