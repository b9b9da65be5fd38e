//! `cogwright run`: the bot itself, below a supervisor or alone.

use std::{env, path::Path, process::Command};

use host_loader::{installed_program, this_program};
use host_ops::{config::Config, env::Environment, folders, log};
use host_supervisor::Supervised;

use super::{CliResult, DOTENV, configure, runtime, signalled};
use crate::{
    bot::{self, End},
    crashes,
};

/// Runs the bot on Discord until a signal or its end; in safe mode with the plugins alone that `[extensions] safe` names.
pub(super) fn run(config: &Path, supervised: Option<Supervised>, is_safe: bool) -> CliResult {
    folders::refuse_slips(&Config::load(config)?, None)?;
    let config = configure(config, |_| {})?;
    let environment = Environment::load(Path::new(DOTENV))?;
    let mut past = crashes::begin(&config.data.folder);
    past.is_safe = is_safe;
    let shutdown = signalled(supervised.clone())?;
    let runtime = runtime()?;
    let bot = bot::run(
        config,
        environment,
        this_program()?,
        supervised.clone(),
        past,
        shutdown,
    );
    let result = runtime.block_on(bot);
    // A plugin that was abandoned may still run: nothing waits for it.
    runtime.shutdown_background();
    crashes::end_in_order();
    match (result?, supervised) {
        (End::Stopped, _) => Ok(()),
        (End::Restart, None) => Err(anew()),
        (End::Restart, Some(supervised)) => {
            supervised.ask_restart();
            Ok(())
        }
    }
}

/// Puts the program that lies there now in the place of this process, with the same arguments; why it could not.
fn anew() -> Box<dyn std::error::Error> {
    use std::os::unix::process::CommandExt;
    log::flush();
    let program = match installed_program() {
        Ok(program) => program,
        Err(error) => return format!("can't restart: {error}").into(),
    };
    let error = Command::new(&program).args(env::args_os().skip(1)).exec();
    format!("can't restart {}: {error}", program.display()).into()
}
