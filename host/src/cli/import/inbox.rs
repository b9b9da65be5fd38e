//! Inboxes of plugins: a folder `import/` among the files of each, which it empties when it starts. What it has taken up, it notes in
//! `import/taken/`, under the same name.

use std::{
    fs,
    path::{Path, PathBuf},
};

use host_import::{Entry, Item, Outcome, Source};
use host_store::files::write_whole;
use serde_json::Value;

fn inbox(data: &Path, item: &Item) -> PathBuf {
    data.join("plugins").join(item.plugin).join("files/import")
}

/// What becomes of each.
pub(super) fn compare(data: &Path, items: &[Item]) -> Vec<Outcome> {
    items.iter().map(|item| outcome(data, item)).collect()
}

fn outcome(data: &Path, item: &Item) -> Outcome {
    let (inbox, file) = (inbox(data, item), format!("{}.json", item.name()));
    if let Ok(noted) = fs::read(inbox.join("taken").join(&file)) {
        let noted: Value = serde_json::from_slice(&noted).unwrap_or_default();
        return Outcome::There(noted["said"].as_str().unwrap_or_default().to_owned());
    }
    match inbox.join(file).exists() {
        true => Outcome::There(format!(
            "it waits for the plugin `{}`, and for the bot to be in the server",
            item.plugin
        )),
        false => Outcome::Comes(format!(
            "the plugin `{}` takes it up when it starts",
            item.plugin
        )),
    }
}

/// Lays those that are new.
pub(super) fn lay(data: &Path, source: &Source, items: &[Item], outcomes: &mut [Outcome]) {
    for (item, outcome) in items.iter().zip(outcomes) {
        if let Outcome::Comes(_) = outcome
            && let Err(why) = put(data, source, item)
        {
            *outcome = Outcome::Left(why);
        }
    }
}

fn put(data: &Path, source: &Source, item: &Item) -> Result<(), String> {
    let (inbox, name) = (inbox(data, item), item.name());
    fs::create_dir_all(&inbox).map_err(|error| format!("{}: {error}", inbox.display()))?;
    let write = |end: &str, bytes: &[u8]| {
        let file = inbox.join(format!("{name}.{end}"));
        write_whole(&file, bytes).map_err(|error| format!("{}: {error}", file.display()))
    };
    // The plugin looks for the second: then the first is whole.
    if let Some(lines) = item.lines(source)? {
        write("jsonl", &lines)?;
    }
    write("json", &item.json())
}

pub(super) fn entry(item: &Item) -> Entry {
    Entry {
        kind: item.kind,
        server: Some(item.server),
        what: item.title.clone(),
        place: item.place.clone(),
        outcome: Outcome::Comes(String::new()),
    }
}
