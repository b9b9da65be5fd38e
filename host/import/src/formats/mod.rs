//! Formats of the source, a file each.

mod alerts;
mod aside;
mod automations;
mod backups;
mod config;
mod schedules;
mod servers;

use serde_json::Value;

use crate::{
    Found, Source, json,
    source::{Folder, Listed},
};

/// The largest JSON file that is no snapshot, in bytes.
const JSON: u64 = 64 * 1024 * 1024;

/// Reads an installation. `zone` is the time zone by which its machine's clock went.
#[must_use]
pub fn read(source: &Source, zone: &str) -> Found {
    let mut found = Found::default();
    let config = config::read(source, &mut found);
    let data = &*config.data;
    alerts::read(source, data, &mut found);
    servers::read(source, data, &mut found);
    schedules::read(source, data, zone, &mut found);
    automations::read(source, data, &mut found);
    backups::read(source, data, &mut found);
    // Only now it is known which server a role belongs to.
    config::rules(&config.permissions, &mut found);
    aside::read(source, data, &mut found);
    found
}

/// A JSON file; `None` where there is none, or none that can be read, which is told then.
fn json_of(source: &Source, path: &str, found: &mut Found) -> Option<Value> {
    let read = source.read(path, JSON);
    let read = read.and_then(|bytes| bytes.map(|bytes| json::parse(&bytes)).transpose());
    told(read, path, found)?
}

/// What was read of a place; `None` where it can't be, which is told then.
fn told<T>(read: Result<T, String>, place: &str, found: &mut Found) -> Option<T> {
    match read {
        Ok(read) => Some(read),
        Err(why) => {
            found.report.unread(place, why);
            None
        }
    }
}

/// The entries of a folder, of which odd ones are told; `None` where it can't be read, which is told as well.
fn listed(source: &Source, folder: &str, found: &mut Found) -> Option<Vec<Listed>> {
    let Folder { listed, odd } = told(source.list(folder), folder, found)?;
    for (name, why) in odd {
        found.report.unread(format!("{folder}/{name}"), why);
    }
    Some(listed)
}

/// The folders of servers in a folder: their ids. What else is there is no server's.
fn servers_in(source: &Source, folder: &str, found: &mut Found) -> Vec<u64> {
    let mut ids = Vec::new();
    let listed = listed(source, folder, found).unwrap_or_default();
    for entry in listed.into_iter().filter(|entry| entry.is_folder) {
        let digits = entry.name.bytes().all(|byte| byte.is_ascii_digit());
        match crate::value::id(&Value::from(&*entry.name)) {
            // `012` would be server 12 once more.
            Some(id) if id.to_string() == entry.name => ids.push(id),
            _ if digits => found.report.unread(
                format!("{folder}/{}", entry.name),
                "its name is no server's id",
            ),
            _ => {}
        }
    }
    ids.sort_unstable();
    ids
}

#[cfg(test)]
mod tests;
