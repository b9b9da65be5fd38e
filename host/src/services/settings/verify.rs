//! Look at the configuration as it lies on the disk: what a start would refuse, and what is most likely a slip.

use host_base::{PluginName, nearest::nearest, redact};
use host_loader::Completion;
use host_ops::{
    config::{Config, ConfigError, differences},
    folders,
};
use plugin_api::abi::{ConfigFault, VerifyReply};

use super::{Settings, SettingsError, change};
use host_capability::Failure;

impl Settings {
    /// `settings.verify`.
    pub(super) async fn verified(&self) -> Result<Completion, Failure> {
        let mut reply = VerifyReply::default();
        let running = self.config.now();
        reply.file = running
            .source
            .path
            .as_ref()
            .map(|path| path.display().to_string());
        match self.read_disk().await {
            Ok(config) => self.look_at(&config, &mut reply),
            Err(SettingsError::Config(error)) => push(&mut reply.errors, &error),
            Err(error) => reply.errors.push(fault("", error.to_string())),
        }
        // An operator may have written a secret where none belongs.
        let text = serde_json::to_string(&reply)?;
        Ok(Completion {
            head: redact::text(&text).into_owned().into_bytes(),
            ..Completion::default()
        })
    }

    /// The file as it is at this moment, read as strictly as at a start.
    async fn read_disk(&self) -> Result<Config, SettingsError> {
        let Ok(file) = self.path() else {
            return Ok((*self.config.now()).clone());
        };
        let text = self.on_disk(&file).await?;
        self.parse(&text)
    }

    fn look_at(&self, config: &Config, reply: &mut VerifyReply) {
        for plugin in self.plugins() {
            if let Some((_, settings)) = self.latest(&plugin)
                && let Err(error) = change::values(config, &plugin, &settings)
            {
                push(&mut reply.errors, &error);
            }
        }
        for slip in folders::slips(config) {
            reply.errors.push(fault(&slip.key, slip.told));
        }
        for slip in folders::slips_of_grants(config) {
            reply.warnings.push(fault(&slip.key, slip.told));
        }
        self.names(config, reply);
        for path in differences(&self.started, &config.source.table()) {
            let (table, key) = path.split_once('.').unwrap_or((&path, ""));
            if !matches!(table, "plugins" | "grants")
                && !path.starts_with("alerts.")
                && !host_ops::config::is_live(table, key)
            {
                let words = "is changed, and in force after a restart of the bot".to_owned();
                reply.warnings.push(fault(&path, words));
            }
        }
    }

    /// Names of plugins in the file that are not loaded. Those of the grants that come with the bot are left out.
    fn names(&self, config: &Config, reply: &mut VerifyReply) {
        let loaded: Vec<PluginName> = self
            .routes
            .plugins()
            .iter()
            .map(|slot| slot.current().plugin.clone())
            .collect();
        let shipped = Config::default().grants;
        for (table, names) in [
            ("plugins", config.plugins.keys().collect::<Vec<_>>()),
            ("grants", config.grants.keys().collect()),
        ] {
            for name in names {
                let comes_along = table == "grants" && shipped.contains_key(name);
                if loaded.contains(name) || comes_along {
                    continue;
                }
                let hint = match nearest(name, loaded.iter().map(|name| &**name)) {
                    Some(near) => format!("; did you mean `{near}`?"),
                    None => String::new(),
                };
                let place = format!("[{table}.{name}]");
                let words = format!("is about a plugin that is not loaded{hint}");
                reply.warnings.push(fault(&place, words));
            }
        }
    }
}

fn push(faults: &mut Vec<ConfigFault>, error: &ConfigError) {
    match error {
        ConfigError::Invalid { problems } => faults.extend(problems.iter().map(|problem| {
            let place = format!("{}:{}:{}", problem.origin, problem.line, problem.column);
            fault(&place, problem.message.clone())
        })),
        other @ ConfigError::Unreadable { .. } => faults.push(fault("", other.to_string())),
    }
}

fn fault(place: &str, words: String) -> ConfigFault {
    let mut fault = ConfigFault::default();
    place.clone_into(&mut fault.place);
    fault.words = words;
    fault
}
