//! Compiles the hostile plugins: C by `cc`, C++ by `c++`, Rust by cargo.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use crate::fixtures;

const SOURCE: &str = include_str!("plugin/lib.rs");
const BUILD: &str = include_str!("plugin/build.rs");

/// The plugin `hostile`, with `deeds.c` linked into it.
pub fn hostile() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let object = compile("cc", &["-c", "-fPIC"], "deeds.c", "deeds.o").unwrap();
        plugin("hostile", &[object.to_str().unwrap()])
    })
}

/// A plugin of this name, linked with these arguments.
fn plugin(name: &str, link: &[&str]) -> PathBuf {
    let more = [("build.rs", BUILD), ("link.txt", &link.join("\n"))];
    fixtures::plugin_of(name, "native", "0.9.0", "", SOURCE, &more)
}

/// Compiles one of the sources; `None` when there is no such compiler.
fn compile(compiler: &str, flags: &[&str], source: &str, out: &str) -> Option<PathBuf> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/hostile/plugin");
    let folder = fixtures::target().join("test-plugins/native");
    fs::create_dir_all(&folder).unwrap();
    // Another process may be compiling the same: into its place when it is whole.
    let (part, out) = (
        folder.join(format!("{}-{out}", std::process::id())),
        folder.join(out),
    );
    let output = Command::new(compiler)
        .args(flags)
        .args(["-g", "-O1", "-Wall", "-Werror", "-pthread", "-o"])
        .arg(&part)
        .arg(sources.join(source))
        .output();
    let output = match output {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        output => output.unwrap(),
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{compiler} {source}:\n{said}");
    // Its time decides whether cargo links anew.
    if fs::read(&out).ok() != fs::read(&part).ok() {
        fs::rename(&part, &out).unwrap();
    } else {
        fs::remove_file(&part).unwrap();
    }
    Some(out)
}
