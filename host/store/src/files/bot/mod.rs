//! Files in the bot's own folder, for its owners: what is protected is left out, and what is changed goes into a bin first.

mod bin;
mod disk;
mod protected;
#[cfg(test)]
mod tests;

use std::{io, sync::Arc};

use host_base::{PluginName, redact};
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, Who, places};
use host_loader::{Caller, Completion, Places, Unserved};
use host_ops::config::{Config, Live};
use plugin_api::{Power, abi::BotFileCall, manifest::Manifest};
use serde_json::json;

use self::protected::{Access, Protected};
use super::{path::Relative, sentence};

/// The host calls.
const CALLS: &[CallRule] = &[
    CallRule::reads("botfiles.bin", Power::FilesBot, Who::Owner),
    CallRule::changes("botfiles.empty_bin", Power::FilesBot, Who::Owner),
    CallRule::reads("botfiles.list", Power::FilesBot, Who::Owner),
    CallRule::changes("botfiles.make_folder", Power::FilesBot, Who::Owner),
    CallRule::reads("botfiles.read", Power::FilesBot, Who::Owner),
    CallRule::changes("botfiles.remove", Power::FilesBot, Who::Owner),
    CallRule::changes("botfiles.rename", Power::FilesBot, Who::Owner),
    CallRule::changes("botfiles.restore", Power::FilesBot, Who::Owner),
    CallRule::changes("botfiles.write", Power::FilesBot, Who::Owner),
];

/// The bot's folder.
#[derive(Debug)]
pub struct BotFiles {
    config: Live,
    /// One change at a time.
    door: tokio::sync::Mutex<()>,
}

impl BotFiles {
    /// The folder of the bot that has this configuration.
    #[must_use]
    pub fn new(config: Live) -> Self {
        Self {
            config,
            door: tokio::sync::Mutex::default(),
        }
    }

    async fn serve(&self, call: HostCall) -> Result<Completion, Failure> {
        let about: BotFileCall = serde_json::from_value(call.params)?;
        let config = self.config.now();
        match &*call.name {
            "botfiles.list" => {
                let listed = on_thread(config, about, |about, place| {
                    disk::list(&place, about).map_err(sentence_of)
                });
                Ok(Completion::json(&listed.await?))
            }
            "botfiles.read" => {
                let read = on_thread(config, about, |about, place| {
                    place.readable()?;
                    let (chunk, around, body) = disk::read(&place, about).map_err(sentence_of)?;
                    // In part, too: what is around it is looked at as well.
                    if redact::holds(&around) {
                        return Err("there is a secret in that part of it".to_owned());
                    }
                    Ok((chunk, body))
                });
                let (chunk, body) = read.await?;
                Ok(Completion {
                    body,
                    ..Completion::json(&chunk)
                })
            }
            "botfiles.bin" => {
                let listed = on_thread(config, about, |_, place| {
                    Ok(bin::list(&place.config.data.folder))
                });
                Ok(Completion::json(&listed.await?))
            }
            "botfiles.empty_bin" => {
                let _one_at_a_time = self.door.lock().await;
                let emptied = on_thread(config, about, |about, place| {
                    bin::empty(&place.config.data.folder, &about.kept)
                        .map_err(|why| format!("`{}`: {why}", about.kept))
                });
                let emptied = emptied.await?;
                let before = json!({"files": emptied.files, "bytes": emptied.bytes});
                call.effect.changed(before, ());
                Ok(Completion::json(&emptied))
            }
            name => {
                let _one_at_a_time = self.door.lock().await;
                let (verb, body) = (name.to_owned(), call.body);
                let changed = on_thread(config, about, move |about, place| {
                    change(&verb, about, place, &body)
                });
                let change = changed.await?;
                let before = json!({"existed": change.existed, "bytes": change.bytes});
                call.effect.changed(before, json!({"kept": change.kept}));
                Ok(Completion::json(&change))
            }
        }
    }
}

/// A path in the bot's folder.
struct Place {
    config: Arc<Config>,
    protected: Protected,
    path: Relative,
}

impl Place {
    /// The same folder, at another path.
    fn at(self, path: Relative) -> Self {
        Self { path, ..self }
    }

    fn readable(&self) -> Result<(), String> {
        self.protected.check(&self.path, Access::Read)
    }

    fn writable(&self, path: &Relative) -> Result<(), String> {
        if path.names().is_empty() {
            return Err("it is the bot's folder itself".into());
        }
        self.protected.check(path, Access::Write)
    }
}

/// Does something with a path, where it may block.
async fn on_thread<T: Send + 'static>(
    config: Arc<Config>,
    about: BotFileCall,
    work: impl FnOnce(&BotFileCall, Place) -> Result<T, String> + Send + 'static,
) -> Result<T, Failure> {
    let path = about.path.clone();
    let done = tokio::task::spawn_blocking(move || {
        let place = Place {
            protected: Protected::of(&config)?,
            path: Relative::parse(&about.path)?,
            config,
        };
        work(&about, place)
    });
    let done = done
        .await
        .unwrap_or_else(|_| Err("the host is shutting down".into()));
    done.map_err(|why| match &*path {
        "" => Failure::Unfit(why),
        path => Failure::Unfit(format!("`{path}`: {why}")),
    })
}

fn change(
    verb: &str,
    about: &BotFileCall,
    place: Place,
    body: &[u8],
) -> Result<plugin_api::abi::BotFileChange, String> {
    if verb == "botfiles.restore" {
        let path = bin::target(&place.config.data.folder, &about.kept, &about.to);
        let place = place.at(path.map_err(|why| format!("`{}`: {why}", about.kept))?);
        place.writable(&place.path)?;
        return disk::restore(&place, &about.kept);
    }
    place.writable(&place.path)?;
    match verb {
        "botfiles.write" => {
            let most = place.config.files.max_file_bytes;
            if body.len() as u64 > most {
                return Err(format!(
                    "{} bytes are too many: {most} are allowed (`files.max_file_bytes`)",
                    body.len()
                ));
            }
            disk::write(&place, about.version.as_deref(), body).map_err(sentence_of)
        }
        "botfiles.make_folder" => disk::make_folder(&place).map_err(sentence_of),
        "botfiles.remove" => disk::remove(&place).map_err(sentence_of),
        _ => {
            let to = Relative::parse(&about.to).map_err(|why| format!("`{}`: {why}", about.to))?;
            place
                .writable(&to)
                .map_err(|why| format!("`{to}`: {why}"))?;
            place.protected.may_move(&place.path)?;
            disk::rename(&place, &to).map_err(sentence_of)
        }
    }
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "a function to map errors with"
)]
fn sentence_of(error: io::Error) -> String {
    sentence(&error)
}

impl<P: Sync> Capability<P> for BotFiles {
    const CALLS: &'static [CallRule] = CALLS;
    const PLACES: Places = places("the bot's files", 4);
    const LEAVES: Leaves = Leaves::FilePath;

    fn problems(_: &PluginName, _: &Manifest, _: &mut Vec<String>) {}

    async fn generation_starts(&self, _: &Caller, _: &Manifest) -> Result<(), Unserved> {
        Ok(())
    }

    async fn serve(&self, _: &P, _: &Caller, call: HostCall) -> Result<Completion, Failure> {
        Self::serve(self, call).await
    }

    fn generation_ended(&self, _: &Caller) {}

    fn registries(&self) -> Vec<(&'static str, usize)> {
        Vec::new()
    }
}
