//! Owner command `rollback`: files of a plugin that served before.

use std::time::SystemTime;

use host_base::shown;
use host_loader::{KeptFile, LoadError, RolledBack};
use serde_json::Value;

use super::{Owner, embeds, extensions::load_field, line::Wanted};

const USAGE: &str = "rollback NAME [list | NUMBER | HASH] [with state then | now] [again]";

impl Owner {
    pub(super) async fn rollback(&self, line: &str) -> Value {
        let wanted = Wanted::of(line);
        let what = "Loads a file that served before, the last one where nothing is said, and puts it into the extensions folder. With its \
                    state of then it begins with what it had saved when it stopped; without with the state of now. `list` shows what is \
                    kept.";
        if wanted.name.is_empty() {
            return embeds::usage(USAGE, what);
        }
        if let Some(word) = wanted.unknown {
            let why = format!(
                "`{}` is neither a number, a hash nor a word of it",
                shown::said(word)
            );
            return embeds::misused(&why, USAGE, what);
        }
        if wanted.list {
            return self.former_files(wanted.name).await;
        }
        let before = self.asked_powers();
        match self.plugins.roll_back(wanted.name, &wanted.wish).await {
            Ok(done) => rolled_back(&done, |it| self.new_powers(&before, it)),
            // The title and the name beside it say the rest.
            Err(LoadError::Former { reason, .. }) => {
                embeds::failed("Not rolled back", wanted.name, &reason)
            }
            Err(error) => embeds::failed("Not rolled back", wanted.name, &error.to_string()),
        }
    }

    async fn former_files(&self, name: &str) -> Value {
        let now = SystemTime::now();
        let (present, former) = (
            self.plugins.present_file(name).await,
            self.plugins.former_files(name).await,
        );
        if present.is_none() && former.is_empty() {
            return embeds::failed(
                "Former files",
                name,
                "nothing is kept of a plugin of that name; `extensions` shows which there are",
            );
        }
        let line = |file: &KeptFile| {
            let held = self.plugins.quarantine().of(&file.sha256);
            let held = held.map_or("", |_| " · 💥 in quarantine");
            format!("{}{held}", shown::said(&file.in_words(now)))
        };
        let mut fields: Vec<Value> = present
            .iter()
            .map(|file| embeds::field("now", &line(file)))
            .collect();
        let numbered = former.iter().zip(1..).take(embeds::FIELDS - 1);
        fields.extend(numbered.map(|(file, at)| embeds::field(&at.to_string(), &line(file))));
        let all = present.iter().chain(&former);
        let bytes: u64 = all.map(|it| it.bytes).sum();
        let next = match former.len() {
            0 => String::new(),
            _ => format!("; `rollback {} NUMBER` loads one", shown::said(name)),
        };
        let told = format!(
            "{} kept, {} KiB in all{next}.",
            embeds::plural(former.len(), "former file"),
            bytes.div_ceil(1024),
        );
        embeds::embed("Former files", embeds::BLUE, &told, &fields)
    }
}

fn rolled_back(
    done: &RolledBack,
    beside: impl Fn(&host_base::PluginName) -> Option<String>,
) -> Value {
    let mut fields: Vec<Value> = done
        .reports
        .iter()
        .take(embeds::FIELDS - 1)
        .map(|report| load_field(report, &beside))
        .collect();
    let remarks: Vec<String> = done.remarks.iter().map(|it| shown::said(it)).collect();
    if !remarks.is_empty() {
        fields.push(embeds::field("Note", &remarks.join("\n")));
    }
    embeds::embed("Rolled back", embeds::GREEN, "", &fields)
}
