//! Every type of option, the same by prefix and by slash: `!show integer 5`, `/show integer value:5`.

use std::time::Duration;

use plugin_api::{
    Mentionable, prelude::*, twilight_model::channel::Attachment, twilight_model::util::Timestamp,
};

export_plugin!(|| {
    Plugin::new()
        .description("Shows what options are read as")
        .command(
            Command::group("show", "Shows what an option is read as")
                .command(text())
                .command(line())
                .command(colour())
                .command(size())
                .command(tea())
                .command(integer())
                .command(byte())
                .command(number())
                .command(boolean())
                .command(user())
                .command(member())
                .command(role())
                .command(channel())
                .command(mentionable())
                .command(attachment())
                .command(duration())
                .command(date())
                .command(optional())
                .command(default())
                .command(repeated()),
        )
});

/// A text of 2 to 10 characters.
#[command]
async fn text(
    ctx: CommandContext,
    /// One word, or several in quotes.
    #[min = 2]
    #[max = 10]
    value: String,
) -> Result {
    ctx.reply(format!("{value:?}")).await
}

/// All that is left of the line.
#[command]
async fn line(
    ctx: CommandContext,
    /// Words, blanks, quotes.
    #[rest]
    value: String,
) -> Result {
    ctx.reply(format!("{value:?}")).await
}

/// One of several texts.
#[command]
async fn colour(
    ctx: CommandContext,
    /// Which colour.
    #[choices("red", "green", "deep blue")]
    value: String,
) -> Result {
    ctx.reply(format!("{value:?}")).await
}

#[derive(Debug, Choices)]
enum Size {
    #[choice("a cup")]
    Cup,
    Pot,
}

/// One of an enum's variants.
#[command]
async fn size(
    ctx: CommandContext,
    /// Which size.
    value: Size,
) -> Result {
    ctx.reply(format!("{value:?}")).await
}

/// A text with proposals.
#[command]
async fn tea(
    ctx: CommandContext,
    /// Which sort.
    #[autocomplete = sorts]
    value: String,
) -> Result {
    ctx.reply(format!("{value:?}")).await
}

async fn sorts(ctx: AutocompleteContext) -> Result<Vec<&'static str>> {
    let sorts = ["green", "grey", "black"].into_iter();
    Ok(sorts.filter(|sort| sort.starts_with(ctx.typed())).collect())
}

/// A whole number from -5 to 5.
#[command]
async fn integer(
    ctx: CommandContext,
    /// The number.
    #[min = -5]
    #[max = 5]
    value: i64,
) -> Result {
    ctx.reply(format!("{value:?}")).await
}

/// A whole number that a byte holds.
#[command]
async fn byte(
    ctx: CommandContext,
    /// The number.
    value: u8,
) -> Result {
    ctx.reply(format!("{value:?}")).await
}

/// A number of at least 0.5.
#[command]
async fn number(
    ctx: CommandContext,
    /// The number.
    #[min = 0.5]
    value: f64,
) -> Result {
    ctx.reply(format!("{value:?}")).await
}

/// Yes or no.
#[command]
async fn boolean(
    ctx: CommandContext,
    /// Yes or no.
    value: bool,
) -> Result {
    ctx.reply(format!("{value:?}")).await
}

/// A user, also one who is elsewhere.
#[command]
async fn user(
    ctx: CommandContext,
    /// Who.
    value: Id<marker::UserMarker>,
) -> Result {
    ctx.reply(format!("user {value}")).await
}

/// A member of the server.
#[command(guild_only)]
async fn member(
    ctx: CommandContext,
    /// Who.
    #[members_only]
    value: Id<marker::UserMarker>,
) -> Result {
    ctx.reply(format!("user {value}")).await
}

/// A role.
#[command(guild_only)]
async fn role(
    ctx: CommandContext,
    /// Which role.
    value: Id<marker::RoleMarker>,
) -> Result {
    ctx.reply(format!("role {value}")).await
}

/// A text channel.
#[command(guild_only)]
async fn channel(
    ctx: CommandContext,
    /// Which channel.
    #[channel_kinds(GuildText)]
    value: Id<marker::ChannelMarker>,
) -> Result {
    ctx.reply(format!("channel {value}")).await
}

/// A user or a role.
#[command(guild_only)]
async fn mentionable(
    ctx: CommandContext,
    /// Who or which.
    value: Mentionable,
) -> Result {
    ctx.reply(match value {
        Mentionable::User(id) => format!("user {id}"),
        Mentionable::Role(id) => format!("role {id}"),
    })
    .await
}

/// A file.
#[command]
async fn attachment(
    ctx: CommandContext,
    /// The file.
    value: Attachment,
) -> Result {
    ctx.reply(format!("{} of {} bytes", value.filename, value.size))
        .await
}

/// A length of time of at most a day.
#[command]
async fn duration(
    ctx: CommandContext,
    /// How long: 90s, 1h30m.
    #[max = 86_400]
    value: Duration,
) -> Result {
    ctx.reply(format!("{value:?}")).await
}

/// A point in time.
#[command]
async fn date(
    ctx: CommandContext,
    /// When: 2026-12-24 18:00.
    value: Timestamp,
) -> Result {
    ctx.reply(format!("<t:{}>", value.as_secs())).await
}

/// An option that may be left out.
#[command]
async fn optional(
    ctx: CommandContext,
    /// A number, or nothing.
    value: Option<i64>,
) -> Result {
    ctx.reply(format!("{value:?}")).await
}

/// An option that is something when it is left out.
#[command]
async fn default(
    ctx: CommandContext,
    /// How long.
    #[default = "10m"]
    value: Duration,
) -> Result {
    ctx.reply(format!("{value:?}")).await
}

/// Several values.
#[command]
async fn repeated(
    ctx: CommandContext,
    /// Numbers, one after the other.
    #[max = 100]
    value: Vec<i64>,
) -> Result {
    ctx.reply(format!("{value:?}")).await
}
