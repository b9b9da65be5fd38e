//! Secrets of plugins: granted by name, read from the environment or a file that nobody else can read.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Read},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use plugin_api::abi::SecretCall;
use serde_json::Value;

use super::{Caller, Completion, Failure};
use crate::{
    config::{Live, secret_name},
    env::{SECRET_PREFIX, Secret},
    redact,
};

/// Most bytes of a secret.
const LONGEST: u64 = 64 << 10;

/// The secrets.
#[derive(Debug)]
pub struct Secrets {
    config: Live,
    variables: BTreeMap<String, Secret>,
}

impl Secrets {
    /// Secrets from these variables, and from the folder `secrets.folder`.
    #[must_use]
    pub fn new(config: Live, variables: &BTreeMap<String, Secret>) -> Self {
        Self {
            variables: variables.clone(),
            config,
        }
    }

    /// Keeps all that are there out of the log, also before somebody asks for them.
    pub fn keep_out(&self) {
        for secret in self.variables.values() {
            redact::keep_out(secret.expose());
        }
        let folder = &self.config.now().secrets.folder;
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let is_secret = |name: &std::ffi::OsStr| secret_name(&name.to_string_lossy()).is_ok();
            if is_secret(&entry.file_name())
                && let Err(why) = of_file(&entry.path())
            {
                tracing::warn!("{why}");
            }
        }
    }

    /// The host call `secrets.get`.
    ///
    /// # Errors
    ///
    /// It is not granted, not there, or others can read it.
    pub async fn serve(&self, caller: &Caller, params: Value) -> Result<Completion, Failure> {
        let SecretCall { name } = serde_json::from_value(params)?;
        secret_name(&name).map_err(Failure::Refused)?;
        let config = self.config.now();
        let granted = config.grants.get(&*caller.plugin);
        if !granted.is_some_and(|granted| granted.secrets.contains(&name)) {
            return Err(Failure::Refused(format!(
                "the secret `{name}` is not granted; the owner grants it in config.toml: [grants.{}] secrets = [\"{name}\"]",
                caller.plugin
            )));
        }
        let secret = match self.variables.get(&name) {
            Some(secret) => of_text(
                secret.expose(),
                &format!("{SECRET_PREFIX}{}", name.to_uppercase()),
            ),
            None => {
                let file = config.secrets.folder.join(&name);
                tokio::task::spawn_blocking(move || of_file(&file))
                    .await
                    .unwrap_or_else(|_| Err("the host is shutting down".into()))
            }
        };
        Ok(Completion {
            body: secret.map_err(Failure::Refused)?.into_bytes(),
            ..Completion::default()
        })
    }
}

/// The secret in a file, without the line break at its end. Errors say nothing of what is in it.
fn of_file(path: &Path) -> Result<String, String> {
    let shown = path.display();
    // A pipe that somebody put there must not hold the thread.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let file = file.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!(
            "there is no secret `{name}`: set the variable {SECRET_PREFIX}{} (in the environment or in `.env`), or write it to \
             {shown} and run `chmod 600 {shown}`",
            name.to_uppercase()
        ),
        _ => format!("the secret in {shown} can't be read: {error}"),
    })?;
    private(&file, path)?;
    let mut bytes = Vec::new();
    file.take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("the secret in {shown} can't be read: {error}"))?;
    if bytes.len() as u64 > LONGEST {
        return Err(format!(
            "the secret in {shown} has more than {LONGEST} bytes"
        ));
    }
    let text =
        String::from_utf8(bytes).map_err(|_| format!("the secret in {shown} is no UTF-8 text"))?;
    of_text(&text, &shown.to_string())
}

fn of_text(text: &str, place: &str) -> Result<String, String> {
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.trim().len() < redact::SHORTEST {
        return Err(format!(
            "the secret in {place} is shorter than {} bytes, too short to be kept out of the log",
            redact::SHORTEST
        ));
    }
    redact::keep_out(secret);
    Ok(secret.to_owned())
}

/// Whether nobody but the bot's user can read a file.
fn private(file: &File, path: &Path) -> Result<(), String> {
    let shown = path.display();
    let metadata = file
        .metadata()
        .map_err(|error| format!("the secret in {shown} can't be read: {error}"))?;
    if !metadata.is_file() {
        return Err(format!("{shown} is no plain file, and so no secret"));
    }
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(format!(
            "the secret in {shown} can be read by others (mode {mode:04o}); run `chmod 600 {shown}`, and think of replacing it"
        ));
    }
    let (owner, us) = (metadata.uid(), rustix::process::geteuid().as_raw());
    // What root owns and we can read was put there for us.
    if owner != us && owner != 0 {
        return Err(format!(
            "the secret in {shown} belongs to another user ({owner}); run `chown {us} {shown}`"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::config::Config;

    struct Kit {
        folder: tempfile::TempDir,
        secrets: Secrets,
    }

    impl Kit {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let text = format!(
                "[secrets]\nfolder = '{}'\n[grants.shop]\nsecrets = ['key', 'variable', 'absent']",
                folder.path().display()
            );
            let config = Live::new(Config::parse(&text, "c").unwrap());
            let variables = BTreeMap::from([("variable".into(), Secret::new("in-a-variable"))]);
            let secrets = Secrets::new(config, &variables);
            Self { folder, secrets }
        }

        fn write(&self, text: &[u8], mode: u32) {
            let file = self.folder.path().join("key");
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        }

        async fn get(&self, plugin: &str, name: &str) -> Result<String, String> {
            let params = serde_json::json!({"name": name});
            let served = self.secrets.serve(&Caller::new(plugin, 1), params).await;
            served
                .map(|completion| String::from_utf8(completion.body).unwrap())
                .map_err(|failure| failure.to_string())
        }
    }

    #[track_caller]
    fn says(result: Result<String, String>, words: &str) {
        let error = result.unwrap_err();
        assert!(error.contains(words), "{error}");
    }

    #[tokio::test]
    async fn a_secret_is_granted_private_and_known_to_the_log() {
        let kit = Kit::new();
        kit.write(b"open-sesame-1\n", 0o600);
        assert_eq!(kit.get("shop", "key").await.unwrap(), "open-sesame-1");
        assert_eq!(redact::text("open-sesame-1"), redact::REDACTED);
        assert_eq!(kit.get("shop", "variable").await.unwrap(), "in-a-variable");
        says(
            kit.get("bank", "key").await,
            "[grants.bank] secrets = [\"key\"]",
        );
        says(kit.get("shop", "absent").await, "COGWRIGHT_SECRET_ABSENT");
        says(kit.get("shop", "../key").await, "is no name of a secret");
    }

    #[tokio::test]
    async fn what_others_can_read_is_refused_with_the_command_that_mends_it() {
        let kit = Kit::new();
        for mode in [0o644, 0o640, 0o604, 0o660] {
            kit.write(b"open-sesame-2", mode);
            let error = kit.get("shop", "key").await.unwrap_err();
            assert!(
                error.contains("run `chmod 600 ") && !error.contains("sesame"),
                "{error}"
            );
        }
        kit.write(b"short", 0o600);
        says(kit.get("shop", "key").await, "shorter than 8 bytes");
        kit.write(b"\xff\xfe not text at all", 0o600);
        says(kit.get("shop", "key").await, "no UTF-8 text");
        fs::remove_file(kit.folder.path().join("key")).unwrap();
        fs::create_dir(kit.folder.path().join("key")).unwrap();
        says(kit.get("shop", "key").await, "no plain file");
    }
}
