//! Usage lines of commands.

use host_base::shown;
use plugin_api::manifest::{CommandManifest, OptionKind, OptionManifest};

use crate::router::GroupRoute;

/// `!echo <text> [times]`.
#[must_use]
pub fn usage(prefix: &str, path: &str, command: &CommandManifest) -> String {
    let mut usage = format!("{prefix}{path}");
    for option in &command.options {
        usage.push(' ');
        usage.push_str(&placeholder(option));
    }
    usage
}

/// A sentence, and below it the usage line.
pub fn with_usage(prefix: &str, path: &str, command: &CommandManifest, sentence: &str) -> String {
    format!("{sentence}\nUsage: `{}`", usage(prefix, path, command))
}

/// What can stand behind a group's name.
pub fn of_group(prefix: &str, route: &GroupRoute, typed: &str) -> String {
    let path = &route.path;
    let mut text = match typed.split_whitespace().next() {
        None => format!("`{prefix}{path}` is a group of commands:"),
        Some(word) => format!("`{prefix}{path}` has no {}. It has:", quoted(word)),
    };
    for command in &route.group.subcommands {
        let line = if command.subcommands.is_empty() {
            usage(prefix, &format!("{path} {}", command.name), command)
        } else {
            format!("{prefix}{path} {} …", command.name)
        };
        text.push_str(&format!("\n`{line}` {}", command.description));
    }
    text
}

/// What came, short and in quotes, with nothing in it that Discord would format.
pub fn quoted(word: &str) -> String {
    let mut short: String = word.chars().take(40).collect();
    if short.len() < word.len() {
        short.push('…');
    }
    format!("`{}`", shown::word(&short))
}

fn placeholder(option: &OptionManifest) -> String {
    let mut name = if option.choices.is_empty() {
        option.name.clone()
    } else {
        let names: Vec<&str> = option.choices.iter().map(|choice| &*choice.name).collect();
        names.join("|")
    };
    if option.kind == OptionKind::Attachment {
        name.push_str(" (file)");
    }
    if option.rest || option.repeated {
        name.push('…');
    }
    match (&option.default, option.required) {
        (_, true) => format!("<{name}>"),
        (Some(default), _) => format!("[{name}={default}]"),
        (None, _) => format!("[{name}]"),
    }
}
