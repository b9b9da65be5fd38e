//! Registration state on disk: what is registered, under which names, and what Discord did not take.

use std::{
    collections::BTreeMap,
    fs, io,
    path::Path,
    time::{Duration, SystemTime},
};

use plugin_api::manifest::CommandKind;
use serde::{Deserialize, Serialize};

use super::plan::Layout;
use crate::Key;

/// Commands that an application may create in a day, in each scope
/// ([reference](https://discord.com/developers/docs/interactions/application-commands#registering-a-command)).
const CREATES_A_DAY: usize = 200;
const DAY_S: u64 = 24 * 60 * 60;
/// When Discord says that the day's creates are used up and we can't tell since when.
const BLOCKED_S: u64 = 60 * 60;

/// State that survives a restart.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memory {
    /// Of another application nothing here is true.
    pub(super) application: u64,
    /// What is registered, as a hash, by scope: `global`, or a server's id.
    pub(super) registered: BTreeMap<String, String>,
    /// In which servers the owners' group is registered, as a hash.
    pub(super) owners: BTreeMap<String, String>,
    /// What is registered in the servers that commands are for, as a hash.
    pub(super) chosen: BTreeMap<String, String>,
    /// What was decided last.
    pub(super) layout: Layout,
    /// Names that members may still see, and what they mean.
    pub(super) former: Vec<Former>,
    /// Commands that Discord did not take.
    pub(super) refused: Vec<Refused>,
    /// When commands were created, in seconds since 1970, by scope.
    creates_s: BTreeMap<String, Vec<u64>>,
    /// Until when no more is created, by scope.
    blocked_until_s: BTreeMap<String, u64>,
}

/// A name that was registered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Former {
    pub(super) names: String,
    pub(super) path: String,
    until_s: u64,
}

/// A command that Discord did not take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Refused {
    pub(super) kind: CommandKind,
    pub(super) path: String,
    /// As it was declared: a change is a new chance.
    #[serde(alias = "print")]
    pub(super) fingerprint: String,
    pub(super) why: String,
}

impl Memory {
    pub(super) fn of(application: u64) -> Self {
        Self {
            application,
            ..Self::default()
        }
    }

    pub(super) fn read(path: &Path) -> Self {
        let read = fs::read(path).ok();
        let read = read.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        read.unwrap_or_default()
    }

    /// Writes it beside the old one first, so that a crash leaves one of them whole.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let beside = path.with_extension("new");
        fs::write(&beside, serde_json::to_vec(self)?)?;
        fs::rename(&beside, path)
    }

    /// How many commands can be created now.
    pub(super) fn creates_left(&mut self, scope: &str) -> usize {
        let now = now_s();
        if self
            .blocked_until_s
            .get(scope)
            .is_some_and(|until| *until > now)
        {
            return 0;
        }
        let creates = self.creates_s.entry(scope.to_owned()).or_default();
        creates.retain(|at| at + DAY_S > now);
        CREATES_A_DAY.saturating_sub(creates.len())
    }

    pub(super) fn created(&mut self, scope: &str, count: usize) {
        let creates = self.creates_s.entry(scope.to_owned()).or_default();
        creates.extend(std::iter::repeat_n(now_s(), count));
    }

    /// Discord counts more than we do: it is asked again later.
    pub(super) fn blocked(&mut self, scope: &str) {
        let until = now_s() + BLOCKED_S;
        self.blocked_until_s.insert(scope.to_owned(), until);
    }

    /// How long until commands can be created again.
    pub(super) fn next_creates(&self, scope: &str) -> Duration {
        let blocked = self.blocked_until_s.get(scope).copied();
        let creates = self.creates_s.get(scope);
        let oldest = creates.filter(|all| all.len() >= CREATES_A_DAY);
        let oldest = oldest.and_then(|all| all.first()).map(|at| at + DAY_S);
        let next = blocked.into_iter().chain(oldest).max().unwrap_or_default();
        Duration::from_secs(next.saturating_sub(now_s()).max(1))
    }

    /// Remembers for a day what grouped names meant that are no more.
    pub(super) fn forget_slowly(&mut self, old: impl Iterator<Item = (String, String)>) {
        let now = now_s();
        for (names, path) in old {
            self.former.retain(|former| former.names != names);
            self.former.push(Former {
                names,
                path,
                until_s: now + DAY_S,
            });
        }
        self.former.retain(|former| former.until_s > now);
    }

    /// What is still refused; what has changed since has a new chance.
    pub(super) fn refused(
        &mut self,
        fingerprint: impl Fn(&Key) -> Option<String>,
    ) -> BTreeMap<Key, String> {
        self.refused.retain(|it| {
            fingerprint(&(it.kind, it.path.clone())).as_ref() == Some(&it.fingerprint)
        });
        let refused = self.refused.iter();
        refused
            .map(|it| ((it.kind, it.path.clone()), it.why.clone()))
            .collect()
    }
}

fn now_s() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn creates_are_counted_by_scope_and_for_a_day() {
        let mut memory = Memory::default();
        assert_eq!(memory.creates_left("global"), 200);
        memory.created("global", 198);
        assert_eq!(memory.creates_left("global"), 2);
        assert_eq!(memory.creates_left("7"), 200);
        memory.created("global", 2);
        assert_eq!(memory.creates_left("global"), 0);
        let next = memory.next_creates("global").as_secs();
        assert!((DAY_S - 5..=DAY_S).contains(&next), "{next}");
        for at in memory.creates_s.get_mut("global").unwrap() {
            *at -= DAY_S;
        }
        assert_eq!(memory.creates_left("global"), 200);
        memory.blocked("global");
        assert_eq!(memory.creates_left("global"), 0);
        assert!(memory.next_creates("global").as_secs() <= BLOCKED_S);
    }

    #[test]
    fn it_comes_back_from_its_file_and_a_damaged_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory");
        let mut memory = Memory::default();
        memory.forget_slowly([("p x".to_owned(), "x".to_owned())].into_iter());
        memory.write(&path).unwrap();
        assert_eq!(Memory::read(&path).former, memory.former);
        fs::write(&path, b"42 abc").unwrap();
        assert!(Memory::read(&path).former.is_empty());
    }
}
