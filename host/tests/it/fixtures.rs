//! Plugins for the tests: the workspace's examples, and variations of `hello` that are written and compiled here.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, OnceLock, PoisonError},
};

/// Set in the processes of tests that have one of their own: what they load was built before by the one that began them.
pub const ALONE: &str = "COGWRIGHT_TEST_ALONE";

fn is_built() -> bool {
    env::var_os(ALONE).is_some()
}

/// One cargo at a time, and none twice.
static CARGO: Mutex<()> = Mutex::new(());

/// The workspace's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// The target folder that this test was built into: what it shares with the plugins is not compiled twice.
pub fn target() -> PathBuf {
    // target/debug/deps/it-….
    env::current_exe()
        .unwrap()
        .ancestors()
        .nth(3)
        .unwrap()
        .to_owned()
}

/// The host's executable, which probes files.
pub fn cogwright() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_cogwright"))
}

/// The examples, and the plugins that the stories are about.
const NAMES: &[&str] = &[
    "access",
    "automations",
    "backup",
    "checks",
    "counter",
    "dashboard",
    "diagnostics",
    "echo",
    "hello",
    "help",
    "hooks",
    "info",
    "maintenance",
    "misbehave",
    "moderation",
    "mydata",
    "options",
    "poll",
    "registry",
    "remind",
    "scheduler",
    "settings",
    "shards",
    "slashlimit",
    "ticker",
    "wizard",
];

/// The folder with the examples' libraries, built as the README says: by a cargo call of their own.
pub fn examples() -> &'static Path {
    static EXAMPLES: OnceLock<PathBuf> = OnceLock::new();
    EXAMPLES.get_or_init(|| {
        let folder = target().join("test-extensions");
        if is_built() {
            return folder;
        }
        let _inside = CARGO.lock().unwrap_or_else(PoisonError::into_inner);
        let mut cargo = cargo(&root());
        for name in NAMES {
            cargo.arg("-p").arg(name);
        }
        run(cargo);
        // Without what an earlier checkout has left there.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for name in NAMES {
            let file = format!("lib{name}.so");
            fs::copy(target().join("debug").join(&file), folder.join(&file)).unwrap();
        }
        folder
    })
}

/// The framework's own plugins, by the folders of `plugins/`.
pub fn framework() -> Vec<String> {
    let folders = fs::read_dir(root().join("plugins")).unwrap();
    let folders = folders.map(|entry| entry.unwrap().path());
    let plugins = folders.filter(|path| path.join("Cargo.toml").exists());
    let name = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    let mut names: Vec<String> = plugins.map(name).collect();
    names.sort();
    for name in &names {
        assert!(
            NAMES.contains(&&**name),
            "`{name}` is not among the fixtures' NAMES"
        );
    }
    names
}

/// An example's library.
pub fn example(name: &str) -> PathBuf {
    examples().join(format!("lib{name}.so"))
}

/// A plugin called `hello` with this source, compiled; `features` of plugin-api.
///
/// Each needs a version of its own: cargo tells packages of the same name and version in different workspaces apart by
/// nothing, and would take one's build for the other's.
pub fn hello(tag: &str, version: &str, features: &str, source: &str) -> PathBuf {
    plugin("hello", tag, version, features, source)
}

/// A plugin with this source, compiled.
pub fn plugin(name: &str, tag: &str, version: &str, features: &str, source: &str) -> PathBuf {
    plugin_of(name, tag, version, features, source, &[])
}

/// The same with more files beside its Cargo.toml, such as a build script.
pub fn plugin_of(
    name: &str,
    tag: &str,
    version: &str,
    features: &str,
    source: &str,
    more: &[(&str, &str)],
) -> PathBuf {
    let _inside = CARGO.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = target().join("test-plugins").join(format!("{name}-{tag}"));
    let library = folder.join(format!("lib{name}.so"));
    if is_built() {
        return library;
    }
    fs::create_dir_all(folder.join("src")).unwrap();
    let api = root().join("plugin-api");
    // cargo names a cdylib after its library alone: one of the same name would take the other's place in the target
    // folder. The plugin's name is its package's.
    let lib = format!("{name}_{tag}").replace('-', "_");
    // As the workspace has it, and only where it is used.
    let tracing = match source.contains("tracing::") {
        true => {
            "tracing = { version = \"0.1\", default-features = false, features = [\"attributes\", \"std\"] }\n"
        }
        false => "",
    };
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2024\"\n\n\
         [lib]\nname = \"{lib}\"\ncrate-type = [\"cdylib\"]\n\n\
         [dependencies]\nplugin-api = {{ path = \"{}\", features = [{features}] }}\n\
         serde = {{ version = \"1\", features = [\"derive\"] }}\n\
         tokio = {{ version = \"1\", default-features = false, features = [\"time\"] }}\n{tracing}\n[workspace]\n\n\
         [profile.dev]\ndebug = \"line-tables-only\"\n\n[profile.dev.package.\"*\"]\ndebug = false\n",
        api.display()
    );
    // Who asks once more gets what there is: another story may be copying it.
    static BUILT: Mutex<BTreeMap<PathBuf, String>> = Mutex::new(BTreeMap::new());
    let told = format!("{manifest}\n{source}\n{more:?}");
    let mut built_before = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if built_before.get(&library) == Some(&told) {
        return library;
    }
    write(&folder.join("Cargo.toml"), &manifest);
    write(&folder.join("src/lib.rs"), source);
    for (name, text) in more {
        write(&folder.join(name), text);
    }
    if !folder.join("Cargo.lock").exists() {
        fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    }
    run(cargo(&folder));
    // Out of the target folder, which the sandbox loads plugins from.
    let built = target().join(format!("debug/lib{lib}.so"));
    let part = library.with_extension("part");
    fs::copy(&built, &part).unwrap();
    fs::rename(part, &library).unwrap();
    fs::remove_file(built).unwrap();
    built_before.insert(library.clone(), told);
    library
}

/// `hello` with another greeting.
pub fn howdy() -> PathBuf {
    static HOWDY: OnceLock<PathBuf> = OnceLock::new();
    HOWDY
        .get_or_init(|| {
            let source = fs::read_to_string(root().join("examples/hello/src/lib.rs")).unwrap();
            hello(
                "howdy",
                "0.2.0",
                "",
                &source.replace("\"Hello, ", "\"Howdy, "),
            )
        })
        .clone()
}

/// The archives of `host/tests/fixtures`, by the boundary's version: sources of plugin-api as they once were, each with a plugin.
pub fn kept_versions() -> Vec<(u16, u16)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut versions: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let version = name.strip_prefix("plugin-api-")?.strip_suffix(".tar.gz")?;
            let (major, minor) = version.split_once('.')?;
            Some((major.parse().unwrap(), minor.parse().unwrap()))
        })
        .collect();
    versions.sort_unstable();
    versions
}

/// The plugin `kept`, compiled with plugin-api as it was in this version of the boundary.
pub fn kept((major, minor): (u16, u16)) -> PathBuf {
    let _inside = CARGO.lock().unwrap_or_else(PoisonError::into_inner);
    let version = format!("{major}.{minor}");
    let archive = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(format!("tests/fixtures/plugin-api-{version}.tar.gz"));
    let folder = target()
        .join("test-plugins")
        .join(format!("kept-{version}"));
    let library = folder.join("libkept.so");
    let is_new = |file: &Path| {
        let changed = |path: &Path| path.metadata().and_then(|it| it.modified()).ok();
        changed(file) >= changed(&archive)
    };
    // Unpacked once: cargo goes by time stamps.
    if !is_new(&folder.join("Cargo.lock")) {
        fs::create_dir_all(&folder).unwrap();
        let mut tar = Command::new("tar");
        tar.arg("-xzmf").arg(&archive).arg("-C").arg(&folder);
        run(tar);
        fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    }
    run(cargo(&folder));
    // Its name is the version's: one of another version would take its place in the target folder.
    let built = target().join(format!("debug/libkept_{major}_{minor}.so"));
    fs::copy(&built, &library).unwrap();
    fs::remove_file(built).unwrap();
    library
}

/// A library that is no plugin.
pub fn no_plugin() -> PathBuf {
    let folder = target().join("test-plugins");
    fs::create_dir_all(&folder).unwrap();
    let source = folder.join("no_plugin.rs");
    write(
        &source,
        "#[unsafe(no_mangle)] pub extern \"C\" fn answer() -> u32 { 42 }\n",
    );
    let library = folder.join("libno_plugin.so");
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc
        .args(["--edition", "2024", "--crate-type", "cdylib", "-o"])
        .arg(&library)
        .arg(&source);
    run(rustc);
    library
}

fn cargo(folder: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(folder)
        .args(["build", "--quiet", "--offline"])
        .env("CARGO_TARGET_DIR", target());
    // A sanitizer's runtime is the executable's; plugins are built as their authors build them.
    if env::var("RUSTFLAGS").is_ok_and(|flags| flags.contains("sanitizer")) {
        cargo.env_remove("RUSTFLAGS");
    }
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR" {
            cargo.env_remove(name);
        }
    }
    cargo
}

fn run(mut command: Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?} failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Writes only what has changed: cargo goes by time stamps.
fn write(path: &Path, text: &str) {
    if fs::read_to_string(path).ok().as_deref() != Some(text) {
        fs::write(path, text).unwrap();
    }
}
