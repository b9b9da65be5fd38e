//! Slash commands, menu commands and autocompletion, as Discord's client sends them.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{Actor, allowed::may_use, option};
use crate::{
    error::{self, Error},
    state::Shared,
    view::{InteractionView, MessageView},
    world::{Command, CommandKind, InteractionKind, NewInteraction, World},
};

impl Actor {
    /// Uses a slash command (`echo`, `group sub`) with options, and waits until the bot has responded.
    ///
    /// Options are checked as Discord's client does: types, required ones, choices, bounds. Users, roles
    /// and channels can be given by name or id.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownCommand`]; [`Error::Refused`] if an option does not fit or the user may not use the
    /// command; [`Error::NotAnswered`] if the bot does not respond within 3 s.
    pub async fn slash(
        &self,
        channel: &str,
        command: &str,
        options: &[(&str, Value)],
    ) -> Result<InteractionView, Error> {
        let id = self.start_slash(channel, command, options)?;
        self.wait_for_response(id).await
    }

    /// Uses a slash command written as in the chat box, `echo text:hi times:3` (with or without the slash);
    /// values with blanks stand in double quotes. Waits until the bot has responded.
    ///
    /// # Errors
    ///
    /// As [`Actor::slash`].
    pub async fn slash_line(&self, channel: &str, line: &str) -> Result<InteractionView, Error> {
        let (command, options) = option::split_line(line)?;
        let options: Vec<_> = options
            .iter()
            .map(|(name, value)| (name.as_str(), json!(value)))
            .collect();
        self.slash(channel, &command, &options).await
    }

    /// Uses a command of a user's menu on a user.
    ///
    /// # Errors
    ///
    /// As [`Actor::slash`].
    pub async fn uses_on_user(
        &self,
        channel: &str,
        command: &str,
        target: &str,
    ) -> Result<InteractionView, Error> {
        let channel = self.channel(channel)?;
        let id = self.shared.change(|state| {
            let world = &mut state.world;
            let target = option::user(world, target)
                .ok_or_else(|| Error::Refused(format!("nobody is `{target}`")))?;
            let mut resolved = Map::new();
            option::resolve_user(world, channel, target, &mut resolved);
            self.start_menu(world, channel, command, CommandKind::User, target, resolved)
        })?;
        self.wait_for_response(id).await
    }

    /// Uses a command of a message's menu on a message.
    ///
    /// # Errors
    ///
    /// As [`Actor::slash`].
    pub async fn uses_on_message(
        &self,
        command: &str,
        target: &MessageView,
    ) -> Result<InteractionView, Error> {
        let id = self.shared.change(|state| {
            let world = &mut state.world;
            let message = world.message(target.channel_id, target.id);
            let message =
                message.ok_or_else(|| Error::Refused("the message is gone".to_owned()))?;
            let messages = json!({target.id.to_string(): world.message_json(message)});
            let resolved = Map::from_iter([("messages".to_owned(), messages)]);
            self.start_menu(
                world,
                target.channel_id,
                command,
                CommandKind::Message,
                target.id,
                resolved,
            )
        })?;
        self.wait_for_response(id).await
    }

    /// Types into an option that completes itself, and gives the choices that the bot offers.
    ///
    /// # Errors
    ///
    /// As [`Actor::slash`]; [`Error::Refused`] also if the option does not complete itself.
    pub async fn autocompletes(
        &self,
        channel: &str,
        command: &str,
        options: &[(&str, Value)],
        focused: &str,
    ) -> Result<Vec<Value>, Error> {
        let channel = self.channel(channel)?;
        let id = self.shared.change(|state| {
            let world = &mut state.world;
            let (found, path) = find(world, self, channel, command)?;
            let data = option::data(world, channel, found, &path, options, Some(focused))?;
            Ok(world.interact(NewInteraction {
                kind: InteractionKind::Autocomplete,
                user: self.user,
                channel,
                title: format!("the autocompletion of `{focused}` in /{command}"),
                command: None,
                source: None,
                data,
            }))
        })?;
        Ok(self.wait_for_response(id).await?.choices)
    }

    /// Uses a slash command without waiting for anything; gives the interaction's id.
    ///
    /// # Errors
    ///
    /// As [`Actor::slash`], but for [`Error::NotAnswered`].
    pub fn start_slash(
        &self,
        channel: &str,
        command: &str,
        options: &[(&str, Value)],
    ) -> Result<u64, Error> {
        let channel = self.channel(channel)?;
        self.shared.change(|state| {
            let world = &mut state.world;
            let (found, path) = find(world, self, channel, command)?;
            let name = found.name.clone();
            let data = option::data(world, channel, found, &path, options, None)?;
            Ok(world.interact(NewInteraction {
                kind: InteractionKind::Command,
                user: self.user,
                channel,
                title: format!("/{}", command.trim_start_matches('/')),
                command: Some((name, CommandKind::Slash)),
                source: None,
                data,
            }))
        })
    }

    fn start_menu(
        &self,
        world: &mut World,
        channel: u64,
        command: &str,
        kind: CommandKind,
        target: u64,
        resolved: Map<String, Value>,
    ) -> Result<u64, Error> {
        let found = world.command_named(world.guild_of(channel), kind, command);
        let found = found.ok_or_else(|| unknown(world, kind, command))?;
        may_use(world, self.user, channel, found)?;
        let mut data = json!({
            "id": found.id.to_string(),
            "name": found.name,
            "type": kind.number(),
            "target_id": target.to_string(),
            "resolved": resolved,
        });
        if let Some(guild) = found.guild {
            data["guild_id"] = json!(guild.to_string());
        }
        Ok(world.interact(NewInteraction {
            kind: InteractionKind::Command,
            user: self.user,
            channel,
            title: format!("the menu command {command:?}"),
            command: Some((command.to_owned(), kind)),
            source: None,
            data,
        }))
    }
}

/// What the chat box has done with a line.
#[derive(Clone, Debug)]
pub(crate) enum Entered {
    Used(Box<InteractionView>),
    /// It was said; `unknown` tells of a slash line that names no command.
    Said {
        unknown: Option<String>,
    },
}

/// The command that a line in the chat box begins with.
pub(crate) fn command_name(line: &str) -> Option<&str> {
    let name = line.strip_prefix('/')?.split(char::is_whitespace).next()?;
    Some(name).filter(|name| !name.is_empty() && !name.starts_with('/'))
}

impl Actor {
    /// Enters a line in the chat box: a slash command is used; what names none is said, as by Discord's client.
    pub(crate) async fn enters(&self, channel: &str, line: &str) -> Result<Entered, Error> {
        let unknown = match command_name(line) {
            Some(name) if self.has_command(channel, name)? => {
                match self.slash_line(channel, line).await {
                    Ok(view) => return Ok(Entered::Used(Box::new(view))),
                    // A subcommand that there is not.
                    Err(Error::UnknownCommand { name, known }) => Some((name, known)),
                    Err(other) => return Err(other),
                }
            }
            Some(name) => Some((name.to_owned(), String::new())),
            None => None,
        };
        self.says(channel, line).await?;
        let unknown = unknown.map(|(name, known)| {
            let names = self.shared.read(|state| state.world.slash_names());
            let near = error::nearest(&name, names.iter().map(String::as_str));
            let near = near.map(|near| format!("; did you mean `/{near}`?"));
            let known = match known.as_str() {
                "" => String::new(),
                known => format!("; there are {known}"),
            };
            let hint = near.unwrap_or(known);
            format!("sent as text: no command is named `/{name}`{hint}")
        });
        Ok(Entered::Said { unknown })
    }

    fn has_command(&self, channel: &str, name: &str) -> Result<bool, Error> {
        let channel = self.channel(channel)?;
        Ok(self.shared.read(|state| {
            let world = &state.world;
            let guild = world.guild_of(channel);
            let found = world.command_named(guild, CommandKind::Slash, name);
            found.is_some()
        }))
    }
}

/// How long after its last look at its commands a bot has registered all of them.
const SETTLED: Duration = Duration::from_secs(2);

impl Shared {
    /// Whether a slash command is registered, as soon as that is certain: a bot that has just logged in, is about its
    /// commands, or has just done something that may end in another command, is given the time.
    pub(crate) async fn command_is_known(&self, name: &str) -> bool {
        let began = Instant::now();
        loop {
            let has_it = |world: &World| world.slash_names().iter().any(|known| known == name);
            let left = self.read(|state| {
                let since = |at: Instant, patience: Duration| patience.saturating_sub(at.elapsed());
                let registers = match (state.world.commands_touched, state.hub.identified) {
                    (Some(touched), _) => since(touched, SETTLED),
                    (None, Some(identified)) => since(identified, self.settings.deadline),
                    (None, None) => Duration::ZERO,
                };
                // A bot may be at something all the time: that alone is waited for once.
                let busy = state.world.asked.map_or(Duration::ZERO, |at| {
                    since(at, SETTLED).min(since(began, SETTLED))
                });
                registers.max(busy)
            });
            let found = self.wait(left, |state| has_it(&state.world).then_some(()));
            if found.await.is_some() {
                return true;
            }
            if left.is_zero() {
                return false;
            }
        }
    }

    /// See [`crate::Sandbox::commands_registered`].
    pub(crate) async fn commands_registered(
        &self,
        name: &str,
        timeout: Duration,
    ) -> Result<(), Error> {
        let has_it = |world: &World| world.slash_names().iter().any(|known| known == name);
        let found = self.wait(timeout, |state| has_it(&state.world).then_some(()));
        found.await.ok_or_else(|| Error::Deadline {
            expected: format!("the command `/{name}` to be registered"),
            waited_ms: timeout.as_millis(),
            seen: self.read(|state| {
                let names = state.world.slash_names();
                let names = names.iter().map(|name| format!("`/{name}`"));
                names.collect::<Vec<_>>().join(", ")
            }),
        })
    }
}

impl World {
    /// The names of the registered slash commands.
    pub(crate) fn slash_names(&self) -> Vec<String> {
        let commands = self.commands.values();
        let slash = commands.filter(|command| command.kind == CommandKind::Slash);
        slash.map(|command| command.name.clone()).collect()
    }
}

/// The command that a line of words means, and the names of its subcommands.
fn find<'a>(
    world: &'a World,
    actor: &Actor,
    channel: u64,
    line: &str,
) -> Result<(&'a Command, Vec<String>), Error> {
    let mut words = line.trim_start_matches('/').split_whitespace();
    let name = words.next().unwrap_or_default();
    let found = world.command_named(world.guild_of(channel), CommandKind::Slash, name);
    let found = found.ok_or_else(|| unknown(world, CommandKind::Slash, name))?;
    may_use(world, actor.user, channel, found)?;
    Ok((found, words.map(str::to_owned).collect()))
}

/// The commands that Discord's client offers to a user in a channel.
pub(crate) fn offered(world: &World, user: u64, channel: u64) -> Vec<&Command> {
    let guild = world.guild_of(channel);
    let commands = world.commands.values().filter(|command| {
        let first = world.command_named(guild, command.kind, &command.name);
        first.is_some_and(|first| first.id == command.id)
    });
    commands
        .filter(|command| may_use(world, user, channel, command).is_ok())
        .collect()
}

fn unknown(world: &World, kind: CommandKind, name: &str) -> Error {
    let known = world
        .commands
        .values()
        .filter(|command| command.kind == kind);
    Error::UnknownCommand {
        name: name.to_owned(),
        known: error::known(name, known.map(|command| command.name.as_str())),
    }
}
