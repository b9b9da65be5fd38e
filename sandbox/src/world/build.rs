//! World builder, for before the sandbox starts.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    time::Duration,
};

use twilight_model::{channel::ChannelType, gateway::Intents, guild::Permissions};

use super::{
    Alarms, Application, Channels, DailyCreates, EVERYONE, Guild, Member, Overwrite, Role, User,
    Users, World, snowflake::Snowflakes,
};
use crate::clock::Clock;

/// The name of the bot in every world.
const BOT: &str = "Cogwright";

/// What the bot's own role allows, besides what everyone may.
const BOT_PERMISSIONS: Permissions = EVERYONE
    .union(Permissions::MANAGE_MESSAGES)
    .union(Permissions::MANAGE_NICKNAMES)
    .union(Permissions::MANAGE_ROLES)
    .union(Permissions::KICK_MEMBERS)
    .union(Permissions::BAN_MEMBERS)
    .union(Permissions::MODERATE_MEMBERS)
    .union(Permissions::PIN_MESSAGES)
    .union(Permissions::MANAGE_THREADS)
    .union(Permissions::CREATE_PRIVATE_THREADS)
    .union(Permissions::MANAGE_WEBHOOKS)
    .union(Permissions::VIEW_AUDIT_LOG);

/// What the role Moderator allows.
const MODERATOR_PERMISSIONS: Permissions = EVERYONE
    .union(Permissions::MANAGE_MESSAGES)
    .union(Permissions::PIN_MESSAGES)
    .union(Permissions::MANAGE_THREADS)
    .union(Permissions::BYPASS_SLOWMODE)
    .union(Permissions::KICK_MEMBERS)
    .union(Permissions::BAN_MEMBERS);

impl World {
    /// The default world: the guild `Sandbox` with `#general`, `#bots` and `#staff`, and the users
    /// `owner` (of guild and application), `mod` (role Moderator) and `member`.
    #[must_use]
    pub fn sandbox() -> Self {
        let mut world = Self::empty();
        let owner = world.application.owner;
        let guild = world.add_guild("Sandbox", owner);
        let moderator = world.add_role(guild, "Moderator", MODERATOR_PERMISSIONS);
        let [mod_user, member] = ["mod", "member"].map(|name| world.add_user(name));
        world.add_member(guild, mod_user, &[moderator]);
        world.add_member(guild, member, &[]);
        world.add_channel(guild, "general");
        world.add_channel(guild, "bots");
        let staff = world.add_channel(guild, "staff");
        world.deny(staff, guild, Permissions::VIEW_CHANNEL);
        world.allow(staff, moderator, Permissions::VIEW_CHANNEL);
        world.raise_bot(guild);
        world
    }

    /// A world with the bot and its `owner`, without any guild.
    #[must_use]
    pub fn empty() -> Self {
        let clock = Clock::running();
        let mut snowflakes = Snowflakes::new(clock.clone());
        let [application, owner] = [snowflakes.next(), snowflakes.next()];
        let mut users = Users::default();
        users.insert(
            application,
            User {
                bot: true,
                ..User::new(application, BOT)
            },
        );
        users.insert(owner, User::new(owner, "owner"));
        Self {
            clock,
            alarms: Alarms::default(),
            acknowledge_within: Duration::from_secs(3),
            snowflakes,
            application: Application {
                id: application,
                name: BOT.to_owned(),
                bot: application,
                owner,
                privileged_intents: Intents::GUILD_MEMBERS
                    | Intents::GUILD_PRESENCES
                    | Intents::MESSAGE_CONTENT,
            },
            users,
            guilds: BTreeMap::new(),
            guild_names: HashMap::new(),
            channels: Channels::default(),
            commands: BTreeMap::new(),
            asked: None,
            commands_touched: None,
            daily_creates: DailyCreates::default(),
            interactions: BTreeMap::new(),
            webhooks: BTreeMap::new(),
            command_overrides: BTreeMap::new(),
            store: super::Store::default(),
            oauth: super::OAuth::new(),
            active_threads: BTreeSet::new(),
            presences: BTreeMap::new(),
            voice: BTreeMap::new(),
            voice_since: BTreeMap::new(),
            voice_statuses: BTreeMap::new(),
            invites: BTreeMap::new(),
            refuses_messages: BTreeSet::new(),
            files: BTreeMap::new(),
            files_base: String::new(),
            typing: BTreeMap::new(),
            outbox: Vec::new(),
            sightings: VecDeque::new(),
            replies: HashMap::new(),
            next_sighting: 0,
            consumed: HashMap::new(),
        }
    }

    /// Adds a user, who is in no guild yet; gives the id.
    pub fn add_user(&mut self, name: &str) -> u64 {
        let id = self.snowflakes.next();
        self.users.insert(id, User::new(id, name));
        id
    }

    /// Adds a guild with its owner and the bot (with a role of its own) as members; gives the id.
    pub fn add_guild(&mut self, name: &str, owner: u64) -> u64 {
        let id = self.snowflakes.next();
        let everyone = Role {
            id,
            name: "@everyone".to_owned(),
            permissions: EVERYONE,
            position: 0,
            ..Role::default()
        };
        self.guild_names.entry(name.to_owned()).or_insert(id);
        self.guilds.insert(
            id,
            Guild {
                id,
                name: name.to_owned(),
                owner,
                roles: BTreeMap::from([(id, everyone)]),
                ..Guild::default()
            },
        );
        let bot = self.application.bot;
        let role = self.add_role(id, BOT, BOT_PERMISSIONS);
        if let Some(role) = self
            .guilds
            .get_mut(&id)
            .and_then(|guild| guild.roles.get_mut(&role))
        {
            role.bot = Some(bot);
        }
        self.add_member(id, owner, &[]);
        self.add_member(id, bot, &[role]);
        id
    }

    /// Adds a text channel below the others; gives the id.
    pub fn add_channel(&mut self, guild: u64, name: &str) -> u64 {
        self.add_channel_of(guild, name, ChannelType::GuildText)
    }

    /// Adds a role above the others; gives the id.
    pub fn add_role(&mut self, guild: u64, name: &str, permissions: Permissions) -> u64 {
        let id = self.snowflakes.next();
        if let Some(guild) = self.guilds.get_mut(&guild) {
            let positions = guild.roles.values().map(|role| role.position);
            let position = positions.max().unwrap_or(0) + 1;
            let name = name.to_owned();
            guild.roles.insert(
                id,
                Role {
                    id,
                    name,
                    permissions,
                    position,
                    mentionable: true,
                    ..Role::default()
                },
            );
        }
        id
    }

    /// Makes a user a member, or gives a member these roles instead.
    pub fn add_member(&mut self, guild: u64, user: u64, roles: &[u64]) {
        let joined_us = self.clock.now_us();
        if let Some(guild) = self.guilds.get_mut(&guild) {
            let member = Member {
                roles: roles.to_vec(),
                joined_us,
                ..Member::default()
            };
            guild.members.insert(user, member);
        }
    }

    /// Takes a user, the bot perhaps, out of a guild.
    pub fn remove_member(&mut self, guild: u64, user: u64) {
        if let Some(guild) = self.guilds.get_mut(&guild) {
            guild.members.remove(&user);
        }
    }

    /// Puts the bot's role above all other roles of a guild.
    pub fn raise_bot(&mut self, guild: u64) {
        if let Some(guild) = self.guilds.get_mut(&guild) {
            let top = guild
                .roles
                .values()
                .map(|role| role.position)
                .max()
                .unwrap_or(0)
                + 1;
            for role in guild.roles.values_mut().filter(|role| role.bot.is_some()) {
                role.position = top;
            }
        }
    }

    /// Replaces the permissions of a role; the role with the guild's id is @everyone.
    pub fn set_role_permissions(&mut self, guild: u64, role: u64, permissions: Permissions) {
        if let Some(role) = self
            .guilds
            .get_mut(&guild)
            .and_then(|guild| guild.roles.get_mut(&role))
        {
            role.permissions = permissions;
        }
    }

    /// Denies something to a role or a user in a channel.
    pub fn deny(&mut self, channel: u64, role_or_user: u64, permissions: Permissions) {
        self.overwrite(channel, role_or_user, Permissions::empty(), permissions);
    }

    /// Allows something to a role or a user in a channel.
    pub fn allow(&mut self, channel: u64, role_or_user: u64, permissions: Permissions) {
        self.overwrite(channel, role_or_user, permissions, Permissions::empty());
    }

    /// Gives a user a display name.
    pub fn name_user(&mut self, user: u64, display_name: &str) {
        if let Some(user) = self.users.get_mut(&user) {
            user.display_name = Some(display_name.to_owned());
        }
    }

    /// Says whether a user takes direct messages of the bot; all do by default.
    pub fn take_direct_messages(&mut self, user: u64, takes: bool) {
        if takes {
            self.refuses_messages.remove(&user);
        } else {
            self.refuses_messages.insert(user);
        }
    }

    /// Says which privileged intents are switched on in the "developer portal"; all are by default.
    pub fn set_privileged_intents(&mut self, intents: Intents) {
        self.application.privileged_intents = intents;
    }

    fn overwrite(&mut self, channel: u64, id: u64, allow: Permissions, deny: Permissions) {
        let of_role = !self.users.contains_key(&id);
        let Some(channel) = self.channels.get_mut(&channel) else {
            return;
        };
        if let Some(known) = channel
            .overwrites
            .iter_mut()
            .find(|overwrite| overwrite.id == id)
        {
            known.allow = (known.allow - deny) | allow;
            known.deny = (known.deny - allow) | deny;
        } else {
            channel.overwrites.push(Overwrite {
                id,
                of_role,
                allow,
                deny,
            });
        }
    }
}
