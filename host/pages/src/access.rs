//! Access list: who has which role on the web pages, and the roles that owners have made.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use host_loader::Rights;
use host_store::files::write_whole;
use plugin_api::abi::{PersonView, RoleView};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::rights::{Catalogue, view};

/// Most roles and people: a list that somebody reads.
const MOST: usize = 1_000;

/// Who has which role, and roles that were made here: kept in a file, which is written whole.
#[derive(Debug)]
pub struct AccessList {
    file: PathBuf,
    kept: Mutex<Kept>,
    /// Why the file can't be read.
    broken: Option<String>,
    /// Counts changes: open pages look anew at what they may.
    changes: watch::Sender<u64>,
}

/// The file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    roles: BTreeMap<String, Role>,
    people: BTreeMap<u64, Person>,
    /// What was said by command: whether pages are served; absent: as configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Role {
    words: String,
    rights: Vec<String>,
    own_servers: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Person {
    role: String,
    name: String,
    seen_ms: u64,
}

/// Why a change of the list was refused.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// It can't be kept.
    #[error("the access list in {} can't be written: {}", .0.display(), .1)]
    Unwritten(PathBuf, io::Error),
    /// It can't be.
    #[error("{0}")]
    Unfit(String),
}

impl AccessList {
    /// The list in this folder. With a file that can't be read nobody but the bot's owners may anything, and nothing is changed, until it
    /// is mended and the bot started anew.
    #[must_use]
    pub fn open(folder: &Path) -> Self {
        let file = folder.join("access.json");
        let read = match fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| error.to_string()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Kept::default()),
            Err(error) => Err(error.to_string()),
        };
        let broken = read.as_ref().err().map(|why| {
            let text = format!(
                "the access list in {} can't be read ({why}): mend it or move it away, and start the bot anew; until then nobody but \
                 the bot's owners may use its pages",
                file.display()
            );
            tracing::error!("{text}");
            text
        });
        Self {
            file,
            kept: Mutex::new(read.unwrap_or_default()),
            broken,
            changes: watch::channel(0).0,
        }
    }

    /// Follows changes.
    #[must_use]
    pub fn follow(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Says that something else has changed what people may: a plugin came or went, the configuration changed.
    pub fn touch(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Whether pages are served, if somebody has said so.
    #[must_use]
    pub fn enabled(&self) -> Option<bool> {
        self.lock().enabled
    }

    /// Serves pages or does not, until it is said again.
    ///
    /// # Errors
    ///
    /// It can't be written.
    pub fn enable(&self, on: bool) -> Result<(), AccessError> {
        self.change(|kept| {
            kept.enabled = Some(on);
            Ok(())
        })
    }

    /// The name of somebody's role; `None`: they have none.
    #[must_use]
    pub fn role_of(&self, user: u64) -> Option<String> {
        self.lock().people.get(&user).map(|it| it.role.clone())
    }

    /// What a role may now, among all that may be given.
    #[must_use]
    pub fn rights(&self, role: &str, catalogue: &Catalogue) -> Option<Rights> {
        if let Some(rights) = catalogue.built_in(role) {
            return Some(rights);
        }
        let kept = self.lock();
        let (name, role) = kept.roles.get_key_value(role)?;
        Some(Rights {
            role: name.clone(),
            all: false,
            names: role.rights.iter().cloned().collect(),
            own_servers: role.own_servers,
        })
    }

    /// The roles that were made here.
    #[must_use]
    pub fn roles(&self) -> Vec<RoleView> {
        let kept = self.lock();
        let roles = kept.roles.iter().map(|(name, role)| {
            let mut view = view(&Rights {
                role: name.clone(),
                all: false,
                names: role.rights.iter().cloned().collect(),
                own_servers: role.own_servers,
            });
            view.words.clone_from(&role.words);
            view
        });
        roles.collect()
    }

    /// Who has a role.
    #[must_use]
    pub fn people(&self) -> Vec<PersonView> {
        let kept = self.lock();
        let people = kept.people.iter().map(|(user, person)| {
            let mut view = PersonView::default();
            (view.user_id, view.seen_ms) = (*user, person.seen_ms);
            view.name.clone_from(&person.name);
            view.role.clone_from(&person.role);
            view
        });
        people.collect()
    }

    /// Makes a role or changes it.
    ///
    /// # Errors
    ///
    /// The name can't be one, there are too many, or it can't be written.
    pub fn set_role(&self, rights: &Rights, words: Option<&str>) -> Result<(), AccessError> {
        let name = rights.role.trim();
        if name.is_empty() || name.chars().count() > 32 || name.chars().any(char::is_control) {
            return Err(AccessError::Unfit(
                "a role's name has 1 to 32 characters".to_owned(),
            ));
        }
        self.change(|kept| {
            if kept.roles.len() >= MOST && !kept.roles.contains_key(name) {
                return Err(AccessError::Unfit(format!("there are {MOST} roles")));
            }
            let role = kept.roles.entry(name.to_owned()).or_default();
            role.rights = rights.names.iter().cloned().collect();
            role.own_servers = rights.own_servers;
            if let Some(words) = words {
                role.words = words.chars().take(200).collect();
            }
            Ok(())
        })
    }

    /// Removes a role, and from whoever has it.
    ///
    /// # Errors
    ///
    /// It can't be written.
    pub fn remove_role(&self, name: &str) -> Result<(), AccessError> {
        self.change(|kept| {
            kept.roles.remove(name);
            kept.people.retain(|_, person| person.role != name);
            Ok(())
        })
    }

    /// Gives somebody a role; none: takes it from them.
    ///
    /// # Errors
    ///
    /// There are too many people, or it can't be written.
    pub fn set_user(
        &self,
        user: u64,
        role: Option<&str>,
        name: Option<&str>,
    ) -> Result<(), AccessError> {
        self.change(|kept| {
            let Some(role) = role else {
                kept.people.remove(&user);
                return Ok(());
            };
            if kept.people.len() >= MOST && !kept.people.contains_key(&user) {
                return Err(AccessError::Unfit(format!("{MOST} people have a role")));
            }
            let person = kept.people.entry(user).or_default();
            role.clone_into(&mut person.role);
            if let Some(name) = name {
                person.name = name.chars().take(100).collect();
            }
            Ok(())
        })
    }

    /// Notes that somebody has logged in.
    pub fn seen(&self, user: u64, name: &str, now_ms: u64) {
        if !self.lock().people.contains_key(&user) {
            return;
        }
        let noted = self.change(|kept| {
            if let Some(person) = kept.people.get_mut(&user) {
                person.seen_ms = now_ms;
                name.clone_into(&mut person.name);
            }
            Ok(())
        });
        if let Err(error) = noted {
            tracing::warn!("{error}");
        }
    }

    /// Changes the list: on the disk first, then for everybody.
    fn change(
        &self,
        change: impl FnOnce(&mut Kept) -> Result<(), AccessError>,
    ) -> Result<(), AccessError> {
        if let Some(broken) = &self.broken {
            return Err(AccessError::Unfit(broken.clone()));
        }
        let mut kept = self.lock();
        let mut next = kept.clone();
        change(&mut next)?;
        let bytes = serde_json::to_vec_pretty(&next)
            .map_err(|error| AccessError::Unwritten(self.file.clone(), error.into()))?;
        write_whole(&self.file, &bytes)
            .map_err(|error| AccessError::Unwritten(self.file.clone(), error))?;
        *kept = next;
        drop(kept);
        self.touch();
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(name: &str, rights: &[&str]) -> Rights {
        Rights {
            role: name.to_owned(),
            names: rights.iter().map(|it| (*it).to_owned()).collect(),
            ..Rights::default()
        }
    }

    #[test]
    fn what_was_changed_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let list = AccessList::open(folder.path());
        let mut changes = list.follow();
        list.set_role(&role("Cook", &["plugins.list"]), Some("cooks"))
            .unwrap();
        list.set_user(7, Some("Cook"), Some("Ann")).unwrap();
        assert!(changes.has_changed().unwrap());
        changes.mark_unchanged();
        let again = AccessList::open(folder.path());
        assert_eq!(again.role_of(7).as_deref(), Some("Cook"));
        let rights = again.rights("Cook", &Catalogue::default()).unwrap();
        assert_eq!(rights, role("Cook", &["plugins.list"]));
        again.remove_role("Cook").unwrap();
        assert_eq!(again.role_of(7), None, "who had it has none");
    }

    #[test]
    fn a_list_that_cant_be_read_is_not_taken_for_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("access.json"), "{").unwrap();
        let list = AccessList::open(folder.path());
        let error = list.set_user(7, Some("Owner"), None).unwrap_err();
        assert!(error.to_string().contains("access.json"), "{error}");
        let text = fs::read_to_string(folder.path().join("access.json")).unwrap();
        assert_eq!(text, "{", "it is as it was");
    }

    #[test]
    fn nobody_gives_what_they_do_not_have() {
        let cook = role("Cook", &["a", "b"]);
        assert!(cook.covers(&role("Aid", &["a"])));
        assert!(!cook.covers(&role("Aid", &["a", "c"])));
        assert!(!cook.covers(&Rights::all("Owner")));
        assert!(Rights::all("Owner").covers(&Rights::all("Owner")));
        let own = Rights {
            own_servers: true,
            ..cook.clone()
        };
        assert!(cook.covers(&own) && !own.covers(&cook));
    }
}
