//! Supervisor of `cogwright run`: what of the configuration it needs to know.

use std::{env, path::Path, time::Duration};

use host_base::private;
use host_ops::{config::Config, folders, log};
use host_supervisor::{Configured, LogFile, Pace, Places, Settings, SuperviseError};

use super::CliResult;

/// The main loop answers once a second: a silence that is shorter than this is none.
const SHORTEST_SILENCE: Duration = Duration::from_secs(5);

/// Supervises the bot until it ends for good: the exit code. `None` if that is not possible here; then the bot is to run alone, and say
/// what is wrong.
pub(super) fn supervise(config: &Path) -> CliResult<Option<u8>> {
    let loaded = Config::load(config)?;
    folders::refuse_slips(&loaded, None)?;
    let Some(configured) = configured(&loaded) else {
        return Ok(None);
    };
    let (program, path) = (host_loader::installed_program()?, config.to_owned());
    let settings = Settings {
        file: program.clone(),
        program,
        arguments: env::args_os().skip(1).collect(),
        is_own_file: true,
        configured,
        configured_now: Box::new(move || self::configured(&Config::load(&path).ok()?)),
        pace: Pace::default(),
    };
    // What was read is in the way of nobody, but in memory.
    drop(loaded);
    match host_supervisor::supervise(settings) {
        Ok(code) => Ok(Some(code)),
        // Another bot runs on this folder: the one that starts here finds out, and knows the words.
        Err(SuperviseError::Another(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Where the supervisor writes with this configuration, and how long the bot may be silent; `None` if it can't write.
fn configured(config: &Config) -> Option<Configured> {
    let run = std::path::absolute(config.data.run_folder()).ok()?;
    private::folder(&config.data.folder).ok()?;
    private::folder(&run).ok()?;
    let log = config.log.files.then(|| LogFile {
        path: config.log.folder.join(log::PERMANENT),
        json: config.log.json,
    });
    let silence = config.limits.main_loop_s;
    Some(Configured {
        places: Places { run, log },
        hangs_after: (silence > 0).then(|| Duration::from_secs(silence).max(SHORTEST_SILENCE)),
    })
}
