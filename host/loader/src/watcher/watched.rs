//! Watched folders, of which the system reports changes: the extensions folder, and every folder in which a link on the way to a plugin file
//! lies, or the file that it leads to.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Instant,
};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{AccessKind, AccessMode, ModifyKind, RenameMode},
};
use tracing::{debug, warn};

use super::{
    debounce::Sign,
    inbox::{Inbox, News},
    way::Way,
};
use crate::platform::files;

/// What is to be looked at when something happens at a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    /// The extensions folder, which is reached by this place.
    Folder,
    /// The file of that name in it.
    File(OsString),
}

/// The places that matter. Whatever else happens in the watched folders is not looked at.
#[derive(Debug, Default, PartialEq, Eq)]
struct WatchedPlaces {
    /// The extensions folder, without links; `None` while there is none.
    root: Option<PathBuf>,
    /// By the place, which has no links before it.
    on_the_way: BTreeMap<PathBuf, BTreeSet<Target>>,
}

/// What has changed about the ways.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Moved {
    /// The extensions folder is another one than before, or back.
    pub folder: bool,
    /// Files that are reached in another way.
    pub files: Vec<OsString>,
}

pub(super) struct Watched {
    /// Held for its drop, which ends the events. `None` where the system can't tell: then there is the poll alone.
    notify: Option<RecommendedWatcher>,
    places: Arc<RwLock<WatchedPlaces>>,
    /// The folders that the system tells of, each with what it was: another one may have come in its place.
    folders: BTreeMap<PathBuf, Identity>,
    /// The ways of the files that are links.
    ways: BTreeMap<OsString, Way>,
    root: Option<(PathBuf, Identity)>,
}

/// Device and inode.
type Identity = (u64, u64);

impl Watched {
    /// Has what happens put into `inbox`.
    pub fn new(inbox: Arc<Inbox>) -> Self {
        let places = Arc::<RwLock<WatchedPlaces>>::default();
        let shared = Arc::clone(&places);
        let notify = notify::recommended_watcher(move |event| {
            let now = Instant::now();
            let places = shared.read().unwrap_or_else(PoisonError::into_inner);
            match event {
                Ok(event) => inbox.put_if(|news| sort(event, &places, news, now)),
                Err(error) => {
                    warn!(%error, "lost track of the extensions folder; looking at all of it");
                    inbox.put(|news| news.scan = true);
                }
            }
        });
        let notify = notify.map_err(|error| {
            warn!(
                "the system does not report changed files ({error}); they are looked for every few seconds. Raise \
                 fs.inotify.max_user_instances to hear of them at once"
            );
        });
        Self {
            notify: notify.ok(),
            places,
            folders: BTreeMap::new(),
            ways: BTreeMap::new(),
            root: None,
        }
    }

    /// Forgets folders that are gone: one that comes in their place is watched anew.
    pub fn gone(&mut self, folders: &BTreeSet<PathBuf>) {
        for folder in folders {
            self.folders.remove(folder);
            // One that was moved would go on to tell of what happens in it, under the name that it had.
            if let Some(notify) = &mut self.notify {
                let _ = notify.unwatch(folder);
            }
            if self.root.as_ref().is_some_and(|(root, _)| root == folder) {
                self.root = None;
            }
        }
    }

    /// Whether the extensions folder is there.
    pub fn is_there(&self) -> bool {
        self.root.is_some()
    }

    /// How many links are followed.
    pub fn links(&self) -> usize {
        self.ways.len()
    }

    /// Follows the ways to `folder` and to its files of these `names` as they go now.
    pub fn follow(&mut self, folder: &Path, names: impl Iterator<Item = OsString>) -> Moved {
        let root = fs::canonicalize(folder).ok();
        let root = root.and_then(|root| identity(&root).map(|identity| (root, identity)));
        let mut places = WatchedPlaces {
            root: root.as_ref().map(|(root, _)| root.clone()),
            on_the_way: BTreeMap::new(),
        };
        let mut at = |place: &PathBuf, target: Target| {
            let targets = places.on_the_way.entry(place.clone()).or_default();
            targets.insert(target);
        };
        let way = Way::of(folder);
        if root.is_none() || !way.links.is_empty() {
            way.places().for_each(|place| at(place, Target::Folder));
        }
        let mut ways = BTreeMap::new();
        for name in names {
            let Some((root, _)) = &root else { break };
            let way = Way::of(&root.join(&name));
            if way.links.is_empty() {
                continue;
            }
            // The first is the file itself, which the folder's own events tell of.
            let beyond = way.places().skip(1);
            beyond.for_each(|place| at(place, Target::File(name.clone())));
            ways.insert(name, way);
        }
        let moved = Moved {
            folder: root.is_some() && root != self.root,
            files: changed(&self.ways, &ways),
        };
        (self.root, self.ways) = (root, ways);
        self.watch(places);
        moved
    }

    /// Has the system tell of these places, and of no others.
    fn watch(&mut self, places: WatchedPlaces) {
        let parents = places.on_the_way.keys().filter_map(|place| place.parent());
        let wanted: BTreeSet<PathBuf> = parents
            .map(Path::to_owned)
            .chain(places.root.clone())
            .collect();
        // Before the folders: what happens in a new one is sorted by the new places.
        *self.places.write().unwrap_or_else(PoisonError::into_inner) = places;
        let Some(notify) = &mut self.notify else {
            return;
        };
        self.folders.retain(|folder, was| {
            let keep = wanted.contains(folder) && identity(folder).as_ref() == Some(&*was);
            if !keep {
                // It may be gone already.
                let _ = notify.unwatch(folder);
            }
            keep
        });
        for folder in wanted {
            if self.folders.contains_key(&folder) {
                continue;
            }
            let Some(identity) = identity(&folder) else {
                continue;
            };
            match notify.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => drop(self.folders.insert(folder, identity)),
                Err(error) => {
                    debug!(folder = %folder.display(), %error, "not watched: looked at every few seconds");
                }
            }
        }
    }
}

/// The names whose way is another one than before.
fn changed(before: &BTreeMap<OsString, Way>, now: &BTreeMap<OsString, Way>) -> Vec<OsString> {
    let is_other = |name: &&OsString| before.get(*name) != now.get(*name);
    let names: BTreeSet<_> = before.keys().chain(now.keys()).filter(is_other).collect();
    names.into_iter().cloned().collect()
}

fn identity(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().map(|it| files::identity(&it))
}

/// Sorts one event into `news`; whether it is any.
fn sort(event: Event, places: &WatchedPlaces, news: &mut News, now: Instant) -> bool {
    let mut is_news = event.need_rescan();
    news.scan |= is_news;
    let sign = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => Sign::Done,
        // Reading, which we do ourselves.
        EventKind::Access(_) => return is_news,
        EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Both)) => Sign::Done,
        EventKind::Modify(ModifyKind::Metadata(_)) => Sign::Touched,
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => Sign::Writing,
    };
    let is_end = matches!(
        event.kind,
        EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
    );
    for path in event.paths {
        let root = places.root.as_deref();
        let is_folder = root == Some(&path)
            || places
                .on_the_way
                .keys()
                .any(|place| place.parent() == Some(&path));
        if is_folder && is_end {
            is_news |= news.gone.insert(path.clone());
        }
        if let Some(name) = path.file_name().filter(|_| path.parent() == root) {
            news.event(name.to_owned(), sign, now);
            is_news = true;
        }
        for target in places.on_the_way.get(&path).into_iter().flatten() {
            is_news = true;
            news.ways = true;
            if let Target::File(name) = target {
                news.event(name.clone(), sign, now);
            }
        }
    }
    is_news
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, DataChange, Flag, MetadataKind, RemoveKind};

    use super::*;

    fn sorted(event: Event) -> News {
        let mut news = News::default();
        let places = WatchedPlaces {
            root: Some("/x".into()),
            on_the_way: BTreeMap::from([
                (
                    PathBuf::from("/r/current"),
                    BTreeSet::from([Target::Folder]),
                ),
                (
                    PathBuf::from("/b/a.so"),
                    BTreeSet::from([Target::File("a.so".into())]),
                ),
            ]),
        };
        sort(event, &places, &mut news, Instant::now());
        news
    }

    #[track_caller]
    fn check(kind: EventKind, expect: Option<Sign>) {
        for path in ["/x/a.so", "/b/a.so"] {
            let news = sorted(Event::new(kind).add_path(path.into()));
            assert_eq!(
                news.files.into_values().map(|(sign, _)| sign).next(),
                expect,
                "{kind:?}"
            );
            assert!(!news.scan && news.gone.is_empty());
        }
    }

    #[test]
    fn events_of_files() {
        check(EventKind::Create(CreateKind::File), Some(Sign::Writing));
        check(
            EventKind::Modify(ModifyKind::Data(DataChange::Any)),
            Some(Sign::Writing),
        );
        check(
            EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)),
            Some(Sign::Touched),
        );
        check(
            EventKind::Modify(ModifyKind::Name(RenameMode::To)),
            Some(Sign::Done),
        );
        check(
            EventKind::Modify(ModifyKind::Name(RenameMode::From)),
            Some(Sign::Writing),
        );
        check(EventKind::Remove(RemoveKind::File), Some(Sign::Writing));
        check(
            EventKind::Access(AccessKind::Close(AccessMode::Write)),
            Some(Sign::Done),
        );
        check(EventKind::Access(AccessKind::Close(AccessMode::Read)), None);
        check(EventKind::Access(AccessKind::Open(AccessMode::Any)), None);
    }

    #[test]
    fn lost_events_lead_to_a_scan() {
        assert!(sorted(Event::new(EventKind::Other).set_flag(Flag::Rescan)).scan);
    }

    #[test]
    fn events_of_the_folders_themselves_of_links_and_of_others() {
        let at = |kind, path: &str| sorted(Event::new(kind).add_path(path.into()));
        let moved = EventKind::Modify(ModifyKind::Name(RenameMode::From));
        assert!(
            at(EventKind::Remove(RemoveKind::File), "/x")
                .gone
                .contains(Path::new("/x"))
        );
        assert!(at(moved, "/x").gone.contains(Path::new("/x")));
        assert!(at(moved, "/b").gone.contains(Path::new("/b")));
        let touched = EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any));
        assert!(at(touched, "/x").gone.is_empty());
        let news = at(
            EventKind::Modify(ModifyKind::Name(RenameMode::To)),
            "/r/current",
        );
        assert!(news.ways && news.files.is_empty());
        // Others in the same folders are nobody's business.
        for path in ["/x/y/a.so", "/r/other", "/b/b.so"] {
            let news = at(EventKind::Create(CreateKind::File), path);
            assert!(!news.ways && news.files.is_empty(), "{path}");
        }
    }
}
