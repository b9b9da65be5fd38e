//! Protected places in the bot's folder: what is neither listed, read nor written, and what is not written.

use std::{
    io,
    os::fd::AsFd,
    path::{Component, Path, PathBuf},
};

use host_ops::config::Config;
use rustix::fs::{AtFlags, FileType, Stat, fstat, stat, statat};

use crate::files::path::{Missing, Relative, folder};

/// Folders in the data folder that hold databases, users' data, the audit journal, who is logged in to the pages, and what one process leaves for the next (sessions,
/// tokens of interactions, what a crash left).
const HIDDEN_IN_DATA: [&str; 6] = [
    "audit",
    "backups",
    "exports",
    "pages",
    "run",
    "server-backups",
];

/// What somebody wants with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// The bot's folder, and what in it is protected.
#[derive(Debug)]
pub(super) struct Protected {
    pub(super) root: PathBuf,
    hidden: Vec<Place>,
    read_only: Vec<Place>,
}

/// A file or folder, by its path and, if it is there, by what it is: however it is spelled and whatever leads to it.
#[derive(Debug)]
struct Place {
    path: PathBuf,
    identity: Option<(u64, u64)>,
}

impl Place {
    fn of(path: &Path) -> Self {
        let whole = path.canonicalize().or_else(|_| std::path::absolute(path));
        let path = whole.unwrap_or_else(|_| path.to_owned());
        let identity = stat(&path).ok().map(|stat| identity(&stat));
        Self { path, identity }
    }

    /// Whether a path is this place, or below it, in whatever case.
    fn holds(&self, path: &Path) -> bool {
        let folded = |part: Component<'_>| part.as_os_str().to_string_lossy().to_lowercase();
        let mut parts = path.components().map(folded);
        self.path
            .components()
            .map(folded)
            .all(|own| parts.next() == Some(own))
    }
}

impl Protected {
    /// What is protected with this configuration.
    ///
    /// # Errors
    ///
    /// The bot has no folder of its own.
    pub(super) fn of(config: &Config) -> Result<Self, String> {
        let file = config.source.path.as_ref().ok_or(
            "the bot was started without a configuration file, beside which its folder would be",
        )?;
        let file = std::path::absolute(file).map_err(|error| error.to_string())?;
        let root = file.parent().unwrap_or(Path::new("/"));
        let root = root
            .canonicalize()
            .map_err(|error| format!("{}: {error}", root.display()))?;
        let data = &config.data.folder;
        let mut hidden = vec![Place::of(&config.secrets.folder)];
        hidden.extend(HIDDEN_IN_DATA.map(|name| Place::of(&data.join(name))));
        hidden.extend(config.pages.tls_key.as_deref().map(Place::of));
        let mut read_only = vec![
            Place::of(&file),
            Place::of(data),
            Place::of(&config.extensions.folder),
            Place::of(&config.log.folder),
        ];
        let program = host_loader::installed_program().ok();
        read_only.extend(program.map(|it| Place::of(&it)));
        Ok(Self {
            root,
            hidden,
            read_only,
        })
    }

    /// Whether somebody may have this; the sentence does not tell whether it is there.
    pub(super) fn check(&self, path: &Relative, access: Access) -> Result<(), String> {
        if path.names().iter().any(|name| is_hidden(name)) {
            return Err(SECRET.into());
        }
        let whole = self.whole(path);
        if self.hidden.iter().any(|place| place.holds(&whole)) {
            return Err(SECRET.into());
        }
        if access == Access::Write && self.is_read_only(&whole) {
            return Err(READ_ONLY.into());
        }
        // What is there may be something else than its name says.
        for depth in 0..path.names().len() {
            match folder(&self.root, &path.names()[..depth], Missing::Fail) {
                Ok(at) => self.identify(path, depth, &at, access)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(())
    }

    /// Looks at what a name of a path leads to, in the folder before it.
    fn identify(
        &self,
        path: &Relative,
        depth: usize,
        at: &impl AsFd,
        access: Access,
    ) -> Result<(), String> {
        let of_folder = fstat(at).map_err(|error| error.to_string())?;
        let Ok(stat) = statat(at, &*path.names()[depth], AtFlags::SYMLINK_NOFOLLOW) else {
            return self.allows(&of_folder, Access::Read);
        };
        self.allows(&of_folder, Access::Read)?;
        self.allows(&stat, access)
    }

    /// Whether something may be had that is there.
    fn allows(&self, stat: &Stat, access: Access) -> Result<(), String> {
        let kind = FileType::from_raw_mode(stat.st_mode);
        let is_one_of = |places: &[Place]| {
            let mut places = places.iter();
            places.any(|place| place.identity == Some(identity(stat)))
        };
        if is_one_of(&self.hidden) {
            return Err(SECRET.into());
        }
        if kind.is_file() && stat.st_nlink > 1 {
            return Err(
                "it has several names (a hard link), and one of them may be protected".into(),
            );
        }
        if access == Access::Write {
            if is_one_of(&self.read_only) {
                return Err(READ_ONLY.into());
            }
            if kind.is_file() && stat.st_mode & 0o111 != 0 {
                return Err("it is a program, which is not changed from here".into());
            }
        }
        Ok(())
    }

    /// Whether nothing protected is in a folder that is about to be moved.
    pub(super) fn may_move(&self, path: &Relative) -> Result<(), String> {
        let moved = Place {
            path: self.whole(path),
            identity: None,
        };
        let mut all = self.hidden.iter().chain(&self.read_only);
        match all.any(|place| moved.holds(&place.path)) {
            true => Err("something protected is in that folder, which stays where it is".into()),
            false => Ok(()),
        }
    }

    fn is_read_only(&self, whole: &Path) -> bool {
        self.read_only.iter().any(|place| place.holds(whole))
    }

    fn whole(&self, path: &Relative) -> PathBuf {
        path.names()
            .iter()
            .fold(self.root.clone(), |whole, name| whole.join(name))
    }
}

const SECRET: &str = "names that begin with a dot, databases, their backups, secrets, exports and the audit journal are not for \
                      plugins";

const READ_ONLY: &str = "config.toml, the data, extensions and log folders and the bot's program are read here, and changed by the calls \
                         that are there for them";

fn identity(stat: &Stat) -> (u64, u64) {
    (stat.st_dev, stat.st_ino)
}

/// Whether a name alone tells: `.env`, `.git`, `main.db`, `guild.db-wal`, `guild.db.before-…`.
fn is_hidden(name: &str) -> bool {
    let name = name.to_lowercase();
    let of_database = |ending: &str| {
        name.find(ending).is_some_and(|at| {
            let behind = &name[at + ending.len()..];
            behind.is_empty() || behind.starts_with(['-', '.'])
        })
    };
    name.starts_with('.')
        || [".db", ".sqlite", ".sqlite3"]
            .iter()
            .any(|it| of_database(it))
}
