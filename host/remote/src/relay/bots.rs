//! Access file of the relay: the bots that may come, each with its public key. It is followed while the relay runs.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use super::Inner;
use crate::key::PublicKey;

/// Between two looks at the file. It is a few lines, on whatever file system, and an editor may put another one in its place: reading it
/// is surer than being told of changes, and costs nothing.
const LOOKS: Duration = Duration::from_millis(500);

/// Bots by name.
pub(super) type Known = BTreeMap<String, PublicKey>;

/// The file.
#[derive(Debug)]
pub(super) struct Bots {
    file: PathBuf,
    text: Option<String>,
    now: Known,
}

impl Bots {
    /// The bots in a file, which is made where there is none.
    pub(super) fn open(file: &Path) -> Result<Self, String> {
        let mut bots = Self {
            file: file.to_owned(),
            text: None,
            now: Known::new(),
        };
        bots.look()?;
        Ok(bots)
    }

    pub(super) fn now(&self) -> Known {
        self.now.clone()
    }

    /// Looks whether it has changed; whether it has. No file is no bot.
    fn look(&mut self) -> Result<bool, String> {
        let text = match fs::read_to_string(&self.file) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(format!("{}: {error}", self.file.display())),
        };
        if text == self.text && text.is_some() {
            return Ok(false);
        }
        self.text.clone_from(&text);
        let text = text.unwrap_or_default();
        let next = read(&text).map_err(|error| format!("{}: {error}", self.file.display()))?;
        let has_changed = next != self.now;
        self.now = next;
        Ok(has_changed)
    }
}

/// Tells the relay of changes, for as long as it runs. A file that can't be read changes nothing.
pub(super) async fn watch(mut bots: Bots, relay: Arc<Inner>) {
    let mut said = String::new();
    loop {
        tokio::time::sleep(LOOKS).await;
        let looked = tokio::task::spawn_blocking(move || {
            let changed = bots.look();
            (bots, changed)
        });
        let Ok((next, changed)) = looked.await else {
            return;
        };
        bots = next;
        match changed {
            Ok(true) => {
                said.clear();
                tracing::info!("{}: {} may come now", bots.file.display(), names(&bots.now));
                relay.connected.know(bots.now());
            }
            Ok(false) => {}
            // Once, not twice a second.
            Err(error) if error != said => {
                tracing::error!("{error}; the bots that could come before still can");
                said = error;
            }
            Err(_) => {}
        }
    }
}

fn names(known: &Known) -> String {
    match known.is_empty() {
        true => "no bot".to_owned(),
        false => known.keys().cloned().collect::<Vec<_>>().join(", "),
    }
}

/// `alpha = "<public key>"`, a line for each bot.
fn read(text: &str) -> Result<Known, String> {
    let known: Known = toml::from_str(text).map_err(|error| {
        format!(
            "{}; a line for each bot, as `alpha = \"<its public key>\"`",
            error.to_string().trim_end()
        )
    })?;
    let mut keys = BTreeMap::new();
    for (name, key) in &known {
        if !is_name(name) {
            return Err(format!(
                "`{name}` can't be a bot's name: it becomes part of an address, so it has small letters, digits and hyphens, and 63 characters \
                 at most"
            ));
        }
        if let Some(other) = keys.insert(key.to_string(), name) {
            return Err(format!("`{other}` and `{name}` have the same key"));
        }
    }
    Ok(known)
}

/// Whether this can be a label of a host's name, and one that hosts have.
pub(crate) fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&name.len())
        && name.chars().all(fits)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Keys;

    #[test]
    fn the_file_names_bots_and_says_what_is_wrong_with_it() {
        let (one, other) = (Keys::new().public(), Keys::new().public());
        let known = read(&format!("alpha = \"{one}\"\nbeta-2 = \"{other}\"")).unwrap();
        assert_eq!(known.len(), 2);
        assert_eq!(known["alpha"], one);
        assert!(read("").unwrap().is_empty());
        for (odd, words) in [
            ("alpha = \"tea\"".to_owned(), "64 hexadecimal digits"),
            ("alpha = 1".to_owned(), "a line for each bot"),
            (format!("Alpha = \"{one}\""), "small letters"),
            (format!("\"a.b\" = \"{one}\""), "small letters"),
            (
                format!("alpha = \"{one}\"\nbeta = \"{one}\""),
                "`alpha` and `beta` have the same key",
            ),
        ] {
            let error = read(&odd).unwrap_err();
            assert!(error.contains(words), "{odd}: {error}");
        }
    }

    #[test]
    fn changes_are_seen_and_a_file_that_cant_be_read_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bots.toml");
        let mut bots = Bots::open(&file).unwrap();
        assert!(bots.now().is_empty());
        let key = Keys::new().public();
        fs::write(&file, format!("alpha = \"{key}\"")).unwrap();
        assert_eq!(bots.look(), Ok(true));
        assert_eq!(bots.look(), Ok(false));
        fs::write(&file, "alpha = ").unwrap();
        assert!(bots.look().is_err());
        assert_eq!(bots.now()["alpha"], key);
        fs::remove_file(&file).unwrap();
        assert_eq!(bots.look(), Ok(true));
        assert!(bots.now().is_empty());
    }
}
