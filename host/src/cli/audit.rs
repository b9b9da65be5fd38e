//! `cogwright audit`: the audit journal, looked at from outside of the bot, while it runs or not.

use std::{io::Write, path::Path};

use clap::Subcommand;
use host_base::shown;
use host_ops::{
    audit::{self, Entry, Filter},
    config::Config,
};

use jiff::Timestamp;

use super::CliResult;

/// What is done with the journal.
#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Checks that every line is as it was written, and in its place. Exit code 1: it is not, and where.
    Verify,
    /// Shows the latest entries, the latest last.
    Show {
        /// How many.
        #[arg(long, default_value_t = 20, value_name = "COUNT")]
        last: usize,
        /// Those of one plugin.
        #[arg(long, value_name = "NAME")]
        plugin: Option<String>,
        /// Those of one user, by id.
        #[arg(long, value_name = "ID")]
        user: Option<u64>,
    },
}

pub(super) fn run(config: &Path, command: AuditCommand) -> CliResult {
    let folder = Config::load(config)?.data.folder.join(audit::FOLDER);
    if !folder.exists() {
        return Err(format!(
            "there is no audit journal: {} is not there (`[data] folder`); a bot makes it when it starts",
            folder.display()
        )
        .into());
    }
    let unreadable = |error| format!("{}: {error}", folder.display());
    match command {
        AuditCommand::Verify => {
            let verified = audit::verify(&folder).map_err(unreadable)??;
            line(&match verified.entries {
                0 => format!("{}: empty, and nothing is missing", folder.display()),
                entries => format!(
                    "{}: {entries} entries, {} to {}, as they were written",
                    folder.display(),
                    verified.first,
                    verified.last
                ),
            });
        }
        AuditCommand::Show { last, plugin, user } => {
            let filter = Filter {
                plugin,
                user,
                ..Filter::default()
            };
            let entries = audit::latest(&folder, &filter, last).map_err(unreadable)?;
            for entry in entries.iter().rev() {
                line(&in_words(entry));
            }
        }
    }
    Ok(())
}

fn in_words(entry: &Entry) -> String {
    let it = &entry.deed;
    let at =
        Timestamp::from_millisecond(entry.at_ms.try_into().unwrap_or(i64::MAX)).unwrap_or_default();
    let who = match it.user {
        0 => "nobody".to_owned(),
        user => format!("user {user}"),
    };
    let through = match &*it.plugin {
        "" => String::new(),
        plugin => format!(" through {plugin}"),
    };
    let change = match (it.before.is_null(), it.after.is_null()) {
        (true, true) => String::new(),
        _ => format!("; {} became {}", it.before, it.after),
    };
    format!(
        "{:>6}  {at}  {who}{through}: {} {}{change}: {}",
        entry.sequence, it.call, it.params, it.result
    )
}

/// A reader that has seen enough (`| head`) is no error.
fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", shown::text(text));
}
