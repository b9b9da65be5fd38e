//! Structure tests of the workspace, which hold it to what is written about it: modules without circles, crates as the table in
//! `docs/architecture.md` says, documents that name what there is.

#![allow(clippy::unwrap_used, reason = "a test")]

mod circles;
mod crates;
mod decisions;
mod documents;
mod first_lines;
mod known;
mod modules;
mod tokens;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// A crate of the workspace.
struct Package {
    name: String,
    /// Its folder, from the workspace's.
    folder: String,
    /// Where its library begins, or its program where it has none.
    root: PathBuf,
    /// What it imports, tests and build scripts aside.
    imports: Vec<String>,
}

/// The workspace's folder.
fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap().to_owned()
}

/// The crates of the workspace, as cargo knows them.
fn packages() -> Vec<Package> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(workspace())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo metadata: {said}");
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 5, "{} crates", packages.len());
    packages.iter().map(package).collect()
}

fn package(metadata: &Value) -> Package {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let manifest = PathBuf::from(text(&metadata["manifest_path"]));
    let folder = fs::canonicalize(manifest.parent().unwrap()).unwrap();
    let targets = metadata["targets"].as_array().unwrap();
    let of_kind = |kinds: &[&str]| {
        targets.iter().find(|target| {
            let all = target["kind"].as_array().unwrap();
            all.iter().any(|kind| kinds.iter().any(|it| kind == it))
        })
    };
    let root = of_kind(&["lib", "cdylib", "proc-macro"]).or_else(|| of_kind(&["bin"]));
    let imports = metadata["dependencies"].as_array().unwrap().iter();
    Package {
        name: text(&metadata["name"]),
        folder: folder
            .strip_prefix(fs::canonicalize(workspace()).unwrap())
            .unwrap()
            .display()
            .to_string(),
        root: text(&root.unwrap()["src_path"]).into(),
        imports: imports
            .filter(|import| import["kind"].is_null())
            .map(|import| text(&import["name"]))
            .collect(),
    }
}
