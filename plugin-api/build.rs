//! Tells the crate which compiler and target it is built by, for the note (`src/abi/note.rs`).

use std::{env, process::Command};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .map_or_else(|| "unknown".into(), |text| text.trim().to_owned());
    println!("cargo:rustc-env=COGWRIGHT_RUSTC={version}");
    println!(
        "cargo:rustc-env=COGWRIGHT_TARGET={}",
        env::var("TARGET").unwrap_or_else(|_| "unknown".into())
    );
}
