//! Builds of the checkout's own plugins, for the sandbox.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use crate::cli::CliResult;

/// Errors of the compiler that are shown on the page.
const MOST_ERRORS: usize = 30;

/// The library of plugin-api's macros. Cargo links it beside the plugins when the whole workspace is built, and anew when it
/// is missed; the compiler uses the original.
const MACROS: &str = "libplugin_api_macros.so";

/// A source checkout and its plugins.
#[derive(Debug, Clone)]
pub(super) struct Checkout {
    root: PathBuf,
    /// Folder and package name of each.
    plugins: Vec<(PathBuf, String)>,
}

impl Checkout {
    /// The checkout that this runs in: cargo says where, or a folder above the current one is it.
    pub(super) fn find() -> Option<Self> {
        let beside = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let here = env::current_dir().ok();
        let root = beside
            .iter()
            .chain(here.iter())
            .flat_map(|folder| folder.ancestors())
            .find(|folder| {
                folder.join("plugin-api/Cargo.toml").is_file()
                    && folder.join("Cargo.lock").is_file()
            })?
            .to_owned();
        let plugins = plugins(&root);
        (!plugins.is_empty()).then_some(Self { root, plugins })
    }

    /// All its plugins, by package name.
    pub(super) fn packages(&self) -> Vec<String> {
        self.plugins.iter().map(|(_, name)| name.clone()).collect()
    }

    /// The folders that they are in.
    pub(super) fn folders(&self) -> Vec<PathBuf> {
        self.plugins
            .iter()
            .map(|(folder, _)| folder.clone())
            .collect()
    }

    /// The plugin that a source file belongs to.
    pub(super) fn package_of(&self, path: &Path) -> Option<String> {
        self.plugins
            .iter()
            .find(|(folder, _)| path.starts_with(folder) && is_source(path))
            .map(|(_, name)| name.clone())
    }

    /// Builds plugins by a cargo call of their own: built together with the host they would get its features. The
    /// folder that their libraries are in.
    pub(super) fn build(&self, packages: &[String]) -> CliResult<PathBuf> {
        eprintln!("building {}", packages.join(", "));
        let built = self.cargo(packages).status();
        if !built.map_err(cannot_run)?.success() {
            return Err("the plugins do not compile; cargo says above what is wrong".into());
        }
        let target =
            env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), PathBuf::from);
        let folder = target.join(if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        });
        // It would be refused as a plugin at each start. Most of the time it is not there.
        let _ = fs::remove_file(folder.join(MACROS));
        Ok(folder)
    }

    /// Why plugins do not compile, a line for each error; empty if they do.
    pub(super) fn errors(&self, packages: &[String]) -> CliResult<String> {
        let mut cargo = self.cargo(packages);
        cargo.args(["--message-format", "short", "--color", "never", "--quiet"]);
        let tried = cargo.output().map_err(cannot_run)?;
        if tried.status.success() {
            return Ok(String::new());
        }
        let told = String::from_utf8_lossy(&tried.stderr);
        let errors = told.lines().filter(|line| line.contains("error"));
        Ok(errors.take(MOST_ERRORS).collect::<Vec<_>>().join("\n"))
    }

    /// The call that builds plugins.
    fn cargo(&self, packages: &[String]) -> Command {
        let profile = if cfg!(debug_assertions) {
            "dev"
        } else {
            "release"
        };
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .current_dir(&self.root)
            .args(["build", "--profile", profile]);
        for package in packages {
            cargo.args(["-p", package]);
        }
        // What this very run was built with must not change how the plugins are built.
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR" {
                cargo.env_remove(name);
            }
        }
        cargo
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn cannot_run(error: io::Error) -> String {
    format!("can't run cargo: {error}")
}

fn plugins(root: &Path) -> Vec<(PathBuf, String)> {
    let mut plugins = Vec::new();
    for folder in ["plugins", "examples"] {
        let Ok(entries) = fs::read_dir(root.join(folder)) else {
            continue;
        };
        for entry in entries.flatten() {
            let Ok(text) = fs::read_to_string(entry.path().join("Cargo.toml")) else {
                continue;
            };
            let name = text
                .parse::<toml::Table>()
                .ok()
                .and_then(|table| Some(table.get("package")?.get("name")?.as_str()?.to_owned()));
            plugins.extend(name.map(|name| (entry.path(), name)));
        }
    }
    plugins.sort();
    plugins
}

/// Whether a change of this file can change what is built.
pub(super) fn is_source(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name == "Cargo.toml"
        || name == "build.rs"
        || path.extension().is_some_and(|extension| extension == "rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editors_leave_files_that_are_no_sources() {
        assert!(is_source(Path::new("/a/src/lib.rs")) && is_source(Path::new("/a/Cargo.toml")));
        for name in [
            "/a/src/.lib.rs.swp",
            "/a/src/lib.rs~",
            "/a/src/4913",
            "/a/README.md",
        ] {
            assert!(!is_source(Path::new(name)), "{name}");
        }
    }
}
