//! Log filters as the operator writes them: levels by name, for everything and for single modules.

use host_base::nearest::nearest;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];

/// The level of that name, in whatever case.
#[must_use]
pub fn parse_level(level: &str) -> Option<LevelFilter> {
    Some(match &*level.trim().to_ascii_lowercase() {
        "off" => LevelFilter::OFF,
        "error" => LevelFilter::ERROR,
        "warn" => LevelFilter::WARN,
        "info" => LevelFilter::INFO,
        "debug" => LevelFilter::DEBUG,
        "trace" => LevelFilter::TRACE,
        _ => return None,
    })
}

/// A level's name.
#[must_use]
pub fn level_word(level: LevelFilter) -> &'static str {
    match level.into_level() {
        None => "off",
        Some(tracing::Level::ERROR) => "error",
        Some(tracing::Level::WARN) => "warn",
        Some(tracing::Level::INFO) => "info",
        Some(tracing::Level::DEBUG) => "debug",
        Some(tracing::Level::TRACE) => "trace",
    }
}

/// Whether this is a filter: levels, and levels of modules. A word that is no level would stand for a module, and silence all
/// others.
///
/// # Errors
///
/// What is no level.
pub fn check_filter(filter: &str) -> Result<(), String> {
    let mut any = false;
    for directive in directives(filter) {
        any = true;
        // A span's fields are set with `=` as well: `[event{shard=1}]=trace`.
        let behind = directive.rfind(']').map_or(0, |end| end + 1);
        let (target, level) = match directive[behind..].rsplit_once('=') {
            Some((target, level)) => (&directive[..behind + target.len()], level),
            None if parse_level(directive).is_some() => continue,
            None => ("", directive),
        };
        if parse_level(level).is_none() {
            let lower = level.to_lowercase();
            let near = nearest(&lower, LEVELS).map(|near| format!("; did you mean `{near}`?"));
            let near = near.unwrap_or_else(|| format!("; the levels are {}", LEVELS.join(", ")));
            let of = match target {
                "" => String::new(),
                target => format!(" (of `{target}`)"),
            };
            let module = match target.is_empty() && level.contains("::") {
                true => format!("; a module needs one: `{level}=debug`"),
                false => near,
            };
            return Err(format!("`{level}`{of} is not a level{module}"));
        }
        if directive.starts_with('=') {
            return Err(format!(
                "`{directive}` has no module before the `=`; write `{level}`, or `host{directive}`"
            ));
        }
    }
    if !any {
        return Err("no level is set; write one, such as `info`, or `info,host=debug`".to_owned());
    }
    let filter: Vec<&str> = directives(filter).collect();
    EnvFilter::builder()
        .parse(filter.join(","))
        .map(drop)
        .map_err(|error| format!("{error}; write a level such as `info`, or `info,host=debug`"))
}

/// The parts of a filter, which commas part.
pub(crate) fn directives(filter: &str) -> impl Iterator<Item = &str> {
    filter
        .split(',')
        .map(str::trim)
        .filter(|directive| !directive.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_level_is_refused_and_does_not_silence_the_rest() {
        for (filter, said) in [
            (
                "verbose",
                "`verbose` is not a level; the levels are error, warn",
            ),
            ("loud", "`loud` is not a level"),
            ("inof", "did you mean `info`?"),
            ("warning", "did you mean `warn`?"),
            ("info,host=loud", "`loud` (of `host`) is not a level"),
            ("host", "`host` is not a level"),
            ("host::gateway", "a module needs one: `host::gateway=debug`"),
            ("info,,hyper", "`hyper` is not a level"),
            ("info=3", "`3` (of `info`) is not a level"),
            ("3", "`3` is not a level"),
            ("=debug", "no module before the `=`"),
            ("info;debug", "is not a level"),
            ("", "no level is set"),
            (" , ", "no level is set"),
        ] {
            let error = check_filter(filter).unwrap_err();
            assert!(error.contains(said), "{filter}: {error}");
        }
        for filter in [
            "INFO",
            "info, host=debug",
            "off",
            "warn,[event{shard=1}]=trace",
        ] {
            assert_eq!(check_filter(filter), Ok(()), "{filter}");
        }
    }
}
