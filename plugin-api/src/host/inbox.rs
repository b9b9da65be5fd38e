//! Inboxes: folders among a plugin's files into which JSON files are laid from outside, taken up one after the other.

use std::{future::Future, pin::Pin, time::Duration};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use twilight_model::id::{Id, marker::UserMarker};

use super::{Files, Task};
use crate::error::{Error, Result};

/// How long what has to wait waits, at first and at most.
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(600);

/// An inbox of the plugin's, made by [`Files::inbox`]. Clones are the same inbox.
#[derive(Debug, Clone)]
pub struct Inbox {
    files: Files,
    folder: String,
}

/// What has become of a file, in words.
#[derive(Serialize, Deserialize)]
struct Noted {
    said: String,
}

/// What becomes of a file; the inner `None`: it waits.
type Taking<'a> = Pin<Box<dyn Future<Output = Result<Option<String>>> + 'a>>;

impl Files {
    /// An inbox: a folder into which somebody lays JSON files, `cogwright import` say, which writes while no bot runs. What has become of
    /// each is noted in `taken/` below it under the same name, as `{"said": "…"}`; a file whose name is noted is not taken up again.
    ///
    /// A killed process may have kept what a file says without having noted it. So `take` is given the file's name: it either keeps that
    /// with what it makes, in the same transaction, or finds what it has made of this file before.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    /// use serde::Deserialize;
    ///
    /// /// A dish that is laid into `data/plugins/menu/files/dishes`.
    /// #[derive(Deserialize)]
    /// struct Dish {
    ///     guild: Id<marker::GuildMarker>,
    ///     called: String,
    /// }
    ///
    /// async fn take(host: &Host, file: &str, dish: Dish) -> Result<Option<String>> {
    ///     if host.cache().guild(dish.guild).await?.is_none() {
    ///         // Until the bot is in that server.
    ///         return Ok(None);
    ///     }
    ///     let sql = "INSERT OR IGNORE INTO menu__dishes (file, called) VALUES (?1, ?2)";
    ///     host.storage().guild(dish.guild).execute(sql, params![file, dish.called]).await?;
    ///     Ok(Some(format!("it is on the menu: {}", dish.called)))
    /// }
    ///
    /// let menu = Plugin::with_state(|host| async move {
    ///     let inbox = host.files().inbox("dishes");
    ///     inbox.empty(async move |file: &str, dish| take(&host, file, dish).await);
    ///     Ok(())
    /// });
    /// ```
    #[must_use]
    pub fn inbox(&self, folder: impl Into<String>) -> Inbox {
        Inbox {
            files: self.clone(),
            folder: folder.into(),
        }
    }
}

impl Inbox {
    /// Takes up what lies here, in the background, until nothing waits any more: what has to wait is tried again after a quarter of a second
    /// at first, ten minutes at last. What lies beside a file under its name (`a.json`, `a.lines`) goes with it.
    ///
    /// `take` is given a file's name without its ending and what it says, and gives what has become of it, in words for whoever has laid
    /// it; `None`: it waits. An error goes to the log, and the file waits. One that is not as expected is noted as refused.
    pub fn empty<T: DeserializeOwned + 'static>(
        &self,
        take: impl AsyncFn(&str, T) -> Result<Option<String>> + 'static,
    ) -> Task {
        let inbox = self.clone();
        self.files.host.spawn(async move {
            // What is generic is this closure alone.
            let take = |name: &str, bytes: &[u8]| -> Taking<'_> {
                match serde_json::from_slice(bytes) {
                    Ok(laid) => {
                        let (take, name) = (&take, name.to_owned());
                        Box::pin(async move { take(&name, laid).await })
                    }
                    Err(error) => Box::pin(std::future::ready(Ok(Some(refused(&error))))),
                }
            };
            inbox.emptied(&take).await;
            Ok(())
        })
    }

    async fn emptied<'a>(&self, take: &'a dyn Fn(&str, &[u8]) -> Taking<'a>) {
        let mut wait = FIRST;
        loop {
            match self.looked_through(take).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => {
                    let folder = &*self.folder;
                    tracing::warn!(folder, "an inbox is looked through again later: {error}");
                }
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST);
        }
    }

    /// Whether nothing waits any more.
    async fn looked_through<'a>(
        &self,
        take: &'a dyn Fn(&str, &[u8]) -> Taking<'a>,
    ) -> Result<bool> {
        let mut is_empty = true;
        for name in self.names("").await? {
            let _turn = self.turn().await?;
            let path = self.path(&name);
            let said = match self.files.stat(&self.path_noted(&name)).await? {
                // The process was killed before the file was gone.
                Some(_) => {
                    self.remove(&name).await?;
                    continue;
                }
                None => match self.files.read(&path).await? {
                    Some(bytes) => take(&name, &bytes).await,
                    None => continue,
                },
            };
            match said {
                Ok(Some(said)) => {
                    tracing::info!(file = path, "taken up: {said}");
                    self.note(&name, said).await?;
                    self.remove(&name).await?;
                }
                Ok(None) => is_empty = false,
                Err(error) => {
                    tracing::warn!(file = path, "it is tried again later: {error}");
                    is_empty = false;
                }
            }
        }
        Ok(is_empty)
    }

    /// Has nothing of a user wait here any more, nor stand in what was noted: for [`Plugin::on_erase`](crate::Plugin::on_erase). It waits
    /// for a file that is being taken up, so that what that has made is there to be erased.
    ///
    /// `change` is given the name of each file that waits and what it says, and gives what it is to say without the user: `None` if it is
    /// to be no more, which is noted.
    ///
    /// ```
    /// use plugin_api::{Json, prelude::*};
    ///
    /// async fn forget(ctx: EraseContext) -> Result {
    ///     let (user, inbox) = (ctx.user_id(), ctx.host().files().inbox("dishes"));
    ///     let of_others = async |_: &str, dish: Json| Ok(Some(dish).filter(|it| it["cook"] != user.to_string()));
    ///     inbox.forget(user, of_others).await
    /// }
    /// # Plugin::new().on_erase(forget);
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `change`, or the disk failed.
    pub async fn forget(
        &self,
        user: Id<UserMarker>,
        mut change: impl AsyncFnMut(&str, Value) -> Result<Option<Value>>,
    ) -> Result {
        let _turn = self.turn().await?;
        for name in self.names("").await? {
            // What is no JSON is refused as soon as it is looked at.
            let Some(laid) = self.laid(&name).await? else {
                continue;
            };
            match change(&name, laid.clone()).await? {
                Some(changed) if changed == laid => {}
                Some(changed) => self.files.write_json(&self.path(&name), &changed).await?,
                None => {
                    let said = "it was not taken up: somebody was erased whom it names";
                    self.note(&name, said.to_owned()).await?;
                    self.remove(&name).await?;
                }
            }
        }
        self.unmention(user).await
    }

    async fn laid(&self, name: &str) -> Result<Option<Value>> {
        let bytes = self.files.read(&self.path(name)).await?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    async fn unmention(&self, user: Id<UserMarker>) -> Result {
        for name in self.names("/taken").await? {
            let path = self.path_noted(&name);
            let Ok(Some(noted)) = self.files.read_json::<Noted>(&path).await else {
                continue;
            };
            let said = noted.said.replace(&format!("<@{user}>"), "somebody");
            if said != noted.said {
                self.files.write_json(&path, &Noted { said }).await?;
            }
        }
        Ok(())
    }

    /// One file at a time, in all inboxes of the plugin.
    async fn turn(&self) -> Result<tokio::sync::SemaphorePermit<'_>> {
        let turn = self.files.host.0.inboxes.acquire().await;
        turn.map_err(|_| Error::new("the plugin is being unloaded"))
    }

    /// The names of JSON files here, or below.
    async fn names(&self, below: &str) -> Result<Vec<String>> {
        let entries = self.files.list(&format!("{}{below}", self.folder)).await?;
        let files = entries.iter().filter(|it| !it.folder);
        let names = files.filter_map(|it| it.name.strip_suffix(".json"));
        Ok(names.map(str::to_owned).collect())
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}.json", self.folder)
    }

    fn path_noted(&self, name: &str) -> String {
        format!("{}/taken/{name}.json", self.folder)
    }

    async fn note(&self, name: &str, said: String) -> Result {
        let noted = Noted { said };
        self.files.write_json(&self.path_noted(name), &noted).await
    }

    /// Takes a file away, behind what lies beside it.
    async fn remove(&self, name: &str) -> Result {
        let (path, folder) = (self.path(name), &self.folder);
        for entry in self.files.list(folder).await? {
            let beside = format!("{folder}/{}", entry.name);
            let is_of_it = entry.name.rsplit_once('.').is_some_and(|it| it.0 == name);
            if is_of_it && !entry.folder && beside != path {
                self.files.remove(&beside).await?;
            }
        }
        self.files.remove(&path).await.map(drop)
    }
}

/// Why a file is refused: what is wrong, and where, without its values, which may be nobody's business.
fn refused(error: &serde_json::Error) -> String {
    let told = error.to_string();
    match (told.find('"'), told.rfind('"')) {
        (Some(from), Some(to)) if from < to => {
            format!("refused: {}…{}", &told[..from], &told[to + 1..])
        }
        _ => format!("refused: {told}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_file_is_told_without_its_values() {
        let of = |json: &str| refused(&serde_json::from_str::<Noted>(json).err().unwrap());
        for (json, wanted) in [
            (
                r#"{"#,
                "refused: EOF while parsing an object at line 1 column 1",
            ),
            (r#"{}"#, "refused: missing field `said` at line 1 column 2"),
            (
                r#""a \"key\"""#,
                "refused: invalid type: string …, expected struct Noted at line 1 column 11",
            ),
        ] {
            assert_eq!(of(json), wanted, "{json}");
        }
    }
}
