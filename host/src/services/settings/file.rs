//! Reads and atomic writes of config.toml, and never over what can't be read.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use host_base::{PluginName, nearest::nearest};
use host_ops::{
    config::{Alerts, Config, ConfigError, Described, Subject, described, toml_table},
    folders,
};
use host_store::files;
use plugin_api::manifest::SettingManifest;
use toml_edit::Value;

use super::{Changed, Settings, SettingsError, change, document, schema};

/// Target of a dotted path.
pub(super) enum Target {
    /// A key of the host's.
    Host(&'static Described),
    /// What holds for alerts of one subject.
    Subject { subject: String, key: String },
    /// A setting that a plugin declares.
    Declared {
        plugin: PluginName,
        setting: Box<SettingManifest>,
    },
    /// Something in the table of a plugin that declares nothing.
    Free { plugin: PluginName, name: String },
}

impl Target {
    /// Whether it says who may what, where the bot is reached, or what it runs: whoever changes that may everything by it.
    pub(super) fn is_for_owners(&self) -> bool {
        match self {
            Self::Host(it) => {
                let tables = [
                    "data",
                    "discord",
                    "extensions",
                    "grants",
                    "isolation",
                    "pages",
                    "remote",
                    "secrets",
                    "web",
                ];
                let keys = [
                    ("bot", "owner_ids"),
                    ("log", "folder"),
                    ("metrics", "hosts"),
                    ("metrics", "listen"),
                ];
                tables.contains(&it.table) || keys.contains(&(it.table, it.key))
            }
            Self::Subject { .. } | Self::Declared { .. } | Self::Free { .. } => false,
        }
    }

    /// A value of a declared setting as it is written.
    pub(super) fn written(
        &self,
        value: &serde_json::Value,
    ) -> Result<serde_json::Value, SettingsError> {
        let Self::Declared { plugin, setting } = self else {
            return Ok(value.clone());
        };
        schema::of_value(setting, value)
            .map_err(|why| SettingsError::Refused(format!("`{plugin}.{}`: {why}", setting.name)))
    }
}

impl Settings {
    /// Changes a value: `bot.prefix`, `shop.limit`. Comments and layout of the file stay.
    ///
    /// # Errors
    ///
    /// There is no such setting, the value does not fit, or the file can't be read or written. Nothing is changed then.
    pub async fn set(&self, path: &str, value: &str) -> Result<Changed, SettingsError> {
        let target = self.target(path)?;
        let candidates = candidates(&target, value)?;
        self.put(&target, &candidates).await
    }

    /// Sets a value that came as JSON: a text as somebody types it, anything else as it is. Null takes the value away.
    pub(super) async fn set_json(
        &self,
        target: &Target,
        value: &serde_json::Value,
    ) -> Result<Changed, SettingsError> {
        use serde_json::Value::{Null, String};
        let candidates = match (target, value) {
            (_, Null) => return self.take_away(target).await,
            (Target::Declared { .. }, value) => {
                let written = target.written(value)?;
                document::toml_of(&written).into_iter().collect()
            }
            (_, String(text)) => {
                let exact = Value::from(&**text);
                let mut all = candidates(target, text)?;
                all.push(exact);
                all
            }
            (_, value) => document::toml_of(value).into_iter().collect(),
        };
        self.put(target, &candidates).await
    }

    async fn put(&self, target: &Target, candidates: &[Value]) -> Result<Changed, SettingsError> {
        self.edit(target, |text, path| {
            let mut first = None;
            for candidate in candidates {
                let changed =
                    document::set(text, path, candidate.clone()).map_err(SettingsError::Refused)?;
                match self.read(&changed, target) {
                    Ok(config) => return Ok(Some((changed, config))),
                    Err(error) => first = first.or(Some(error.without_places())),
                }
            }
            Err(first.unwrap_or(SettingsError::Refused("there is no value".into())))
        })
        .await
    }

    /// Takes a value away, so that the default holds.
    ///
    /// # Errors
    ///
    /// As for [`set`](Self::set).
    pub async fn unset(&self, path: &str) -> Result<Changed, SettingsError> {
        self.take_away(&self.target(path)?).await
    }

    async fn take_away(&self, target: &Target) -> Result<Changed, SettingsError> {
        self.edit(target, |text, path| {
            let changed = document::unset(text, path).map_err(SettingsError::Refused)?;
            match changed {
                Some(changed) => {
                    let config = self.read(&changed, target)?;
                    Ok(Some((changed, config)))
                }
                None => Ok(None),
            }
        })
        .await
    }

    /// Takes over what has changed on the disk; nothing when nothing has.
    ///
    /// # Errors
    ///
    /// The file can't be read as a whole: the last good values hold.
    pub async fn reread(&self) -> Result<Changed, SettingsError> {
        let _one_at_a_time = self.door.lock().await;
        let file = self.path()?;
        let text = self.on_disk(&file).await?;
        if text == self.config.now().source.text {
            self.trouble().take();
            return Ok(Changed::default());
        }
        let config = self
            .parse(&text)
            .map_err(|error| self.in_trouble(error.to_string()))?;
        self.trouble().take();
        Ok(self.take_over(config))
    }

    /// Reads the file, changes its text, writes it, and takes it over.
    async fn edit(
        &self,
        target: &Target,
        change: impl FnOnce(&str, document::Path<'_>) -> Result<Option<(String, Config)>, SettingsError>,
    ) -> Result<Changed, SettingsError> {
        let _one_at_a_time = self.door.lock().await;
        let file = self.path()?;
        let text = self.on_disk(&file).await?;
        self.parse(&text)
            .map_err(|error| self.in_trouble(error.to_string()))?;
        let table;
        let path: [&str; 3] = match target {
            Target::Host(known) => ["", known.table, known.key],
            Target::Subject { subject, key } => ["alerts", subject, key],
            Target::Declared { plugin, setting } => {
                table = table_of(&text, plugin);
                ["plugins", &table, &setting.name]
            }
            Target::Free { plugin, name } => {
                table = table_of(&text, plugin);
                ["plugins", &table, name]
            }
        };
        let path = if path[0].is_empty() {
            &path[1..]
        } else {
            &path
        };
        let Some((changed, config)) = change(&text, path)? else {
            return Ok(Changed::default());
        };
        if changed != text {
            let to = file.clone();
            let written = tokio::task::spawn_blocking(move || write(&to, changed.as_bytes()))
                .await
                .unwrap_or_else(|_| Err(io::Error::other("the host is shutting down")));
            written.map_err(|error| SettingsError::Write {
                path: file,
                reason: not_written(&error),
            })?;
        }
        self.trouble().take();
        Ok(self.take_over(config))
    }

    /// Reads a text that is about to be written: as strictly as at the start, its folders included, and by what the plugin
    /// declares.
    fn read(&self, text: &str, target: &Target) -> Result<Config, SettingsError> {
        let config = self.parse(text)?;
        if let Target::Declared { plugin, .. } = target
            && let Some((_, settings)) = self.latest(plugin)
        {
            change::values(&config, plugin, &settings)?;
        }
        if let Target::Host(known) = target {
            // The next start would end with it.
            let key = format!("[{}] {}", known.table, known.key);
            let slip = folders::slips(&config).into_iter();
            if let Some(slip) = slip.into_iter().find(|slip| slip.key == key) {
                return Err(SettingsError::Refused(slip.told));
            }
        }
        Ok(config)
    }

    pub(super) fn parse(&self, text: &str) -> Result<Config, SettingsError> {
        let now = self.config.now();
        let mut config = Config::parse(text, &now.source.origin)?;
        config.source.path.clone_from(&now.source.path);
        Ok(config)
    }

    pub(super) fn path(&self) -> Result<PathBuf, SettingsError> {
        self.config
            .now()
            .source
            .path
            .clone()
            .ok_or(SettingsError::NoFile)
    }

    /// The text on the disk. A file that is gone or empty, and was not before, is one that can't be read.
    pub(super) async fn on_disk(&self, file: &Path) -> Result<String, SettingsError> {
        let shown = file.display().to_string();
        let path = file.to_owned();
        let read = tokio::task::spawn_blocking(move || Config::text_of(&path))
            .await
            .map_err(|_| SettingsError::Refused("the host is shutting down".into()))?;
        let text = read.map_err(|error| match error {
            ConfigError::Unreadable { path, source } if files::lacks_descriptors(&source) => {
                let reason = files::sentence(&source);
                SettingsError::Crowded { path, reason }
            }
            error => self.in_trouble(chain(&error)),
        })?;
        let had_text = !self.config.now().source.text.trim().is_empty();
        match text {
            None if had_text => Err(self.in_trouble(format!("{shown} is gone"))),
            Some(text) if had_text && text.trim().is_empty() => Err(self.in_trouble(format!(
                "{shown}:1:1: the file is empty; if all settings are to have their defaults, write a comment into it"
            ))),
            text => Ok(text.unwrap_or_default()),
        }
    }

    fn in_trouble(&self, trouble: String) -> SettingsError {
        *self.trouble() = Some(trouble.clone());
        SettingsError::Trouble { trouble }
    }

    /// What a dotted path leads to.
    pub(super) fn target(&self, path: &str) -> Result<Target, SettingsError> {
        let refused = |why| Err(SettingsError::Refused(why));
        let explicit = path.strip_prefix("plugins.");
        let Some((first, name)) = explicit.unwrap_or(path).split_once('.') else {
            return refused(format!(
                "`{path}` names no setting: write TABLE.KEY or PLUGIN.NAME, such as `bot.prefix`"
            ));
        };
        if let Some(rest) = path.strip_prefix("alerts.")
            && let Some((subject, key)) = rest.split_once('.')
        {
            if !(Alerts::is_subject(subject) && Subject::KEYS.contains(&key)) {
                let keys = hint(key, Subject::KEYS.into_iter());
                return refused(format!(
                    "there is no key `{key}` in [alerts.{subject}]{keys}"
                ));
            }
            let (subject, key) = (subject.to_owned(), key.to_owned());
            return Ok(Target::Subject { subject, key });
        }
        let mut of_table = described().iter().filter(|known| known.table == first);
        if explicit.is_none() && of_table.clone().next().is_some() {
            if let Some(known) = of_table.clone().find(|known| known.key == name) {
                return Ok(Target::Host(known));
            }
            let keys = of_table.by_ref().map(|known| known.key);
            return refused(format!(
                "there is no key `{name}` in [{first}]{}",
                hint(name, keys)
            ));
        }
        let plugin = PluginName::new(first);
        if let Some((_, settings)) = self.latest(&plugin) {
            return match settings.iter().find(|setting| setting.name == name) {
                Some(setting) => Ok(Target::Declared {
                    plugin,
                    setting: Box::new(setting.clone()),
                }),
                None => {
                    let names = settings.iter().map(|setting| &*setting.name);
                    refused(format!(
                        "`{plugin}` has no setting `{name}`{}",
                        hint(name, names)
                    ))
                }
            };
        }
        let now = self.config.now();
        let in_file = now.plugins.contains_key(&plugin);
        if in_file || explicit.is_some() || self.routes.with_plugin(&plugin, |_| ()).is_some() {
            let name = name.to_owned();
            return Ok(Target::Free { plugin, name });
        }
        let plugins = self.plugins();
        let known = described()
            .iter()
            .map(|known| known.table)
            .chain(plugins.iter().map(|name| &**name));
        refused(format!(
            "there is no table and no plugin `{first}`{}",
            hint(first, known)
        ))
    }
}

/// The values that somebody may mean, the likeliest first.
fn candidates(target: &Target, text: &str) -> Result<Vec<Value>, SettingsError> {
    let text = text.trim();
    if let Target::Declared { plugin, setting } = target {
        let written = schema::of_text(setting, text)
            .map_err(|why| SettingsError::Refused(format!("`{plugin}.{}`: {why}", setting.name)))?;
        return Ok(document::toml_of(&written).into_iter().collect());
    }
    let mut all: Vec<Value> = text.parse().into_iter().collect();
    if let Target::Host(known) = target
        && known.default.as_ref().is_some_and(toml::Value::is_array)
        && !text.starts_with('[')
    {
        all.extend(format!("[{text}]").parse::<Value>());
    }
    all.push(schema::unquoted(text).into());
    Ok(all)
}

/// How the file calls a plugin's table.
fn table_of(text: &str, plugin: &PluginName) -> String {
    let document = toml_table(text);
    let tables = document.get("plugins").and_then(toml::Value::as_table);
    let named = tables
        .into_iter()
        .flat_map(toml::Table::keys)
        .find(|name| plugin.is(name));
    named.map_or_else(|| plugin.to_string(), Clone::clone)
}

/// `; did you mean …?`, or what there is.
pub(super) fn hint<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    known.dedup();
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None if known.is_empty() => String::new(),
        None => format!("; there are `{}`", known.join("`, `")),
    }
}

/// Writes the file: in its place, where it is a link in the place of what it leads to.
pub(crate) fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let target = match fs::canonicalize(file) {
        Ok(target) => target,
        Err(error) if error.kind() == io::ErrorKind::NotFound => file.to_owned(),
        Err(error) => return Err(error),
    };
    files::write_whole(&target, bytes)
}

/// Why, and the way out.
fn not_written(error: &io::Error) -> String {
    match error.kind() {
        // It is replaced as a whole, and what something is mounted on can't be.
        io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices => format!(
            "{error}: the file is mounted by itself, as containers do it, and such a file can't be replaced; mount the folder that it \
             is in, or change it where it comes from: a change is taken over while the bot runs"
        ),
        _ => files::sentence(error),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::not_written;

    #[test]
    fn a_file_that_is_mounted_by_itself_is_named_as_such_with_the_way_out() {
        for code in [libc::EBUSY, libc::EXDEV] {
            let said = not_written(&std::io::Error::from_raw_os_error(code));
            for part in [
                "mounted by itself",
                "mount the folder",
                "where it comes from",
            ] {
                assert!(said.contains(part), "{part} is not in {said}");
            }
        }
        let said = not_written(&std::io::Error::from_raw_os_error(libc::EROFS));
        assert!(said.contains("right to write"), "{said}");
    }
}
