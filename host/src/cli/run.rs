//! `cogwright run`.

use std::{env, path::Path, process::Command};

use host_ops::{config::Config, env::Environment, folders, log};

use super::{CliResult, DOTENV, configure, runtime, signalled};
use crate::{
    bot::{self, End},
    crashes,
};

/// Runs the bot on Discord until a signal or its end; in safe mode with the plugins alone that `[extensions] safe` names.
pub(super) fn run(config: &Path, is_safe: bool) -> CliResult {
    folders::refuse_slips(&Config::load(config)?, None)?;
    let config = configure(config, |_| {})?;
    let environment = Environment::load(Path::new(DOTENV))?;
    let mut past = crashes::begin(&config.data.folder);
    past.is_safe = is_safe;
    let shutdown = signalled()?;
    let runtime = runtime()?;
    let result = runtime.block_on(bot::run(
        config,
        environment,
        env::current_exe()?,
        past,
        shutdown,
    ));
    // A plugin that was abandoned may still run: nothing waits for it.
    runtime.shutdown_background();
    crashes::end_in_order();
    match result? {
        End::Stopped => Ok(()),
        End::Restart => Err(anew()),
    }
}

/// Puts the program that lies there now in the place of this process, with the same arguments; why it could not.
fn anew() -> Box<dyn std::error::Error> {
    use std::os::unix::process::CommandExt;
    log::flush();
    let executable = match env::current_exe() {
        Ok(executable) => executable,
        Err(error) => return format!("can't restart: {error}").into(),
    };
    // So the system calls a file that was replaced meanwhile: the new one is meant.
    let path = executable.to_string_lossy();
    let executable = match path.strip_suffix(" (deleted)") {
        Some(replaced) => replaced.into(),
        None => executable,
    };
    let error = Command::new(&executable)
        .args(env::args_os().skip(1))
        .exec();
    format!("can't restart {}: {error}", executable.display()).into()
}
