//! Acts of a restore: the request, or the few requests, of a step.

use plugin_api::{Json, prelude::*};
use serde_json::{Value, json};

use super::{
    members,
    world::{GONE, World},
};
use crate::{
    archive, body,
    format::Record,
    journal::{Entry, Journal},
    model::{Contents, Item, Kind, Snowflake},
    pairs::Pairs,
    plan::{Act, Note, Step},
    take,
};

impl World<'_> {
    fn wanted(&self) -> &Contents {
        &self.whole.contents
    }

    /// Does a step. An error: Discord could not be asked, and it is not over.
    pub(super) async fn act(&mut self, step: &Step, journal: &mut Journal) -> Result<Vec<Entry>> {
        let pairs = journal.pairs(&self.job.plan);
        let key = &step.key;
        match &step.act {
            Act::Make(kind, id) => self.make(key, *kind, *id, &pairs).await,
            Act::Change(kind, id, fields) => self.change(key, *kind, *id, fields, &pairs).await,
            Act::Remove(kind, id) => {
                let path = self.route(*kind, Some(*id));
                let answer = self.send(Method::Delete, &path, None).await?;
                let is_gone = matches!(&answer, Err(why) if why.starts_with(GONE));
                Ok(ended(key, if is_gone { Ok(()) } else { answer.map(drop) }))
            }
            Act::OrderRoles => self.order_roles(key, &pairs).await,
            Act::OrderChannels => {
                let (live, _) = take::live(self.host, self.guild).await?;
                let places = body::channel_order(self.wanted(), &live, &pairs);
                let path = format!("guilds/{}/channels", self.guild);
                self.place(key, &path, &places).await
            }
            Act::Community(on) => self.community(key, *on, &pairs).await,
            Act::Server(fields) => self.server(key, fields, &pairs).await,
            // Done at once when the restore was started: it takes somebody who acts.
            Act::Bot(_) => Ok(ended(key, Ok(()))),
            Act::Members => members::give(self, key, journal, &pairs).await,
        }
    }

    async fn make(
        &self,
        key: &str,
        kind: Kind,
        id: Snowflake,
        pairs: &Pairs,
    ) -> Result<Vec<Entry>> {
        let Some(item) = self.wanted().item(kind, id) else {
            return Ok(ended(key, Err("the snapshot has it no more".into())));
        };
        let mut body = body::make(kind, item, self.wanted(), &self.job.plan, pairs);
        let path = self.route(kind, None);
        let answer = match kind {
            Kind::Role => {
                if item.icon.is_some() && self.job.plan.has_role_icons {
                    body.json["icon"] = self.picture(item).await?.into();
                }
                self.send(Method::Post, &path, Some(&body.json)).await?
            }
            Kind::Channel => match self.send(Method::Post, &path, Some(&body.json)).await? {
                Err(why) if why.contains("10009") && body::without_members(&mut body.json) => {
                    body.without
                        .push("members who are not there any more".into());
                    self.send(Method::Post, &path, Some(&body.json)).await?
                }
                answer => answer,
            },
            Kind::Emoji | Kind::Sticker => match self.picture(item).await? {
                None => Err("its picture can't be read".into()),
                Some(uri) if kind == Kind::Emoji => {
                    body.json["image"] = uri.into();
                    self.send(Method::Post, &path, Some(&body.json)).await?
                }
                Some(uri) => self.send_sticker(&path, &body.json, &uri).await?,
            },
        };
        let mut entries = self.left_out(item, kind, &body.without);
        let made = answer.and_then(|body| {
            let json: Json = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
            let made = json["id"].as_str().and_then(|made| made.parse().ok());
            made.ok_or_else(|| "Discord's answer has no id".to_owned())
        });
        entries.push(match made {
            Ok(made) => Entry::Done {
                key: key.to_owned(),
                made: Some((id, made)),
            },
            Err(why) => Entry::Failed {
                key: key.to_owned(),
                why,
            },
        });
        Ok(entries)
    }

    async fn change(
        &self,
        key: &str,
        kind: Kind,
        id: Snowflake,
        fields: &[String],
        pairs: &Pairs,
    ) -> Result<Vec<Entry>> {
        let found = self.wanted().item(kind, id).zip(pairs.get(&id));
        let Some((item, there)) = found else {
            return Ok(ended(key, Err("it is not there any more".into())));
        };
        let mut body = body::change(kind, item, fields, self.wanted(), &self.job.plan, pairs);
        if fields.iter().any(|field| field == "icon") {
            body.json["icon"] = self.picture(item).await?.into();
        }
        let path = self.route(kind, Some(*there));
        let answer = self.send(Method::Patch, &path, Some(&body.json)).await?;
        let mut entries = self.left_out(item, kind, &body.without);
        entries.extend(ended(key, answer.map(drop)));
        Ok(entries)
    }

    async fn server(&self, key: &str, fields: &[String], pairs: &Pairs) -> Result<Vec<Entry>> {
        let icon = match self.wanted().server.line {
            Some(line) if fields.iter().any(|field| field == "icon") => {
                match archive::record_at(self.host, self.path, line).await? {
                    Record::Server(server) => server.picture,
                    _ => None,
                }
            }
            _ => None,
        };
        let body = body::server(fields, self.wanted(), pairs, icon);
        let path = format!("guilds/{}", self.guild);
        let answer = self.send(Method::Patch, &path, Some(&body)).await?;
        Ok(ended(key, answer.map(drop)))
    }

    async fn community(&self, key: &str, on: bool, pairs: &Pairs) -> Result<Vec<Entry>> {
        let (live, _) = take::live(self.host, self.guild).await?;
        let body = body::community(on, &live.server.features, self.wanted(), pairs);
        let Some(body) = body else {
            let why = "its channels for rules and for updates are not there".to_owned();
            return Ok(ended(key, Err(why)));
        };
        let path = format!("guilds/{}", self.guild);
        let answer = self.send(Method::Patch, &path, Some(&body)).await?;
        Ok(ended(key, answer.map(drop)))
    }

    async fn order_roles(&self, key: &str, pairs: &Pairs) -> Result<Vec<Entry>> {
        let path = format!("guilds/{}/roles", self.guild);
        let (mut live, _) = take::live(self.host, self.guild).await?;
        let mut places = body::role_order(self.wanted(), &live, pairs, |role| {
            self.reaches(&live, role)
        });
        let top = live
            .roles
            .iter()
            .find(|role| Some(role.id) == self.job.below);
        // New roles share a place until the server is asked to put one somewhere: then each has its own.
        if top.is_some_and(|top| top.position <= places.len() as i64)
            && let Some(lowest) = live.roles.iter().find(|role| role.id != live.server.id)
        {
            let first = [(lowest.id, 1)];
            let answer = self
                .send(Method::Patch, &path, Some(&written(&first)))
                .await?;
            if let Err(why) = answer {
                return Ok(ended(key, Err(why)));
            }
            live = take::live(self.host, self.guild).await?.0;
            places = body::role_order(self.wanted(), &live, pairs, |role| {
                self.reaches(&live, role)
            });
        }
        self.place(key, &path, &places).await
    }

    async fn place(
        &self,
        key: &str,
        path: &str,
        places: &[(Snowflake, i64)],
    ) -> Result<Vec<Entry>> {
        if places.is_empty() {
            return Ok(ended(key, Ok(())));
        }
        let answer = self
            .send(Method::Patch, path, Some(&written(places)))
            .await?;
        Ok(ended(key, answer.map(drop)))
    }

    async fn picture(&self, item: &Item) -> Result<Option<String>> {
        let Some(line) = item.line else {
            return Ok(None);
        };
        match archive::record_at(self.host, self.path, line).await? {
            Record::Role(item) | Record::Emoji(item) | Record::Sticker(item) => Ok(item.picture),
            _ => Ok(None),
        }
    }

    fn route(&self, kind: Kind, id: Option<Snowflake>) -> String {
        let guild = self.guild;
        match (kind, id) {
            (Kind::Channel, Some(id)) => format!("channels/{id}"),
            (Kind::Sticker, Some(id)) => format!("guilds/{guild}/stickers/{id}"),
            (Kind::Emoji, Some(id)) => format!("guilds/{guild}/emojis/{id}"),
            (Kind::Role, Some(id)) => format!("guilds/{guild}/roles/{id}"),
            (kind, None) => format!("guilds/{guild}/{}s", kind.word()),
        }
    }

    fn left_out(&self, item: &Item, kind: Kind, without: &[String]) -> Vec<Entry> {
        let what = format!("rights in {}", item.title(kind));
        let note = |who: &String| Entry::Note(Note::new(&what, format!("{who} is not there")));
        without.iter().map(note).collect()
    }
}

fn ended(key: &str, end: std::result::Result<(), String>) -> Vec<Entry> {
    let key = key.to_owned();
    vec![match end {
        Ok(()) => Entry::Done { key, made: None },
        Err(why) => Entry::Failed { key, why },
    }]
}

fn written(places: &[(Snowflake, i64)]) -> Value {
    let places = places.iter();
    places
        .map(|(id, position)| json!({"id": id, "position": position}))
        .collect()
}
