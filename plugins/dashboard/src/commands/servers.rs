//! Commands of a server: their use there, and the roles that its rules ask for.

use maud::{Markup, html};
use plugin_api::{
    CommandView, Route, RouteContext, RouteReply,
    abi::RequireReply,
    prelude::*,
    text::{clip, counted, number},
    twilight_model::guild::Role,
};
use serde::Deserialize;

use super::{SEES, SEES_SERVER, detail, part, sheet, trial};
use crate::{Dashboard, picker::Picker, shell, shell::Head, ui};

/// The host call that changes a rule, and so the right to it.
const RULES: &str = "commands.require";

/// Roles that are named in a sentence.
const NAMED: usize = 10;

pub(super) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .route(
            Route::get("/commands/servers")
                .right(SEES_SERVER)
                .words("Servers, to see the commands of one"),
            servers,
        )
        .route(
            Route::get("/commands/server/{guild}")
                .right(SEES_SERVER)
                .words("Commands, as they are used in a server"),
            page,
        )
        .route(
            Route::get("/commands/server/{guild}/list")
                .right(SEES_SERVER)
                .words("Commands of a server that are searched for"),
            list,
        )
        .route(
            Route::get("/commands/server/{guild}/command")
                .right(SEES_SERVER)
                .words("A command in a server: its use there, and the server's rule"),
            command,
        )
        .route(
            Route::post("/commands/server/{guild}/try")
                .right(SEES_SERVER)
                .words("Whether a user may use a command in a channel of the server, and why not"),
            trial::in_server,
        )
        .route(
            Route::post("/commands/server/{guild}/require")
                .right(RULES)
                .words("Names the roles of which a member needs one for a command; none lifts the rule"),
            require,
        )
}

async fn servers(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let picker = Picker {
        tab: "commands",
        title: "Commands of a server",
        words: "Pick the server.",
        address: "/commands/servers",
        leads: "/commands/server",
        actions: html! { @if ctx.may(SEES) && !ctx.session().own_servers { a.button href={ (ctx.base()) "/commands" } { "All commands" } } },
    };
    picker.page(&ctx).await
}

async fn name(ctx: &RouteContext<Dashboard>, guild: Id<marker::GuildMarker>) -> String {
    let known = ctx.host().cache().guild(guild).known().await;
    known.map_or_else(|_| guild.to_string(), |guild| clip(&guild.name, 100))
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let guild = ctx.guild()?;
    let (all, name) = tokio::join!(of_server(&ctx, guild), name(&ctx, guild));
    let address = format!("{}/commands/server/{guild}", ctx.base());
    let content = sheet(&ctx, &all?, &address)?;
    let title = format!("Commands in {name}");
    let head = Head {
        tab: "commands",
        title: &title,
        words: "Figures are of this server, of the last 30 days. A rule names roles of which a member needs one.",
        actions: html! { a.button href={ (ctx.base()) "/commands/servers" } { "Another server" } },
    };
    shell::page_with(&ctx, head, content).await
}

async fn list(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let guild = ctx.guild()?;
    let all = of_server(&ctx, guild).await?;
    let address = format!("{}/commands/server/{guild}", ctx.base());
    Ok(shell::part(&part(&ctx, &all, &address)?))
}

/// The commands, but for those that are for other servers.
async fn of_server(
    ctx: &RouteContext<Dashboard>,
    guild: Id<marker::GuildMarker>,
) -> Result<Vec<CommandView>> {
    let mut all = ctx.host().commands().list(Some(guild)).await?;
    all.retain(|it| it.guilds.is_empty() || it.guilds.contains(&guild.get()));
    Ok(all)
}

async fn command(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let guild = ctx.guild()?;
    let all = of_server(&ctx, guild).await?;
    let command = detail::found(&ctx, &all)?;
    let address = format!("{}/commands/server/{guild}", ctx.base());
    let mut roles = ctx.host().cache().roles(guild).known().await?;
    roles.sort_by(|a, b| b.position.cmp(&a.position).then(a.id.cmp(&b.id)));
    let body = detail::body(&ctx, command, Some(guild)).await?;
    let content = html! {
        (ui::card("Rule of this server", rule(&ctx, command, guild, &roles)))
        (body)
        @if trial::may(&ctx) { (ui::card("Try it as somebody", trial::form(&ctx, command, Some(guild)))) }
    };
    shell::page_with(&ctx, detail::head(command, &address, html! {}), content).await
}

fn rule(
    ctx: &RouteContext<Dashboard>,
    command: &CommandView,
    guild: Id<marker::GuildMarker>,
    roles: &[Role],
) -> Markup {
    if command.owner_only {
        return html! { p.muted { "It is for the bot's owners alone, and no server can open it." } };
    }
    html! {
        p { (now(&command.roles, roles)) }
        @if ctx.may(RULES) {
            form.stack data-post={ (ctx.base()) "/commands/server/" (guild) "/require" } data-then="reload" {
                input type="hidden" name="command" value=(command.path);
                div.field {
                    label for="rule-roles" { "Roles of which a member needs one; none: everybody who may by the plugin's own rules" }
                    select #rule-roles name="roles[]" multiple size=(roles.len().clamp(3, 10)) {
                        @for role in roles.iter().filter(|role| role.id.get() != guild.get()) {
                            option value=(role.id) selected[command.roles.contains(&role.id.get())] { (clip(&role.name, 100)) }
                        }
                    }
                }
                div.actions { button.button.primary type="submit" { "Save the rule" } }
                p.error role="alert" data-error {}
            }
        }
    }
}

/// The rule in a sentence. A role that is gone has its id.
fn now(rule: &[u64], roles: &[Role]) -> String {
    if rule.is_empty() {
        return "No role is asked for.".to_owned();
    }
    let name = |id: &u64| {
        let known = roles.iter().find(|role| role.id.get() == *id);
        known.map_or_else(|| format!("a deleted role ({id})"), |it| clip(&it.name, 60))
    };
    let names: Vec<String> = rule.iter().take(NAMED).map(name).collect();
    let more = match rule.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {} others", number(more as u64)),
    };
    format!(
        "A member needs one of these roles: {}{more}.",
        names.join(", ")
    )
}

/// A rule as the form sends it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    command: String,
    #[serde(default, rename = "roles[]")]
    roles: Vec<String>,
}

async fn require(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let guild = ctx.guild()?;
    let rule: Rule = ctx.json()?;
    let commands = ctx.host().commands();
    let reply = commands
        .require_roles(guild, &rule.command, &rule.roles)
        .await?;
    Ok(RouteReply::text(told(&reply)))
}

fn told(reply: &RequireReply) -> String {
    let command = &reply.command;
    match (reply.roles.len(), reply.before == reply.roles) {
        (_, true) => format!("The rule of `{command}` is as it was."),
        (0, _) => format!("The rule of `{command}` is lifted."),
        (count, _) => format!(
            "`{command}` needs one of {} from now on.",
            counted(count as u64, "role")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_told_and_a_role_that_is_gone_has_its_id() {
        assert_eq!(now(&[], &[]), "No role is asked for.");
        assert_eq!(
            now(&[7], &[]),
            "A member needs one of these roles: a deleted role (7)."
        );
        let many: Vec<u64> = (1..=12).collect();
        assert!(now(&many, &[]).ends_with("and 2 others."));
    }

    #[test]
    fn what_came_of_a_change_is_told() {
        let mut reply = RequireReply::default();
        reply.command = "ban".to_owned();
        assert_eq!(told(&reply), "The rule of `ban` is as it was.");
        reply.roles = vec![1, 2];
        assert_eq!(told(&reply), "`ban` needs one of 2 roles from now on.");
        (reply.before, reply.roles) = (vec![1], vec![]);
        assert_eq!(told(&reply), "The rule of `ban` is lifted.");
    }

    #[test]
    fn a_form_without_a_chosen_role_lifts_the_rule() {
        let rule: Rule = serde_json::from_str(r#"{"command": "ban", "roles[]": []}"#).unwrap();
        assert!(rule.roles.is_empty());
    }
}
