//! `cogwright check`.

use std::{collections::BTreeMap, env, fs, path::Path, time::Duration};

use plugin_api::manifest::Manifest;

use super::{CliResult, chain};
use crate::{
    commands::table::count,
    config::Config,
    env::Environment,
    plugin::{self, file, manifest_problems, probe},
    services::{storage, web},
    watcher,
};

/// Tells what would happen at a start. An error when something is wrong.
pub(super) fn run(path: &Path) -> CliResult {
    let mut wrong = 0;
    let config = match Config::load(path) {
        Ok(config) => {
            let what = if path.exists() {
                "is good"
            } else {
                "is not there: the defaults are used"
            };
            println!("ok     {} {what}", path.display());
            config
        }
        Err(error) => {
            wrong += 1;
            println!("wrong  {}", chain(&error).replace('\n', "\n       "));
            Config::default()
        }
    };
    match Environment::load(Path::new(".env")) {
        Ok(environment) => println!(
            "ok     token and owner ({}) are there",
            environment.bot_owner_id
        ),
        Err(error) => {
            wrong += 1;
            println!("wrong  {}", chain(&error).replace('\n', "\n       "));
        }
    }
    if let Some(file) = &config.web.ca_file {
        match web::authorities(file) {
            Ok(found) => println!(
                "ok     {} holds {} certificate(s)",
                file.display(),
                found.len()
            ),
            Err(why) => {
                wrong += 1;
                println!("wrong  {why}");
            }
        }
    }
    wrong += databases(&config)?;
    wrong += extensions(&config)?;
    if wrong == 0 {
        Ok(())
    } else {
        Err(format!("{wrong} problem(s)").into())
    }
}

fn databases(config: &Config) -> CliResult<usize> {
    let checked = storage::check_all(&config.data.folder)?;
    let count = checked.len();
    let damaged: Vec<_> = checked
        .into_iter()
        .filter_map(|(_, found)| found.err())
        .collect();
    for error in &damaged {
        println!("wrong  {error}");
    }
    println!("ok     {} database(s) are whole", count - damaged.len());
    Ok(damaged.len())
}

fn extensions(config: &Config) -> CliResult<usize> {
    let folder = &config.extensions.folder;
    let files = watcher::plugin_files(folder);
    println!(
        "ok     {} holds {} plugin file(s)",
        folder.display(),
        files.len()
    );
    if !config.extensions.auto_load {
        println!("note   extensions.auto_load is off: none is loaded by itself");
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut manifests: BTreeMap<String, Manifest> = BTreeMap::new();
    let mut wrong = 0;
    for path in &files {
        let name = file::plugin_name(path).unwrap_or_default();
        if config
            .extensions
            .blacklist
            .iter()
            .any(|listed| plugin::tidy(listed) == plugin::tidy(&name))
        {
            println!("note   {}: on extensions.blacklist", path.display());
            continue;
        }
        match runtime.block_on(one(config, path)) {
            Ok(manifest) => {
                manifests.insert(plugin::tidy(&manifest.name), manifest);
            }
            Err(error) => {
                wrong += 1;
                println!("wrong  {}: {error}", path.display());
            }
        }
    }
    for (name, manifest) in &manifests {
        let problems = manifest_problems(name, manifest, &manifests);
        if problems.is_empty() {
            println!(
                "ok     {name} {}: {} command(s)",
                manifest.version,
                count(&manifest.commands)
            );
        } else {
            wrong += 1;
            println!(
                "wrong  {name} {}: {}",
                manifest.version,
                problems.join("; ")
            );
        }
    }
    Ok(wrong)
}

async fn one(config: &Config, path: &Path) -> Result<Manifest, String> {
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    file::check(&bytes, path).map_err(|error| error.to_string())?;
    let path = fs::canonicalize(path).map_err(|error| error.to_string())?;
    let executable = env::current_exe().map_err(|error| error.to_string())?;
    let deadline = Duration::from_millis(config.extensions.probe_timeout_ms);
    let report = probe::run(&executable, &path, deadline)
        .await
        .map_err(|error| error.to_string())?;
    Ok(report.manifest)
}
