//! Settings of the bot that are imported: into config.toml, where it does not say something else.

use std::path::Path;

use host_import::{Entry, Kind, Outcome, Setting};
use host_ops::config::{Config, described};
use serde_json::Value;

use crate::{
    cli::CliResult,
    services::settings::{set_value, toml_of, write_file},
};

/// What becomes of each, and the file as it is to be, if it is to be another.
pub(super) struct Compared {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) text: Option<String>,
}

pub(super) fn compare(config: &Config, settings: &[Setting]) -> Compared {
    let here = config.source.table();
    let mut text = config.source.text.clone();
    let mut outcomes = Vec::new();
    for setting in settings {
        let path: Vec<&str> = setting.path.split('.').collect();
        let (key, tables) = path.split_last().expect("a path has a part at least");
        let table = tables
            .iter()
            .try_fold(&here, |table, name| table.get(*name)?.as_table());
        outcomes.push(match table.and_then(|table| table.get(*key)) {
            Some(ours) if is_same(ours, &setting.value) => Outcome::There(String::new()),
            Some(ours) => Outcome::Kept(format!("config.toml has {ours}")),
            None if is_default(&path, &setting.value) => Outcome::There("it is the default".into()),
            None => match with(&text, config, &path, &setting.value) {
                Ok(changed) => {
                    text = changed;
                    Outcome::Comes(format!("{} in config.toml", setting.value))
                }
                Err(why) => Outcome::Left(why),
            },
        });
    }
    let text = (text != config.source.text).then_some(text);
    Compared { outcomes, text }
}

/// The text with this value, if a start would take it.
fn with(text: &str, config: &Config, path: &[&str], value: &Value) -> Result<String, String> {
    let value = toml_of(value).ok_or("config.toml has no words for it")?;
    let changed = set_value(text, path, value)?;
    match Config::parse(&changed, &config.source.origin) {
        Ok(_) => Ok(changed),
        Err(error) => Err(error.to_string().lines().collect::<Vec<_>>().join(" ")),
    }
}

/// The same value: numbers may stand as texts.
fn is_same(ours: &toml::Value, theirs: &Value) -> bool {
    let plain = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let ours = serde_json::to_value(ours).unwrap_or_default();
    ours == *theirs || plain(&ours) == plain(theirs)
}

fn is_default(path: &[&str], value: &Value) -> bool {
    let mut known = described().iter().filter(|it| path == [it.table, it.key]);
    known.any(|it| {
        it.default
            .as_ref()
            .is_some_and(|default| is_same(default, value))
    })
}

pub(super) fn write(config: &Path, text: &str) -> CliResult {
    write_file(config, text.as_bytes())
        .map_err(|error| format!("{}: {error}", config.display()).into())
}

pub(super) fn entry(setting: &Setting) -> Entry {
    Entry {
        kind: Kind::Setting,
        server: None,
        what: format!("`{}`", setting.path),
        place: setting.place.clone(),
        outcome: Outcome::Comes(String::new()),
    }
}
