//! People: who has which role, given and taken by their ids at Discord.

use maud::{Markup, html};
use plugin_api::{
    RouteContext, RouteReply,
    abi::{AccessCall, AccessReply, PersonView},
    prelude::*,
    text::counted,
    twilight_model::user::User,
};
use serde::Deserialize;

use super::{Own, SENDS_LINK, SETS_USER, framed, user_id};
use crate::{
    Dashboard, shell,
    ui::{self, Action, Pager},
};

/// Discord's code for a user who takes no direct messages from the bot
/// ([opcodes](https://discord.com/developers/docs/topics/opcodes-and-status-codes#json)).
const DIRECT_MESSAGES_CLOSED: u64 = 50_007;

/// People on a page.
const PAGE: u64 = 50;

pub(super) async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let access = ctx.host().pages().access().await?;
    let query: Vec<String> = ctx
        .queries()
        .iter()
        .map(|(name, value)| format!("{}={}", ui::encoded(name), ui::encoded(value)))
        .collect();
    let content = html! {
        div.grid.two-one {
            div.stack {
                (ui::filter_bar(&format!("{}/roles", ctx.base()), ui::search_field("q", "Search people", ctx.query("q"))))
                section #people data-src={ (ctx.base()) "/roles/people?" (query.join("&")) } data-live="host:sessions" {
                    (drawn(&ctx, &access)?)
                }
            }
            div.stack {
                @if ctx.may(SETS_USER) { (form(&ctx, &access)?) }
                (ui::card("Owners", html! {
                    p.muted { "They may everything. " code { "[bot] owner_ids" } " of config.toml names them, or Discord does, by whose application it is." }
                    ul.list { @for owner in &access.owners { li { code { (owner) } } } }
                }))
            }
        }
    };
    framed(&ctx, "/roles", html! {}, content).await
}

pub(super) async fn list(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let access = ctx.host().pages().access().await?;
    Ok(shell::part(&drawn(&ctx, &access)?))
}

/// The people that are searched for, a page of them.
fn drawn(ctx: &RouteContext<Dashboard>, access: &AccessReply) -> Result<Markup> {
    let found = found(&access.people, ctx.query("q"));
    let own = Own::of(ctx, access);
    let pager = Pager {
        page: ctx.query_or("page", 1)?,
        size: PAGE,
        total: found.len() as u64,
    };
    if found.is_empty() {
        return Ok(match access.people.is_empty() {
            true => ui::empty(
                "Nobody but the owners",
                "Give somebody a role: they log in with Discord then, or by a link that the bot sends them.",
            ),
            false => ui::empty("Nobody found", "No name, id or role has these words."),
        });
    }
    let first = pager.page.clamp(1, pager.pages()) - 1;
    let shown = found
        .iter()
        .skip(usize::try_from(first * PAGE).unwrap_or(usize::MAX))
        .take(PAGE as usize);
    let rows = html! {
        @for person in shown {
            @let covers = access.roles.iter().find(|it| it.name == person.role).is_none_or(|role| own.covers(role));
            tr data-key=(person.user_id) {
                th scope="row" { (ui::name(shown_name(person))) br; small.muted { code { (person.user_id) } } }
                td { (ui::name(&person.role)) }
                td { (ui::ago(person.seen_ms)) }
                td {
                    div.actions {
                        @if covers && ctx.may(SENDS_LINK) {
                            (Action::new("Send a link", format!("{}/roles/people/link", ctx.base()))
                                .body(&serde_json::json!({"user_id": person.user_id.to_string()}))
                                .confirm(format!("Have the bot send {} a link by direct message? It logs them in once, within ten minutes.", shown_name(person)))
                                .label(format!("Send a link to {}", shown_name(person)))
                                .quiet())
                        }
                        @if covers && ctx.may(SETS_USER) {
                            a.button.quiet href={ (ctx.base()) "/roles?person=" (person.user_id) "#give" } aria-label={ "Change the role of " (shown_name(person)) } { "Change" }
                            (Action::new("Remove", format!("{}/roles/people/remove", ctx.base()))
                                .body(&serde_json::json!({"user_id": person.user_id.to_string()}))
                                .confirm(format!("Take the role {} from {}? Their open pages end at once.", person.role, shown_name(person)))
                                .label(format!("Remove {}", shown_name(person)))
                                .then("refresh:#people")
                                .quiet())
                        }
                    }
                }
            }
        }
    };
    Ok(html! {
        section.card {
            (ui::table("People with a role", &["Who", "Role", "Logged in", ""], rows))
        }
        (ui::pager(pager, ctx.queries(), "person"))
    })
}

fn shown_name(person: &PersonView) -> &str {
    match person.name.trim() {
        "" => "unnamed",
        name => name,
    }
}

fn found<'a>(people: &'a [PersonView], words: &str) -> Vec<&'a PersonView> {
    let words = words.trim().to_lowercase();
    let fits = |person: &&PersonView| {
        person.name.to_lowercase().contains(&words)
            || person.role.to_lowercase().contains(&words)
            || person.user_id.to_string().contains(&words)
    };
    people.iter().filter(fits).collect()
}

fn form(ctx: &RouteContext<Dashboard>, access: &AccessReply) -> Result<Markup> {
    let wanted: u64 = ctx.query_or("person", 0)?;
    let person = access.people.iter().find(|it| it.user_id == wanted);
    let own = Own::of(ctx, access);
    let title = match person {
        Some(person) => format!("Change {}", shown_name(person)),
        None => "Give a role".to_owned(),
    };
    Ok(ui::card(
        &title,
        html! {
            form #give.stack data-post={ (ctx.base()) "/roles/people/set" } data-then={ "go:" (ctx.base()) "/roles" } {
                label.field {
                    "User id at Discord"
                    input name="user_id" inputmode="numeric" required autocomplete="off" value=[person.map(|it| it.user_id)] readonly[person.is_some()];
                }
                label.field {
                    "Name"
                    input name="name" maxlength="100" autocomplete="off" value=[person.map(|it| &it.name)] placeholder="as at Discord";
                }
                label.field {
                    "Role"
                    select name="role" required {
                        @for role in access.roles.iter().filter(|it| !it.all) {
                            option value=(role.name) selected[person.is_some_and(|it| it.role == role.name)] disabled[!own.covers(role)] {
                                (role.name) @if !own.covers(role) { " (more than yours)" }
                            }
                        }
                    }
                }
                p.error data-error role="alert" {}
                div.actions.end {
                    @if person.is_some() { a.button href={ (ctx.base()) "/roles" } { "Cancel" } }
                    button.button.primary type="submit" { @if person.is_some() { "Save" } @else { "Give" } }
                }
            }
        },
    ))
}

#[derive(Deserialize)]
struct Given {
    user_id: String,
    name: String,
    role: String,
}

pub(super) async fn set(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let given: Given = ctx.json()?;
    let user = user_id(&given.user_id)?;
    let name = match given.name.trim() {
        "" => name_of(ctx.host(), user).await?,
        name => name.to_owned(),
    };
    let call = AccessCall {
        user_id: Some(user),
        role: Some(given.role.clone()),
        words: Some(name.clone()),
        ..AccessCall::default()
    };
    ctx.host().pages().set_user(&call).await?;
    Ok(RouteReply::text(format!(
        "{name} has the role {} now.",
        given.role
    )))
}

/// What Discord calls a user.
async fn name_of(host: &Host, user: u64) -> Result<String> {
    let asked = host
        .discord()
        .request(Method::Get, format!("users/{user}"))
        .send()
        .await;
    let user: User = match asked {
        Ok(response) => response.json()?,
        Err(error) if error.http_status() == Some(404) => {
            return Err(Error::user(format!(
                "Discord knows no user with the id {user}. Copy it from their menu in Discord (developer mode), and try again."
            )));
        }
        Err(error) => return Err(error),
    };
    Ok(user.global_name.unwrap_or(user.name))
}

#[derive(Deserialize)]
struct Taken {
    user_id: String,
}

pub(super) async fn remove(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let taken: Taken = ctx.json()?;
    let call = AccessCall {
        user_id: Some(user_id(&taken.user_id)?),
        ..AccessCall::default()
    };
    let left = ctx.host().pages().set_user(&call).await?.people.len() as u64;
    Ok(RouteReply::text(format!(
        "They have no role any more; {} left.",
        counted(left, "person")
    )))
}

pub(super) async fn send_link(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let whom: Taken = ctx.json()?;
    let user = user_id(&whom.user_id)?;
    let sent = ctx.host().pages().send_link(Id::new(user)).await;
    sent.map_err(|error| match error.discord_code() {
        Some(DIRECT_MESSAGES_CLOSED) => Error::user(
            "They take no direct messages from the bot: they allow them in a server that they share with it (its menu, Privacy Settings).",
        ),
        _ => error,
    })?;
    Ok(RouteReply::text(
        "The bot has sent them a link. It is good once, within ten minutes.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_found_by_name_role_and_id() {
        let person = |user_id, name: &str, role: &str| {
            let mut person = PersonView::default();
            person.user_id = user_id;
            (person.name, person.role) = (name.to_owned(), role.to_owned());
            person
        };
        let people = [person(71, "Ann", "Helper"), person(82, "Bob", "Visitor")];
        let of = |words: &str| {
            found(&people, words)
                .iter()
                .map(|it| it.user_id)
                .collect::<Vec<_>>()
        };
        assert_eq!(of(""), [71, 82]);
        assert_eq!(of("ANN"), [71]);
        assert_eq!(of("visit"), [82]);
        assert_eq!(of("71"), [71]);
        assert!(of("carol").is_empty());
    }
}
