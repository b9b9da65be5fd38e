//! Invite: the address by which the bot is added to a server, with the permissions that its plugins need.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `needs.rs` | what the loaded plugins need: permissions of the bot, privileged intents |
//! | `permissions.rs` | Discord's permissions in groups, as Discord calls them |

mod needs;
mod permissions;

use maud::{Markup, html};
use plugin_api::{
    Route, RouteContext, RouteReply, Tab,
    abi::{PluginState, PluginView, PluginsCall},
    manifest::{Manifest, RightLevel},
    prelude::*,
    text::listed,
    twilight_model::guild::Permissions,
};

pub(crate) use self::permissions::words;
use self::{needs::Needs, permissions::GROUPS};
use crate::{
    Dashboard,
    shell::{self, Head},
    ui,
};

const RIGHT: &str = "invite.see";

/// Plugins that the host gives at once, with their manifests.
const AT_ONCE: u32 = 100;

/// Where Discord asks whoever follows the link.
const DISCORD: &str = "https://discord.com/oauth2/authorize";

/// What an application can be added with, and what for.
const SCOPES: [(&str, &str); 2] = [
    ("bot", "The bot itself: a member of the server"),
    ("applications.commands", "Its slash commands and menus"),
];

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .tab(
            Tab::new("invite", "Invite", "/invite")
                .icon("🔗")
                .group("Tools"),
        )
        .right(
            RIGHT,
            RightLevel::Visitor,
            "makes links by which the bot is added to a server",
        )
        .route(
            Route::get("/invite")
                .right(RIGHT)
                .words("The link by which the bot is added, with these values of `scope` and `permission`, or those of a `preset`"),
            page,
        )
}

/// What the link is to be for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    scopes: Vec<&'static str>,
    permissions: Permissions,
    /// For a user's own account: commands alone.
    user: bool,
    guild: Option<u64>,
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let needs = match ctx.may("plugins.list") {
        true => Needs::of(&manifests(&ctx).await?),
        false => Needs::default(),
    };
    let wanted = wanted(&ctx, &needs)?;
    let application = ctx.host().application_id().map(Id::get);
    let base = ctx.base();
    let content = html! {
        (ui::card("The link", link(application, &wanted)))
        form.stack method="get" action={ (base) "/invite" } {
            (ui::card_with("What it is for", presets(base), choices(&wanted)))
            @if !wanted.user {
                @for (title, permissions) in GROUPS {
                    (ui::card(title, group(permissions, &wanted, &needs)))
                }
            }
            div.actions { button.button.primary type="submit" { "Make the link" } }
        }
        (ui::card("What the loaded plugins need", needed(&needs, ctx.may("plugins.list"))))
    };
    let head = Head {
        tab: "invite",
        title: "Invite",
        words: "The link by which somebody adds the bot to their server. They see each permission, and may take it away.",
        actions: html! {},
    };
    shell::page_with(&ctx, head, content).await
}

/// What the plugins that serve declare, by name.
async fn manifests(ctx: &RouteContext<Dashboard>) -> Result<Vec<(String, Manifest)>> {
    let mut call = PluginsCall {
        manifests: true,
        limit: Some(AT_ONCE),
        ..PluginsCall::default()
    };
    let mut all = Vec::new();
    loop {
        let page = ctx.host().plugins().page(&call).await?;
        all.extend(page.plugins.into_iter().filter_map(declared));
        match page.next {
            Some(next) => call.after = Some(next),
            None => return Ok(all),
        }
    }
}

fn declared(plugin: PluginView) -> Option<(String, Manifest)> {
    let serves = plugin.state == PluginState::Serving;
    let manifest = plugin.manifest.filter(|_| serves)?;
    // What a later version declares, and this one can't read, is no reason for a page to fail.
    Some((plugin.name, serde_json::from_value(manifest).ok()?))
}

fn wanted(ctx: &RouteContext<Dashboard>, needs: &Needs) -> Result<Wanted> {
    let values = |name: &'static str| {
        let of = ctx.queries().iter().filter(move |(it, _)| it == name);
        of.map(|(_, value)| value.as_str())
    };
    let guild = match ctx.query("guild").trim() {
        "" => None,
        text => Some(text.parse().map_err(|_| {
            Error::user(
                "A server's id is a number: in Discord, with developer mode on, “Copy Server ID”.",
            )
        })?),
    };
    let chosen = values("scope").count() + values("permission").count() > 0;
    let user = ctx.query("to") == "user";
    let permissions = match ctx.query("preset") {
        "administrator" => Permissions::ADMINISTRATOR,
        "none" => Permissions::empty(),
        _ if chosen => values("permission")
            .filter_map(Permissions::from_name)
            .fold(Permissions::empty(), Permissions::union),
        _ => needs.permissions(),
    };
    let scopes = SCOPES.iter().map(|(scope, _)| *scope);
    let scopes: Vec<&'static str> = match chosen {
        true => scopes
            .filter(|it| values("scope").any(|value| value == *it))
            .collect(),
        false => scopes.collect(),
    };
    Ok(Wanted {
        scopes,
        permissions,
        user,
        guild,
    })
}

/// The address that Discord is asked at.
fn address(application: u64, wanted: &Wanted) -> String {
    let scopes: Vec<&str> = match wanted.user {
        true => vec!["applications.commands"],
        false => wanted.scopes.clone(),
    };
    let mut address = format!(
        "{DISCORD}?client_id={application}&scope={}&integration_type={}",
        scopes.join("+"),
        u8::from(wanted.user)
    );
    if scopes.contains(&"bot") {
        address.push_str(&format!("&permissions={}", wanted.permissions.bits()));
    }
    if let Some(guild) = wanted.guild.filter(|_| !wanted.user) {
        address.push_str(&format!("&guild_id={guild}&disable_guild_select=true"));
    }
    address
}

fn link(application: Option<u64>, wanted: &Wanted) -> Markup {
    html! {
        @match application {
            None => p.notice.warn { "The bot has not logged in yet, so its application is not known. Reload this page in a moment." },
            Some(_) if wanted.scopes.is_empty() && !wanted.user => p.notice.warn { "Choose at least one scope: the bot itself, or its commands." },
            Some(application) => {
                @let address = address(application, wanted);
                div.link-box {
                    code #invite-link { (address) }
                    button.button.primary type="button" data-copy=(address) { "Copy" }
                    a.button href=(address) target="_blank" rel="noreferrer" { "Open" }
                }
                @if wanted.permissions.contains(Permissions::ADMINISTRATOR) && !wanted.user {
                    p.notice.warn { "Administrator is everything: whoever controls the bot controls each server that it is in. Fewer are enough for all plugins." }
                }
            }
        }
    }
}

fn presets(base: &str) -> Markup {
    html! {
        a.button.quiet href={ (base) "/invite" } { "What plugins need" }
        a.button.quiet href={ (base) "/invite?preset=none" } { "None" }
        a.button.quiet href={ (base) "/invite?preset=administrator" } { "Administrator" }
    }
}

fn choices(wanted: &Wanted) -> Markup {
    html! {
        div.checks {
            @for (scope, words) in SCOPES {
                label.check {
                    input type="checkbox" name="scope" value=(scope) checked[wanted.scopes.contains(&scope)];
                    span { code { (scope) } " " small.muted { (words) } }
                }
            }
        }
        div.filters {
            select name="to" aria-label="Added to" {
                option value="" selected[!wanted.user] { "added to a server" }
                option value="user" selected[wanted.user] { "added to a user's account: commands alone" }
            }
            input type="text" inputmode="numeric" name="guild" value=[wanted.guild] placeholder="A server's id, to offer it alone" aria-label="A server's id, to offer it alone";
        }
    }
}

fn group(permissions: &[Permissions], wanted: &Wanted, needs: &Needs) -> Markup {
    html! {
        div.checks {
            @for permission in permissions {
                @let name = permission.iter_names().next().map_or("", |(name, _)| name);
                @let plugins = needs.of_permission(*permission);
                label.check title=[(!plugins.is_empty()).then(|| listed(&plugins, " and "))] {
                    input type="checkbox" name="permission" value=(name) checked[wanted.permissions.contains(*permission)];
                    span {
                        (words(*permission))
                        @if !plugins.is_empty() { " " span.tag { "needed" } }
                    }
                }
            }
        }
    }
}

fn needed(needs: &Needs, sees: bool) -> Markup {
    html! {
        @if !sees {
            p.muted { "Your role does not see plugins: the link has what every bot needs." }
        } @else {
            @let rows = needs.rows();
            @if rows.is_empty() { p.muted { "No plugin says that it needs a permission beyond reading and writing." } }
            @else {
                (ui::table("Permissions that plugins need", &["Permission", "Plugins"], html! {
                    @for (permission, plugins) in &rows {
                        tr { th scope="row" { (words(*permission)) } td { @for plugin in plugins.iter() { bdi.tag { (plugin) } " " } } }
                    }
                }))
            }
            @if !needs.intents.is_empty() {
                h3 { "To be switched on for the application, in Discord's Developer Portal" }
                (ui::table("Privileged intents that plugins need", &["Intent", "Plugins"], html! {
                    @for (intent, plugins) in &needs.intents {
                        tr { th scope="row" { (intent) } td { @for plugin in plugins { bdi.tag { (plugin) } " " } } }
                    }
                }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted {
            scopes: vec!["bot", "applications.commands"],
            permissions: Permissions::SEND_MESSAGES | Permissions::VIEW_CHANNEL,
            user: false,
            guild: None,
        }
    }

    #[test]
    fn the_link_says_what_was_chosen_as_discord_reads_it() {
        assert_eq!(
            address(7, &wanted()),
            "https://discord.com/oauth2/authorize?client_id=7&scope=bot+applications.commands&integration_type=0&permissions=3072"
        );
        let mut of_guild = wanted();
        (of_guild.guild, of_guild.scopes) = (Some(5), vec!["applications.commands"]);
        let link = address(7, &of_guild);
        assert!(
            link.ends_with("&guild_id=5&disable_guild_select=true"),
            "{link}"
        );
        assert!(!link.contains("permissions="), "commands alone have none");
        let mut of_user = of_guild;
        of_user.user = true;
        let link = address(7, &of_user);
        assert!(
            link.contains("integration_type=1") && !link.contains("guild_id"),
            "{link}"
        );
    }

    #[test]
    fn a_link_that_would_do_nothing_is_not_shown_and_everything_is_warned_of() {
        let mut nothing = wanted();
        nothing.scopes.clear();
        assert!(!link(Some(7), &nothing).into_string().contains("oauth2"));
        assert!(!link(None, &wanted()).into_string().contains("oauth2"));
        let mut everything = wanted();
        everything.permissions |= Permissions::ADMINISTRATOR;
        assert!(
            link(Some(7), &everything)
                .into_string()
                .contains("controls each server")
        );
    }
}
