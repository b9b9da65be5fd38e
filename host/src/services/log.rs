//! Host calls `log.…`: the last lines of the log, and what is logged.

use host_base::PluginName;
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, MEMORY, Who};
use host_loader::{Caller, Completion, Places, Unserved};
use host_ops::log::{self, Found, Levels, RecentLine, Wanted};
use plugin_api::{
    Power,
    abi::{LevelCall, LevelsReply, LogCall, LogLine, LogReply},
    manifest::Manifest,
};
use tracing::Level;

use super::Services;

/// Lines that one call reads.
const PAGE: (u32, u32) = (100, 500);

/// The log of this process.
#[derive(Debug, Default)]
pub struct LogCalls;

fn read(call: LogCall) -> Result<LogReply, Failure> {
    let level = match call.level.as_deref().map(str::parse::<Level>) {
        None => None,
        Some(Ok(level)) => Some(level),
        Some(Err(_)) => return Err(no_level(call.level.as_deref().unwrap_or_default())),
    };
    let Found { lines, next, lost } = log::read(&Wanted {
        level,
        plugin: call.plugin.as_deref().map(PluginName::new),
        text: call.text.to_lowercase(),
        since: call.since,
        limit: call.limit.unwrap_or(PAGE.0).clamp(1, PAGE.1) as usize,
    });
    let mut reply = LogReply::default();
    (reply.next, reply.lost) = (next, lost);
    reply.lines = lines.into_iter().map(line).collect();
    Ok(reply)
}

fn line(from: RecentLine) -> LogLine {
    let mut line = LogLine::default();
    (line.number, line.at_ms) = (from.number, from.at_ms);
    line.level = from.level.as_str().to_ascii_lowercase();
    (line.target, line.plugin, line.text) = (from.target, from.plugin, from.text);
    line
}

fn no_level(word: &str) -> Failure {
    let word: String = word.chars().take(40).collect();
    Failure::Refused(format!(
        "`{word}` is no level: error, warn, info, debug or trace"
    ))
}

fn levels() -> Result<Levels, Failure> {
    log::levels().ok_or_else(|| Failure::Unfit("This process keeps no log of its own.".into()))
}

fn reply(levels: &Levels) -> LevelsReply {
    let mut reply = LevelsReply::default();
    reply.level.clone_from(&levels.level);
    let plugins = levels.plugins.iter();
    reply.plugins = plugins
        .map(|(plugin, level)| (plugin.to_string(), level.clone()))
        .collect();
    reply
}

/// Changes what is logged, until the bot stops.
fn set(call: LevelCall) -> Result<(LevelsReply, LevelsReply), Failure> {
    let level = match call.level.as_deref() {
        None => None,
        Some(word) => Some(log::parse_level(word).ok_or_else(|| no_level(word))?),
    };
    let before = levels()?;
    let mut plugins = before.plugins.clone();
    let text = match (call.plugin, &call.target) {
        (Some(_), Some(_)) => {
            return Err(Failure::Refused(
                "a level is a plugin's or a module's, not both's".into(),
            ));
        }
        (Some(plugin), None) => {
            plugins.retain(|known, _| !known.is(&plugin));
            if let Some(level) = level {
                plugins.insert(PluginName::new(&plugin), log::level_word(level).to_owned());
            }
            before.level.clone()
        }
        (None, target) => before.with_target(target.as_deref(), level),
    };
    log::set_levels(&text, &plugins).map_err(Failure::Refused)?;
    Ok((reply(&before), reply(&levels()?)))
}

impl Capability<Services> for LogCalls {
    const CALLS: &'static [CallRule] = &[
        CallRule::reads("log.levels", Power::LogRead, Who::Owner),
        CallRule::reads("log.read", Power::LogRead, Who::Owner),
        CallRule::changes("log.set_level", Power::LogLevels, Who::Owner),
    ];
    const PLACES: Places = MEMORY;
    const LEAVES: Leaves = Leaves::Nothing;

    fn problems(_: &PluginName, _: &Manifest, _: &mut Vec<String>) {}

    async fn generation_starts(&self, _: &Caller, _: &Manifest) -> Result<(), Unserved> {
        Ok(())
    }

    async fn serve(&self, _: &Services, _: &Caller, call: HostCall) -> Result<Completion, Failure> {
        match &*call.name {
            "log.read" => Ok(Completion::json(&read(serde_json::from_value(
                call.params,
            )?)?)),
            "log.set_level" => {
                let (before, after) = set(serde_json::from_value(call.params)?)?;
                call.effect
                    .changed(serde_json::to_value(before)?, serde_json::to_value(&after)?);
                Ok(Completion::json(&after))
            }
            _ => Ok(Completion::json(&reply(&levels()?))),
        }
    }

    fn generation_ended(&self, _: &Caller) {}

    fn registries(&self) -> Vec<(&'static str, usize)> {
        Vec::new()
    }
}
