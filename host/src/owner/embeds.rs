//! What owner commands answer with.

use std::{collections::BTreeMap, time::SystemTime};

use plugin_api::abi::{Colours, Tone};
use serde_json::{Value, json};

use crate::{
    commands::names::Registered,
    log::Levels,
    plugin::{LoadError, LoadReport, Status, UnloadReport},
    registration::How,
    services::{
        hooks::{Circuit, HookView, Told},
        schedules::ScheduleView,
        storage::{BackupReport, Erased, Exported, MigrationState},
    },
};

/// The colours that embeds are made in; [`paint`] puts the configured ones in their place.
pub(super) const GREEN: u32 = Colours::DEFAULT.success;
const RED: u32 = Colours::DEFAULT.error;
pub(super) const BLUE: u32 = Colours::DEFAULT.normal;

/// Discord's limit for a field's value, with room for the code block.
const FIELD: usize = 1000;
/// Discord's limit for a description is 4,096.
const DESCRIPTION: usize = 4000;
/// Discord's limit of fields.
const FIELDS: usize = 25;

/// Paints a message's embeds in the configured colours; what they tell.
pub(crate) fn paint(message: &mut Value, colours: Colours) -> Option<Tone> {
    let mut tone = None;
    for embed in message["embeds"].as_array_mut().into_iter().flatten() {
        let (colour, told) = match embed["color"].as_u64().map(u32::try_from) {
            Some(Ok(GREEN)) => (colours.success, Some(Tone::Success)),
            Some(Ok(RED)) => (colours.error, Some(Tone::Error)),
            _ => (colours.normal, None),
        };
        embed["color"] = colour.into();
        tone = told;
    }
    tone
}

pub(super) fn embed(title: &str, colour: u32, description: &str, fields: &[Value]) -> Value {
    let mut embed = json!({"title": title, "color": colour, "fields": fields});
    if !description.is_empty() {
        embed["description"] = description.into();
    }
    embed
}

pub(super) fn field(name: &str, value: &str) -> Value {
    json!({"name": name, "value": shorten(value, FIELD), "inline": false})
}

fn shorten(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(limit - 1).collect();
    short.push('…');
    short
}

fn milliseconds(duration: std::time::Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn version_line(report: &LoadReport) -> String {
    format!(
        "version {} · generation {} · {}",
        report.version,
        report.generation,
        milliseconds(report.load_time)
    )
}

pub(super) fn usage(usage: &str, what: &str) -> Value {
    embed("How to use it", BLUE, &format!("`{usage}`\n{what}"), &[])
}

pub(super) fn loaded(reports: &[LoadReport]) -> Value {
    let replaced = reports.first().is_some_and(|report| report.replaced);
    let fields: Vec<Value> = reports
        .iter()
        .take(FIELDS)
        .map(|report| field(&report.plugin, &version_line(report)))
        .collect();
    embed(
        if replaced { "Reloaded" } else { "Loaded" },
        GREEN,
        "",
        &fields,
    )
}

pub(super) fn reloaded_all(reports: &[(String, Result<LoadReport, LoadError>)]) -> Value {
    let failed = reports.iter().filter(|(_, result)| result.is_err()).count();
    let fields: Vec<Value> = reports
        .iter()
        .take(FIELDS)
        .map(|(name, result)| match result {
            Ok(report) => field(name, &version_line(report)),
            Err(error) => field(
                &format!("{name}: not reloaded, the old generation goes on"),
                &error.to_string(),
            ),
        })
        .collect();
    let description = format!("{} reloaded, {failed} failed", reports.len() - failed);
    embed(
        "Reloaded all",
        if failed == 0 { GREEN } else { RED },
        &description,
        &fields,
    )
}

pub(super) fn unloaded(report: &UnloadReport) -> Value {
    let stayed = if report.stayed.is_empty() {
        "nothing".to_owned()
    } else {
        report.stayed.join("\n")
    };
    let line = format!(
        "generation {} · {} · {} KiB returned",
        report.generation,
        milliseconds(report.took),
        report.returned_bytes / 1024
    );
    let colour = if report.unmapped { GREEN } else { RED };
    embed(
        "Unloaded",
        colour,
        "",
        &[field(&report.plugin, &line), field("What stayed", &stayed)],
    )
}

pub(super) fn failed(title: &str, name: &str, error: &str) -> Value {
    // The sentence begins lowercase, as errors do.
    let mut sentence = error.to_owned();
    let first_word = error.split(' ').next().unwrap_or_default();
    // What begins with a place (`config.toml:3:1`) keeps it as it is written.
    if !first_word.contains(['.', ':', '`'])
        && let Some(first) = sentence.get_mut(0..1)
    {
        first.make_ascii_uppercase();
    }
    if !sentence.ends_with(['.', '?', '!']) {
        sentence.push('.');
    }
    embed(title, RED, "", &[field(&shorten(name, 100), &sentence)])
}

pub(super) fn backup(report: &BackupReport) -> Value {
    let description = format!(
        "{} copied and checked, {} unchanged since the last one\n`{}`",
        plural(report.copied, "database"),
        report.unchanged,
        report.folder.display()
    );
    let failed: Vec<String> = report
        .failed
        .iter()
        .map(|(place, error)| format!("{place}: {error}"))
        .collect();
    with_failures("Backed up", &description, &failed)
}

pub(super) fn migrations(states: &[MigrationState]) -> Value {
    let mut plugins: Vec<(&str, Vec<String>)> = Vec::new();
    for state in states {
        let line = format!(
            "{} for {}: run in {} of {}{}",
            state.number,
            if state.for_guilds {
                "servers"
            } else {
                "the bot"
            },
            state.applied,
            state.databases,
            if state.declared {
                ""
            } else {
                ", and no loaded plugin declares it"
            }
        );
        match plugins.last_mut() {
            Some((plugin, lines)) if *plugin == state.plugin => lines.push(line),
            _ => plugins.push((&state.plugin, vec![line])),
        }
    }
    let fields: Vec<Value> = plugins
        .iter()
        .take(FIELDS)
        .map(|(plugin, lines)| field(plugin, &lines.join("\n")))
        .collect();
    let description = if fields.is_empty() {
        "No plugin has declared any."
    } else {
        "A server's database is migrated when it is first used. `fw_migrate` does it for all."
    };
    embed("Migrations", BLUE, description, &fields)
}

pub(super) fn migrated(ran: usize, failed: &[String]) -> Value {
    with_failures(
        "Migrated",
        &format!("{} run", plural(ran, "migration")),
        failed,
    )
}

pub(super) fn exported(user: u64, exported: &Exported) -> Value {
    let description = format!(
        "What is kept about <@{user}>, from {}, is in\n`{}`",
        plural(exported.databases, "database"),
        exported.file.display()
    );
    let failed: Vec<String> = exported
        .failed
        .iter()
        .map(|(place, error)| format!("{place}: {error}"))
        .collect();
    with_failures("Exported", &description, &failed)
}

pub(super) fn erased(user: u64, erased: &Erased) -> Value {
    let description = format!(
        "What was kept about <@{user}>: {} in {}, and the copies of it in {} of backups and exports",
        plural(usize::try_from(erased.rows).unwrap_or(usize::MAX), "entry")
            .replace("entrys", "entries"),
        plural(erased.databases, "database"),
        plural(erased.copies, "file"),
    );
    let failed: Vec<String> = erased
        .failed
        .iter()
        .map(|(place, error)| format!("{place}: {error}"))
        .collect();
    with_failures("Erased", &description, &failed)
}

/// Green, or red with what failed.
fn with_failures(title: &str, description: &str, failed: &[String]) -> Value {
    if failed.is_empty() {
        return embed(title, GREEN, description, &[]);
    }
    let name = format!("{} failed", failed.len());
    embed(title, RED, description, &[field(&name, &failed.join("\n"))])
}

pub(super) fn plugin(name: &str, summary: &str, handlers: &[String], calls: &[String]) -> Value {
    let lists = [("Handlers", handlers), ("Host calls", calls)];
    let fields: Vec<Value> = lists
        .iter()
        .filter(|(_, lines)| !lines.is_empty())
        .map(|(title, lines)| field(title, &lines.join("\n")))
        .collect();
    embed(name, BLUE, summary, &fields)
}

pub(super) fn log_levels(levels: &Levels) -> Value {
    let plugins: Vec<String> = levels
        .plugins
        .iter()
        .map(|(plugin, level)| format!("{plugin}: {level}"))
        .collect();
    let mut fields = vec![field("Level", &format!("`{}`", levels.level))];
    if !plugins.is_empty() {
        fields.push(field("Plugins", &plugins.join("\n")));
    }
    let description = "Until the bot stops; `[log]` in config.toml is what it starts with.";
    embed("What is logged", BLUE, description, &fields)
}

pub(super) fn changed(title: &str, path: &str, what: &str) -> Value {
    embed(title, GREEN, "", &[field(&shorten(path, 100), what)])
}

/// Settings, as the service describes them.
pub(super) fn settings(title: &str, trouble: Option<&str>, all: &[Value]) -> Value {
    let plain = |value: &Value| match value {
        Value::Null => "unset".to_owned(),
        value => format!("`{value}`"),
    };
    let lines = |one: &Value| {
        let takes = one["takes"]
            .as_str()
            .map_or_else(String::new, |takes| format!(" · {takes}"));
        let restart = match &one["waits_for_restart"] {
            Value::Bool(true) => " · waits for a restart",
            _ => "",
        };
        format!(
            "{}\n{} ({}) · default {}{takes}{restart}",
            one["description"].as_str().unwrap_or_default(),
            plain(&one["value"]),
            one["from"].as_str().unwrap_or_default(),
            plain(&one["default"]),
        )
    };
    let fields: Vec<Value> = all
        .iter()
        .take(FIELDS)
        .map(|one| {
            field(
                one["name"].as_str().unwrap_or_default(),
                &shorten(&lines(one), 220),
            )
        })
        .collect();
    let description = match (trouble, all.len()) {
        (Some(trouble), _) => format!(
            "⚠ config.toml can't be read, the last good values hold:\n{}",
            shorten(trouble, 300)
        ),
        (None, 0) => "Nothing is set, and no loaded plugin declares settings for this.".to_owned(),
        (None, count) if count > FIELDS => {
            format!("{FIELDS} of {count}; name a plugin or a table for the others")
        }
        _ => String::new(),
    };
    embed(
        title,
        if trouble.is_some() { RED } else { BLUE },
        &description,
        &fields,
    )
}

pub(super) fn extensions(all: &[Status], written_off: &[String], registered: &Registered) -> Value {
    let shown = all.iter().take(FIELDS - 1);
    let mut fields: Vec<Value> = shown.map(|it| status(it, registered)).collect();
    if !written_off.is_empty() {
        fields.push(field(
            "Written off",
            &format!(
                "{}: still mapped, until the host restarts",
                written_off.join(", ")
            ),
        ));
    }
    let serving = all.iter().filter(|status| status.serving.is_some()).count();
    let description = if all.is_empty() {
        "No plugins. Drop a compiled plugin into the extensions folder.".to_owned()
    } else {
        format!(
            "{serving} loaded, {} with an error",
            all.iter().filter(|status| status.error.is_some()).count()
        )
    };
    embed("Extensions", BLUE, &description, &fields)
}

/// How a plugin's commands are reached: "3 hybrid, 1 prefix only".
fn kinds(plugin: &str, registered: &Registered) -> String {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for ((of, _), listed) in registered.all().filter(|(_, it)| *it.plugin == *plugin) {
        let kind = match &listed.how {
            How::Grouped(names) => format!("grouped under /{}", names[0]),
            _ => listed.kind(*of),
        };
        *kinds.entry(kind).or_default() += 1;
    }
    let kinds = kinds.iter().map(|(kind, count)| format!("{count} {kind}"));
    kinds.collect::<Vec<_>>().join(", ")
}

fn status(status: &Status, registered: &Registered) -> Value {
    let mut lines = Vec::new();
    if let Some(serving) = &status.serving {
        let minutes = SystemTime::now()
            .duration_since(serving.since)
            .unwrap_or_default()
            .as_secs()
            / 60;
        lines.push(format!(
            "version {} · generation {} · loaded in {} · {minutes} min ago · {}",
            serving.version,
            serving.generation,
            milliseconds(serving.load_time),
            plural(serving.commands, "command")
        ));
        if !serving.web_hosts.is_empty() {
            lines.push(format!("asks on the web: {}", serving.web_hosts.join(", ")));
        }
        let kinds = kinds(&status.plugin, registered);
        if !kinds.is_empty() {
            lines.push(kinds);
        }
        if serving.load.panics > 0 || serving.load.dropped_events > 0 {
            lines.push(format!(
                "{} · {} dropped · {} waiting",
                plural(serving.load.panics as usize, "panic"),
                plural(serving.load.dropped_events as usize, "event"),
                serving.load.depth
            ));
        }
    }
    if let Some(error) = &status.error {
        let what = if status.serving.is_some() {
            "its newest file was refused"
        } else {
            "not loaded"
        };
        lines.push(format!("⚠ {what}: {error}"));
    }
    field(&status.plugin, &lines.join("\n"))
}

pub(super) fn schedules(views: &[ScheduleView]) -> Value {
    let mut fields: Vec<Value> = views.iter().take(FIELDS).map(schedule).collect();
    if views.len() > FIELDS {
        fields.truncate(FIELDS - 1);
        let rest = plural(views.len() - fields.len(), "schedule");
        fields.push(field("And more", &format!("{rest} not shown")));
    }
    let description = if views.is_empty() {
        "No plugin has declared any."
    } else {
        ""
    };
    embed("Schedules", BLUE, description, &fields)
}

fn schedule(view: &ScheduleView) -> Value {
    let stamp = |ms: i64| format!("<t:{0}:f> (<t:{0}:R>)", ms.div_euclid(1_000));
    let mut lines = vec![format!("`{}`", view.when)];
    lines.push(match (view.paused, view.next_ms) {
        (true, _) => "paused".into(),
        (false, Some(next)) => format!("next {}", stamp(next)),
        (false, None) => "nothing is due".into(),
    });
    if view.running {
        lines.push("runs at this moment".into());
    }
    if view.waiting > 0 {
        lines.push(format!("{} waiting", view.waiting));
    }
    if let Some(last) = view.last_ms {
        let result = shorten(&view.last_result, 300);
        lines.push(format!("last {}: {result}", stamp(last)));
    }
    lines.push(format!(
        "{} · {} failed · {} missed · {} skipped",
        plural(usize::try_from(view.runs).unwrap_or(usize::MAX), "run"),
        view.failed,
        view.missed,
        view.skipped
    ));
    field(&format!("{} {}", view.plugin, view.name), &lines.join("\n"))
}

pub(super) fn schedule_changed(plugin: &str, name: &str, text: &str) -> Value {
    embed(&format!("{plugin} {name}"), GREEN, text, &[])
}

pub(super) fn hooks(hooks: &[HookView]) -> Value {
    let line = |hook: &HookView| {
        let state = match (hook.enabled, hook.circuit) {
            (false, _) => "switched off",
            (true, Circuit::Open) => "rests after failures",
            (true, Circuit::HalfOpen) => "is tried again",
            (true, Circuit::Closed) => "on",
        };
        let it = &hook.figures;
        format!(
            "`{}` (priority {}): {state}, {} run, {} failed, {} dropped, {} skipped, {} waiting, {} ms each, {} ms late",
            hook.id,
            hook.priority,
            it.runs,
            it.failures,
            it.dropped,
            it.skipped,
            hook.waiting,
            it.handled_us / it.runs.max(1) / 1000,
            it.waited_us / it.runs.max(1) / 1000,
        )
    };
    let lines: Vec<String> = hooks.iter().map(line).collect();
    let text = if lines.is_empty() {
        "No plugin that is loaded has hooks.".to_owned()
    } else {
        lines.join("\n")
    };
    embed("Hooks", BLUE, &shorten(&text, DESCRIPTION), &[])
}

pub(super) fn hook_history(history: &[Told]) -> Value {
    let line = |told: &Told| {
        let at = told.at.duration_since(SystemTime::UNIX_EPOCH);
        let from = if told.from.is_empty() {
            "framework"
        } else {
            &told.from
        };
        format!(
            "<t:{}:T> `{}` by {from}: {} queued, {} dropped, {} skipped",
            at.unwrap_or_default().as_secs(),
            told.event,
            told.queued,
            told.dropped,
            told.skipped
        )
    };
    let lines: Vec<String> = history.iter().map(line).collect();
    let text = if lines.is_empty() {
        "Nothing was told yet.".to_owned()
    } else {
        lines.join("\n")
    };
    embed("What was told", BLUE, &shorten(&text, DESCRIPTION), &[])
}
