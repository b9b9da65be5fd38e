//! Command `serverinfo`: this server, as the bot's cache has it.

use plugin_api::{
    prelude::*,
    text::{clip, listed, made, number},
    twilight_model::{
        channel::{Channel, ChannelType},
        guild::{Guild, PremiumTier, VerificationLevel},
    },
};

use crate::{
    given,
    words::{day, picture_kind},
};

pub(super) fn serverinfo() -> Command {
    Command::new("serverinfo", "Shows what there is to know of this server")
        .alias("guildinfo")
        .guild_only()
        .example("serverinfo")
        .run(run)
}

async fn run(ctx: CommandContext) -> Result {
    let (id, cache) = (ctx.guild()?, ctx.host().cache());
    let Some(guild) = given("cache.guild", cache.guild(id).or_fetch().await) else {
        return Err(Error::user(
            "Discord has not told of this server yet. Try again in a moment.",
        ));
    };
    let channels = given("cache.channels", cache.channels(id).known().await);
    ctx.reply(card(&guild, channels.as_deref())).await
}

fn card(guild: &Guild, channels: Option<&[Channel]>) -> plugin_api::EmbedBuilder {
    let id = guild.id.get();
    let mut card = embed(&guild.name)
        .field("Owner", format!("<@{}>", guild.owner_id), true)
        .field("Created", day(made(id)), true);
    if let Some(text) = &guild.description {
        card = card.description(clip(text, 300));
    }
    if let Some(joined) = guild.joined_at {
        card = card.field("I am here since", day(joined.as_secs()), true);
    }
    if let Some(members) = guild.member_count {
        card = card.field("Members", number(members), true);
    }
    // The role that everybody has is none to count.
    let roles = guild.roles.iter().filter(|role| role.id.get() != id);
    card = card
        .field("Roles", number(roles.count() as u64), true)
        .field("Boosts", boosts(guild), true)
        .field("Emoji", number(guild.emojis.len() as u64), true)
        .field(
            "Who may speak",
            verification(guild.verification_level),
            true,
        );
    if let Some(channels) = channels {
        card = card.field("Channels", by_kind(channels), false);
    }
    let features = guild.features.iter().map(|feature| {
        let word: &str = &std::borrow::Cow::from(feature.clone());
        in_words(word)
    });
    let mut features: Vec<String> = features.collect();
    features.sort_unstable();
    if !features.is_empty() {
        card = card.field("Features", listed(&features, ", "), false);
    }
    if let Some(icon) = guild.icon {
        let kind = picture_kind(icon.is_animated());
        card = card.thumbnail(format!(
            "https://cdn.discordapp.com/icons/{id}/{icon}.{kind}"
        ));
    }
    card.footer(format!("Server {id}"))
}

fn boosts(guild: &Guild) -> String {
    let boosts = number(guild.premium_subscription_count.unwrap_or(0));
    match guild.premium_tier {
        PremiumTier::None => boosts,
        tier => format!("{boosts} (level {})", u8::from(tier)),
    }
}

fn verification(level: VerificationLevel) -> &'static str {
    match level {
        VerificationLevel::None => "everybody",
        VerificationLevel::Low => "with a verified address",
        VerificationLevel::Medium => "5 minutes after joining Discord",
        VerificationLevel::High => "10 minutes after joining the server",
        VerificationLevel::VeryHigh => "with a verified phone",
        _ => "as Discord says",
    }
}

/// `12 text, 3 voice`.
fn by_kind(channels: &[Channel]) -> String {
    let of = |kinds: &[ChannelType], one: &str, many: &str| {
        let count = channels
            .iter()
            .filter(|it| kinds.contains(&it.kind))
            .count();
        let word = if count == 1 { one } else { many };
        (count > 0).then(|| format!("{} {word}", number(count as u64)))
    };
    use ChannelType::{
        AnnouncementThread, GuildAnnouncement, GuildCategory, GuildForum, GuildMedia,
        GuildStageVoice, GuildText, GuildVoice, PrivateThread, PublicThread,
    };
    let threads = [AnnouncementThread, PublicThread, PrivateThread];
    let kinds = [
        of(&[GuildText], "text", "text"),
        of(&[GuildVoice], "voice", "voice"),
        of(&[GuildStageVoice], "stage", "stages"),
        of(&[GuildAnnouncement], "announcements", "announcements"),
        of(&[GuildForum], "forum", "forums"),
        of(&[GuildMedia], "media", "media"),
        of(&[GuildCategory], "category", "categories"),
        of(&threads, "open thread", "open threads"),
    ];
    listed(&kinds.into_iter().flatten().collect::<Vec<_>>(), ", ")
}

/// `WELCOME_SCREEN_ENABLED` as "welcome screen enabled".
fn in_words(feature: &str) -> String {
    feature.to_lowercase().replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_words_also_those_that_come_later() {
        assert_eq!(in_words("WELCOME_SCREEN_ENABLED"), "welcome screen enabled");
        assert_eq!(in_words("SOME_DAY"), "some day");
        assert_eq!(by_kind(&[]), "none");
    }
}
