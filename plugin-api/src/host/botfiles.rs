//! Files in the bot's own folder, for its owners; how plugins' files fare; and caches that are emptied.

use super::Host;
use crate::{
    abi::{
        BotFileBin, BotFileCall, BotFileChange, BotFileChunk, BotFileEmptied, BotFileList,
        CachesCleared, CachesReply, ClearCaches, FileStats,
    },
    error::Result,
};

impl Host {
    /// The folder that the bot's config.toml is in. Needs the power `files.bot`, and one of the bot's owners who acts.
    ///
    /// Neither seen nor read nor written are names that begin with a dot (`.env`), databases and their backups, the folder of secrets,
    /// exports and the audit journal, whatever leads to them; a part of a file that has a known secret in it is not read. config.toml,
    /// the data, extensions and log folders and programs are read, and not written: settings and plugins have calls of their own.
    ///
    /// ```
    /// use plugin_api::{Power, abi::BotFileCall, prelude::*};
    ///
    /// async fn tail(ctx: CommandContext) -> Result {
    ///     let call = BotFileCall {
    ///         path: "botlogs/current_run.log".into(),
    ///         from_end: true,
    ///         offset: Some(1_500),
    ///         ..BotFileCall::default()
    ///     };
    ///     let (_, end) = ctx.host().bot_files().read(&call).await?;
    ///     ctx.reply(format!("```\n{}\n```", String::from_utf8_lossy(&end))).await
    /// }
    ///
    /// let plugin = Plugin::new()
    ///     .powers([Power::FilesBot])
    ///     .command(Command::new("tail", "Shows the end of the log").owner_only().ephemeral().run(tail));
    /// ```
    #[must_use]
    pub fn bot_files(&self) -> BotFiles<'_> {
        BotFiles { host: self }
    }

    /// How plugins' files fare, and what each plugin keeps on the disk. Needs the power `bot.read`.
    ///
    /// ```
    /// use plugin_api::{Power, prelude::*};
    ///
    /// async fn keepers(ctx: CommandContext) -> Result {
    ///     let stats = ctx.host().file_stats().await?;
    ///     let lines = stats.plugins.iter().map(|it| format!("{}: {} kB", it.plugin, (it.tables + it.files) / 1000));
    ///     ctx.reply(lines.collect::<Vec<_>>().join("\n")).await
    /// }
    ///
    /// let plugin = Plugin::new()
    ///     .powers([Power::BotRead])
    ///     .command(Command::new("keepers", "Shows who keeps most").run(keepers));
    /// ```
    ///
    /// # Errors
    ///
    /// The power is not granted.
    pub async fn file_stats(&self) -> Result<FileStats> {
        self.query("files.stats", &()).await
    }

    /// How much is in the caches that [`clear_caches`](Self::clear_caches) empties. Needs the power `bot.read`.
    ///
    /// # Errors
    ///
    /// The power is not granted.
    pub async fn caches(&self) -> Result<CachesReply> {
        self.query("bot.caches", &()).await
    }

    /// Empties caches: `files`, `rules`, `settings`, `members`, or all of them. What was in them is read anew when it is asked for
    /// next; nothing is lost. Needs the power `bot.control`, and one of the bot's owners who acts.
    ///
    /// ```
    /// use plugin_api::{Power, prelude::*};
    ///
    /// async fn cleanup(ctx: CommandContext) -> Result {
    ///     let cleared = ctx.host().clear_caches(&["files"]).await?;
    ///     ctx.reply(format!("{} files are read anew.", cleared.files)).await
    /// }
    ///
    /// let plugin = Plugin::new()
    ///     .powers([Power::BotControl])
    ///     .command(Command::new("cleanup", "Empties the cache of files").owner_only().run(cleanup));
    /// ```
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call, or there is no such cache.
    pub async fn clear_caches(&self, caches: &[&str]) -> Result<CachesCleared> {
        let caches = caches.iter().map(|&name| name.to_owned()).collect();
        self.query("bot.clear_caches", &ClearCaches { caches })
            .await
    }
}

/// The bot's folder: what [`Host::bot_files`] gives.
#[derive(Debug, Clone, Copy)]
pub struct BotFiles<'a> {
    host: &'a Host,
}

impl BotFiles<'_> {
    /// What lies in a folder, by name; 500 on a page.
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call, there is no such folder, or it is protected. So for all functions here.
    pub async fn list(&self, call: &BotFileCall) -> Result<BotFileList> {
        self.host.query("botfiles.list", call).await
    }

    /// A part of a file, 1 MiB at most: from its begin, from an `offset`, or from so many bytes before its end (`from_end`). Whoever
    /// follows a log goes on at the `end` of what was read before.
    ///
    /// # Errors
    ///
    /// As for [`list`](Self::list), or there is a secret in that part. That there is no such file is no error.
    pub async fn read(&self, call: &BotFileCall) -> Result<(BotFileChunk, Vec<u8>)> {
        let reply = self.host.ask("botfiles.read", call, Vec::new()).await?;
        Ok((serde_json::from_slice(&reply.head)?, reply.body))
    }

    /// Writes a file, whole or not at all; what was there before goes into the bin, `bin` in the data folder, which keeps the last 100
    /// files and 256 MiB. Each change is in the audit journal.
    ///
    /// # Errors
    ///
    /// As for [`list`](Self::list), or it is too large (`files.max_file_bytes`) or can't be written.
    pub async fn write(&self, path: &str, bytes: impl Into<Vec<u8>>) -> Result<BotFileChange> {
        let call = at(path);
        let reply = self.host.ask("botfiles.write", &call, bytes.into()).await?;
        Ok(serde_json::from_slice(&reply.head)?)
    }

    /// The same where nobody else has changed the file since it was read: `version` is that of the [chunk](BotFileChunk::version), empty
    /// where there is to be no file yet. The host looks at that and writes without anybody between.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write), or it is another file by now.
    pub async fn write_over(
        &self,
        path: &str,
        version: &str,
        bytes: impl Into<Vec<u8>>,
    ) -> Result<BotFileChange> {
        let call = BotFileCall {
            version: Some(version.to_owned()),
            ..at(path)
        };
        let reply = self.host.ask("botfiles.write", &call, bytes.into()).await?;
        Ok(serde_json::from_slice(&reply.head)?)
    }

    /// Makes a folder, and those above it that are missing. That it is there already is no error.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write).
    pub async fn make_folder(&self, path: &str) -> Result<BotFileChange> {
        self.host.query("botfiles.make_folder", &at(path)).await
    }

    /// What is in the bin, the latest first.
    ///
    /// # Errors
    ///
    /// As for [`list`](Self::list).
    pub async fn bin(&self) -> Result<BotFileBin> {
        self.host.query("botfiles.bin", &at("")).await
    }

    /// Takes a file out of the bin, to where it was (`None`) or to another path. What is there by now goes into the bin.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write), there is nothing of that name in the bin, or it is not known where it was.
    pub async fn restore(&self, kept: &str, to: Option<&str>) -> Result<BotFileChange> {
        let call = BotFileCall {
            kept: kept.to_owned(),
            to: to.unwrap_or_default().to_owned(),
            ..BotFileCall::default()
        };
        self.host.query("botfiles.restore", &call).await
    }

    /// Takes one file in the bin away for good, or all of them (`None`).
    ///
    /// # Errors
    ///
    /// As for [`restore`](Self::restore).
    pub async fn empty_bin(&self, kept: Option<&str>) -> Result<BotFileEmptied> {
        let call = BotFileCall {
            kept: kept.unwrap_or_default().to_owned(),
            ..BotFileCall::default()
        };
        self.host.query("botfiles.empty_bin", &call).await
    }

    /// Takes a file away, into the bin, or a folder that is empty.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write). That there is nothing is no error.
    pub async fn remove(&self, path: &str) -> Result<BotFileChange> {
        self.host.query("botfiles.remove", &at(path)).await
    }

    /// Moves a file or folder to where nothing is yet.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write), and when something is there already.
    pub async fn rename(&self, from: &str, to: &str) -> Result<BotFileChange> {
        let call = BotFileCall {
            to: to.to_owned(),
            ..at(from)
        };
        self.host.query("botfiles.rename", &call).await
    }
}

fn at(path: &str) -> BotFileCall {
    BotFileCall {
        path: path.to_owned(),
        ..BotFileCall::default()
    }
}
