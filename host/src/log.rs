//! The host's log.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use crate::config::{Colour, Log};

/// Writes the log to standard error, as `[log]` says.
///
/// # Errors
///
/// The level is no filter; the text says which directive.
pub fn init(config: &Log) -> Result<(), String> {
    let filter =
        EnvFilter::try_new(&config.level).map_err(|error| format!("[log] level: {error}"))?;
    let colour = match config.colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => std::io::stderr().is_terminal(),
    };
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colour)
        .with_writer(std::io::stderr)
        .try_init();
    Ok(())
}

/// The most verbose level that is written at all: plugins need not send more.
#[must_use]
pub fn plugin_level() -> &'static str {
    match LevelFilter::current().into_level() {
        None => "off",
        Some(tracing::Level::ERROR) => "error",
        Some(tracing::Level::WARN) => "warn",
        Some(tracing::Level::INFO) => "info",
        Some(tracing::Level::DEBUG) => "debug",
        Some(tracing::Level::TRACE) => "trace",
    }
}
