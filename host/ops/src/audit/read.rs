//! Reading of the audit journal: the latest entries, page by page.

use std::{fs, io, path::Path};

use super::{
    entry::{Entry, Line},
    files,
};

/// Which entries are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Those before this number; `None`: from the latest one on.
    pub before: Option<u64>,
    /// Those of this plugin.
    pub plugin: Option<String>,
    /// Those of this user.
    pub user: Option<u64>,
    /// Those whose call begins so.
    pub call: Option<String>,
    /// Those from then on, in milliseconds since the Unix epoch.
    pub since_ms: Option<u64>,
    /// Those before then.
    pub until_ms: Option<u64>,
    /// Those whose result begins so.
    pub result: Option<String>,
    /// Those that have this somewhere, in whatever case.
    pub text: Option<String>,
}

impl Filter {
    fn takes(&self, entry: &Entry) -> bool {
        self.before.is_none_or(|before| entry.sequence < before)
            && self
                .plugin
                .as_ref()
                .is_none_or(|plugin| *plugin == entry.deed.plugin)
            && self.user.is_none_or(|user| user == entry.deed.user)
            && self
                .call
                .as_ref()
                .is_none_or(|call| entry.deed.call.starts_with(&**call))
            && self.since_ms.is_none_or(|since| entry.at_ms >= since)
            && self.until_ms.is_none_or(|until| entry.at_ms < until)
            && self
                .result
                .as_ref()
                .is_none_or(|result| entry.deed.result.starts_with(&**result))
            && self.text.as_ref().is_none_or(|text| has(entry, text))
    }

    /// Whether no entry before this one, which is older, is taken any more.
    fn is_over(&self, entry: &Entry) -> bool {
        self.since_ms.is_some_and(|since| entry.at_ms < since)
    }
}

/// Whether an entry has a text somewhere, in whatever case.
fn has(entry: &Entry, text: &str) -> bool {
    let text = text.to_lowercase();
    let deed = &entry.deed;
    let words = [&deed.call, &deed.way, &deed.plugin, &deed.result];
    let values = [&deed.params, &deed.before, &deed.after];
    words.iter().any(|it| it.to_lowercase().contains(&text))
        || values
            .iter()
            .any(|it| it.to_string().to_lowercase().contains(&text))
}

/// The latest entries that the filter takes, the latest first, at most so many. Lines that can't be read are passed over: what is
/// wrong with them, [`verify`](super::verify) says.
///
/// # Errors
///
/// A file can't be read.
pub fn latest(folder: &Path, filter: &Filter, limit: usize) -> io::Result<Vec<Entry>> {
    let mut found = Vec::new();
    for path in files(folder)?.into_iter().rev() {
        let text = String::from_utf8_lossy(&fs::read(path)?).into_owned();
        for line in text.lines().rev() {
            let entry = serde_json::from_str::<Line>(line)
                .and_then(|line| serde_json::from_str::<Entry>(line.entry.get()));
            let Ok(entry) = entry else { continue };
            if filter.is_over(&entry) {
                return Ok(found);
            }
            if filter.takes(&entry) {
                found.push(entry);
                if found.len() >= limit {
                    return Ok(found);
                }
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::{Deed, Journal},
        *,
    };
    use crate::config::Log;

    /// The numbers of the entries that a filter takes, of five.
    fn found(filter: &Filter) -> Vec<u64> {
        let data = tempfile::tempdir().unwrap();
        let journal = Journal::open(data.path(), &Log::default()).unwrap();
        for (call, name, result) in [
            ("pages.login", "Ann", "done: Owner"),
            ("pages.login", "Bob", "refused: the user has no role"),
            ("plugins.reload", "tea", "done"),
            ("plugins.reload", "cake", "failed: no such file"),
            ("dashboard/chat.send", "Hello TEA", "done"),
        ] {
            let deed = Deed {
                call: call.to_owned(),
                params: json!({"name": name}),
                result: result.to_owned(),
                ..Deed::default()
            };
            journal.append(&deed).unwrap();
        }
        let entries = latest(journal.folder(), filter, 10).unwrap();
        entries.iter().map(|entry| entry.sequence).collect()
    }

    #[test]
    fn entries_are_found_by_result_words_and_time() {
        let with = |change: fn(&mut Filter)| {
            let mut filter = Filter::default();
            change(&mut filter);
            found(&filter)
        };
        assert_eq!(with(|_| {}), [5, 4, 3, 2, 1]);
        assert_eq!(with(|it| it.result = Some("done".into())), [5, 3, 1]);
        assert_eq!(with(|it| it.result = Some("refused".into())), [2]);
        assert_eq!(with(|it| it.text = Some("tea".into())), [5, 3]);
        assert_eq!(with(|it| it.text = Some("no ROLE".into())), [2]);
        assert_eq!(with(|it| it.until_ms = Some(1)), [0_u64; 0]);
        assert_eq!(with(|it| it.since_ms = Some(u64::MAX)), [0_u64; 0]);
        assert_eq!(with(|it| it.since_ms = Some(1)), [5, 4, 3, 2, 1]);
    }
}
