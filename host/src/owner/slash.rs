//! Owner command `sync`: what is registered with Discord.

use std::{collections::BTreeMap, sync::Arc};

use host_base::shown;
use serde_json::Value;

use super::{GROUP, Owner, embeds};
use host_commands::{How, Registered, registration::Report};

impl Owner {
    pub(super) async fn sync(&self) -> Value {
        let Some(registration) = self.registration.get() else {
            return embeds::failed(
                "Not synced",
                "sync",
                "the bot has not logged in yet; try again in a moment",
            );
        };
        match registration.sync().await {
            Ok(report) => synced(
                &report,
                &self.registered(),
                registration.owners_guilds().len(),
            ),
            Err(failure) => embeds::failed("Not synced", "sync", &failure.to_string()),
        }
    }

    pub(super) fn registered(&self) -> Arc<Registered> {
        let registration = self.registration.get();
        registration.map_or_else(Arc::default, |it| it.registered())
    }
}

fn synced(report: &Report, registered: &Registered, owners: usize) -> Value {
    let changes = [
        ("Created", &report.created),
        ("Edited", &report.edited),
        ("Deleted", &report.deleted),
        ("Later: Discord accepts 200 new ones a day", &report.later),
    ];
    let mut fields: Vec<Value> = changes
        .iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(what, names)| embeds::field(what, &names.join(", ")))
        .collect();
    fields.extend(reached(registered));
    let count = registered.used.saturating_sub(report.later.len());
    let description = format!(
        "{} {} registered with Discord, {} of {} unchanged; the owner's, `/{GROUP} …`, in {}.",
        embeds::plural(count, "slash command"),
        if count == 1 { "is" } else { "are" },
        report.unchanged,
        report.unchanged + report.edited.len() + report.created.len(),
        embeds::plural(owners, "server"),
    );
    embeds::embed("Synced", embeds::GREEN, &description, &fields)
}

/// The commands that are not reached by their own names, by how they are.
fn reached(registered: &Registered) -> Vec<Value> {
    let mut by_kind: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for ((_, path), listed) in registered.all() {
        let (kind, line) = match &listed.how {
            How::Itself => continue,
            How::Grouped(names) => ("Grouped", format!("`/{}`", names.join(" "))),
            How::InMenu(menu) => ("In a menu", format!("{path} in {menu}")),
            How::NotDeclared => ("Prefix only", format!("`{path}`")),
            How::LeftOut(why) if listed.prefix => (
                "Left to the prefix",
                format!("`{path}`: {}", shown::said(why)),
            ),
            How::LeftOut(why) => (
                "Not registered",
                format!("`{path}` of {}: {}", listed.plugin, shown::said(why)),
            ),
        };
        by_kind.entry(kind).or_default().push(line);
    }
    let fields = by_kind.into_iter();
    fields
        .map(|(kind, lines)| embeds::field(&format!("{kind} ({})", lines.len()), &lines.join("\n")))
        .collect()
}
