//! Build script: tells the crate which compiler and target it is built by, for the note (`src/abi/note.rs`).
//!
//! Nothing here may fail: whatever calls itself a compiler, the plugin is built.

use std::{env, process::Command};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output();
    let version = version.map_or_else(
        |_| String::new(),
        |output| version_line(&String::from_utf8_lossy(&output.stdout)),
    );
    let target = env::var("TARGET").unwrap_or_default();
    println!("cargo:rustc-env=COGWRIGHT_RUSTC={}", or_unknown(&version));
    println!("cargo:rustc-env=COGWRIGHT_TARGET={}", or_unknown(&target));
}

/// The line with the version: a wrapper may say more, and cargo takes one line.
fn version_line(said: &str) -> String {
    let lines = || said.lines().map(str::trim);
    let line = lines()
        .find(|line| line.starts_with("rustc "))
        .or_else(|| lines().find(|line| !line.is_empty()));
    line.unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .collect()
}

fn or_unknown(text: &str) -> &str {
    if text.is_empty() { "unknown" } else { text }
}
