//! Format of `data/main.db`: schedules, and how often commands were used.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::told;
use crate::{
    Found, Item, Kind, Source,
    hash::hash,
    json, sqlite,
    value::{clipped, flag, id, text, whole},
    words,
};

const COLUMNS: [&str; 12] = [
    "task_id",
    "guild_id",
    "channel_id",
    "creator_id",
    "task_name",
    "task_type",
    "cron_expression",
    "payload",
    "enabled",
    "run_count",
    "max_runs",
    "created_at",
];

/// Characters of a schedule's name.
const NAME: usize = 50;

pub(super) fn read(source: &Source, data: &str, zone: &str, found: &mut Found) {
    let file = format!("{data}/main.db");
    let Some(Some(full)) = told(source.file(&file, sqlite::MOST), &file, found) else {
        return;
    };
    let rows = sqlite::table_of(&full, "scheduled_tasks", &COLUMNS);
    let Some(rows) = told(rows, &file, found) else {
        return;
    };
    // There is none in an installation that never had the scheduler.
    let rows = rows.unwrap_or_default();
    let mut names = BTreeSet::new();
    let mut any = false;
    for (at, row) in rows.iter().enumerate() {
        let number = row.get("task_id").and_then(|it| {
            text(it)
                .map(str::to_owned)
                .or_else(|| whole(it).map(|it| it.to_string()))
        });
        let number = number.unwrap_or_else(|| format!("in row {}", at + 1));
        let place = format!("{file}, scheduled_tasks, {number}");
        let of = |key: &str| row.get(key).unwrap_or(&Value::Null);
        let title = text(of("task_name")).unwrap_or("without a name").to_owned();
        let server = id(of("guild_id"));
        match schedule(row, zone, &number, &mut names) {
            Ok((server, json)) => {
                any = true;
                found.items.push(Item {
                    plugin: "scheduler",
                    kind: Kind::Schedule,
                    server,
                    title,
                    place,
                    hash: hash(json.to_string().as_bytes()),
                    json,
                    snapshot: None,
                });
            }
            Err(why) => found
                .report
                .left(Kind::Schedule, server, &title, &place, why),
        }
    }
    if any {
        found.report.note(format!(
            "Schedules went by the clock of the machine there; here they go by {zone}, the zone of this one. `schedule` has a zone for each."
        ));
    }
    if let Ok(Some(rows)) = sqlite::table_of(&full, "global_stats", &["key"])
        && !rows.is_empty()
    {
        found.report.aside(
            format!("{file}, global_stats"),
            "how often commands were used; here that is counted by day, from now on",
        );
    }
}

fn schedule(
    row: &Map<String, Value>,
    zone: &str,
    number: &str,
    names: &mut BTreeSet<(u64, String)>,
) -> Result<(u64, Value), String> {
    let of = |key: &str| row.get(key).unwrap_or(&Value::Null);
    let server = id(of("guild_id")).ok_or("it belongs to no server")?;
    let maker = id(of("creator_id")).ok_or("nobody is known who has made it")?;
    let cron = text(of("cron_expression")).ok_or("it has no cron expression")?;
    let cron = words::cron(cron)?;
    let payload = match of("payload") {
        Value::String(payload) => json::parse(payload.as_bytes())
            .map_err(|why| format!("its payload is no JSON: {why}"))?,
        _ => return Err("it has no payload".into()),
    };
    let kind = text(of("task_type")).unwrap_or("message");
    let (channel, said) = match kind {
        "message" => {
            let channel = id(of("channel_id")).ok_or("it has no channel")?;
            (Some(channel.to_string()), message(&payload)?)
        }
        "log" => (
            None,
            text(&payload["message"])
                .ok_or("it says nothing")?
                .to_owned(),
        ),
        "hook" => {
            return Err("it emits an event of the framework, which no schedule does here; one of the kind `hook` emits `scheduler.due`".into());
        }
        other => return Err(format!("`{other}` is no kind of schedule")),
    };
    if said.chars().count() > 2_000 {
        return Err("its text is longer than a message".into());
    }
    let runs = match whole(of("max_runs")).filter(|most| *most > 0) {
        Some(most) => match most - whole(of("run_count")).unwrap_or(0) {
            left if left > 0 => Some(left),
            _ => return Err("it has come as often as it was to come".into()),
        },
        None => None,
    };
    let json = json!({
        "guild": server.to_string(),
        "maker": maker.to_string(),
        "name": name(server, text(of("task_name")).unwrap_or_default(), number, names),
        "kind": kind,
        "channel": channel,
        "text": said,
        "cron": cron,
        "zone": zone,
        "runs": runs,
        "on": flag(of("enabled")).unwrap_or(true),
    });
    Ok((server, json))
}

/// A message's text; of an embed alone, its title and its description.
fn message(payload: &Value) -> Result<String, String> {
    if let Some(said) = text(&payload["content"]) {
        return Ok(said.to_owned());
    }
    let embed = &payload["embed"];
    let title = text(&embed["title"]).map(|title| format!("**{title}**"));
    let parts: Vec<String> = title
        .into_iter()
        .chain(text(&embed["description"]).map(str::to_owned))
        .collect();
    match parts.is_empty() {
        true => Err("it says nothing".into()),
        false => Ok(parts.join("\n")),
    }
}

/// A name as schedules have it here: no number, and no two the same in a server.
fn name(server: u64, typed: &str, number: &str, names: &mut BTreeSet<(u64, String)>) -> String {
    let plain = clipped(typed, NAME);
    let plain = plain.trim();
    let is_number = plain.trim_start_matches('#').parse::<u64>().is_ok()
        || plain.trim_start_matches('#').is_empty();
    let first = match is_number {
        true => format!("task {plain}").trim().to_owned(),
        false => plain.to_owned(),
    };
    if names.insert((server, first.to_lowercase())) {
        return first;
    }
    // By its own number, so that it is called the same whichever is read first.
    let number: String = number
        .chars()
        .filter(|c| c.is_alphanumeric())
        .take(12)
        .collect();
    let short: String = first.chars().take(NAME - 14).collect();
    let other = format!("{} {number}", short.trim());
    names.insert((server, other.to_lowercase()));
    other
}
