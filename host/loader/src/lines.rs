//! Log lines of a plugin, on their way into the host's log. Each plugin has a share of it: one that logs without end fills no disk with
//! it and drowns nobody else's lines. All are counted, whether they are written or not.

use std::{
    sync::{Mutex, PoisonError, atomic::Ordering::Relaxed},
    time::Instant,
};

use host_base::share::{AT_ONCE, Fate, Share};
use plugin_api::abi::LogHead;
use tracing::Level;

use crate::PluginFigures;

/// Longest text of a line, fields included, of an error and of a panic, in bytes.
const LONGEST: usize = 16 << 10;

/// The lines of one generation.
#[derive(Debug)]
pub struct Lines(Mutex<Share>);

impl Lines {
    /// A whole share.
    #[must_use]
    pub fn new() -> Self {
        Self(Mutex::new(Share::whole(Instant::now())))
    }

    /// Writes a line of `plugin`'s, if its level is wanted and so many may come in a second.
    pub fn write(
        &self,
        plugin: &str,
        figures: &PluginFigures,
        wanted: impl FnOnce(Level) -> bool,
        a_second: u32,
        log: &LogHead,
    ) {
        let level = log.level.parse().unwrap_or(Level::INFO);
        let severity = match level {
            Level::ERROR => 0,
            Level::WARN => 1,
            Level::INFO => 2,
            Level::DEBUG => 3,
            Level::TRACE => 4,
        };
        figures.lines[severity].fetch_add(1, Relaxed);
        if !wanted(level) {
            return;
        }
        let fate = {
            let mut share = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            share.take(Instant::now(), a_second)
        };
        match fate {
            Fate::Written(0) => {}
            Fate::Written(left_out) => {
                tracing::warn!(plugin, left_out, "lines of the plugin's were left out");
            }
            Fate::FirstOut => {
                tracing::warn!(
                    plugin,
                    "it logs more than {} lines at once and {a_second} a second (`limits.log_lines_per_second`): what comes on top is left out, \
                     and counted",
                    AT_ONCE.saturating_mul(a_second)
                );
                return;
            }
            Fate::Out => return,
        }
        let mut text = log.message.clone();
        for (name, value) in &log.fields {
            text.push_str(&format!(" {name}={value}"));
        }
        cut(&mut text);
        let (module, invocation) = (&*log.target, log.frame);
        macro_rules! emit {
            ($level:ident) => {
                tracing::$level!(target: "plugin", plugin, module, invocation, "{text}")
            };
        }
        match level {
            Level::ERROR => emit!(error),
            Level::WARN => emit!(warn),
            Level::INFO => emit!(info),
            Level::DEBUG => emit!(debug),
            Level::TRACE => emit!(trace),
        }
    }
}

/// Leaves out what is too much of a text, and says how much that was.
pub(super) fn cut(text: &mut String) {
    if text.len() <= LONGEST {
        return;
    }
    let mut end = LONGEST;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let left_out = text.len() - end;
    text.truncate(end);
    text.push_str(&format!("… ({left_out} bytes left out)"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_end_ends() {
        let mut text = "ü".repeat(LONGEST);
        cut(&mut text);
        assert!(text.starts_with("üü") && text.ends_with("… (16384 bytes left out)"));
        let mut short = "short".to_owned();
        cut(&mut short);
        assert_eq!(short, "short");
    }
}
