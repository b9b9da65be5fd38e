//! Report on a crash: what is known of it, as data and as a text for people.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use host_base::PluginName;
use host_loader::{
    CrashNote,
    crumbs::{Certainty, Doing, LastWord, Polled, Remains, Remnant, StackFrame},
};
use host_ops::log;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Lines of the log that are repeated.
const LINES: usize = 50;

/// How a plugin's poll must have lasted for it to be at fault, where nothing else is known: nobody is killed for a short one.
const LONG_MS: u64 = 1000;

/// What is known of a crash.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// When, in milliseconds since the Unix epoch; to within a second where the process was ended without a word.
    pub at_ms: u64,
    /// The process's number, where it was a plugin's cell; 0: it was the bot.
    pub cell: u64,
    /// How long the process had run.
    pub uptime_s: u64,
    /// Whose fault it was; absent: nobody can say.
    pub plugin: Option<String>,
    /// `certain`: the crash handler has seen it; `likely`: it alone was at work; `unclear`.
    pub certainty: String,
    /// The plugins that were at work, where it is unclear whose fault it was.
    pub suspects: Vec<String>,
    /// What each plugin's thread was at: "`tea` (generation 3): command `brew` for 1200 ms".
    pub at_work: Vec<String>,
    /// The plugins that were there, each with the beginning of its file's SHA-256.
    pub loaded: Vec<String>,
    /// The plugin's version.
    pub version: String,
    /// Which load of it.
    pub generation: u64,
    /// The SHA-256 of its file.
    pub sha256: String,
    /// What it was at.
    pub handler: Option<String>,
    /// The invocation, as in the log; 0: none.
    pub invocation: u64,
    /// Who used it; 0: nobody.
    pub user: u64,
    /// In which server; 0: none.
    pub guild: u64,
    /// In which channel; 0: none.
    pub channel: u64,
    /// For how long it was polled; of several, the longest.
    pub polled_ms: u64,
    /// The signal: its name, or how the process ended as far as that is known.
    pub signal: String,
    /// The address that was touched, in hexadecimal.
    pub address: Option<String>,
    /// Whether the stack had run out.
    pub overflow: bool,
    /// The process that had sent the signal, where that was another one.
    pub sent_by: u64,
    /// The thread's name.
    pub thread: String,
    /// The functions that were running, innermost first.
    pub trace: Vec<String>,
    /// The end of the log.
    pub log: Vec<String>,
    /// What the parent process says of the end.
    pub ended: Option<Value>,
    /// Whether the file is in quarantine from now on.
    pub quarantined: bool,
}

impl Report {
    /// What a process has left, with what its parent has put beside it in the folder `run`.
    pub(super) fn of(remains: &Remains, run: &Path) -> Self {
        let ended = parents_word(run, remains.pid);
        let report = Self {
            at_work: remains.plugins.iter().filter_map(at_work).collect(),
            loaded: remains.plugins.iter().map(loaded).collect(),
            signal: ended
                .as_ref()
                .map_or_else(|| "without a word".to_owned(), in_words),
            log: before_this_run(&log_tail()),
            ended,
            ..Self::default()
        };
        report.with(remains)
    }

    /// What a cell has left that the crash handler has seen crash.
    pub(super) fn of_cell(remains: &Remains) -> Self {
        let report = Self {
            cell: remains.pid,
            log: last(log_tail().lines()),
            ..Self::default()
        };
        report.with(remains)
    }

    fn with(self, remains: &Remains) -> Self {
        let trace = remains.trace();
        let verdict = remains.verdict(&trace);
        // Whoever was at work meanwhile need not have brought it about.
        let has_hung = self.ended.as_ref().is_some_and(has_hung);
        let certainty = match has_hung {
            true => Certainty::Unclear,
            false => verdict.certainty,
        };
        let mut report = Self {
            at_ms: remains.ended_ms,
            uptime_s: remains.ended_ms.saturating_sub(remains.started_ms) / 1000,
            certainty: word(certainty).to_owned(),
            trace: trace.iter().map(line).collect(),
            ..self
        };
        if let Some(word) = &remains.word {
            report.signalled(word, verdict.from_outside);
        }
        match (&*verdict.suspects, verdict.certainty) {
            ([plugin], Certainty::Certain | Certainty::Likely) if !has_hung => {
                report.blame(&remains.plugins[*plugin], remains.word.as_ref());
            }
            (several, _) => {
                let name = |at: &usize| remains.plugins[*at].plugin.clone();
                report.suspects = several.iter().map(name).collect();
                let polled = several
                    .iter()
                    .filter_map(|at| remains.plugins[*at].polled.as_ref());
                report.polled_ms = polled.map(|it| it.for_ms).max().unwrap_or_default();
            }
        }
        report
    }

    fn signalled(&mut self, word: &LastWord, from_outside: bool) {
        self.signal.clone_from(&word.name);
        self.overflow = word.overflow;
        self.thread.clone_from(&word.thread);
        self.address = (word.sender == 0).then(|| format!("{:#x}", word.address));
        self.sent_by = if from_outside { word.sender } else { 0 };
    }

    fn blame(&mut self, plugin: &Remnant, word: Option<&LastWord>) {
        self.plugin = Some(plugin.plugin.clone());
        self.generation = plugin.generation;
        if let Some((sha256, version)) = plugin.file_info() {
            (self.sha256, self.version) = (sha256, version);
        }
        let is_own_thread = word.is_none_or(|word| word.tid == plugin.tid);
        match &plugin.polled {
            Some(polled) if is_own_thread => self.polled(polled),
            None if is_own_thread => self.handler = Some("no handler of its own".into()),
            _ => self.handler = Some(format!("a thread that it has started (`{}`)", self.thread)),
        }
    }

    fn polled(&mut self, polled: &Polled) {
        let Doing {
            handler,
            invocation,
            user,
            guild,
            channel,
            ..
        } = &polled.what;
        self.handler = Some(handler.clone());
        self.polled_ms = polled.for_ms;
        (self.invocation, self.user) = (*invocation, *user);
        (self.guild, self.channel) = (*guild, *channel);
    }

    /// The file that this counts against, with its plugin's name.
    ///
    /// A process that was killed has left no word: only one that has worked on one thing for a second or more, or that has ended itself by an
    /// exit code, is at fault then. Operators kill, too.
    pub(super) fn strikes(&self) -> Option<(PluginName, String)> {
        let plugin = PluginName::new(self.plugin.as_deref()?);
        let exited = self.ended.as_ref().is_some_and(has_exited);
        let is_its_fault = match &*self.certainty {
            "certain" => true,
            _ => exited || self.polled_ms >= LONG_MS,
        };
        (is_its_fault && !self.sha256.is_empty()).then(|| (plugin, self.sha256.clone()))
    }

    /// Whether it was the bot's own doing. A process that somebody has ended is none, as far as that can be told.
    pub(crate) fn is_its_own(&self) -> bool {
        let by_itself =
            |ended: &Value| has_exited(ended) || ran_out_of_memory(ended) || has_hung(ended);
        let exited = self.ended.as_ref().is_some_and(by_itself);
        let by_handler = !self.thread.is_empty();
        self.sent_by == 0 && (by_handler || exited || self.polled_ms >= LONG_MS)
    }

    /// What is told of it beside its plugin; its text is in that file.
    pub(super) fn note(&self, text: PathBuf) -> CrashNote {
        CrashNote {
            at_ms: self.at_ms,
            in_cell: self.cell != 0,
            what: self.how(),
            report: text,
        }
    }

    /// Such as "SIGSEGV in command `brew`".
    pub(super) fn how(&self) -> String {
        let what = match self.overflow {
            true => format!("{} (the stack has overflowed)", self.signal),
            false => self.signal.clone(),
        };
        match &self.handler {
            Some(handler) => format!("{what} in {handler}"),
            None => what,
        }
    }

    /// What it says, as a sentence for those who are told that there was a crash.
    pub(crate) fn in_short(&self) -> String {
        format!("Its report: {}.", self.headline())
    }

    /// A sentence without its full stop.
    pub(super) fn headline(&self) -> String {
        let user = match self.user {
            0 => String::new(),
            user => format!(", used by <@{user}>"),
        };
        match (&self.plugin, &*self.suspects) {
            (Some(plugin), _) => {
                let sure = if self.certainty == "certain" {
                    ""
                } else {
                    " most likely"
                };
                format!(
                    "it was{sure} the plugin `{plugin}` (version {}, generation {}), {}{user}",
                    self.version,
                    self.generation,
                    self.how()
                )
            }
            (None, _) if self.sent_by != 0 => {
                format!("process {} has sent it {}", self.sent_by, self.signal)
            }
            (None, []) => format!("it ended {}, and no plugin was at work", self.ending()),
            (None, several) => format!(
                "it ended {}, while these plugins were at work: `{}`",
                self.ending(),
                several.join("`, `")
            ),
        }
    }

    fn ending(&self) -> String {
        match self.signal.starts_with("SIG") {
            true => format!("by {}", self.signal),
            false => self.signal.clone(),
        }
    }

    /// All of it for people.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{}\n\n", self.headline());
        let mut row = |what: &str, value: String| {
            if !value.is_empty() && value != "0" {
                let _ = writeln!(text, "{what:<14} {value}");
            }
        };
        row("when", time(self.at_ms));
        row("cell", self.cell.to_string());
        row("running for", format!("{} s", self.uptime_s));
        row("plugin", self.plugin.clone().unwrap_or_default());
        row("certainty", self.certainty.clone());
        row("version", self.version.clone());
        row("generation", self.generation.to_string());
        row("file (SHA-256)", self.sha256.clone());
        row("at", self.handler.clone().unwrap_or_default());
        row(
            "for",
            match self.polled_ms {
                0 => String::new(),
                ms => format!("{ms} ms"),
            },
        );
        row("invocation", self.invocation.to_string());
        row("user", self.user.to_string());
        row("server", self.guild.to_string());
        row("channel", self.channel.to_string());
        row("signal", self.signal.clone());
        row("address", self.address.clone().unwrap_or_default());
        row("sent by", self.sent_by.to_string());
        row("thread", self.thread.clone());
        row("at work", self.at_work.join("; "));
        row("loaded", self.loaded.join(", "));
        let parent = self.ended.as_ref().map(Value::to_string);
        row("parent says", parent.unwrap_or_default());
        if self.overflow {
            text.push_str("\nThe stack has overflowed: a function that calls itself without end, or too much on it.\n");
        }
        for (title, lines) in [
            ("Functions, innermost first", &self.trace),
            ("End of the log", &self.log),
        ] {
            if !lines.is_empty() {
                let _ = write!(text, "\n{title}:\n  {}\n", lines.join("\n  "));
            }
        }
        text
    }
}

fn at_work(plugin: &Remnant) -> Option<String> {
    let Polled { for_ms, what } = plugin.polled.as_ref()?;
    Some(format!(
        "`{}` (generation {}): {} for {for_ms} ms",
        plugin.plugin, plugin.generation, what.handler
    ))
}

fn loaded(plugin: &Remnant) -> String {
    // The private copy's name ends with it.
    let stem = plugin
        .file
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    super::identity::id(&plugin.plugin, stem.rsplit('-').next().unwrap_or_default())
}

fn word(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Certain => "certain",
        Certainty::Likely => "likely",
        Certainty::Unclear => "unclear",
    }
}

fn line(frame: &StackFrame) -> String {
    let StackFrame {
        library,
        offset,
        function,
    } = frame;
    let place = match &**library {
        "" => format!("{offset:#x}"),
        library => format!("{library}+{offset:#x}"),
    };
    match function {
        Some(function) => format!("{function} ({place})"),
        None => place,
    }
}

/// What the parent has written of the end of this process, if there is one.
fn parents_word(run: &Path, pid: u64) -> Option<Value> {
    let bytes = fs::read(run.join("last-end.json")).ok()?;
    let value: Value = serde_json::from_slice(&bytes).ok()?;
    // An older one is another process's.
    let is_its = value
        .get("pid")
        .and_then(Value::as_u64)
        .is_none_or(|it| it == pid);
    is_its.then_some(value)
}

/// Whether it has ended by an exit code, as nobody makes it do but code in it.
fn has_exited(ended: &Value) -> bool {
    ended["how"]["exit"].is_i64()
}

/// Whether its parent has ended it because its main loop did not answer.
fn has_hung(ended: &Value) -> bool {
    ended["how"]["hung"].is_u64()
}

fn ran_out_of_memory(ended: &Value) -> bool {
    ended["how"] == "out_of_memory"
}

fn in_words(ended: &Value) -> String {
    let how = &ended["how"];
    match (&how["exit"], how["signal"].as_str()) {
        _ if ran_out_of_memory(ended) => "for want of memory".into(),
        _ if has_hung(ended) => {
            format!("because its main loop did not answer for {} s", how["hung"])
        }
        (Value::Number(code), _) => format!("with exit code {code}"),
        (_, Some(signal)) => format!("by {signal}"),
        _ => "without a word".into(),
    }
}

/// The end of the log.
fn log_tail() -> String {
    log::flush();
    let tail = log::permanent().and_then(|file| tail(&file).ok());
    tail.unwrap_or_default()
}

fn tail(file: &Path) -> io::Result<String> {
    const BYTES: u64 = 64 * 1024;
    let mut file = File::open(file)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(BYTES)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The end of the log of the run before this one.
fn before_this_run(text: &str) -> Vec<String> {
    // What every run logs first.
    const FIRST: &str = concat!("cogwright ", env!("CARGO_PKG_VERSION"), ", ");
    let lines: Vec<&str> = text.lines().collect();
    let end = lines.iter().rposition(|line| line.contains(FIRST));
    last(lines[..end.unwrap_or(lines.len())].iter().copied())
}

/// The last of so many lines, in order.
fn last<'a>(lines: impl DoubleEndedIterator<Item = &'a str>) -> Vec<String> {
    let mut last: Vec<String> = lines.rev().take(LINES).map(str::to_owned).collect();
    last.reverse();
    last
}

fn time(at_ms: u64) -> String {
    let at = i64::try_from(at_ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok());
    at.unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(certainty: &str) -> Report {
        Report {
            plugin: Some("tea".into()),
            version: "1.2.0".into(),
            generation: 3,
            sha256: "ab".into(),
            certainty: certainty.into(),
            signal: "SIGSEGV".into(),
            handler: Some("command `brew`".into()),
            user: 7,
            trace: vec!["tea::brew (libtea.so+0x10)".into()],
            ..Report::default()
        }
    }

    #[test]
    fn it_says_who_it_was_and_how_sure_that_is() {
        assert_eq!(
            of("certain").headline(),
            "it was the plugin `tea` (version 1.2.0, generation 3), SIGSEGV in command `brew`, used by <@7>"
        );
        assert!(
            of("likely")
                .headline()
                .starts_with("it was most likely the plugin `tea`")
        );
        let text = of("certain").text();
        for line in [
            "at             command `brew`\n",
            "user           7\n",
            "\n  tea::brew (libtea",
        ] {
            assert!(text.contains(line), "{text}");
        }
        assert!(!text.contains("server"), "{text}");
        let unclear = Report {
            suspects: vec!["a".into(), "b".into()],
            signal: "by SIGKILL".into(),
            ..Report::default()
        };
        assert_eq!(
            unclear.headline(),
            "it ended by SIGKILL, while these plugins were at work: `a`, `b`"
        );
    }

    #[test]
    fn the_end_of_the_log_is_that_of_the_run_before() {
        let first = concat!(
            "INFO cogwright ",
            env!("CARGO_PKG_VERSION"),
            ", configured by a\n"
        );
        let lines: String = (0..60).map(|line| format!("line {line}\n")).collect();
        let kept = before_this_run(&format!("{first}{lines}{first}of now\n"));
        assert_eq!(
            (kept.len(), &*kept[0], &*kept[LINES - 1]),
            (LINES, "line 10", "line 59")
        );
        assert_eq!(before_this_run("alone"), ["alone"]);
    }

    #[test]
    fn a_strike_needs_more_than_to_have_been_at_work_when_somebody_killed_the_bot() {
        assert!(of("certain").strikes().is_some());
        assert!(of("likely").strikes().is_none());
        let with = |ended: Value| Report {
            ended: Some(ended),
            ..of("likely")
        };
        assert!(
            with(json!({"how": {"signal": "SIGKILL"}}))
                .strikes()
                .is_none()
        );
        assert!(with(json!({"how": {"exit": 0}})).strikes().is_some());
        let alone = |ended: Value| Report {
            thread: String::new(),
            ..with(ended)
        };
        for (ended, is_its_own) in [
            (json!({"how": {"signal": "SIGKILL"}}), false),
            (json!({"how": {"exit": 7}}), true),
            (json!({"how": "out_of_memory"}), true),
            (json!({"how": {"hung": 60}}), true),
        ] {
            assert_eq!(alone(ended.clone()).is_its_own(), is_its_own, "{ended}");
        }
        for (ended, words) in [
            (json!({"how": {"signal": "SIGKILL"}}), "by SIGKILL"),
            (json!({"how": {"exit": 7}}), "with exit code 7"),
            (json!({"how": "out_of_memory"}), "for want of memory"),
            (
                json!({"how": {"hung": 61}}),
                "because its main loop did not answer for 61 s",
            ),
            (json!({}), "without a word"),
        ] {
            assert_eq!(in_words(&ended), words);
        }
        let long = Report {
            polled_ms: LONG_MS,
            ..of("likely")
        };
        assert!(long.strikes().is_some());
        assert!(
            Report {
                plugin: None,
                ..of("unclear")
            }
            .strikes()
            .is_none()
        );
    }
}
