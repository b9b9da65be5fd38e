//! The build script under compilers that say odd things: it never fails, and gives cargo one line.

#![allow(
    clippy::unwrap_used,
    reason = "a test that can't go on says so by panicking"
)]
#![cfg(unix)]

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

/// A folder with blanks in its name, for this test alone.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("a compiler's folder");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The build script, compiled by itself.
fn build_script(folder: &Path) -> PathBuf {
    let script = folder.join("build script");
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("build.rs");
    let made = Command::new(rustc)
        .args(["--edition", "2024", "-o"])
        .args([&script, &source])
        .status();
    assert!(made.unwrap().success());
    script
}

/// What the script tells cargo about a compiler, which is a shell script of these lines.
fn told(folder: &Path, script: &Path, compiler: Option<&str>) -> String {
    let rustc = folder.join("rustc wrapper");
    match compiler {
        Some(lines) => {
            fs::write(&rustc, format!("#!/bin/sh\n{lines}\n")).unwrap();
            fs::set_permissions(&rustc, fs::Permissions::from_mode(0o755)).unwrap();
        }
        None => drop(fs::remove_file(&rustc)),
    }
    let output = Command::new(script)
        .env("RUSTC", &rustc)
        .env("TARGET", "x86_64-unknown-linux-gnu")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines.len(), 3, "{told}");
    assert_eq!(
        lines[2],
        "cargo:rustc-env=COGWRIGHT_TARGET=x86_64-unknown-linux-gnu"
    );
    let line = lines[1].strip_prefix("cargo:rustc-env=COGWRIGHT_RUSTC=");
    line.unwrap_or_else(|| panic!("{told}")).to_owned()
}

#[test]
fn whatever_calls_itself_a_compiler_is_told_in_a_line() {
    let folder = folder();
    let script = build_script(&folder);
    const DEBIAN: &str = "rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)";
    for (compiler, expect) in [
        (Some(format!("echo '{DEBIAN}'")), DEBIAN),
        (
            Some(format!(
                "echo wrapped by a cache; echo; echo '  {DEBIAN}'; echo bye"
            )),
            DEBIAN,
        ),
        (Some("echo; echo gccrs 15".to_owned()), "gccrs 15"),
        (
            Some("printf 'rustc \\001\\377 1\\tx'".to_owned()),
            "rustc \u{FFFD} 1x",
        ),
        (Some("exit 3".to_owned()), "unknown"),
        (None, "unknown"),
    ] {
        assert_eq!(
            told(&folder, &script, compiler.as_deref()),
            expect,
            "{compiler:?}"
        );
    }
}
