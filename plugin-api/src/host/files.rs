//! Files: whole reads and whole writes, and parts, in a folder of the plugin's own.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::Host;
use crate::{
    abi::{FileCall, FileStat},
    error::{Error, Result},
};

/// The plugin's files: below `data/plugins/<name>/files`, or in a folder that the owner has granted.
///
/// A path is relative, with slashes, and can't lead out: `..`, absolute paths and symbolic links are refused. Folders on the
/// way are made. A file is read and written as a whole, 64 MiB at most (`files.max_file_bytes`).
///
/// ```
/// use plugin_api::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Default, Serialize, Deserialize)]
/// struct Menu {
///     teas: Vec<String>,
/// }
///
/// async fn add(ctx: CommandContext) -> Result {
///     let files = ctx.host().files();
///     let mut menu: Menu = files.read_json("menu.json").await?.unwrap_or_default();
///     menu.teas.push(ctx.option("tea")?);
///     files.write_json("menu.json", &menu).await?;
///     ctx.reply(format!("{} teas", menu.teas.len())).await
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Files {
    pub(super) host: Host,
    folder: Option<String>,
}

/// Entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct FileEntry {
    /// Its name.
    pub name: String,
    /// Whether it is a folder.
    pub folder: bool,
    /// Bytes of a file; 0 for a folder.
    pub bytes: u64,
}

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    found: bool,
}

#[derive(Deserialize)]
struct Entries {
    entries: Vec<FileEntry>,
}

impl Host {
    /// The plugin's own files.
    #[must_use]
    pub fn files(&self) -> Files {
        Files {
            host: self.clone(),
            folder: None,
        }
    }
}

impl Files {
    /// Files in a folder that the owner has granted by this name: `[grants.<plugin>] folders` in config.toml.
    #[must_use]
    pub fn granted(&self, folder: impl Into<String>) -> Self {
        Self {
            host: self.host.clone(),
            folder: Some(folder.into()),
        }
    }

    /// A file's bytes; `None` when there is none.
    ///
    /// # Errors
    ///
    /// The path is refused, it is no plain file or too large, or the disk failed. So for all functions here.
    pub async fn read(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let (head, body) = self.call("files.read", path, Vec::new()).await?;
        let Found { found } = serde_json::from_slice(&head)?;
        Ok(found.then_some(body))
    }

    /// A file as text.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read), and when it is not UTF-8.
    pub async fn read_text(&self, path: &str) -> Result<Option<String>> {
        let Some(bytes) = self.read(path).await? else {
            return Ok(None);
        };
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(error) => Err(Error::new(format!(
                "`{path}` is no text: byte {} is not UTF-8",
                error.utf8_error().valid_up_to()
            ))),
        }
    }

    /// A JSON file as a type of the plugin's.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read), and when it is no JSON or not of that type; the error names line and column. The file
    /// stays as it is.
    pub async fn read_json<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>> {
        let Some(bytes) = self.read(path).await? else {
            return Ok(None);
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| {
            Error::new(format!(
                "`{path}` is not as expected: {error}; mend it, or move it away to start anew"
            ))
        })
    }

    /// Writes a file, in place of the one that is there: whole or not at all. It is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read). What was there before is untouched then.
    pub async fn write(&self, path: &str, bytes: impl Into<Vec<u8>>) -> Result {
        self.call("files.write", path, bytes.into()).await?;
        Ok(())
    }

    /// Writes a value as JSON, indented.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write), and when the value can't be JSON.
    pub async fn write_json<T: Serialize + ?Sized>(&self, path: &str, value: &T) -> Result {
        self.write(path, serde_json::to_vec_pretty(value)?).await
    }

    /// Takes a file away; `false` when there is none.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
    pub async fn remove(&self, path: &str) -> Result<bool> {
        let (head, _) = self.call("files.remove", path, Vec::new()).await?;
        let Found { found } = serde_json::from_slice(&head)?;
        Ok(found)
    }

    /// What lies in a folder, by name; `""` is the plugin's folder itself. A folder that is not there is empty.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
    pub async fn list(&self, path: &str) -> Result<Vec<FileEntry>> {
        let (head, _) = self.call("files.list", path, Vec::new()).await?;
        let Entries { entries } = serde_json::from_slice(&head)?;
        Ok(entries)
    }

    /// What stands at a path: a file or a folder, its size, and when it was last changed; `None` when there is nothing.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn size(ctx: CommandContext) -> Result {
    ///     let stat = ctx.host().files().stat("menu.json").await?;
    ///     ctx.reply(stat.map_or("None yet.".into(), |stat| format!("{} bytes", stat.bytes))).await
    /// }
    /// # Plugin::new().command(Command::new("size", "Tells it").run(size));
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
    pub async fn stat(&self, path: &str) -> Result<Option<FileStat>> {
        let (head, _) = self.call("files.stat", path, Vec::new()).await?;
        let stat: FileStat = serde_json::from_slice(&head)?;
        Ok(stat.found.then_some(stat))
    }

    /// A part of a file, which may be larger than what [`read`](Self::read) takes: at most `length` bytes from `offset` on, and how
    /// many bytes the file has; `None` when there is none.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn tail(ctx: CommandContext) -> Result {
    ///     let files = ctx.host().files();
    ///     let size = files.stat("orders.log").await?.map_or(0, |stat| stat.bytes);
    ///     let part = files.read_part("orders.log", size.saturating_sub(1_000), 1_000).await?;
    ///     let text = part.map(|(bytes, _)| String::from_utf8_lossy(&bytes).into_owned());
    ///     ctx.reply(text.unwrap_or("Nobody has ordered yet.".into())).await
    /// }
    /// # Plugin::new().command(Command::new("tail", "Shows the last orders").run(tail));
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
    pub async fn read_part(
        &self,
        path: &str,
        offset: u64,
        length: u64,
    ) -> Result<Option<(Vec<u8>, u64)>> {
        let call = FileCall {
            offset: Some(offset),
            length: Some(length),
            ..self.about(path)
        };
        let reply = self.host.ask("files.read", &call, Vec::new()).await?;
        let stat: FileStat = serde_json::from_slice(&reply.head)?;
        Ok(stat.found.then_some((reply.body, stat.bytes)))
    }

    /// Writes behind a file's end, which is made where there is none: on the disk when this returns. Where the host is killed
    /// meanwhile, the beginning of it may be there.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn order(ctx: CommandContext) -> Result {
    ///     let tea: String = ctx.option("tea")?;
    ///     ctx.host().files().append("orders.log", format!("{tea}\n")).await?;
    ///     ctx.reply("Noted.").await
    /// }
    /// # let option = CommandOption::string("tea", "Which").required();
    /// # Plugin::new().command(Command::new("order", "Orders tea").option(option).run(order));
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write).
    pub async fn append(&self, path: &str, bytes: impl Into<Vec<u8>>) -> Result {
        self.call("files.append", path, bytes.into()).await?;
        Ok(())
    }

    /// Gives a file or a folder another path below the same folder; `false` when there is none. Folders on the way are made.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn archive(ctx: CommandContext) -> Result {
    ///     let moved = ctx.host().files().rename("orders.log", "old/orders.log").await?;
    ///     ctx.reply(if moved { "Put away." } else { "There is nothing." }).await
    /// }
    /// # Plugin::new().command(Command::new("archive", "Puts the orders away").run(archive));
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read); something is at `to` already, which stays.
    pub async fn rename(&self, path: &str, to: &str) -> Result<bool> {
        self.call_to("files.rename", path, to).await
    }

    /// Copies a file: the copy is there whole or not at all. `false` when there is none to copy.
    ///
    /// # Errors
    ///
    /// As for [`rename`](Self::rename), and as for [`write`](Self::write).
    pub async fn copy(&self, path: &str, to: &str) -> Result<bool> {
        self.call_to("files.copy", path, to).await
    }

    /// Makes a folder, and those that are missing on the way to it; `false` when it is there. Files make theirs by themselves.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write).
    pub async fn make_folder(&self, path: &str) -> Result<bool> {
        let (head, _) = self.call("files.make_folder", path, Vec::new()).await?;
        let Found { found } = serde_json::from_slice(&head)?;
        Ok(found)
    }

    /// Takes an empty folder away; `false` when there is none.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read); the folder is not empty.
    pub async fn remove_folder(&self, path: &str) -> Result<bool> {
        let (head, _) = self.call("files.remove_folder", path, Vec::new()).await?;
        let Found { found } = serde_json::from_slice(&head)?;
        Ok(found)
    }

    fn about(&self, path: &str) -> FileCall {
        FileCall {
            path: path.to_owned(),
            folder: self.folder.clone(),
            ..FileCall::default()
        }
    }

    async fn call_to(&self, call: &str, path: &str, to: &str) -> Result<bool> {
        let about = FileCall {
            to: Some(to.to_owned()),
            ..self.about(path)
        };
        let Found { found } = self.host.query(call, &about).await?;
        Ok(found)
    }

    async fn call(&self, call: &str, path: &str, body: Vec<u8>) -> Result<(Vec<u8>, Vec<u8>)> {
        let reply = self.host.ask(call, &self.about(path), body).await?;
        Ok((reply.head, reply.body))
    }
}
