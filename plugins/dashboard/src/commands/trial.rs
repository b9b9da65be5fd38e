//! Trial of a command: whether somebody may use it in a channel, and which rule is the first that refuses.

use maud::{Markup, html};
use plugin_api::{CommandView, RouteContext, RouteReply, abi::WhyReply, prelude::*, text::clip};
use serde::Deserialize;

use super::TRIES;
use crate::{
    Dashboard, place, shell,
    ui::{self, Tone},
};

/// Who is to use what, and where.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trial {
    command: String,
    user: String,
    /// Empty: in a direct message. Of a page of a server: not sent.
    #[serde(default)]
    server: String,
    #[serde(default)]
    channel: String,
}

/// The form; of a server's page, it is about that one.
pub(super) fn form(
    ctx: &RouteContext<Dashboard>,
    command: &CommandView,
    guild: Option<Id<marker::GuildMarker>>,
) -> Markup {
    let address = match guild {
        None => format!("{}/commands/try", ctx.base()),
        Some(guild) => format!("{}/commands/server/{guild}/try", ctx.base()),
    };
    html! {
        p.muted { "Asks the same rules as a use would, the plugin's own check and cooldowns with them. Nothing is used, and nobody is told." }
        form.fields data-post=(address) data-then="show:#why" {
            input type="hidden" name="command" value=(command.path);
            div.field {
                label for="try-user" { "User: id or mention" }
                input #try-user type="text" name="user" value=(ctx.user_id()) required inputmode="numeric";
            }
            @if guild.is_none() {
                div.field {
                    label for="try-server" { "Server: id or name; empty: a direct message" }
                    input #try-server type="text" name="server";
                }
            }
            div.field {
                label for="try-channel" { "Channel: name or id; empty: the first one" }
                input #try-channel type="text" name="channel";
            }
            div.actions { button.button.primary type="submit" { "Try" } }
            p.error role="alert" data-error {}
        }
        div #why role="status" {}
    }
}

pub(super) async fn anywhere(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let trial: Trial = ctx.json()?;
    let guild = match trial.server.trim() {
        "" => None,
        words => Some(place::server(ctx.host(), words).await?),
    };
    answered(&ctx, &trial, guild).await
}

/// Whether whoever asks may try commands as others: where they look after their own servers, in these.
pub(super) fn may(ctx: &RouteContext<Dashboard>) -> bool {
    ctx.session().own_servers || ctx.may(TRIES)
}

pub(super) async fn in_server(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    // The plugin's own checks are asked in that user's name.
    if !may(&ctx) {
        return Err(Error::user(
            "Your role here does not try commands as others. The bot's owner can change that, on the page Roles.",
        ));
    }
    let trial: Trial = ctx.json()?;
    let guild = ctx.guild()?;
    if !trial.server.is_empty() {
        return Err(Error::user(
            "This page is of one server, and asks about no other.",
        ));
    }
    answered(&ctx, &trial, Some(guild)).await
}

async fn answered(
    ctx: &RouteContext<Dashboard>,
    trial: &Trial,
    guild: Option<Id<marker::GuildMarker>>,
) -> Result<RouteReply> {
    let user = place::user(&trial.user)?;
    let channel = match guild {
        Some(guild) => place::channel(ctx.host(), guild, &trial.channel).await?,
        // A direct message's channel decides nothing.
        None => user.cast(),
    };
    let commands = ctx.host().commands();
    let why = commands.why(&trial.command, user, guild, channel).await?;
    Ok(shell::part(&drawn(&why, user)))
}

fn drawn(why: &WhyReply, user: Id<marker::UserMarker>) -> Markup {
    let typed = why.typed.iter().take(5);
    html! {
        div.notice.(if why.rule.is_some() { "bad" } else { "good" }) {
            @match &why.rule {
                None => p { strong { "Yes: " } "user " (user) " may use " code { (why.command) } " there." },
                Some(rule) => {
                    p { strong { "No: " } "user " (user) " may not use " code { (why.command) } " there. " (meaning(rule)) }
                    p { "They would read: " bdi { (clip(&why.text, 1_000)) } }
                }
            }
        }
        @if !why.typed.is_empty() {
            p.muted { "Typed there: " @for (at, way) in typed.enumerate() { @if at > 0 { ", " } code { (way) } } }
        }
        @if let Some(rule) = &why.rule { p { "Rule: " (ui::badge(Tone::Info, html! { code { (rule) } })) } }
    }
}

/// What a rule that refuses is about.
fn meaning(rule: &str) -> &'static str {
    match rule {
        "place" => "It works in other places only.",
        "owner" => "It is for the bot's owners alone.",
        "guild_owner" => "It is for the server's owner alone.",
        "roles" => "They have none of the roles of which one is needed.",
        "permissions" => "They lack a permission.",
        "bot" => "The bot itself lacks a permission there.",
        "check" => "The plugin's own check refuses.",
        "cooldown" => "They have to wait: it was used a moment ago.",
        "busy" => "As many uses as may run at once are running.",
        "unknown" => "What is needed to decide it is not known: the bot may not see that member.",
        _ => "A rule refuses that this dashboard does not know.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_in_words_and_escaped() {
        let mut why = WhyReply::default();
        why.command = "ban".to_owned();
        why.typed = vec!["!ban".to_owned()];
        let user = Id::new(42);
        assert!(drawn(&why, user).into_string().contains("<strong>Yes: "));
        why.rule = Some("roles".to_owned());
        why.text = "<b>no</b>".to_owned();
        let shown = drawn(&why, user).into_string();
        assert!(
            shown.contains("none of the roles") && !shown.contains("<b>no"),
            "{shown}"
        );
    }

    #[test]
    fn a_trial_takes_nothing_else() {
        let sent = r#"{"command": "ban", "user": "1", "owner": true}"#;
        assert!(serde_json::from_str::<Trial>(sent).is_err());
    }
}
