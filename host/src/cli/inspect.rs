//! `cogwright inspect FILE`, and the child process of the probe.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use host_base::shown;
use host_discord::intents;
use host_loader::{file, interpose, probe};
use plugin_api::Power;
use plugin_api::manifest::{CommandKind, CommandManifest, Manifest};

use super::CliResult;
use host_commands::{router::inherited, usage_line};

/// How long the file may take to give its manifest.
const DEADLINE: Duration = Duration::from_secs(5);

/// Shows what a plugin file is.
pub(super) fn run(path: &Path) -> CliResult {
    let bytes =
        fs::read(path).map_err(|error| format!("can't read {}: {error}", path.display()))?;
    let info = file::check(&bytes, path)?;
    let note = &info.note;
    line(&path.display().to_string());
    row("plugin", &format!("{} {}", note.name, note.version));
    row("size", &format!("{} bytes", info.size));
    row("sha256", &info.sha256_hex());
    row(
        "boundary",
        &format!(
            "{}.{} (plugin-api {}, abi_stable {})",
            note.abi.0, note.abi.1, note.api_version, note.abi_stable
        ),
    );
    row("built by", &format!("{} for {}", note.rustc, note.target));
    row("libraries", &info.needed.join(", "));
    if info.gnu_unique > 0 {
        row(
            "warning",
            &format!(
                "{} unique symbols (STB_GNU_UNIQUE, from C++), which keep a library mapped after its unload: compile its C++ with \
                 `-fno-gnu-unique`, or run it in a process of its own (`isolation = \"process\"`)",
                info.gnu_unique
            ),
        );
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let path = fs::canonicalize(path)?;
    let report = runtime.block_on(probe::run(&host_loader::this_program()?, &path, DEADLINE))?;
    manifest(&report.manifest);
    row(
        "after unload",
        &if report.stayed.is_empty() {
            "nothing stayed".to_owned()
        } else {
            report.stayed.join("; ")
        },
    );
    Ok(())
}

fn row(name: &str, value: &str) {
    line(&format!("  {name:<13} {value}"));
}

/// A reader that has seen enough (`| head`) is no error.
fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", shown::text(text));
}

fn manifest(manifest: &Manifest) {
    if !manifest.description.is_empty() {
        row("about", &manifest.description);
    }
    let category = format!("{} {}", manifest.icon, manifest.category);
    for (name, value) in [
        ("authors", &*manifest.authors.join(", ")),
        ("homepage", &*manifest.homepage),
        ("licence", &*manifest.license),
        ("category", category.trim()),
    ] {
        if !value.is_empty() {
            row(name, value);
        }
    }
    for command in &manifest.commands {
        command_row("", command);
    }
    for listener in &manifest.listeners {
        let when = match (listener.chosen, listener.overhears) {
            (true, true) => " (overhears it when it chooses to)",
            (true, false) => " (when it chooses to)",
            (false, true) => " (overhears it)",
            (false, false) => "",
        };
        row("listens to", &format!("{}{when}", listener.event));
    }
    for component in &manifest.components {
        row("component", component);
    }
    for dependency in &manifest.dependencies {
        row(
            "needs",
            &match &dependency.version {
                Some(version) => format!("{} {version}", dependency.name),
                None => dependency.name.clone(),
            },
        );
    }
    for provided in &manifest.provides {
        let version = provided.version.as_deref().unwrap_or_default();
        row("provides", format!("{} {version}", provided.name).trim());
    }
    for name in &manifest.optional_dependencies {
        row("uses", &format!("{name}, if it is there"));
    }
    for event in &manifest.tells {
        row("tells", event);
    }
    for conflict in &manifest.conflicts {
        row("conflicts", conflict);
    }
    for conflict in &manifest.conflict_versions {
        let version = conflict.version.as_deref().unwrap_or_default();
        row("conflicts", format!("{} {version}", conflict.name).trim());
    }
    for call in &manifest.requires {
        row("requires", call);
    }
    for host in &manifest.web_hosts {
        row("web", host);
    }
    for word in &manifest.powers {
        let power = word.parse().unwrap_or(Power::Unknown);
        row("wants power", &format!("{word}: {}", power.means()));
    }
    let wanted = intents::of(manifest);
    let privileged = wanted & intents::PRIVILEGED;
    row("intents", &intents::name(wanted.bits()));
    if !privileged.is_empty() {
        row("privileged", &intents::name(privileged.bits()));
    }
    row(
        "keeps state",
        if manifest.keeps_state { "yes" } else { "no" },
    );
}

fn command_row(above: &str, command: &CommandManifest) {
    let path = format!("{above}{}", command.name);
    for inside in &command.subcommands {
        command_row(&format!("{path} "), &inherited(command, inside));
    }
    if command.subcommands.is_empty() || command.runs {
        let mut own = command.clone();
        // A group's own handler is for the prefix alone.
        own.slash &= own.subcommands.is_empty();
        row("command", &command_line(&path, &own));
        for example in &command.examples {
            row("example", example);
        }
    }
}

fn command_line(path: &str, command: &CommandManifest) -> String {
    let how = match (command.kind, command.prefix, command.slash) {
        (CommandKind::User, ..) => "a user's context menu",
        (CommandKind::Message, ..) => "a message's context menu",
        (_, true, true) => "prefix and slash",
        (_, true, false) => "prefix",
        _ => "slash",
    };
    let how = if command.hidden {
        format!("{how}, hidden")
    } else {
        how.to_owned()
    };
    let how = match command.guilds.len() {
        0 => how,
        servers => format!("{how}, in {servers} servers alone"),
    };
    let usage = usage_line::usage("", path, command);
    if command.description.is_empty() {
        return format!("{usage} ({how})");
    }
    format!("{usage} ({how}): {}", command.description)
}

/// The child: probes the file and writes the report to standard output.
pub(super) fn probe_child(path: PathBuf, deadline: Duration) -> ExitCode {
    interpose::install();
    // Whatever it dies of is what is wanted to be known.
    interpose::let_plugins_end_it();
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
    else {
        return ExitCode::FAILURE;
    };
    let report = runtime.block_on(probe::probe(path, deadline));
    println!("{}", serde_json::to_string(&report).unwrap_or_default());
    // Whatever the plugin left running ends with the process.
    std::process::exit(0)
}
