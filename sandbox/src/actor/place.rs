//! Lookup of channels and people by the names that users write.

use twilight_model::guild::Permissions;

use crate::{
    error::{Error, known},
    world::{Channel, World},
};

/// The channel that a user means: by name, `Guild/name` or id. `None` for direct messages that are not open yet.
pub(super) fn channel(world: &World, user: u64, name: &str) -> Result<Option<u64>, Error> {
    let plain = name.trim_start_matches('#');
    if plain == "dm" {
        return Ok(world.open_direct_channel(user));
    }
    let (guild, plain) = plain
        .rsplit_once('/')
        .map_or((None, plain), |(guild, name)| (Some(guild), name));
    let is_it = |channel: &&Channel| channel.name == plain && channel.guild().is_some();
    let sees = |id: &u64| world.may(user, *id, Permissions::VIEW_CHANNEL);
    let named = || match guild {
        Some(guild) => {
            let guild = world.guild_named(guild)?;
            let mut inside = world.channels_of(guild);
            inside.find(|channel| is_it(channel) && sees(&channel.id))
        }
        None => world.channels_for(user).find(is_it),
    };
    let threads = || {
        let mut threads = world.threads_for(user);
        threads.find(|thread| thread.name == plain)
    };
    let by_id = plain.parse().ok().filter(sees);
    let found = by_id.or_else(|| named().or_else(threads).map(|channel| channel.id));
    found.map(Some).ok_or_else(|| {
        let visible = visible_channels(world, user);
        let names = visible.iter().map(String::as_str);
        Error::UnknownChannel {
            name: name.to_owned(),
            known: known(plain, names.chain(["dm"])),
        }
    })
}

/// The names of the channels that a user can see.
pub(crate) fn visible_channels(world: &World, user: u64) -> Vec<String> {
    let visible = world.channels_for(user);
    let of_guilds = visible.filter(|channel| channel.guild().is_some());
    let threads = world
        .threads_for(user)
        .filter(|thread| !thread.is_archived());
    let shown = of_guilds.chain(threads);
    shown.map(|channel| channel.name.clone()).collect()
}

/// Writes `@name` and `#channel` as Discord's clients send them.
pub(super) fn with_mentions(world: &World, channel: u64, text: &str) -> String {
    if !text.contains(['@', '#']) {
        return text.to_owned();
    }
    let guild = world.guild_of(channel);
    let mut written = String::with_capacity(text.len());
    for (index, word) in text.split_inclusive(char::is_whitespace).enumerate() {
        let bare = word.trim_end();
        let name = bare.trim_end_matches([',', '.', '!', '?', ':', ';']);
        let rest = &word[name.len()..];
        let mention = match name.chars().next() {
            Some('@') => world
                .user_named(&name[1..])
                .map(|id| format!("<@{id}>"))
                .or_else(|| {
                    let roles = world.guilds.get(&guild?)?.roles.values();
                    let role = roles
                        .filter(|role| role.mentionable)
                        .find(|role| role.name == name[1..])?;
                    Some(format!("<@&{}>", role.id))
                }),
            Some('#') if index > 0 || guild.is_some() => {
                let mut channels = guild.into_iter().flat_map(|guild| world.channels_of(guild));
                channels
                    .find(|channel| channel.name == name[1..])
                    .map(|channel| format!("<#{}>", channel.id))
            }
            _ => None,
        };
        match mention {
            Some(mention) => {
                written.push_str(&mention);
                written.push_str(rest);
            }
            None => written.push_str(word),
        }
    }
    written
}
