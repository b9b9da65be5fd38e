//! Measurement of what the dashboard costs: `dashboards FOLDER [cost|idle|size]`, with a folder of plugins' libraries and `cogwright` beside this
//! program's folder.
//!
//! The bot runs in a process of its own, on a sandbox in this one. `cost`: members say a thousand things a second, and the bot's processor
//! time is taken in turns without the plugin, with it and nobody looking, with one page open and with ten. `idle`:
//! the same of two bots side by side, one with the plugin and nobody looking. `size`: in 10,000 servers and with
//! sixty plugins, what each tab takes to its first byte, and its bytes.

mod browser;
mod cost;
mod idle;
mod size;

#[path = "../common/process.rs"]
mod process;

use std::{env, error::Error, fs, path::PathBuf};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    // Whoever did so before has done the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut arguments = env::args().skip(1);
    let folder = PathBuf::from(
        arguments
            .next()
            .ok_or("dashboards FOLDER [cost|idle|size]")?,
    );
    let which = arguments.next().unwrap_or_default();
    let mut libraries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|it| it == env::consts::DLL_EXTENSION)
        {
            libraries.push(path);
        }
    }
    libraries.sort();
    let runtime = tokio::runtime::Runtime::new()?;
    let is_wanted = |name: &str| which.is_empty() || which == name;
    if is_wanted("cost") {
        runtime.block_on(cost::measure(&libraries))?;
    }
    if is_wanted("idle") {
        runtime.block_on(idle::measure(&libraries))?;
    }
    if is_wanted("size") {
        runtime.block_on(size::measure(&libraries))?;
    }
    Ok(())
}
