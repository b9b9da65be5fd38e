//! Construction of a world from the tables of its file.

use std::collections::HashMap;

use twilight_model::{channel::ChannelType, gateway::presence::Status, guild::Permissions};

use super::{
    names::{no_such, permission},
    tables::{
        Channel, Direct, Guild, Kind, Member, Message, Overwrite, Presence, Role, Tables, User,
        Word,
    },
};
use crate::world::{Draft, World};

/// A world that is being made, and what is wrong with its file so far.
pub(super) struct Furnishing {
    pub(super) world: World,
    faults: Vec<(usize, String)>,
}

/// What a guild's roles are called.
type RoleIds = HashMap<String, u64>;

impl Furnishing {
    /// The world of these tables; or what is wrong, each with its byte in the file.
    pub(super) fn of(tables: Tables) -> Result<World, Vec<(usize, String)>> {
        let mut furnishing = Self {
            world: World::empty(),
            faults: Vec::new(),
        };
        furnishing.application(&tables.application);
        for user in &tables.user {
            furnishing.user(user, tables.application.owner.as_ref());
        }
        if let Some(owner) = &tables.application.owner {
            furnishing.user_named(owner);
        }
        for guild in &tables.guild {
            furnishing.guild(guild);
        }
        for direct in &tables.dm {
            furnishing.direct(direct);
        }
        if let Some(size) = &tables.size {
            furnishing.world.add_guilds(size.guilds, size.members);
        }
        let Self { mut world, faults } = furnishing;
        // All this was before anybody could have been told.
        world.outbox.clear();
        world.forget_sightings();
        if faults.is_empty() {
            Ok(world)
        } else {
            Err(faults)
        }
    }

    fn user(&mut self, table: &User, owner: Option<&Word>) {
        let name = table.name.get_ref();
        self.username(&table.name, table.bot);
        let is_owner = owner.is_some_and(|owner| owner.get_ref() == name);
        let id = match self.world.user_named(name) {
            Some(owner)
                if is_owner
                    && self
                        .world
                        .users
                        .get(&owner)
                        .is_some_and(|user| user.display_name.is_none()) =>
            {
                owner
            }
            Some(_) => {
                return self.fault(&table.name, format!("there are two users named `{name}`"));
            }
            None => self.world.add_user(name),
        };
        if let Some(display_name) = &table.display_name {
            self.length(display_name, "a display name", 1, 32);
        }
        if let Some(user) = self.world.users.get_mut(&id) {
            user.display_name = table
                .display_name
                .as_ref()
                .map(|name| name.get_ref().clone());
            user.bot = table.bot;
        }
        if let Some(presence) = table.presence {
            let status = match presence {
                Presence::Online => Status::Online,
                Presence::Idle => Status::Idle,
                Presence::Dnd => Status::DoNotDisturb,
                Presence::Offline => Status::Offline,
            };
            self.world.set_presence(id, status, &[]);
        }
        self.world.take_direct_messages(id, table.direct_messages);
    }

    /// Discord's rules for names: <https://discord.com/developers/docs/resources/user#usernames-and-nicknames>.
    fn username(&mut self, name: &Word, bot: bool) {
        let text = name.get_ref();
        let plain =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.');
        if !bot && (!text.chars().all(plain) || text.contains("..")) {
            self.fault(name, format!("`{text}` is no name at Discord: they have lower-case letters, digits, `_` and single `.`"));
        }
        self.length(name, "a name", 2, 32);
    }

    fn guild(&mut self, table: &Guild) {
        self.length(&table.name, "a guild's name", 2, 100);
        if self.world.guild_named(table.name.get_ref()).is_some() {
            self.fault(
                &table.name,
                format!("there are two guilds named `{}`", table.name.get_ref()),
            );
        }
        let owner = self
            .user_named(&table.owner)
            .unwrap_or(self.world.application.owner);
        let guild = self.world.add_guild(table.name.get_ref(), owner);
        let roles = self.roles(guild, &table.role);
        for member in &table.member {
            self.member(guild, &roles, member, table.owner.get_ref());
        }
        let crowd_roles: Vec<_> = table
            .crowd_roles
            .iter()
            .filter_map(|name| self.role_named(&roles, name))
            .collect();
        self.world.add_crowd(guild, table.crowd, &crowd_roles);
        let mut categories = HashMap::new();
        let channels: Vec<_> = table
            .channel
            .iter()
            .map(|channel| self.add_channel(guild, channel, &mut categories))
            .collect();
        // Overwrites of categories come first, because channels take them over.
        let both = || table.channel.iter().zip(&channels);
        for (channel, id) in both().filter(|(channel, _)| channel.kind == Kind::Category) {
            self.overwrites(*id, &roles, &channel.overwrite);
        }
        for (channel, id) in both().filter(|(channel, _)| channel.kind != Kind::Category) {
            if let Some(category) = &channel.category {
                match categories.get(category.get_ref()) {
                    Some(category) => self.world.put_into_category(*id, *category),
                    None => {
                        let known = categories.keys().map(String::as_str);
                        let message = no_such("category", category.get_ref(), known);
                        self.fault(category, message);
                    }
                }
            }
            self.overwrites(*id, &roles, &channel.overwrite);
        }
        for (channel, id) in both() {
            for message in &channel.message {
                self.message(*id, Some(guild), message);
            }
        }
        if !table.bot {
            self.world.remove_member(guild, self.world.application.bot);
        }
    }

    /// Adds the roles, the last as the lowest; @everyone and the bot's own are there already.
    fn roles(&mut self, guild: u64, tables: &[Role]) -> RoleIds {
        let own = self.world.guilds[&guild]
            .roles
            .values()
            .find(|role| role.bot.is_some())
            .map_or(0, |role| role.id);
        let bot_name = self.world.name_of(self.world.application.bot);
        let mut ids = HashMap::from([("@everyone".to_owned(), guild), (bot_name.clone(), own)]);
        let mut listed = Vec::new();
        for table in tables.iter().rev() {
            let name = table.name.get_ref();
            self.length(&table.name, "a role's name", 1, 100);
            if listed.contains(&name) {
                self.fault(
                    &table.name,
                    format!("there are two roles named `{name}` in this guild"),
                );
            }
            listed.push(name);
            let id = match ids.get(name) {
                Some(id) => *id,
                None => self.world.add_role(guild, name, Permissions::empty()),
            };
            ids.insert(name.clone(), id);
            let permissions = table
                .permissions
                .as_ref()
                .map(|names| self.permissions(names));
            let color = table.color.as_ref().map_or(0, |color| self.color(color));
            let roles = self
                .world
                .guilds
                .get_mut(&guild)
                .map(|guild| &mut guild.roles);
            let Some(roles) = roles else { continue };
            let top = roles
                .values()
                .filter(|role| role.id != own || id == own)
                .map(|role| role.position)
                .max()
                .unwrap_or(0);
            if let Some(role) = roles.get_mut(&id) {
                role.permissions = permissions.unwrap_or(role.permissions);
                role.color = color;
                role.hoist = table.hoist;
                role.mentionable = table.mentionable;
                if id != guild {
                    role.position = top + 1;
                }
            }
        }
        if let Some(role) = self
            .world
            .guilds
            .get_mut(&guild)
            .and_then(|guild| guild.roles.get_mut(&own))
        {
            role.name.clone_from(&bot_name);
        }
        if !listed.contains(&&bot_name) {
            self.world.raise_bot(guild);
        }
        ids
    }

    fn member(&mut self, guild: u64, roles: &RoleIds, table: &Member, owner: &str) {
        let ids: Vec<_> = table
            .roles
            .iter()
            .filter_map(|name| self.role_named(roles, name))
            .collect();
        let Some(user) = self.user_named(&table.user) else {
            return;
        };
        let already = self.world.guilds[&guild].members.contains_key(&user);
        if user == self.world.application.bot || (already && table.user.get_ref() != owner) {
            let name = table.user.get_ref();
            return self.fault(&table.user, format!("`{name}` is in this guild already"));
        }
        self.world.add_member(guild, user, &ids);
        if let Some(nick) = &table.nick {
            self.length(nick, "a nickname", 1, 32);
            let member = self
                .world
                .guilds
                .get_mut(&guild)
                .and_then(|guild| guild.members.get_mut(&user));
            if let Some(member) = member {
                member.nick = Some(nick.get_ref().clone());
            }
        }
    }

    fn add_channel(
        &mut self,
        guild: u64,
        table: &Channel,
        categories: &mut HashMap<String, u64>,
    ) -> u64 {
        let name = table.name.get_ref();
        self.length(&table.name, "a channel's name", 1, 100);
        let of = match table.kind {
            Kind::Text => ChannelType::GuildText,
            Kind::Announcement => ChannelType::GuildAnnouncement,
            Kind::Voice => ChannelType::GuildVoice,
            Kind::Stage => ChannelType::GuildStageVoice,
            Kind::Forum => ChannelType::GuildForum,
            Kind::Media => ChannelType::GuildMedia,
            Kind::Category => ChannelType::GuildCategory,
        };
        let id = self.world.add_channel_of(guild, name, of);
        if table.kind == Kind::Category && categories.insert(name.clone(), id).is_some() {
            self.fault(
                &table.name,
                format!("there are two categories named `{name}` in this guild"),
            );
        }
        if let Some(topic) = &table.topic {
            let most = if matches!(table.kind, Kind::Forum | Kind::Media) {
                4096
            } else {
                1024
            };
            self.length(topic, "a topic", 0, most);
        }
        if let Some(seconds) = table
            .slowmode_s
            .as_ref()
            .filter(|seconds| *seconds.get_ref() > 21_600)
        {
            self.faults.push((
                seconds.span().start,
                "slowmode is of 21600 seconds at most".to_owned(),
            ));
        }
        if let Some(channel) = self.world.channels.get_mut(&id) {
            channel.topic = table.topic.as_ref().map(|topic| topic.get_ref().clone());
            channel.nsfw = table.nsfw;
            channel.rate_limit_per_user = table
                .slowmode_s
                .as_ref()
                .map_or(0, |seconds| *seconds.get_ref());
        }
        id
    }

    fn overwrites(&mut self, channel: u64, roles: &RoleIds, tables: &[Overwrite]) {
        for table in tables {
            let target = match (&table.role, &table.user) {
                (Some(role), None) => self.role_named(roles, role),
                (None, Some(user)) => self.user_named(user),
                (Some(both), Some(_)) => {
                    self.fault(
                        both,
                        "an overwrite is of a role or of a user, not of both".to_owned(),
                    );
                    None
                }
                (None, None) => {
                    let first = table.allow.iter().chain(&table.deny).next();
                    let at = first.map_or(0, |name| name.span().start);
                    self.faults.push((
                        at,
                        "the key `role` or `user` of this overwrite is missing".to_owned(),
                    ));
                    None
                }
            };
            let (allow, deny) = (
                self.permissions(&table.allow),
                self.permissions(&table.deny),
            );
            if let Some(target) = target {
                self.world.allow(channel, target, allow);
                self.world.deny(channel, target, deny);
            }
        }
    }

    fn direct(&mut self, table: &Direct) {
        let Some(user) = self.user_named(&table.user) else {
            return;
        };
        let channel = self.world.direct_channel(user);
        for message in &table.message {
            if ![
                table.user.get_ref(),
                &self.world.name_of(self.world.application.bot),
            ]
            .contains(&message.author.get_ref())
            {
                self.fault(
                    &message.author,
                    "direct messages are between the user and the bot".to_owned(),
                );
            }
            self.message(channel, None, message);
        }
    }

    fn message(&mut self, channel: u64, guild: Option<u64>, table: &Message) {
        self.length(&table.text, "a message", 1, 2000);
        let Some(author) = self.user_named(&table.author) else {
            return;
        };
        let in_guild =
            guild.is_none_or(|guild| self.world.guilds[&guild].members.contains_key(&author));
        if !in_guild {
            let message = format!("`{}` is not in this guild", table.author.get_ref());
            return self.fault(&table.author, message);
        }
        if !self.world.channels[&channel].has_messages() {
            return self.fault(
                &table.text,
                "there are no messages in a channel of this kind".to_owned(),
            );
        }
        let draft = Draft {
            content: Some(table.text.get_ref().clone()),
            ..Draft::default()
        };
        let id = self.world.post(channel, author, draft);
        if table.pinned {
            self.world.pin(channel, id, author, true);
        }
    }

    fn permissions(&mut self, names: &[Word]) -> Permissions {
        let mut permissions = Permissions::empty();
        for name in names {
            match permission(name.get_ref()) {
                Ok(one) => permissions |= one,
                Err(message) => self.fault(name, message),
            }
        }
        permissions
    }

    fn color(&mut self, color: &Word) -> u32 {
        let digits = color
            .get_ref()
            .strip_prefix('#')
            .filter(|digits| digits.len() == 6);
        let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        number.unwrap_or_else(|| {
            self.fault(color, "a colour is written as `#rrggbb`".to_owned());
            0
        })
    }

    fn user_named(&mut self, name: &Word) -> Option<u64> {
        let found = self.world.user_named(name.get_ref());
        if found.is_none() {
            let known = self.world.users.cast().map(|user| user.name.as_str());
            let message = no_such("user", name.get_ref(), known);
            self.fault(name, message);
        }
        found
    }

    fn role_named(&mut self, roles: &RoleIds, name: &Word) -> Option<u64> {
        let found = roles.get(name.get_ref()).copied();
        if found.is_none() {
            let message = no_such("role", name.get_ref(), roles.keys().map(String::as_str));
            self.fault(name, message);
        }
        found
    }

    pub(super) fn length(&mut self, word: &Word, what: &str, least: usize, most: usize) {
        let length = word.get_ref().chars().count();
        if !(least..=most).contains(&length) {
            self.fault(
                word,
                format!("{what} has {least} to {most} characters, and this one {length}"),
            );
        }
    }

    pub(super) fn fault(&mut self, word: &Word, message: String) {
        self.faults.push((word.span().start, message));
    }
}
