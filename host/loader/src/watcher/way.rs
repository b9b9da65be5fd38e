//! Path to a file, link by link: each may be switched, and is watched where it lies.

use std::{
    collections::VecDeque,
    ffi::OsString,
    fs,
    path::{Component, Path, PathBuf},
};

/// As many links as Linux follows.
const LINKS: usize = 40;

/// Where a path leads, by places that have no link before them: `folder/name` of each link on the way, and of the file at
/// its end; or of what is missing, where the way ends before.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Way {
    /// The links.
    pub links: Vec<PathBuf>,
    /// The end.
    pub end: PathBuf,
}

impl Way {
    /// The way that `path` goes now.
    pub fn of(path: &Path) -> Self {
        let mut way = Self::default();
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let mut here = PathBuf::new();
        let mut ahead: VecDeque<OsString> = parts(&path).collect();
        while let Some(name) = ahead.pop_front() {
            match Path::new(&name).components().next() {
                Some(Component::ParentDir) => {
                    here.pop();
                    continue;
                }
                Some(Component::CurDir) | None => continue,
                _ => here.push(&name),
            }
            let Ok(target) = fs::read_link(&here) else {
                if !here.exists() {
                    break;
                }
                continue;
            };
            way.links.push(here.clone());
            if way.links.len() > LINKS {
                break;
            }
            here.pop();
            // An absolute one begins anew: pushing the root does that.
            for part in parts(&target).collect::<Vec<_>>().into_iter().rev() {
                ahead.push_front(part);
            }
        }
        way.end = here;
        way
    }

    /// All places on it, the end included.
    pub fn places(&self) -> impl Iterator<Item = &PathBuf> {
        self.links.iter().chain([&self.end])
    }
}

fn parts(path: &Path) -> impl Iterator<Item = OsString> {
    path.components().map(|part| part.as_os_str().to_owned())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn each_link_on_the_way_is_a_place_and_so_is_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        let at = |name: &str| root.join(name);
        fs::create_dir_all(at("releases/7")).unwrap();
        fs::write(at("releases/7/ping.so"), "").unwrap();
        symlink("releases/7", at("current")).unwrap();
        symlink("../here/./current/ping.so", at("a.so")).unwrap();
        symlink(&root, at("here")).unwrap();
        fs::write(at("plain.so"), "").unwrap();
        let of = |name: &str| Way::of(&at(name));
        assert_eq!(
            of("plain.so"),
            Way {
                links: vec![],
                end: at("plain.so")
            }
        );
        symlink("here/current/ping.so", at("b.so")).unwrap();
        let way = Way {
            links: vec![at("b.so"), at("here"), at("current")],
            end: at("releases/7/ping.so"),
        };
        assert_eq!(of("b.so"), way);
        assert_eq!(fs::canonicalize(at("b.so")).unwrap(), way.end);
        // Missing: the first place where something would have to come.
        symlink("releases/8/ping.so", at("c.so")).unwrap();
        assert_eq!(of("c.so").end, at("releases/8"));
    }

    #[test]
    fn a_link_to_itself_is_no_endless_way() {
        let folder = tempfile::tempdir().unwrap();
        symlink("loop.so", folder.path().join("loop.so")).unwrap();
        assert!(Way::of(&folder.path().join("loop.so")).links.len() > LINKS);
    }
}
