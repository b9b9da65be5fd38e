//! Names of plugin files.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use host_base::PluginName;

/// The plugin's name in the file name of `path`: `lib` and the extension are left out, blanks become underscores.
///
/// `None` when `path` is not called like a library (`.so`, `.dll`, `.dylib`), or nothing is left of its name.
///
/// ```
/// # use std::path::Path;
/// # use host_loader::file::plugin_name;
/// assert_eq!(plugin_name(Path::new("extensions/libping.so")).as_deref(), Some("ping"));
/// assert_eq!(plugin_name(Path::new("extensions/Dice Roller.dll")).as_deref(), Some("Dice_Roller"));
/// assert_eq!(plugin_name(Path::new("extensions/ping.toml")), None);
/// ```
#[must_use]
pub fn plugin_name(path: &Path) -> Option<PluginName> {
    if !matches!(path.extension()?.to_str()?, "so" | "dll" | "dylib") {
        return None;
    }
    let stem = path.file_stem()?.to_str()?;
    let name = stem.strip_prefix("lib").unwrap_or(stem);
    (!name.is_empty()).then(|| PluginName::new(name))
}

/// Renames the file at `path` so that its name has no blanks, and gives its new path. Does nothing when there are none.
///
/// # Errors
///
/// [`AlreadyExists`](io::ErrorKind::AlreadyExists) when the new name is taken: nothing is overwritten. Otherwise whatever the
/// system says.
pub fn rename_blanks(path: &Path) -> io::Result<PathBuf> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "its name is not UTF-8",
        ));
    };
    let tidy = path.with_file_name(name.replace(char::is_whitespace, "_"));
    if tidy == path {
        return Ok(tidy);
    }
    // A rename would overwrite; a link refuses to, with nothing in between.
    match fs::hard_link(path, &tidy) {
        Ok(()) => fs::remove_file(path)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(taken(&tidy)),
        // Not every file system has links. There, two steps must do.
        Err(_) if fs::symlink_metadata(&tidy).is_ok() => return Err(taken(&tidy)),
        Err(_) => fs::rename(path, &tidy)?,
    }
    Ok(tidy)
}

fn taken(path: &Path) -> io::Error {
    io::Error::new(
        io::ErrorKind::AlreadyExists,
        format!("{} exists already", path.display()),
    )
}

/// The files of `folder` that are called like plugins, by name. None when the folder cannot be listed.
#[must_use]
pub fn plugin_files(folder: &Path) -> Vec<PathBuf> {
    list(folder).unwrap_or_default()
}

/// The same, or why the folder can't be listed.
pub(crate) fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = folder.join(entry?.file_name());
        if is_candidate(&path) && !path.is_dir() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Whether `path` is called like a plugin, and not like something that is only passing through.
pub(crate) fn is_candidate(path: &Path) -> bool {
    // Compilers, editors and copy tools add `.tmp`, `.part` or `~` behind the extension, or put a dot first.
    let is_hidden = path
        .file_name()
        .is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    !is_hidden && plugin_name(path).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let check = |path, expect: Option<&str>| {
            assert_eq!(plugin_name(Path::new(path)).as_deref(), expect, "{path}")
        };
        check("libping.so", Some("ping"));
        check("a/b/ping.so", Some("ping"));
        check("libping.dylib", Some("ping"));
        check("ping.dll", Some("ping"));
        check("Two Words\tand more.so", Some("Two_Words_and_more"));
        check("libLoud.so", Some("Loud"));
        check("ping.v2.so", Some("ping.v2"));
        check("lib.so", None);
        check("libping.so.1", None);
        check("libping.SO", None);
        check("ping", None);
        check(".so", None);
        check("ping.txt", None);
        check("", None);
    }

    #[test]
    fn blanks_are_renamed() {
        let folder = tempfile::tempdir().unwrap();
        let (blank, tidy) = (folder.path().join("a b.so"), folder.path().join("a_b.so"));
        fs::write(&blank, "1").unwrap();
        assert_eq!(rename_blanks(&blank).unwrap(), tidy);
        assert!(!blank.exists());
        assert_eq!(rename_blanks(&tidy).unwrap(), tidy);

        fs::write(&blank, "2").unwrap();
        assert_eq!(
            rename_blanks(&blank).unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        assert_eq!(
            (fs::read(&blank).unwrap(), fs::read(&tidy).unwrap()),
            (b"2".to_vec(), b"1".to_vec())
        );

        assert_eq!(
            rename_blanks(&folder.path().join("not here.so"))
                .unwrap_err()
                .kind(),
            io::ErrorKind::NotFound
        );
    }
}
