//! Report of an import: what came over, what was there, what did not come and why; for people.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use host_base::shown;

/// What something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A setting of the bot.
    Setting,
    /// A server's prefix, or whether a mention works like it.
    Prefix,
    /// Roles that a command needs in a server.
    CommandRule,
    /// An automation.
    Automation,
    /// A schedule.
    Schedule,
    /// A snapshot of a server.
    Snapshot,
    /// The plan by which snapshots are taken.
    SnapshotPlan,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Setting,
        Self::Prefix,
        Self::CommandRule,
        Self::Automation,
        Self::Schedule,
        Self::Snapshot,
        Self::SnapshotPlan,
    ];

    const fn words(self) -> &'static str {
        match self {
            Self::Setting => "settings of the bot",
            Self::Prefix => "prefixes",
            Self::CommandRule => "rules of commands",
            Self::Automation => "automations",
            Self::Schedule => "schedules",
            Self::Snapshot => "snapshots",
            Self::SnapshotPlan => "plans of snapshots",
        }
    }
}

/// What has become of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It comes over. The text says what happens next, if something does.
    Comes(String),
    /// It is here already, as it is there. The text says what has become of it.
    There(String),
    /// Something else is set here, and stays.
    Kept(String),
    /// It does not come over, and why.
    Left(String),
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Its server's id; `None`: the bot's.
    pub server: Option<u64>,
    /// How people know it.
    pub what: String,
    /// Where it stood.
    pub place: String,
    /// What has become of it.
    pub outcome: Outcome,
}

/// All that is told of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    entries: Vec<Entry>,
    unreadable: Vec<(String, String)>,
    aside: Vec<(String, String)>,
    notes: Vec<String>,
}

impl Report {
    /// Something that was found.
    pub fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// All that was found.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Files that can't be read, and why.
    #[must_use]
    pub fn unreadable(&self) -> &[(String, String)] {
        &self.unreadable
    }

    pub(crate) fn left(
        &mut self,
        kind: Kind,
        server: Option<u64>,
        what: &str,
        place: &str,
        why: impl Into<String>,
    ) {
        self.push(Entry {
            kind,
            server,
            what: what.to_owned(),
            place: place.to_owned(),
            outcome: Outcome::Left(why.into()),
        });
    }

    pub(crate) fn unread(&mut self, place: impl Into<String>, why: impl Into<String>) {
        self.unreadable.push((place.into(), why.into()));
    }

    /// Something of a kind that does not come over, and where it is made anew.
    pub(crate) fn aside(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.aside.push((what.into(), why.into()));
    }

    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    fn count(&self, kind: Kind) -> [usize; 4] {
        let mut counts = [0; 4];
        for entry in self.entries.iter().filter(|entry| entry.kind == kind) {
            counts[match entry.outcome {
                Outcome::Comes(_) => 0,
                Outcome::There(_) => 1,
                Outcome::Kept(_) => 2,
                Outcome::Left(_) => 3,
            }] += 1;
        }
        counts
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<20}{:>11}{:>11}{:>11}{:>11}",
            "", "new", "was here", "ours kept", "left"
        )?;
        for kind in Kind::ALL {
            let [comes, there, kept, left] = self.count(kind);
            writeln!(
                f,
                "{:<20}{comes:>11}{there:>11}{kept:>11}{left:>11}",
                kind.words()
            )?;
        }
        self.by_server(f)?;
        self.section(f, "New here", |outcome| match outcome {
            Outcome::Comes(then) => Some(then),
            _ => None,
        })?;
        self.section(f, "Was here already", |outcome| match outcome {
            Outcome::There(then) => Some(then),
            _ => None,
        })?;
        self.section(
            f,
            "Something else is set here, and stays",
            |outcome| match outcome {
                Outcome::Kept(ours) => Some(ours),
                _ => None,
            },
        )?;
        self.section(f, "Does not come over", |outcome| match outcome {
            Outcome::Left(why) => Some(why),
            _ => None,
        })?;
        pairs(f, "Can't be read, and was left as it is", &self.unreadable)?;
        pairs(f, "Is of a kind that does not come over", &self.aside)?;
        if !self.notes.is_empty() {
            writeln!(f, "\nWhat is left to do")?;
        }
        self.notes
            .iter()
            .try_for_each(|note| writeln!(f, "  {}", shown::line(note)))
    }
}

impl Report {
    fn by_server(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: BTreeSet<u64> = self
            .entries
            .iter()
            .filter_map(|entry| entry.server)
            .collect();
        if servers.is_empty() {
            return Ok(());
        }
        writeln!(f, "\nBy server")?;
        for server in servers {
            let mut counts: BTreeMap<Kind, (usize, usize)> = BTreeMap::new();
            for entry in self
                .entries
                .iter()
                .filter(|entry| entry.server == Some(server))
            {
                let count = counts.entry(entry.kind).or_default();
                match entry.outcome {
                    Outcome::Left(_) => count.1 += 1,
                    _ => count.0 += 1,
                }
            }
            let words: Vec<_> = counts
                .iter()
                .map(|(kind, (here, left))| match left {
                    0 => format!("{} {here}", kind.words()),
                    left => format!("{} {here} ({left} left)", kind.words()),
                })
                .collect();
            writeln!(f, "  {server}: {}", words.join(", "))?;
        }
        Ok(())
    }

    fn section<'a>(
        &'a self,
        f: &mut fmt::Formatter<'_>,
        title: &str,
        told: impl Fn(&'a Outcome) -> Option<&'a String>,
    ) -> fmt::Result {
        let mut is_first = true;
        for entry in &self.entries {
            let Some(told) = told(&entry.outcome) else {
                continue;
            };
            if std::mem::take(&mut is_first) {
                writeln!(f, "\n{title}")?;
            }
            let server = entry
                .server
                .map_or_else(String::new, |server| format!("server {server}, "));
            let told = match told.is_empty() {
                true => String::new(),
                false => format!(": {told}"),
            };
            let line = format!("{server}{} [{}]{told}", entry.what, entry.place);
            writeln!(f, "  {}", shown::line(&line))?;
        }
        Ok(())
    }
}

fn pairs(f: &mut fmt::Formatter<'_>, title: &str, pairs: &[(String, String)]) -> fmt::Result {
    if pairs.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n{title}")?;
    for (what, why) in pairs {
        writeln!(f, "  {}", shown::line(&format!("{what}: {why}")))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_counted_and_told_once_and_nothing_moves_the_cursor() {
        let mut report = Report::default();
        report.push(Entry {
            kind: Kind::Prefix,
            server: Some(5),
            what: "prefix \u{1b}[2J".into(),
            place: "data/5/guild.db".into(),
            outcome: Outcome::Comes(String::new()),
        });
        report.left(
            Kind::Schedule,
            Some(5),
            "tea",
            "data/main.db",
            "it has no channel",
        );
        report.unread("data/6/guild.db", "file is not a database");
        let told = report.to_string();
        for line in [
            "prefixes                      1          0          0          0",
            "schedules                     0          0          0          1",
            "  5: prefixes 1, schedules 0 (1 left)",
            "  server 5, prefix \\u{1b}[2J [data/5/guild.db]",
            "  server 5, tea [data/main.db]: it has no channel",
            "  data/6/guild.db: file is not a database",
        ] {
            assert!(
                told.lines().any(|it| it == line),
                "{line:?} is not in\n{told}"
            );
        }
    }
}
