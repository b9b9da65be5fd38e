//! A server: figures, what the bot may there, its channels, roles, members that are searched for; and leaving it.

use maud::{Markup, html};
use plugin_api::{
    RouteContext, RouteReply,
    prelude::*,
    text::{clip, made, number},
    twilight_model::{
        guild::{Guild, Member, Permissions, PremiumTier},
        id::marker::GuildMarker,
    },
};

use super::{LEAVES, SEARCHES, channels, icon, roles, shown};
use crate::{
    Dashboard, invite, settings,
    ui::{self, Tone},
};

/// Members that a search finds at most.
const MEMBERS: u32 = 25;

/// Characters of a name that is searched for.
const NAME: usize = 100;

/// A server as the bot knows it.
///
/// # Errors
///
/// The bot is not in it, or does not know it yet.
pub(super) async fn known(ctx: &RouteContext<Dashboard>, guild: Id<GuildMarker>) -> Result<Guild> {
    let known = ctx.host().cache().guild(guild).await?;
    known.ok_or_else(|| {
        Error::user("The bot is in no such server, or Discord has not told it about this one yet: try again in a moment.")
    })
}

pub(super) async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let id = ctx.guild()?;
    let guild = known(&ctx, id).await?;
    let cache = ctx.host().cache();
    let all_channels = cache.channels(id).await?.unwrap_or_default();
    let owner = cache.member(id, guild.owner_id).await?;
    let may = match ctx.host().bot_id() {
        Some(bot) => cache.guild_permissions(id, bot).await?,
        None => None,
    };
    let prefix = ctx.host().commands().prefix(id).await.ok();
    let base = ctx.base();
    let content = html! {
        (figures(&guild, all_channels.len()))
        div.grid {
            (ui::card("About it", html! {
                dl.facts {
                    (ui::fact("Id", html! { code { (id) } }))
                    (ui::fact("Owner", person(guild.owner_id.get(), owner.as_ref())))
                    @if let Some(prefix) = &prefix {
                        (ui::fact("Prefix", html! {
                            code { bdi { (prefix.prefix) } }
                            @if prefix.own { " (its own)" }
                            @if prefix.mention_prefix { ", or a mention of the bot" }
                        }))
                    }
                    (ui::fact("Made", ui::ago(u64::try_from(made(id.get())).unwrap_or_default() * 1_000)))
                    @if let Some(joined) = guild.joined_at { (ui::fact("The bot joined", ui::ago(u64::try_from(joined.as_secs()).unwrap_or_default() * 1_000))) }
                    (ui::fact("Language", guild.preferred_locale.as_str()))
                }
            }))
            (ui::card("What the bot may there", permissions(may)))
        }
        @if ctx.may(SEARCHES) { (members(&ctx, &guild).await?) }
        div.grid.even {
            (ui::card("Channels", channels::drawn(&all_channels)))
            (ui::card("Roles", roles::drawn(&guild.roles)))
        }
        @if ctx.may(LEAVES) { (leaving(base, &guild)) }
    };
    let actions = html! {
        a.button href={ (base) "/servers" } { "All servers" }
        @if ctx.may(settings::SEES) { a.button href={ (base) "/settings/server/" (id) } { "Its settings" } }
    };
    let title = match guild.name.as_str() {
        "" => id.to_string(),
        name => name.to_owned(),
    };
    let content = html! {
        div.row {
            (icon(id.get(), guild.icon.map(|it| it.to_string()).as_deref(), &title, true))
            p.grow.muted { bdi { (clip(guild.description.as_deref().unwrap_or_default(), 300)) } }
            @if guild.unavailable == Some(true) { (ui::badge(Tone::Warn, "outage at Discord")) }
        }
        (content)
    };
    shown(&ctx, &title, actions, content).await
}

fn figures(guild: &Guild, channels: usize) -> Markup {
    let boosts = guild.premium_subscription_count.unwrap_or_default();
    let tier = match guild.premium_tier {
        PremiumTier::Tier1 => "level 1",
        PremiumTier::Tier2 => "level 2",
        PremiumTier::Tier3 => "level 3",
        _ => "",
    };
    html! {
        div.stats {
            (ui::stat("Members", guild.member_count.map_or_else(|| "–".to_owned(), number), ""))
            (ui::stat("Channels", number(channels as u64), "threads that are open included"))
            (ui::stat("Roles", number(guild.roles.len() as u64), ""))
            (ui::stat("Boosts", number(boosts), tier))
        }
    }
}

fn person(id: u64, member: Option<&Member>) -> Markup {
    html! {
        @if let Some(member) = member {
            bdi { (clip(member.nick.as_deref().unwrap_or(&member.user.name), NAME)) } " "
            small.muted { bdi { (clip(&member.user.name, NAME)) } " · " (id) }
        } @else {
            code { (id) }
        }
    }
}

fn permissions(may: Option<Permissions>) -> Markup {
    html! {
        @match may {
            None => p.muted { "Not known." },
            Some(may) if may.contains(Permissions::ADMINISTRATOR) => p { (ui::badge(Tone::Info, "Administrator")) " It may everything." },
            Some(may) => p.rates {
                @for (_, permission) in may.iter_names() { span.tag { (invite::words(permission)) } }
            },
        }
    }
}

/// Members that are searched for; Discord looks for the beginnings of their names.
async fn members(ctx: &RouteContext<Dashboard>, guild: &Guild) -> Result<Markup> {
    let wanted = clip(ctx.query("member").trim(), NAME);
    let found = match wanted.as_str() {
        "" => None,
        name => {
            let path = format!(
                "guilds/{}/members/search?limit={MEMBERS}&query={}",
                guild.id,
                ui::encoded(name)
            );
            let request = ctx.host().discord().request(Method::Get, path);
            Some(request.send().await?.members()?)
        }
    };
    let address = format!("{}/servers/{}", ctx.base(), guild.id);
    Ok(ui::card(
        "Members",
        html! {
            (ui::filter_bar(&address, ui::search_field("member", "The beginning of a name", &wanted)))
            @if let Some(found) = &found {
                @if found.is_empty() { p.muted { "Nobody's name there begins with that." } }
                @else {
                    ul.list {
                        @for member in found {
                            li {
                                span.grow { (person(member.user.id.get(), Some(member))) }
                                @if member.user.bot { span.tag { "bot" } }
                                @for role in guild.roles.iter().filter(|role| member.roles.contains(&role.id)).take(6) {
                                    span.tag { bdi.cut { (role.name) } }
                                }
                            }
                        }
                    }
                }
            }
        },
    ))
}

fn leaving(base: &str, guild: &Guild) -> Markup {
    html! {
        (ui::card("Leave", html! {
            p.muted { "The bot is gone from there at once. Only somebody who manages that server can bring it back." }
            form.filters data-post={ (base) "/servers/" (guild.id) "/leave" } data-then={ "go:" (base) "/servers" }
                data-confirm={ "Leave " (clip(&guild.name, 80)) "?" } data-danger {
                input type="text" name="name" required autocomplete="off" placeholder="Type the server's name" aria-label="The server's name, or its id";
                button.button.danger type="submit" { "Leave this server" }
                p.error.wide data-error role="alert" {}
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_bot_may_is_said_in_words() {
        let shown = |may| permissions(may).into_string();
        assert!(shown(None).contains("Not known"));
        let some = Permissions::SEND_MESSAGES | Permissions::BAN_MEMBERS;
        assert!(
            shown(Some(some)).contains("Ban Members") && !shown(Some(some)).contains("everything")
        );
        assert!(shown(Some(some | Permissions::ADMINISTRATOR)).contains("everything"));
    }
}
