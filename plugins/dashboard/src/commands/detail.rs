//! Page of one command: how it is typed, who may use it, its use and its errors, and a trial.

use maud::{Markup, html};
use plugin_api::{
    CommandView, RouteContext, RouteReply,
    abi::{ErrorKind, ErrorView, ErrorsCall},
    manifest::OptionManifest,
    prelude::*,
    text::{clip, milliseconds, number},
};

use super::{days, list, success, trial, who};
use crate::{Dashboard, pulse::now_ms, shell, shell::Head, ui};

/// Errors that are looked through for those of the command, and how many of its own are shown.
const LOOKED_AT: u32 = 100;
const ERRORS: usize = 10;

/// Characters of an error that are shown.
const WORDS: usize = 400;

/// Who may see errors.
const SEES_ERRORS: &str = "errors.list";

pub(super) async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let all = ctx.host().commands().list(None).await?;
    let command = found(&ctx, &all)?;
    let address = format!("{}/commands", ctx.base());
    let body = body(&ctx, command, None).await?;
    let content = html! {
        (body)
        @if ctx.may(super::TRIES) {
            (ui::card("Try it as somebody", trial::form(&ctx, command, None)))
        }
    };
    shell::page_with(
        &ctx,
        head(
            command,
            &address,
            html! {
                a.button href={ (address) "/servers" } { "Rules of a server" }
            },
        ),
        content,
    )
    .await
}

pub(super) fn head<'a>(command: &'a CommandView, address: &str, more: Markup) -> Head<'a> {
    Head {
        tab: "commands",
        title: &command.path,
        words: &command.description,
        actions: html! { (more) a.button href=(address) { "All commands" } },
    }
}

/// The command that the query names.
pub(super) fn found<'a>(
    ctx: &RouteContext<Dashboard>,
    all: &'a [CommandView],
) -> Result<&'a CommandView> {
    let (name, kind) = (ctx.query("name"), ctx.query("kind"));
    let is_kind = |it: &&CommandView| match kind {
        "" => !list::is_menu(it),
        kind => it.kind.word() == kind,
    };
    let found = all.iter().filter(is_kind).find(|it| it.path == name);
    found.ok_or_else(|| {
        Error::user(format!(
            "There is no command “{}” now: its plugin may be unloaded. The tab Commands lists those that there are.",
            clip(name, 60)
        ))
    })
}

/// All that is known of it, in a server or everywhere.
pub(super) async fn body(
    ctx: &RouteContext<Dashboard>,
    command: &CommandView,
    guild: Option<Id<marker::GuildMarker>>,
) -> Result<Markup> {
    let usage = ctx
        .host()
        .commands()
        .usage_of(&command.path, guild, None)
        .await?;
    let usage: Vec<_> = usage
        .into_iter()
        .filter(|it| it.plugin == command.plugin)
        .collect();
    let days = days::of(&usage, now_ms());
    let errors = match ctx.may(SEES_ERRORS) && guild.is_none() {
        true => Some(latest_errors(ctx, command).await?),
        false => None,
    };
    Ok(html! {
        div.stats {
            (ui::stat("Uses", number(command.uses), "in 30 days"))
            (ui::stat("Errors", number(command.errors), success(command.uses, command.errors)))
            (ui::stat("Mean", if command.uses > 0 { milliseconds(command.mean_us) } else { "–".to_owned() }, "from the message or click to the end"))
            (ui::stat("Used last", if command.last_day.is_empty() { "–" } else { &command.last_day }, "in UTC"))
        }
        (ui::card("Use by day", days::drawn(&days)))
        div.grid {
            (ui::card("How it is typed", typed(command)))
            (ui::card("Who may use it", access(command)))
        }
        @if !command.options.is_empty() { (ui::card("Options", options(&command.options))) }
        @if let Some(errors) = &errors { (ui::card("Latest errors", error_list(errors))) }
    })
}

fn typed(command: &CommandView) -> Markup {
    html! {
        dl.facts {
            (ui::fact("Kind", html! { bdi { (command.reached) } }))
            (ui::fact("Plugin", html! { (ui::name(&command.plugin)) }))
            @for way in &command.typed { (ui::fact("Typed", html! { code { (way) } })) }
            @if !command.usage.is_empty() { (ui::fact("With options", html! { code { (command.usage) } })) }
            @if !command.aliases.is_empty() { (ui::fact("Aliases", html! { @for (at, alias) in command.aliases.iter().enumerate() { @if at > 0 { ", " } code { (alias) } } })) }
            @for example in &command.examples { (ui::fact("Example", html! { code { (example) } })) }
            @if command.ephemeral { (ui::fact("Answers", "for the invoker's eyes alone")) }
            @if command.hidden { (ui::fact("Help", "leaves it out")) }
            @for (language, words) in &command.localized {
                (ui::fact(language, html! { bdi { (words.name.as_deref().unwrap_or(&command.path)) } @if let Some(words) = &words.description { " " span.muted { bdi { (words) } } } }))
            }
        }
        @if !command.help.is_empty() { p.command-help { bdi { (clip(&command.help, 2_000)) } } }
    }
}

fn access(command: &CommandView) -> Markup {
    html! {
        ul.list { @for sentence in who::may(command) { li { bdi { (sentence) } } } }
        dl.facts {
            (ui::fact("Cooldown", who::cooldown(command.cooldown.as_ref())))
            (ui::fact("At once", who::at_once(command.max_concurrency.as_ref())))
        }
    }
}

fn options(options: &[OptionManifest]) -> Markup {
    let rows = html! {
        @for option in options {
            tr {
                th scope="row" { code { (option.name) } @if option.required { " " span.tag { "required" } } }
                td { (option.kind.word()) }
                td { bdi { (clip(&option.description, 200)) } }
                td { (bounds(option)) }
            }
        }
    };
    ui::table(
        "Options of the command",
        &["Option", "Type", "What it is", "What it takes"],
        rows,
    )
}

/// What an option takes: choices, least and most, what holds without it.
fn bounds(option: &OptionManifest) -> String {
    let mut said = Vec::new();
    if !option.choices.is_empty() {
        let names: Vec<String> = option
            .choices
            .iter()
            .take(25)
            .map(|it| clip(&it.name, 40))
            .collect();
        said.push(format!("one of {}", names.join(", ")));
    }
    match (option.min, option.max) {
        (Some(min), Some(max)) => said.push(format!("{min} to {max}")),
        (Some(min), None) => said.push(format!("{min} or more")),
        (None, Some(max)) => said.push(format!("{max} or less")),
        (None, None) => {}
    }
    if let Some(default) = &option.default {
        said.push(format!("default {}", clip(default, 60)));
    }
    if option.repeated {
        said.push("several".to_owned());
    }
    if option.autocomplete {
        said.push("with suggestions".to_owned());
    }
    said.join("; ")
}

async fn latest_errors(
    ctx: &RouteContext<Dashboard>,
    command: &CommandView,
) -> Result<Vec<ErrorView>> {
    let call = ErrorsCall {
        plugin: Some(command.plugin.clone()),
        kind: Some(ErrorKind::Command),
        limit: Some(LOOKED_AT),
        ..ErrorsCall::default()
    };
    let mut errors = ctx.host().errors(&call).await?.errors;
    errors.retain(|error| error.what == command.path);
    errors.truncate(ERRORS);
    Ok(errors)
}

fn error_list(errors: &[ErrorView]) -> Markup {
    if errors.is_empty() {
        return html! { p.muted { "None is among those that are remembered, which are the last ones since the bot began." } };
    }
    html! {
        ul.list {
            @for error in errors {
                li data-key=(error.number) {
                    div.row.between.wide {
                        small.muted {
                            (ui::ago(error.at_ms))
                            @if let Some(user) = error.user_id { " · user " (user) }
                            @if let Some(guild) = error.guild_id { " · server " (guild) }
                        }
                        @if !error.error_id.is_empty() { small.muted { "id " code { (error.error_id) } } }
                    }
                    p.wide.bad-text { bdi { (clip(&error.text, WORDS)) } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use plugin_api::manifest::ChoiceManifest;

    use super::*;
    use crate::commands::list::tests::command;

    #[test]
    fn what_an_option_takes_is_told() {
        let mut option = OptionManifest::default();
        assert_eq!(bounds(&option), "");
        option.min = Some(1.0);
        option.max = Some(10.0);
        option.default = Some("3".to_owned());
        option.choices = vec![ChoiceManifest::new("Green", "g")];
        assert_eq!(bounds(&option), "one of Green; 1 to 10; default 3");
    }

    #[test]
    fn every_way_to_type_it_is_shown_and_escaped() {
        let mut ban = command("ban", true, true);
        ban.typed = vec!["!ban".to_owned(), "/ban".to_owned()];
        ban.aliases = vec!["<b>".to_owned()];
        ban.reached = "hybrid".to_owned();
        let shown = typed(&ban).into_string();
        assert!(shown.contains("!ban") && shown.contains("/ban") && !shown.contains("<b>"));
    }

    #[test]
    fn errors_are_shown_with_their_ids() {
        let mut error = ErrorView::default();
        error.error_id = "a1b2".to_owned();
        error.text = "<img src=x>".to_owned();
        let shown = error_list(&[error]).into_string();
        assert!(shown.contains("a1b2") && !shown.contains("<img"), "{shown}");
    }
}
