//! The plugin's part in C++, compiled by `c++`; in C by `cc` where there is no such compiler.

use std::{error::Error, fs, path::Path, process::Command};

/// Build script of the plugin: one argument for the linker a line.
pub const BUILD: &str = r#"fn main() {
    println!("cargo:rerun-if-changed=link.txt");
    for line in std::fs::read_to_string("link.txt").unwrap().lines() {
        println!("cargo:rustc-link-arg={line}");
        if !line.starts_with('-') {
            println!("cargo:rerun-if-changed={line}");
        }
    }
}
"#;

/// What was compiled.
#[derive(Debug)]
pub struct Foreign {
    /// Arguments for the linker, one a line.
    pub link: String,
    /// In which language.
    pub words: String,
}

/// Compiles it into a folder of the target folder.
///
/// # Errors
///
/// There is neither compiler, or it refused the source.
pub fn compile(target: &Path) -> Result<Foreign, Box<dyn Error>> {
    let folder = target.join("example-plugins/foreign");
    fs::create_dir_all(&folder)?;
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hostile_reloads");
    for (compiler, source, library, words) in [
        (
            "c++",
            "foreign.cpp",
            "-lstdc++",
            "The foreign thread is one of C++'s `std::thread`.",
        ),
        (
            "cc",
            "foreign.c",
            "-lc",
            "The foreign thread is one of C's `pthread_create`: this machine has no `c++`.",
        ),
    ] {
        let object = folder.join(format!("{source}.o"));
        let compiled = Command::new(compiler)
            .args(["-c", "-fPIC", "-O1", "-Wall", "-pthread", "-o"])
            .arg(&object)
            .arg(sources.join(source))
            .status();
        match compiled {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
            Ok(status) if status.success() => {
                return Ok(Foreign {
                    link: format!("{}\n{library}\n", object.display()),
                    words: words.to_owned(),
                });
            }
            Ok(status) => return Err(format!("{compiler} {source}: {status}").into()),
        }
    }
    Err("there is neither `c++` nor `cc`".into())
}
