//! Registration of commands for chosen servers: as commands of these servers, and of no others.

use std::collections::BTreeMap;

use host_capability::Failure;
use twilight_model::id::Id;

use super::{
    DeclaredCommand, Memory, Planned, Registration, Scope, changes, diff, fingerprint, plan::Plan,
};
use crate::{How, ListedCommand};

/// Commands of each kind that a server may have of one bot
/// ([reference](https://discord.com/developers/docs/interactions/application-commands#registering-a-command)).
const MOST: usize = 100;

impl Registration {
    /// The commands of each chosen server. Where all commands are in one server, that one has them among its others.
    fn chosen(&self) -> BTreeMap<u64, Vec<Planned>> {
        let everywhere = self.scope().guild;
        let mut chosen: BTreeMap<u64, Vec<Planned>> = BTreeMap::new();
        for declared in self.all_declared().iter().filter(|it| it.is_chosen()) {
            let Some(json) = declared.json() else {
                continue;
            };
            let mut json = json.clone();
            // Discord knows no contexts of a server's commands.
            if let Some(json) = json.as_object_mut() {
                json.remove("contexts");
            }
            for guild in declared.guilds.iter().filter(|it| Some(**it) != everywhere) {
                chosen.entry(*guild).or_default().push(Planned {
                    json: json.clone(),
                    plugins: [declared.plugin.clone()].into(),
                    uses: 0,
                });
            }
        }
        for (guild, commands) in &mut chosen {
            if commands.len() > MOST {
                tracing::warn!(
                    guild,
                    "{} commands are for this server, and Discord accepts {MOST}: the last ones are left out",
                    commands.len()
                );
                commands.truncate(MOST);
            }
        }
        chosen
    }

    /// Brings the chosen servers to what is declared. Those that the bot is not in wait until it is.
    pub(super) async fn place_chosen(
        &self,
        memory: &mut Memory,
        always: bool,
    ) -> Result<(), Failure> {
        let mut wanted = self.chosen();
        for guild in memory.chosen.keys().filter_map(|name| name.parse().ok()) {
            wanted.entry(guild).or_default();
        }
        let mut result = Ok(());
        for (guild, commands) in wanted {
            let name = guild.to_string();
            let is_in = Id::new_checked(guild).is_some_and(|guild| self.with.cache.is_in(guild));
            let is_ours = Some(guild) == self.scope().guild;
            if !is_in || is_ours {
                memory.chosen.remove(&name);
                continue;
            }
            let now = fingerprint(commands.iter().map(|it| &it.json));
            if memory.chosen.get(&name) == Some(&now) && !always {
                continue;
            }
            match self.place_in_chosen(guild, &commands).await {
                Ok(()) if commands.is_empty() => drop(memory.chosen.remove(&name)),
                Ok(()) => drop(memory.chosen.insert(name, now)),
                Err(Failure::Discord {
                    status: 400..500,
                    message,
                    ..
                }) => {
                    tracing::error!(
                        guild,
                        "the slash commands for this server can't be registered: {message}; was the bot invited with the scope \
                         `applications.commands`? They work by prefix; `sync` tries it again"
                    );
                    memory.chosen.insert(name, now);
                }
                Err(failure) => result = Err(failure),
            }
        }
        result
    }

    async fn place_in_chosen(&self, guild: u64, commands: &[Planned]) -> Result<(), Failure> {
        let scope = Scope::of(Some(guild));
        let known = self.known(&scope).await?;
        let diff = diff::diff(&known, commands, true);
        for change in changes(&diff, &[], &scope) {
            self.send(&scope, change).await?;
        }
        Ok(())
    }

    /// Enters the commands of chosen servers among all that are known.
    pub(super) fn list_chosen(&self, plan: &mut Plan) {
        for declared in self.all_declared().iter().filter(|it| it.is_chosen()) {
            for (path, prefix, slash) in declared.leaves() {
                let key = (declared.kind, path.to_owned());
                let how = if slash { How::Itself } else { How::NotDeclared };
                plan.listed.entry(key).or_insert(ListedCommand {
                    plugin: declared.plugin.clone(),
                    prefix,
                    how,
                });
            }
        }
    }
}

impl DeclaredCommand {
    /// Whether it is for chosen servers.
    pub(super) fn is_chosen(&self) -> bool {
        !self.guilds.is_empty()
    }

    /// Whether it is registered where all are: everywhere, or in the one server of a developer.
    pub(super) fn is_registered_with_all(&self, scope: Option<u64>) -> bool {
        !self.is_chosen() || scope.is_some_and(|guild| self.guilds.contains(&guild))
    }
}
