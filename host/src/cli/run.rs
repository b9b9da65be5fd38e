//! `cogwright run`.

use std::{env, path::Path};

use host_ops::{config::Config, env::Environment, folders};

use super::{CliResult, DOTENV, configure, runtime, signalled};
use crate::bot;

/// Runs the bot on Discord until a signal or its end.
pub(super) fn run(config: &Path) -> CliResult {
    folders::refuse_slips(&Config::load(config)?, None)?;
    let config = configure(config, |_| {})?;
    let environment = Environment::load(Path::new(DOTENV))?;
    let shutdown = signalled()?;
    let runtime = runtime()?;
    let result = runtime.block_on(bot::run(config, environment, env::current_exe()?, shutdown));
    // A plugin that was abandoned may still run: nothing waits for it.
    runtime.shutdown_background();
    Ok(result?)
}
