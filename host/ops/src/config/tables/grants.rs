//! `[grants.<plugin>]`: what a plugin may use beyond what is its own.

use std::{collections::BTreeMap, path::PathBuf};

use host_base::PluginName;
use toml::de::{DeTable, DeValue};

use super::plugins::enter;
use crate::config::{
    checks::{granted_host, secret_name},
    document::Document,
    fault::{Fault, expected, nearest},
    values::{folder, list, text},
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
}

pub(in crate::config) fn read(document: &mut Document<'_>) -> BTreeMap<PluginName, Grants> {
    let (entries, faults) = document.free_table("grants");
    let mut grants = BTreeMap::new();
    for (name, item) in entries.into_iter().flatten() {
        match item.get_ref() {
            DeValue::Table(entries) => {
                let granted = grants_of(name.get_ref(), entries, faults);
                enter(&mut grants, "grants", name, granted, faults);
            }
            _ => faults.push(expected(
                &format!("the table [grants.{}]", name.get_ref()),
                item,
            )),
        }
    }
    grants
}

fn grants_of(plugin: &str, entries: &DeTable<'_>, faults: &mut Vec<Fault>) -> Grants {
    let mut grants = Grants::default();
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
            (unknown, _) => {
                let hint = nearest(unknown, ["folders", "secrets", "web"].into_iter())
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
