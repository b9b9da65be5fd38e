//! Build of a plugin that is a measurement's own, as a package outside of the workspace: it may do what no plugin of ours may.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Compiles a plugin from this source, with these files beside its Cargo.toml; its library.
///
/// A debug build by the `cargo` of the environment variable `CARGO`, or of the path, into the folder that this program lies in.
///
/// # Errors
///
/// cargo refused it; what it said is on standard error.
pub fn build(name: &str, source: &str, beside: &[(&str, &str)]) -> Result<PathBuf, Box<dyn Error>> {
    let target = target()?;
    let folder = target.join("example-plugins").join(name);
    fs::create_dir_all(folder.join("src"))?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .ok_or("the host's crate lies in the workspace")?;
    // A version of its own: cargo tells packages of the same name and version in different workspaces apart by nothing.
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.90.0\"\nedition = \"2024\"\n\n[lib]\ncrate-type = [\"cdylib\"]\n\n\
         [dependencies]\nplugin-api = {{ path = \"{}\" }}\n\
         tokio = {{ version = \"1\", default-features = false, features = [\"rt\", \"rt-multi-thread\", \"time\"] }}\n\
         tracing = {{ version = \"0.1\", default-features = false, features = [\"attributes\", \"std\"] }}\n\n[workspace]\n\n\
         [profile.dev]\ndebug = \"line-tables-only\"\n\n[profile.dev.package.\"*\"]\ndebug = false\n",
        root.join("plugin-api").display()
    );
    write(&folder.join("Cargo.toml"), &manifest)?;
    write(&folder.join("src/lib.rs"), source)?;
    for (file, text) in beside {
        write(&folder.join(file), text)?;
    }
    if !folder.join("Cargo.lock").exists() {
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    }
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", &target)
        .status()?;
    match built.success() {
        true => Ok(target.join(format!("debug/lib{name}.so"))),
        false => Err(format!("cargo build of the plugin `{name}`: {built}").into()),
    }
}

/// The target folder that this program lies in: what it shares with the plugin is not compiled twice.
///
/// # Errors
///
/// This program does not lie in one.
pub fn target() -> Result<PathBuf, Box<dyn Error>> {
    // target/debug/examples/….
    let program = env::current_exe()?;
    let target = program.ancestors().nth(3).map(Path::to_owned);
    target.ok_or_else(|| "this program lies in no target folder".into())
}

/// Writes only what has changed: cargo goes by time stamps.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    match fs::read_to_string(path) {
        Ok(before) if before == text => Ok(()),
        _ => fs::write(path, text),
    }
}
