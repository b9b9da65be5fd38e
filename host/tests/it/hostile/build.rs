//! Compilation of the hostile plugins: C by `cc`, C++ by `c++`, Rust by cargo.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Once, OnceLock},
};

use crate::fixtures;

const SOURCE: &str = include_str!("plugin/lib.rs");
const BUILD: &str = include_str!("plugin/build.rs");

/// All that the tests load.
pub fn all() {
    static BUILT: Once = Once::new();
    BUILT.call_once(|| {
        hostile();
        constructed();
        dependent("libopened.so");
        hostile_cpp();
        falling();
    });
}

/// The plugin `hostile`, with `deeds.c` linked into it, and with a library that `dependent.c` is.
pub fn hostile() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let object = compile("cc", &["-c", "-fPIC"], "deeds.c", "deeds.o").unwrap();
        let dependent = dependent("libdependent.so");
        let path = format!("-Wl,-rpath,{}", dependent.parent().unwrap().display());
        let link = [object.to_str().unwrap(), dependent.to_str().unwrap(), &path];
        plugin("hostile", &link)
    })
}

/// A plugin whose constructors do what `constructor.c` says.
pub fn constructed() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let flags = ["-c", "-fPIC"];
        let object = compile("cc", &flags, "constructor.c", "constructor.o").unwrap();
        let deeds = compile("cc", &flags, "deeds.c", "deeds.o").unwrap();
        let dependent = dependent("libdependent.so");
        let path = format!("-Wl,-rpath,{}", dependent.parent().unwrap().display());
        let link = [&object, &deeds, &dependent].map(|file| file.to_str().unwrap());
        plugin("constructed", &[link[0], link[1], link[2], &path])
    })
}

/// `dependent.c` as a library of this name.
pub fn dependent(name: &str) -> PathBuf {
    let soname = format!("-Wl,-soname,{name}");
    compile("cc", &["-shared", "-fPIC", &soname], "dependent.c", name).unwrap()
}

/// A plugin with C++ in it; `None` where there is no C++ compiler.
pub fn hostile_cpp() -> Option<&'static Path> {
    static BUILT: OnceLock<Option<PathBuf>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let object = compile("c++", &["-c", "-fPIC"], "thread.cpp", "thread.o")?;
        Some(plugin("hostile_cpp", &[object.to_str()?, "-lstdc++"]))
    });
    if built.is_none() {
        println!("skipped: there is no C++ compiler `c++`; the same in C is `dependent`");
    }
    built.as_deref()
}

/// The plugin `falling`, in Rust alone, whose panics can't be caught.
pub fn falling() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let source = include_str!("plugin/falling.rs");
    BUILT.get_or_init(|| fixtures::plugin("falling", "native", "0.9.0", "", source))
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
    let (part, out) = (folder.join(format!("{out}.part")), folder.join(out));
    if env::var_os(fixtures::ALONE).is_some() {
        return out.exists().then_some(out);
    }
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
