//! Changes of more than a file's whole contents: renamed, copied, folders, appended to; and reads of parts.

use std::{io, sync::Arc};

use host_base::PluginName;
use plugin_api::abi::{FileCall, FileStat};
use serde_json::{Value, json};

use super::{
    Files, Key,
    charges::{Charge, Size},
    entries, lock,
    path::Relative,
};
use crate::disk::on_disk;

/// What a call is answered: its head, and its body.
type Answer = io::Result<(Value, Vec<u8>)>;

impl Files {
    /// The calls that are about more than one whole file; the body of others comes back.
    pub(super) async fn serve_more(
        &self,
        verb: &str,
        call: &FileCall,
        key: &Key,
        owner: Option<PluginName>,
        body: Vec<u8>,
    ) -> Result<Answer, Vec<u8>> {
        let to = || match &call.to {
            None => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "where to? (`to`)",
            )),
            Some(to) => match Relative::parse(to) {
                Ok(to) => Ok((Arc::clone(&key.0), to)),
                Err(why) => Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    format!("`{to}`: {why}"),
                )),
            },
        };
        let done = match verb {
            "stat" => {
                let (root, path) = key.clone();
                let stat = self.on_thread(move || entries::stat(&root, &path)).await;
                return Ok(stat.and_then(|stat| head(&stat)));
            }
            "read" => return Ok(self.read_part(key, call).await),
            "rename" => match to() {
                Ok(to) => self.rename(key, &to, owner).await,
                Err(error) => Err(error),
            },
            "copy" => match to() {
                Ok(to) => self.copy(key, &to, owner).await,
                Err(error) => Err(error),
            },
            "make_folder" => self.make_folder(key, owner).await,
            "remove_folder" => self.remove_folder(key, owner).await,
            "append" => self.append(key, owner, body).await.map(|()| true),
            _ => return Err(body),
        };
        Ok(done.map(|done| (json!({"found": done}), Vec::new())))
    }

    async fn read_part(&self, key: &Key, call: &FileCall) -> Answer {
        let most = self.config.now().files.max_file_bytes;
        let offset = call.offset.unwrap_or_default();
        let length = call.length.unwrap_or(most).min(most);
        let (root, path) = key.clone();
        let read = self
            .on_thread(move || entries::read_part(&root, &path, offset, length))
            .await?;
        let (bytes, stat) = read.unwrap_or_default();
        Ok((serde_json::to_value(stat)?, bytes))
    }

    async fn rename(&self, key: &Key, to: &Key, owner: Option<PluginName>) -> io::Result<bool> {
        // Two that wait for each other's file would wait for ever.
        let _one_at_a_time = self.renames.lock().await;
        let _from = self.enter(key).await;
        let charge = owner.map(|plugin| Charge {
            plugin,
            size: Size::Moved,
        });
        let ((root, path), target) = (key.clone(), to.1.clone());
        let renamed = match key == to {
            true => {
                self.on_thread(move || Ok(entries::stat(&root, &path)?.found))
                    .await
            }
            false => {
                self.changing(to, charge, move || entries::rename(&root, &path, &target))
                    .await
            }
        };
        let mut cache = lock(&self.cache);
        cache.forget(key);
        cache.forget(to);
        renamed
    }

    async fn copy(&self, key: &Key, to: &Key, owner: Option<PluginName>) -> io::Result<bool> {
        let ((root, path), most) = (key.clone(), self.config.now().files.max_file_bytes);
        let there = {
            let (root, path) = (Arc::clone(&root), path.clone());
            self.on_thread(move || entries::stat(&root, &path)).await?
        };
        if !there.found {
            return Ok(false);
        }
        let charge = owner.map(|plugin| Charge {
            plugin,
            size: Size::Copied(there.bytes),
        });
        let target = to.1.clone();
        self.changing(to, charge, move || {
            entries::copy(&root, &path, &target, most)
        })
        .await
    }

    async fn make_folder(&self, key: &Key, owner: Option<PluginName>) -> io::Result<bool> {
        let charge = owner.map(|plugin| Charge {
            plugin,
            size: Size::Folder,
        });
        let (root, path) = key.clone();
        self.changing(key, charge, move || entries::make_folder(&root, &path))
            .await
    }

    async fn remove_folder(&self, key: &Key, owner: Option<PluginName>) -> io::Result<bool> {
        let (root, path) = key.clone();
        let removed = self
            .changing(key, None, move || entries::remove_folder(&root, &path))
            .await?;
        if let (true, Some(plugin)) = (removed, owner) {
            let _ = self.disk.add_files(&plugin, -on_disk(0).cast_signed());
        }
        Ok(removed)
    }

    async fn append(&self, key: &Key, owner: Option<PluginName>, bytes: Vec<u8>) -> io::Result<()> {
        self.fits(bytes.len())?;
        let charge = owner.map(|plugin| Charge {
            plugin,
            size: Size::More(bytes.len() as u64),
        });
        let ((root, path), bytes) = (key.clone(), Arc::<[u8]>::from(bytes));
        let appended = self
            .changing(key, charge, move || entries::append(&root, &path, &bytes))
            .await;
        lock(&self.cache).forget(key);
        appended
    }
}

fn head(stat: &FileStat) -> Answer {
    Ok((serde_json::to_value(stat)?, Vec::new()))
}
