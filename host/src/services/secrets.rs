//! Secrets of plugins: granted by name, read from the environment or a file that nobody else can read.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Read},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use host_base::{PluginName, redact};
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, MEMORY};
use host_loader::{Caller, Completion, Places, Unserved};
use host_ops::{
    config::{Live, secret_name},
    env::{SECRET_PREFIX, Secret},
};
use plugin_api::{abi::SecretCall, manifest::Manifest};
use serde_json::Value;

use crate::services::Services;

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
        for (name, secret) in &self.variables {
            redact::keep_out_of(name, secret.expose());
            tell_if_guessable(name, secret.expose());
        }
        let folder = &self.config.now().secrets.folder;
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if secret_name(&name).is_err() {
                continue;
            }
            match of_file(&name, &entry.path()) {
                Ok(secret) => tell_if_guessable(&name, &secret),
                Err(why) => tracing::warn!("{why}"),
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
        let granted = config.grants.get(&caller.plugin);
        if !granted.is_some_and(|granted| granted.secrets.contains(&name)) {
            return Err(Failure::Refused(format!(
                "the secret `{name}` is not granted; the owner grants it in config.toml: [grants.{}] secrets = [\"{name}\"]",
                caller.plugin
            )));
        }
        let secret = match self.variables.get(&name) {
            Some(secret) => of_text(
                &name,
                secret.expose(),
                &format!("{SECRET_PREFIX}{}", name.to_uppercase()),
            ),
            None => {
                let file = config.secrets.folder.join(&name);
                tokio::task::spawn_blocking(move || of_file(&name, &file))
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

/// Whether what a plugin asks for would carry a secret to where it does not belong: a plugin's own go wherever it may send web requests,
/// and into the address of a webhook.
impl Secrets {
    /// A web request: its head, as it came, and its body, which is given back.
    ///
    /// # Errors
    ///
    /// A secret is in it that the plugin has not been granted.
    pub(super) async fn may_leave(
        &self,
        caller: &Caller,
        head: &Value,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, Failure> {
        let own = self.granted(caller);
        let head = head.to_string();
        redact::looked_through(body, move |body| {
            let is_own = |name: &str| own.iter().any(|own| own == name);
            match [head.as_bytes(), &body]
                .iter()
                .any(|text| redact::holds_foreign(text, is_own))
            {
                false => Ok(body),
                true => Err(foreign()),
            }
        })
        .await
    }

    fn granted(&self, caller: &Caller) -> Vec<String> {
        let config = self.config.now();
        let granted = config.grants.get(&caller.plugin);
        granted.map_or_else(Vec::new, |granted| granted.secrets.clone())
    }

    /// A path of Discord's.
    ///
    /// # Errors
    ///
    /// A secret is in it that is no webhook's of the plugin's own.
    pub(super) fn may_be_asked(&self, caller: &Caller, path: &str) -> Result<(), Failure> {
        let (route, query) = path.split_once('?').unwrap_or((path, ""));
        let mut parts: Vec<&str> = route.split('/').collect();
        if let ["webhooks", _, token, ..] = &mut *parts {
            let (own, token) = (self.granted(caller), std::mem::take(token));
            if redact::holds_foreign(token.as_bytes(), |name| own.iter().any(|own| own == name)) {
                return Err(foreign());
            }
        }
        let rest = format!("{}?{query}", parts.join("/"));
        let allowed = !redact::holds(rest.as_bytes());
        match allowed {
            true => Ok(()),
            false => Err(Failure::Refused(
                "a secret is in the path; Discord is asked with those of webhooks alone: `webhooks/ID/TOKEN`".into(),
            )),
        }
    }

    /// The name of a file.
    ///
    /// # Errors
    ///
    /// A secret is in it: names are shown.
    pub(super) fn may_be_shown(&self, name: &str) -> Result<(), Failure> {
        match redact::holds(name.as_bytes()) {
            false => Ok(()),
            true => Err(Failure::Refused(
                "a secret is in the file's name, and names are shown".into(),
            )),
        }
    }
}

fn foreign() -> Failure {
    Failure::Refused(
        "a secret is in the request that the plugin has not been granted: it is not sent (the bot's token never is)".into(),
    )
}

/// The secret in a file, without the line break at its end. Errors say nothing of what is in it.
fn of_file(name: &str, path: &Path) -> Result<String, String> {
    let shown = path.display();
    // A pipe that somebody put there must not hold the thread.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path);
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
    of_text(name, &text, &shown.to_string())
}

fn of_text(name: &str, text: &str, place: &str) -> Result<String, String> {
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.trim().len() < redact::SHORTEST {
        return Err(format!(
            "the secret in {place} is shorter than {} bytes, too short to be kept out of the log",
            redact::SHORTEST
        ));
    }
    redact::keep_out_of(name, secret);
    Ok(secret.to_owned())
}

/// Warns of a secret that may be in other texts by chance.
fn tell_if_guessable(name: &str, secret: &str) {
    let all = |is: fn(&u8) -> bool| secret.as_bytes().iter().all(is);
    if secret.len() < 16 && (all(u8::is_ascii_alphabetic) || all(u8::is_ascii_digit)) {
        tracing::warn!(
            "the secret `{name}` may be a word or a number that others use, too: it is masked wherever it is said; take a longer one, \
             of letters and digits"
        );
    }
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

impl Capability<Services> for Secrets {
    const CALLS: &'static [CallRule] = &[CallRule::free("secrets.get")];
    const PLACES: Places = MEMORY;
    const LEAVES: Leaves = Leaves::Nothing;

    fn problems(_: &PluginName, _: &Manifest, _: &mut Vec<String>) {}

    async fn generation_starts(&self, _: &Caller, _: &Manifest) -> Result<(), Unserved> {
        Ok(())
    }

    async fn serve(
        &self,
        _: &Services,
        caller: &Caller,
        call: HostCall,
    ) -> Result<Completion, Failure> {
        Self::serve(self, caller, call.params).await
    }

    fn generation_ended(&self, _: &Caller) {}

    fn registries(&self) -> Vec<(&'static str, usize)> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use host_ops::config::Config;

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

    #[tokio::test]
    async fn a_secret_leaves_by_no_door_but_its_plugins_own() {
        let kit = Kit::new();
        kit.write(b"door-to-door-1\n", 0o600);
        kit.get("shop", "key").await.unwrap();
        redact::keep_out("the-bots-token-itself");
        let (shop, bank) = (Caller::new("shop", 1), Caller::new("bank", 1));
        let web = async |caller: &Caller, url: &str, body: &str| {
            let head = serde_json::json!({"url": url});
            let sent = kit.secrets.may_leave(caller, &head, body.into()).await;
            sent.map_err(|failure| failure.to_string())
        };
        for url in [
            "https://a/?key=door-to-door-1",
            "https://a/?key=door%2Dto%2Ddoor%2D1",
        ] {
            assert!(web(&shop, url, "").await.is_ok());
            assert!(web(&bank, url, "").await.is_err());
        }
        assert_eq!(
            web(&shop, "https://a", "door-to-door-1").await.unwrap(),
            b"door-to-door-1"
        );
        let long = format!("{}door-to-door-1", " ".repeat(1 << 20));
        for body in ["door-to-door-1", "ZG9vci10by1kb29yLTE=", &long] {
            assert!(web(&bank, "https://a", body).await.is_err());
        }
        let token = web(&shop, "https://a", "the-bots-token-itself").await;
        assert!(token.unwrap_err().contains("the bot's token never is"));

        let path = |caller: &Caller, path: &str| kit.secrets.may_be_asked(caller, path);
        assert!(path(&shop, "webhooks/1/door-to-door-1").is_ok());
        assert!(path(&shop, "webhooks/1/door-to-door-1/messages/2").is_ok());
        assert!(path(&bank, "webhooks/1/door-to-door-1").is_err());
        assert!(path(&shop, "webhooks/1/the-bots-token-itself").is_err());
        assert!(path(&shop, "webhooks/1/t?x=door-to-door-1").is_err());
        assert!(path(&shop, "guilds/1/members/search?query=door-to-door-%31").is_err());
        assert!(
            kit.secrets
                .may_be_shown("notes/door-to-door-1.txt")
                .is_err()
        );
        assert!(kit.secrets.may_be_shown("notes/door.txt").is_ok());
    }
}
