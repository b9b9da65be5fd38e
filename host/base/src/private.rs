//! Private folders (data, log, backups), closed to other users of the machine.

#[cfg(unix)]
use std::{
    env,
    fs::{DirBuilder, Permissions},
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
};
use std::{fs, io, path::Path};

/// Makes a folder that only the bot's user can look into, or makes one that is there so; the folder's permissions before,
/// where they were changed.
///
/// A folder that hands its group on (the set-group-ID bit) was given to that group on purpose, and stays open to it. One that
/// is not the bot's alone is left as it is: the folder that the bot was started in or one above it, a home, `/tmp`, a folder of
/// somebody else.
///
/// # Errors
///
/// It can't be made, or its permissions can't be changed.
#[cfg(unix)]
pub fn folder(path: &Path) -> io::Result<Option<u32>> {
    const ALL_OTHERS: u32 = 0o077;
    /// Those who are not in its group, either.
    const STRANGERS: u32 = 0o007;
    const SET_GROUP: u32 = 0o2000;
    const STICKY: u32 = 0o1000;
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let metadata = fs::metadata(path)?;
    let mode = metadata.mode() & 0o7777;
    let open = match mode & SET_GROUP {
        0 => ALL_OTHERS,
        _ => STRANGERS,
    };
    let ours = metadata.uid() == rustix::process::geteuid().as_raw();
    if mode & open == 0 || mode & STICKY != 0 || !ours || is_shared(path) {
        return Ok(None);
    }
    fs::set_permissions(path, Permissions::from_mode(mode & !open))?;
    Ok(Some(mode))
}

/// Makes a folder. Whom it is open to is left as the system has it: permissions of this platform are not known here yet.
///
/// # Errors
///
/// It can't be made.
#[cfg(not(unix))]
pub fn folder(path: &Path) -> io::Result<Option<u32>> {
    fs::create_dir_all(path)?;
    Ok(None)
}

/// The same for a folder of the bot's; the outcome is logged.
///
/// # Errors
///
/// The folder can't be made, or its permissions can't be read or changed.
pub fn folder_told(path: &Path) -> io::Result<()> {
    match folder(path) {
        Ok(None) => Ok(()),
        Ok(Some(before)) => {
            tracing::info!(
                folder = %path.display(),
                "others could look into this folder (mode {before:04o}): now only the bot's user can"
            );
            Ok(())
        }
        Err(error) if path.is_dir() => {
            tracing::warn!(
                folder = %path.display(),
                "others can look into this folder, and its permissions can't be changed: {error}; run `chmod go-rwx {}`",
                path.display()
            );
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Whether more lies there than the bot's own: the working folder, what is above it, the home.
#[cfg(unix)]
fn is_shared(path: &Path) -> bool {
    let Ok(path) = fs::canonicalize(path) else {
        return true;
    };
    let is_above = |other: &Path| other.starts_with(&path);
    let here = env::current_dir().is_ok_and(|here| is_above(&here));
    let home = env::var_os("HOME")
        .is_some_and(|home| fs::canonicalize(home).is_ok_and(|home| is_above(&home)));
    here || home
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn new_folders_are_private_and_open_ones_become_so() {
        let root = tempfile::tempdir().unwrap();
        let new = root.path().join("a/b");
        assert_eq!(folder(&new).unwrap(), None);
        assert_eq!(mode(&new), 0o700);
        let old = root.path().join("old");
        fs::create_dir(&old).unwrap();
        for (before, after) in [
            (0o755, 0o700),
            (0o777, 0o700),
            (0o750, 0o700),
            (0o700, 0o700),
            (0o2770, 0o2770),
            (0o2775, 0o2770),
            (0o1777, 0o1777),
        ] {
            fs::set_permissions(&old, Permissions::from_mode(before)).unwrap();
            let changed = folder(&old).unwrap();
            assert_eq!(mode(&old), after, "{before:o}");
            assert_eq!(changed, (before != after).then_some(before));
        }
    }

    #[test]
    fn a_folder_that_is_not_the_bots_alone_is_left_as_it_is() {
        let here = env::current_dir().unwrap();
        let before = mode(&here);
        assert_eq!(folder(&here).unwrap(), None);
        assert_eq!(mode(&here), before);
        assert_eq!(folder(Path::new("/")).unwrap(), None);
    }
}
