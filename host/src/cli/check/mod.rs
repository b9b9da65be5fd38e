//! `cogwright check`: tries what a start would, and changes nothing.
//!
//! | file | what it tries |
//! | --- | --- |
//! | `places.rs` | folders, the port, databases |
//! | `extensions.rs` | the plugin files |
//! | `online.rs` | what Discord alone knows, if that is wanted |

mod extensions;
mod online;
mod places;

use std::{fmt::Display, io::Write, path::Path};

use host_base::shown;
use host_ops::{config::Config, env::Environment};

use super::{CliResult, DOTENV, chain};
use crate::services::web;

/// Findings so far.
#[derive(Debug, Default)]
struct Report {
    wrong: usize,
}

impl Report {
    fn ok(&self, text: impl Display) {
        line("ok", &text.to_string());
    }

    /// Good to know.
    fn note(&self, text: impl Display) {
        line("note", &text.to_string());
    }

    /// A start would fail, or run without it.
    fn wrong(&mut self, text: impl Display) {
        self.wrong += 1;
        line("wrong", &text.to_string());
    }
}

fn line(kind: &str, text: &str) {
    let text = shown::text(text).replace('\n', "\n       ");
    // A reader that has seen enough (`| head`) is no error.
    let _ = writeln!(std::io::stdout(), "{kind:<6} {text}");
}

/// Tells what would happen at a start. An error when something is wrong.
pub(super) fn run(path: &Path, online: bool) -> CliResult {
    let mut report = Report::default();
    let config = configuration(path, &mut report);
    let environment = environment(&config, &mut report);
    if let Some(file) = &config.web.ca_file {
        match web::authorities(file) {
            Ok(found) => report.ok(format!(
                "{} holds {} certificate(s)",
                file.display(),
                found.len()
            )),
            Err(why) => report.wrong(why),
        }
    }
    let runtime = super::runtime()?;
    let running = places::check(&config, &mut report);
    runtime.block_on(places::port(&config, running, &mut report));
    let manifests = runtime.block_on(extensions::check(&config, &mut report));
    match (online, &environment) {
        (true, Some(environment)) => {
            runtime.block_on(online::check(&config, environment, &manifests, &mut report));
        }
        (true, None) => {
            report.note("Discord was not asked: without a token there is nobody to ask as")
        }
        (false, _) => report.note(
            "Discord was not asked; `cogwright check --online` also tries the token and the ids",
        ),
    }
    match report.wrong {
        0 => Ok(()),
        1 => Err("1 problem".into()),
        wrong => Err(format!("{wrong} problems").into()),
    }
}

fn configuration(path: &Path, report: &mut Report) -> Config {
    match Config::load(path) {
        Ok(config) => {
            let shown = path.display();
            if path.exists() {
                report.ok(format!("{shown} is good"));
                if places::is_mount_point(path) {
                    report.note(format!(
                        "{shown} is mounted by itself, so `cogwright set` can't change it: mount the folder that it is in, or change it outside"
                    ));
                }
            } else {
                report.ok(format!("{shown} is not there: the defaults are used"));
            }
            config
        }
        Err(error) => {
            report.wrong(chain(&error));
            Config::default()
        }
    }
}

fn environment(config: &Config, report: &mut Report) -> Option<Environment> {
    for remark in Environment::remarks(Path::new(DOTENV)) {
        report.note(remark);
    }
    match Environment::load(Path::new(DOTENV)) {
        Ok(environment) => {
            let others = config.bot.owner_ids.iter();
            let others: Vec<String> = others
                .filter(|id| **id != environment.bot_owner_id)
                .map(u64::to_string)
                .collect();
            let others = match others.is_empty() {
                true => String::new(),
                false => format!(", {} ([bot] owner_ids)", others.join(", ")),
            };
            report.ok(format!(
                "the token is there; owners: {} (BOT_OWNER_ID){others}",
                environment.bot_owner_id
            ));
            Some(environment)
        }
        Err(error) => {
            report.wrong(chain(&error));
            None
        }
    }
}
