//! `[grants.<plugin>]`: what a plugin may use beyond what is its own.

use std::{collections::BTreeMap, path::PathBuf, sync::OnceLock};

use host_base::PluginName;
use plugin_api::Power;
use toml::de::{DeTable, DeValue};

use super::plugins::enter;
use crate::config::{
    checks::{granted_host, secret_name},
    document::Document,
    fault::{Fault, Item, expected, nearest},
    shipped::COMMENTED,
    values::{IdOf, Reading, folder, id, list, text, word},
};

/// `[grants.<plugin>]`: what a plugin may use beyond what is its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    /// Folders, by the name that the plugin asks for.
    pub folders: BTreeMap<String, PathBuf>,
    /// Names of secrets.
    pub secrets: Vec<String>,
    /// Hosts on the web, those of the local network included.
    pub web: Vec<String>,
    /// What it may beyond what is its own.
    pub powers: Vec<Power>,
    /// Roles whose members may use its powers as the bot's owners may.
    pub roles: Vec<u64>,
}

/// What the plugins that come with the host are granted, as it stands in `default.toml`. What config.toml says takes its place, key by
/// key.
pub(in crate::config) fn shipped() -> BTreeMap<PluginName, Grants> {
    static SHIPPED: OnceLock<BTreeMap<PluginName, Grants>> = OnceLock::new();
    let read = || match Document::parse(COMMENTED) {
        Ok(mut document) => read_beside(&mut document, &BTreeMap::new()),
        Err(_) => BTreeMap::new(),
    };
    SHIPPED.get_or_init(read).clone()
}

pub(in crate::config) fn read(document: &mut Document<'_>) -> BTreeMap<PluginName, Grants> {
    read_beside(document, &shipped())
}

/// Reads grants, on top of others.
fn read_beside(
    document: &mut Document<'_>,
    shipped: &BTreeMap<PluginName, Grants>,
) -> BTreeMap<PluginName, Grants> {
    let (entries, faults) = document.free_table("grants");
    let mut grants = BTreeMap::new();
    for (name, item) in entries.into_iter().flatten() {
        match item.get_ref() {
            DeValue::Table(entries) => {
                let plugin = PluginName::new(name.get_ref());
                let before = shipped.get(&plugin).cloned().unwrap_or_default();
                let granted = grants_of(before, name.get_ref(), entries, faults);
                enter(&mut grants, "grants", name, granted, faults);
            }
            _ => faults.push(expected(
                &format!("the table [grants.{}]", name.get_ref()),
                item,
            )),
        }
    }
    for (plugin, granted) in shipped {
        let entry = grants.entry(plugin.clone());
        entry.or_insert_with(|| granted.clone());
    }
    grants
}

fn grants_of(
    mut grants: Grants,
    plugin: &str,
    entries: &DeTable<'_>,
    faults: &mut Vec<Fault>,
) -> Grants {
    for (key, item) in entries {
        match (&**key.get_ref(), item.get_ref()) {
            ("folders", DeValue::Table(folders)) => {
                for (name, item) in folders {
                    match folder(item) {
                        Ok(folder) => {
                            grants.folders.insert(name.get_ref().to_string(), folder);
                        }
                        Err(wrong) => faults.extend(wrong),
                    }
                }
            }
            ("folders", _) => {
                faults.push(expected("folders by name, { site = \"/srv/site\" }", item))
            }
            ("secrets", _) => match list("a list of names of secrets", text(secret_name))(item) {
                Ok(secrets) => grants.secrets = secrets,
                Err(wrong) => faults.extend(wrong),
            },
            ("web", _) => match list("a list of hosts", text(granted_host))(item) {
                Ok(hosts) => grants.web = hosts,
                Err(wrong) => faults.extend(wrong),
            },
            ("powers", _) => match list("a list of powers", power)(item) {
                Ok(powers) => grants.powers = powers,
                Err(wrong) => faults.extend(wrong),
            },
            ("roles", _) => match list("a list of role ids", id(IdOf::Role))(item) {
                Ok(roles) => grants.roles = roles,
                Err(wrong) => faults.extend(wrong),
            },
            (unknown, _) => {
                let hint = nearest(
                    unknown,
                    ["folders", "powers", "roles", "secrets", "web"].into_iter(),
                )
                .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                faults.push(Fault {
                    at: key.span().start,
                    message: format!("unknown key `{unknown}` in [grants.{plugin}]{hint}"),
                });
            }
        }
    }
    grants
}

/// A power, by its word.
fn power(item: &Item<'_>) -> Reading<Power> {
    let words: Vec<_> = Power::ALL
        .iter()
        .map(|power| (power.word(), *power))
        .collect();
    word(&words)(item)
}
