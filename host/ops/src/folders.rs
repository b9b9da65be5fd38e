//! Check of the folders that the configuration names: one that is not there is most likely a slip.
//!
//! The folders that a bot has when nobody says anything are made at its first start. One that is named is to be there, since a bot
//! on an empty folder of another name would start without a plugin, or without its data, and say nothing.

use std::{
    fs,
    path::{Path, PathBuf},
};

use host_base::nearest::nearest;

use crate::config::{self, Config};

/// A folder that can't be meant.
#[derive(Debug)]
pub struct Slip {
    /// Where it is named: `[data] folder`.
    pub key: String,
    /// The folder.
    pub folder: PathBuf,
    /// Cause, place, next step.
    pub told: String,
}

/// The folders of a configuration that can't be meant: what a start needs.
pub fn slips(config: &Config) -> Vec<Slip> {
    let mut slips = Slips::of(config);
    slips.made_inside(
        &config.data.folder,
        &config::Data::default().folder,
        "[data] folder",
    );
    if config.log.files {
        slips.made_inside(
            &config.log.folder,
            &config::Log::default().folder,
            "[log] folder",
        );
    }
    let usual = config::Extensions::default().folder;
    slips.there(&config.extensions.folder, &usual, "[extensions] folder");
    let usual = config::Secrets::default().folder;
    slips.there(&config.secrets.folder, &usual, "[secrets] folder");
    slips.found
}

/// Those that plugins were granted: a start goes on without them.
pub fn slips_of_grants(config: &Config) -> Vec<Slip> {
    let mut slips = Slips::of(config);
    for (plugin, grants) in &config.grants {
        for (name, folder) in &grants.folders {
            let key = format!("[grants.{plugin}] folders.{name}");
            slips.there(folder, Path::new(""), &key);
        }
    }
    slips.found
}

/// Lets nothing be started on folders that can't be meant, but for the one that is left out.
///
/// # Errors
///
/// Which they are, a line each.
pub fn refuse_slips(config: &Config, but: Option<&Path>) -> Result<(), String> {
    let slips = slips(config).into_iter();
    let told: Vec<String> = slips
        .filter(|slip| Some(&*slip.folder) != but)
        .map(|slip| slip.told)
        .collect();
    for slip in slips_of_grants(config) {
        tracing::warn!("{}", slip.told);
    }
    match told.is_empty() {
        true => Ok(()),
        false => Err(told.join("\n")),
    }
}

/// `exampels is no folder; did you mean examples?`
pub fn not_there(path: &Path, what: &str) -> String {
    let shown = path.display();
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    if path.exists() {
        return format!("{shown} is not a {what}");
    }
    if !folder.is_dir() {
        return format!(
            "there is no {what} {shown}: the folder {} is not there",
            folder.display()
        );
    }
    let beside = fs::read_dir(folder).into_iter().flatten().flatten();
    let names: Vec<String> = beside
        .filter(|entry| entry.path().is_dir() == (what == "folder"))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let hint = nearest(&name, names.iter().map(|name| &**name));
    let hint = hint.map(|near| format!("; did you mean {}?", path.with_file_name(near).display()));
    let hint = hint.unwrap_or_else(|| "; check the spelling".to_owned());
    format!("there is no {what} {shown}{hint}")
}

struct Slips<'a> {
    origin: &'a str,
    found: Vec<Slip>,
}

impl<'a> Slips<'a> {
    fn of(config: &'a Config) -> Self {
        Self {
            origin: &config.source.origin,
            found: Vec::new(),
        }
    }

    /// A folder that is to be there, unless it is the usual one. A link that leads nowhere yet is no slip: a release may be on its way.
    fn there(&mut self, folder: &Path, usual: &Path, key: &str) {
        if folder != usual && !folder.is_dir() && !folder.is_symlink() {
            self.note(folder, folder, key);
        }
    }

    /// A folder that is made at the first start, inside of one that is to be there.
    fn made_inside(&mut self, folder: &Path, usual: &Path, key: &str) {
        let parent = folder.parent().filter(|parent| *parent != Path::new(""));
        if folder != usual
            && !folder.exists()
            && let Some(parent) = parent
            && !parent.is_dir()
        {
            self.note(folder, parent, key);
        }
    }

    fn note(&mut self, folder: &Path, missing: &Path, key: &str) {
        let why = not_there(missing, "folder");
        let make = match missing.exists() {
            true => String::new(),
            false => format!(" (`mkdir -p {}` makes it)", missing.display()),
        };
        self.found.push(Slip {
            key: key.to_owned(),
            folder: folder.to_owned(),
            told: format!("`{key}` in {}: {why}{make}", self.origin),
        });
    }
}
