//! Formats of `data/backups/SERVER/`: snapshots, their index, and the plan by which they were taken.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{json_of, listed, servers_in, told};
use crate::{
    Found, Item, Kind, Source,
    value::{clipped, flag, id, text, whole},
    words,
};

/// Characters of a label and of a note.
const LABEL: usize = 100;
const NOTE: usize = 500;

/// Files in a server's folder that are no snapshots.
const OTHERS: [&str; 3] = ["index.json", "audit_log.json", "schedule.json"];

pub(super) fn read(source: &Source, data: &str, found: &mut Found) {
    let folder = format!("{data}/backups");
    for server in servers_in(source, &folder, found) {
        let folder = format!("{folder}/{server}");
        let index = index(source, &folder, found);
        let Some(listed) = listed(source, &folder, found) else {
            continue;
        };
        let mut snapshots = Vec::new();
        for entry in listed
            .iter()
            .filter(|it| !it.is_folder && !OTHERS.contains(&&*it.name))
        {
            let path = format!("{folder}/{}", entry.name);
            match entry.name.strip_suffix(".json") {
                Some(name) => {
                    snapshots.extend(snapshot(source, server, &path, name, &index, found))
                }
                None => found.report.aside(path, "it is not known"),
            }
        }
        // The oldest first, so that their numbers here follow their age.
        snapshots.sort_by_key(|(taken_ms, _)| *taken_ms);
        found
            .items
            .extend(snapshots.into_iter().map(|(_, item)| item));
        for id in index
            .keys()
            .filter(|id| !listed.iter().any(|it| it.name == format!("{id}.json")))
        {
            let why = "its file is not there";
            found.report.left(
                Kind::Snapshot,
                Some(server),
                id,
                &format!("{folder}/index.json"),
                why,
            );
        }
        plan(source, server, &folder, found);
        if listed.iter().any(|it| it.name == "audit_log.json") {
            let why = "who did what with snapshots there; `backup audit` begins anew";
            found.report.aside(format!("{folder}/audit_log.json"), why);
        }
    }
}

/// The entries of the index, by the snapshots' ids.
fn index(source: &Source, folder: &str, found: &mut Found) -> BTreeMap<String, Value> {
    let file = format!("{folder}/index.json");
    let entries = match json_of(source, &file, found) {
        None => return BTreeMap::new(),
        Some(Value::Array(entries)) => entries,
        // Also as an object, by id.
        Some(Value::Object(entries)) => entries.into_iter().map(|(_, entry)| entry).collect(),
        Some(_) => {
            found.report.unread(file, "it is no JSON list");
            return BTreeMap::new();
        }
    };
    let entries = entries.into_iter();
    entries
        .filter_map(|entry| Some((text(&entry["id"])?.to_owned(), entry)))
        .collect()
}

fn snapshot(
    source: &Source,
    server: u64,
    path: &str,
    name: &str,
    index: &BTreeMap<String, Value>,
    found: &mut Found,
) -> Option<(i64, Item)> {
    let entry = index.get(name).unwrap_or(&Value::Null);
    let said = |key: &str, most| clipped(text(&entry[key]).unwrap_or_default(), most);
    let label = said("label", LABEL);
    // A file that is none, and one that says too little, are both left as they are.
    let read = told(words::snapshot(source, path, server), path, found)?;
    for role in read.roles {
        found.roles.entry(role).or_insert(server);
    }
    for left in read.left {
        found.report.aside(path, left);
    }
    let json = json!({
        "guild": server.to_string(),
        "label": label,
        "note": said("notes", NOTE),
        "pinned": flag(&entry["pinned"]).unwrap_or(false),
        "author": id(&entry["author_id"]).map(|id| id.to_string()),
        "knows": words::KNOWS.iter().map(|(kind, fields)| ((*kind).to_owned(), json!(fields))).collect::<serde_json::Map<_, _>>(),
    });
    let title = match label.is_empty() {
        true => name.to_owned(),
        false => format!("{name} ({label})"),
    };
    let item = Item {
        plugin: "backup",
        kind: Kind::Snapshot,
        server,
        title,
        place: path.to_owned(),
        hash: read.hash,
        json,
        snapshot: Some(path.to_owned()),
    };
    Some((read.taken_ms, item))
}

fn plan(source: &Source, server: u64, folder: &str, found: &mut Found) {
    let file = format!("{folder}/schedule.json");
    let Some(value) = json_of(source, &file, found) else {
        return;
    };
    if flag(&value["enabled"]) != Some(true) {
        return;
    }
    let what = "snapshots by themselves";
    let Some(hours) = whole(&value["interval_hours"]).filter(|it| (1..=168).contains(it)) else {
        found.report.left(
            Kind::SnapshotPlan,
            Some(server),
            what,
            &file,
            "its interval is not from 1 to 168 hours",
        );
        return;
    };
    if whole(&value["retention_days"]).is_some_and(|days| days > 0) {
        let why = "it had no effect there; `backup retention` would delete snapshots here";
        found.report.aside(format!("{file}, retention_days"), why);
    }
    let json = json!({"guild": server.to_string(), "every_hours": hours});
    found.items.push(Item {
        plugin: "backup",
        kind: Kind::SnapshotPlan,
        server,
        title: format!("{what}, every {hours} h"),
        place: file,
        hash: crate::hash::hash(json.to_string().as_bytes()),
        json,
        snapshot: None,
    });
}
