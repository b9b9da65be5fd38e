//! Tests of permissions in 200 random guilds, against twilight's calculator.
//!
//! Where the two speak of different things, this is settled first, for both:
//! - The calculator leaves out what is of no use in a kind of channel (and, older than text in voice channels, much of
//!   that); the sandbox leaves it in, as Discord does. Only the rest is compared.
//! - Who can't see a channel can do nothing there, and who can't send messages can't send files either: Discord's
//!   "implicit permissions". The calculator knows this of role and member overwrites only.
//! - The calculator knows no time-out: what stays of its answer is what Discord leaves.

use std::fmt::Write;

use twilight_model::{
    channel::{
        ChannelType,
        permission_overwrite::{PermissionOverwrite, PermissionOverwriteType},
    },
    guild::Permissions,
    id::Id,
};
use twilight_util::permission_calculator::PermissionCalculator;

use super::{Channel, Guild, Overwrite, World};

const SET_UPS: u64 = 200;

/// Of no use in a channel.
const OF_GUILDS: Permissions = Permissions::ADMINISTRATOR
    .union(Permissions::BAN_MEMBERS)
    .union(Permissions::CHANGE_NICKNAME)
    .union(Permissions::KICK_MEMBERS)
    .union(Permissions::MANAGE_GUILD_EXPRESSIONS)
    .union(Permissions::MANAGE_GUILD)
    .union(Permissions::MANAGE_NICKNAMES)
    .union(Permissions::VIEW_AUDIT_LOG)
    .union(Permissions::VIEW_GUILD_INSIGHTS);

/// What nobody can do who can't send messages.
const OF_SENDING: Permissions = Permissions::ATTACH_FILES
    .union(Permissions::EMBED_LINKS)
    .union(Permissions::MENTION_EVERYONE)
    .union(Permissions::SEND_TTS_MESSAGES);

const TIMED_OUT: Permissions = Permissions::VIEW_CHANNEL.union(Permissions::READ_MESSAGE_HISTORY);

/// Xorshift: the same numbers for the same seed, everywhere and for ever.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Whether one in so many came up.
    fn one_in(&mut self, count: u64) -> bool {
        self.next().is_multiple_of(count)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// Any permissions, seldom the administrator's.
    fn permissions(&mut self) -> Permissions {
        let picked = Permissions::from_bits_truncate(self.next() & self.next());
        if self.one_in(12) {
            picked | Permissions::ADMINISTRATOR
        } else {
            picked - Permissions::ADMINISTRATOR
        }
    }
}

/// A guild with random roles, members, time-outs, channels, a thread, and overwrites.
fn set_up(seed: u64) -> (World, u64) {
    // A small seed needs some rounds until all bits play.
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    (0..10).for_each(|_| _ = dice.next());
    let mut world = World::empty();
    let users: Vec<_> = (0..6)
        .map(|number| world.add_user(&format!("user {number}")))
        .collect();
    let guild = world.add_guild("Trial", users[0]);
    let everyone = dice.permissions();
    world.set_role_permissions(guild, guild, everyone - Permissions::ADMINISTRATOR);
    let roles: Vec<_> = (0..dice.below(6))
        .map(|number| world.add_role(guild, &format!("role {number}"), dice.permissions()))
        .collect();
    for user in &users {
        let own: Vec<_> = roles.iter().copied().filter(|_| dice.one_in(2)).collect();
        world.add_member(guild, *user, &own);
        if dice.one_in(5) {
            let known = world.guilds.get_mut(&guild).unwrap();
            known.members.get_mut(user).unwrap().timeout =
                Some("2999-01-01T00:00:00.000000+00:00".to_owned());
        }
    }
    let channels = [
        world.add_channel(guild, "text"),
        world.add_voice_channel(guild, "voice"),
        world.add_stage_channel(guild, "stage"),
        world.add_announcement_channel(guild, "news"),
        world.add_category(guild, "category"),
        world.add_forum(guild, "forum"),
    ];
    for channel in channels {
        let overwrites = &mut world.channels.get_mut(&channel).unwrap().overwrites;
        let targets = std::iter::once((guild, true))
            .chain(roles.iter().map(|role| (*role, true)))
            .chain(users.iter().map(|user| (*user, false)));
        for (id, of_role) in targets {
            if dice.one_in(2) {
                continue;
            }
            let (allow, deny) = (dice.permissions(), dice.permissions());
            overwrites.push(Overwrite {
                id,
                of_role,
                allow: allow - Permissions::ADMINISTRATOR,
                deny: deny - allow,
            });
        }
    }
    let thread = world.add_channel_of(guild, "thread", ChannelType::PublicThread);
    world.channels.get_mut(&thread).unwrap().parent = Some(channels[0]);
    (world, guild)
}

/// What twilight says, in the guild or in one of its channels.
fn calculated(world: &World, guild: &Guild, user: u64, channel: Option<&Channel>) -> Permissions {
    let member = guild.members.get(&user).unwrap();
    let roles: Vec<_> = member
        .roles
        .iter()
        .map(|id| (Id::new(*id), guild.roles[id].permissions))
        .collect();
    let everyone = guild.roles[&guild.id].permissions;
    let calculator = PermissionCalculator::new(Id::new(guild.id), Id::new(user), everyone, &roles)
        .owner_id(Id::new(guild.owner));
    let root = calculator.root();
    let found = channel.map_or(root, |channel| {
        let ruling = channel
            .parent
            .map_or(channel, |parent| &world.channels[&parent]);
        let overwrites: Vec<_> = ruling.overwrites.iter().map(overwrite).collect();
        calculator.in_channel(channel.of(), &overwrites)
    });
    if member.timeout.is_some() && !root.contains(Permissions::ADMINISTRATOR) {
        found & TIMED_OUT
    } else {
        found
    }
}

fn overwrite(overwrite: &Overwrite) -> PermissionOverwrite {
    PermissionOverwrite {
        allow: overwrite.allow,
        deny: overwrite.deny,
        id: Id::new(overwrite.id),
        kind: if overwrite.of_role {
            PermissionOverwriteType::Role
        } else {
            PermissionOverwriteType::Member
        },
    }
}

/// What both agree to speak of in a kind of channel.
fn settled(permissions: Permissions, kind: ChannelType, all: Permissions) -> Permissions {
    // The administrator's set says all that the calculator leaves in for this kind.
    let mut left = (permissions & all) - OF_GUILDS;
    if !permissions.contains(Permissions::VIEW_CHANNEL) {
        return Permissions::empty();
    }
    if !permissions.contains(Permissions::SEND_MESSAGES) && kind != ChannelType::GuildVoice {
        left -= OF_SENDING;
    }
    left
}

/// What the calculator leaves in for a kind of channel: what somebody has there who was given all but ADMINISTRATOR.
fn of_kind(kind: ChannelType) -> Permissions {
    let all = Permissions::all() - Permissions::ADMINISTRATOR;
    PermissionCalculator::new(Id::new(1), Id::new(2), all, &[]).in_channel(kind, &[])
}

fn describe(world: &World, guild: &Guild) -> String {
    let mut text = String::new();
    for role in guild.roles.values() {
        _ = writeln!(
            text,
            "role {} {}: {:?}",
            role.id, role.name, role.permissions
        );
    }
    for (id, member) in guild.members.iter() {
        _ = writeln!(
            text,
            "member {id}: roles {:?}, time-out {:?}",
            member.roles, member.timeout
        );
    }
    for channel in world.channels_of(guild.id) {
        _ = writeln!(
            text,
            "channel {} {}: {:?}",
            channel.id, channel.name, channel.overwrites
        );
    }
    text
}

#[test]
fn random_set_ups_agree_with_twilight() {
    let (mut compared, mut open, mut closed) = (0, 0, 0);
    for seed in 1..=SET_UPS {
        let (world, guild) = set_up(seed);
        let guild = &world.guilds[&guild];
        for (user, _) in guild.members.iter() {
            let context = || {
                format!(
                    "seed {seed}, user {user}, owner {}\n{}",
                    guild.owner,
                    describe(&world, guild)
                )
            };
            let root = world.guild_permissions(guild, user);
            assert_eq!(root, calculated(&world, guild, user, None), "{}", context());
            for channel in world.channels.values() {
                let kind = channel.of();
                let all = of_kind(kind);
                let ours = settled(world.permissions(channel.id, user), kind, all);
                let theirs = settled(calculated(&world, guild, user, Some(channel)), kind, all);
                assert_eq!(ours, theirs, "#{}, {}", channel.name, context());
                compared += 1;
                if ours.is_empty() {
                    closed += 1
                } else {
                    open += 1
                }
            }
        }
    }
    // Six users and the bot, six channels and a thread.
    assert_eq!(compared, 200 * 7 * 7);
    // The dice are fair enough to meet both often.
    assert!(open > 2000 && closed > 2000, "{open} open, {closed} closed");
}
