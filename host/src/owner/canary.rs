//! Owner command `reload NAME canary`: a newer file of a plugin serves chosen servers first.

use std::{collections::BTreeSet, time::SystemTime};

use host_base::shown;
use host_loader::{CanaryBegun, Promoted};
use serde_json::Value;
use twilight_model::id::Id;

use super::{By, Owner, embeds, extensions::load_field, line::Canary};

const USAGE: &str = "reload NAME canary [SERVER… | here | promote | back]";

impl Owner {
    pub(super) async fn canary(&self, by: &By, name: &str, words: &[&str]) -> Value {
        let done = match Canary::of(words) {
            Canary::Show => self.shown_canary(name).await,
            Canary::Serve(guilds) => match self.known_servers(by, guilds) {
                Ok(guilds) => {
                    let begun = self.plugins.begin_canary(name, guilds).await;
                    begun.map(|it| serves(name, &it))
                }
                Err(why) => return embeds::failed("No canary", name, &why),
            },
            Canary::Promote => {
                let before = self.asked_powers();
                let promoted = self.plugins.promote_canary(name).await;
                promoted.map(|it| serves_all(&it, |plugin| self.new_powers(&before, plugin)))
            }
            Canary::Back => self.plugins.take_canary_back(name).await.map(|canary| {
                let told = format!(
                    "It was {}. The generation beside it serves all servers again.",
                    shown::said(&canary.in_words(SystemTime::now()))
                );
                embeds::embed("Canary taken back", embeds::GREEN, &told, &[])
            }),
            Canary::Unknown(word) => {
                let why = format!(
                    "`{}` is no id of a server, nor `here`, `promote` or `back`",
                    shown::said(&word)
                );
                return embeds::misused(&why, USAGE, WHAT);
            }
        };
        done.unwrap_or_else(|error| embeds::failed("No canary", name, &error.to_string()))
    }

    async fn shown_canary(&self, name: &str) -> Result<Value, host_loader::LoadError> {
        let canary = match self.plugins.canary(name).await {
            Err(host_loader::LoadError::Canary { .. }) => return Ok(embeds::usage(USAGE, WHAT)),
            canary => canary?,
        };
        let servers: Vec<String> = canary.guilds.iter().map(|id| self.server(*id)).collect();
        let fields = [
            embeds::field(name, &shown::said(&canary.in_words(SystemTime::now()))),
            embeds::field("Servers", &servers.join("\n")),
        ];
        let told = format!(
            "`reload {0} canary promote` has it serve all, `reload {0} canary back` none.",
            shown::said(name)
        );
        Ok(embeds::embed("Canary", embeds::BLUE, &told, &fields))
    }

    /// The servers, all of which the bot is in.
    fn known_servers(&self, by: &By, mut guilds: BTreeSet<u64>) -> Result<BTreeSet<u64>, String> {
        if guilds.remove(&0) {
            match by.guild_id() {
                0 => return Err("`here` is no server: this is a direct message".to_owned()),
                here => guilds.insert(here),
            };
        }
        let known: BTreeSet<u64> = self
            .services
            .cache
            .guilds()
            .into_iter()
            .map(Id::get)
            .collect();
        let strange: Vec<String> = guilds.difference(&known).map(u64::to_string).collect();
        match &*strange {
            [] => Ok(guilds),
            strange => Err(format!(
                "the bot is not in {}: an id of a server is meant (Discord copies it from the server's menu in developer mode), or `here`",
                strange.join(", ")
            )),
        }
    }

    fn server(&self, id: u64) -> String {
        let known = Id::new_checked(id).and_then(|id| self.services.cache.guild(id).ok());
        match known {
            Some(guild) => format!("{} ({id})", shown::said(&guild.name)),
            None => id.to_string(),
        }
    }
}

const WHAT: &str = "A newer file of a plugin serves some servers, and the present one the others, until it is promoted or taken back. Put it \
                    beside the present one, with `.canary` behind its name. It is taken back by itself if it fails too often \
                    (`extensions.canary_failure_percent`).";

fn serves(name: &str, begun: &CanaryBegun) -> Value {
    let mut fields = vec![embeds::field(
        name,
        &shown::said(&begun.canary.in_words(SystemTime::now())),
    )];
    fields.extend(note(&begun.remarks));
    embeds::embed("Canary serves", embeds::GREEN, "", &fields)
}

fn serves_all(done: &Promoted, beside: impl Fn(&host_base::PluginName) -> Option<String>) -> Value {
    let reports = done.reports.iter().take(embeds::FIELDS - 1);
    let mut fields: Vec<Value> = reports.map(|report| load_field(report, &beside)).collect();
    fields.extend(note(&done.remarks));
    embeds::embed(
        "Promoted",
        embeds::GREEN,
        "The canary's file serves all servers now.",
        &fields,
    )
}

fn note(remarks: &[String]) -> Option<Value> {
    let remarks: Vec<String> = remarks.iter().map(|it| shown::said(it)).collect();
    (!remarks.is_empty()).then(|| embeds::field("Note", &remarks.join("\n")))
}
