//! Key-value store in a database.

use serde::{Serialize, de::DeserializeOwned};
use twilight_model::id::{Id, marker::UserMarker};

use super::Database;
use crate::{
    abi::{KvCall, KvReply},
    error::{Error, Result},
};

/// How often [`KvStore::update`] begins anew when another call was faster.
const ATTEMPTS: usize = 32;

/// Values by key, in one database, of one plugin: made by [`Database::kv_store`]. A value is any type of serde's and crosses as
/// JSON; a key is any text of up to 512 bytes.
///
/// ```
/// use plugin_api::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Welcome { channel: Id<marker::ChannelMarker>, text: String }
///
/// async fn set_up(store: &KvStore, channel: Id<marker::ChannelMarker>) -> Result {
///     store.set("welcome", &Welcome { channel, text: "Hello!".into() }).await?;
///     let welcome: Option<Welcome> = store.get("welcome").await?;
///     assert!(welcome.is_some_and(|welcome| welcome.text == "Hello!"));
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone)]
pub struct KvStore {
    database: Database,
    name: String,
    subject: Option<u64>,
}

impl KvStore {
    pub(super) fn new(database: Database, name: String) -> Self {
        Self {
            database,
            name,
            subject: None,
        }
    }

    /// The part of this key-value store that is about a user, with keys of its own. The owner can export all that is kept about a
    /// user, and erase it; this is how the host knows.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn birthday(ctx: CommandContext) -> Result {
    ///     let date: String = ctx.option("date")?;
    ///     let store = ctx.host().storage().bot().kv_store("birthdays").about(ctx.user().id);
    ///     store.set("date", &date).await?;
    ///     ctx.reply("I will think of it.").await
    /// }
    /// ```
    #[must_use]
    pub fn about(mut self, user: Id<UserMarker>) -> Self {
        self.subject = Some(user.get());
        self
    }

    /// The value at a key; `None` when there is none.
    ///
    /// # Errors
    ///
    /// The value is not a `T`, or the database can't be used.
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        Ok(self.read(key).await?.0)
    }

    /// Puts a value at a key, in place of what was there. When this returns, it is on the disk.
    ///
    /// # Errors
    ///
    /// The value can't be written as JSON, or the database can't be used.
    pub async fn set<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result {
        self.write(key, value, None).await.map(drop)
    }

    /// Takes a key away; whether it was there.
    ///
    /// # Errors
    ///
    /// The database can't be used.
    pub async fn delete(&self, key: &str) -> Result<bool> {
        let call = self.call(key);
        let (reply, _): (KvReply, _) = self
            .database
            .ask("storage.delete", &call, Vec::new())
            .await?;
        Ok(reply.done)
    }

    /// The keys that begin with `prefix`, in order; all with an empty one.
    ///
    /// # Errors
    ///
    /// They are more than `storage.max_rows`, or the database can't be used.
    pub async fn keys(&self, prefix: &str) -> Result<Vec<String>> {
        let call = self.call(prefix);
        let (reply, _): (KvReply, _) = self.database.ask("storage.keys", &call, Vec::new()).await?;
        Ok(reply.keys)
    }

    /// Changes the value at a key, and returns the new one. `change` gets what is there, and is called again when another
    /// call has changed it meanwhile: nothing is overwritten unseen.
    ///
    /// # Errors
    ///
    /// As for [`get`](Self::get) and [`set`](Self::set), or others were faster too often.
    pub async fn update<T>(&self, key: &str, mut change: impl FnMut(Option<T>) -> T) -> Result<T>
    where
        T: Serialize + DeserializeOwned,
    {
        for _ in 0..ATTEMPTS {
            let (value, version) = self.read(key).await?;
            let value = change(value);
            if self.write(key, &value, Some(version)).await? {
                return Ok(value);
            }
        }
        Err(Error::new(format!(
            "`{key}` of the key-value store `{}` was changed by others {ATTEMPTS} times in a row",
            self.name
        )))
    }

    async fn read<T: DeserializeOwned>(&self, key: &str) -> Result<(Option<T>, u64)> {
        let call = self.call(key);
        let (reply, body): (KvReply, _) =
            self.database.ask("storage.get", &call, Vec::new()).await?;
        if !reply.done {
            return Ok((None, 0));
        }
        let value = serde_json::from_slice(&body).map_err(|error| {
            Error::new(format!(
                "`{key}` of the key-value store `{}`: {error}",
                self.name
            ))
        })?;
        Ok((Some(value), reply.version))
    }

    /// Whether it was written: not when the version is another by now.
    async fn write<T: Serialize + ?Sized>(
        &self,
        key: &str,
        value: &T,
        version: Option<u64>,
    ) -> Result<bool> {
        let call = KvCall {
            version,
            ..self.call(key)
        };
        let body = serde_json::to_vec(value)?;
        let (reply, _): (KvReply, _) = self.database.ask("storage.set", &call, body).await?;
        Ok(reply.done)
    }

    fn call(&self, key: &str) -> KvCall {
        KvCall {
            guild_id: self.database.guild_id,
            store: self.name.clone(),
            subject: self.subject,
            key: key.to_owned(),
            version: None,
        }
    }
}
