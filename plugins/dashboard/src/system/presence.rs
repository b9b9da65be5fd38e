//! Presence: what the bot shows below its name, for now, and what is configured.

use maud::{Markup, html};
use plugin_api::{
    Route, RouteContext, RouteReply,
    abi::{DescribeCall, PresenceVerb, StatusDot},
    prelude::*,
};
use serde::Deserialize;

use super::shown;
use crate::{
    Dashboard, settings,
    ui::{self, Action},
};

const RIGHT: &str = "bot.presence";

/// Characters of a text
/// ([reference](https://discord.com/developers/docs/events/gateway-events#activity-object)).
const TEXT: usize = 128;

const DOTS: [(StatusDot, &str); 4] = [
    (StatusDot::Online, "Online"),
    (StatusDot::Idle, "Idle"),
    (StatusDot::DoNotDisturb, "Do not disturb"),
    (StatusDot::Invisible, "Invisible"),
];

const VERBS: [(PresenceVerb, &str); 5] = [
    (PresenceVerb::Watching, "Watching …"),
    (PresenceVerb::Playing, "Playing …"),
    (PresenceVerb::Listening, "Listening to …"),
    (PresenceVerb::Competing, "Competing in …"),
    (PresenceVerb::Custom, "the text alone"),
];

pub(super) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .route(
            Route::get("/system/presence").words("What the bot shows below its name"),
            page,
        )
        .route(
            Route::post("/system/presence")
                .right(RIGHT)
                .words("Shows a presence until the dashboard is reloaded, or the configured one is wanted again"),
            show,
        )
        .route(
            Route::post("/system/presence/reset")
                .right(RIGHT)
                .words("Shows the configured presence again"),
            reset,
        )
}

/// Whether there is anything for whoever looks.
pub(super) fn sees(ctx: &RouteContext<Dashboard>) -> bool {
    ctx.may(RIGHT) || ctx.may(settings::SEES)
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    if !sees(&ctx) {
        return Err(Error::user(
            "Your role does not see the presence. Ask one of the bot's owners.",
        ));
    }
    let configured = match ctx.may(settings::SEES) {
        true => {
            let call = DescribeCall {
                of: Some("status".to_owned()),
                ..DescribeCall::default()
            };
            ctx.host().describe_settings(&call).await?.settings
        }
        false => Vec::new(),
    };
    let base = ctx.base();
    let content = html! {
        @if ctx.may(RIGHT) { (now(base)) }
        @if !configured.is_empty() {
            h2 { "Configured" }
            div #settings.stack data-src={ (base) "/settings/list?group=status" } data-live="host:settings" {
                @for one in &configured { (settings::field(one, &format!("{base}/settings"), ctx.may(settings::CHANGES))) }
            }
        }
    };
    shown(&ctx, "/system/presence", content).await
}

fn now(base: &str) -> Markup {
    let reset = Action::new(
        "Show the configured one",
        format!("{base}/system/presence/reset"),
    )
    .quiet();
    ui::card_with(
        "For now",
        html! { (reset) },
        html! {
            p.muted { "Until it is set back, or the dashboard is reloaded. The configured texts wait meanwhile." }
            form.row.bottom data-post={ (base) "/system/presence" } {
                label.field { span { "Dot" } select name="status" { @for (dot, words) in DOTS { option value=(dot.word()) { (words) } } } }
                label.field { span { "Verb" } select name="verb" { @for (verb, words) in VERBS { option value=(verb.word()) { (words) } } } }
                label.field.grow { span { "Text" } input name="text" maxlength=(TEXT) autocomplete="off" placeholder="the harbour"; }
                button.button.primary type="submit" { "Show" }
                p.error.wide role="alert" data-error {}
            }
        },
    )
}

#[derive(Deserialize)]
struct Wanted {
    status: String,
    verb: String,
    text: String,
}

async fn show(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let wanted: Wanted = ctx.json()?;
    ctx.host().set_presence(presence(&wanted)?).await?;
    Ok(RouteReply::text(
        "The bot shows that now. Discord passes it on within a few seconds.",
    ))
}

fn presence(wanted: &Wanted) -> Result<Presence> {
    let Wanted { status, verb, text } = wanted;
    let verb = VERBS.iter().find(|(it, _)| it.word() == verb);
    let (verb, _) = verb.ok_or_else(|| Error::user("Pick a verb from the list."))?;
    let text = text.trim();
    let presence = match verb {
        PresenceVerb::Playing => Presence::playing(text),
        PresenceVerb::Listening => Presence::listening(text),
        PresenceVerb::Competing => Presence::competing(text),
        PresenceVerb::Custom => Presence::custom(text),
        _ => Presence::watching(text),
    };
    let dot = DOTS.iter().find(|(it, _)| it.word() == status);
    match dot {
        Some((StatusDot::Online, _)) => Ok(presence),
        Some((StatusDot::Idle, _)) => Ok(presence.idle()),
        Some((StatusDot::DoNotDisturb, _)) => Ok(presence.do_not_disturb()),
        Some((StatusDot::Invisible, _)) => Ok(presence.invisible()),
        _ => Err(Error::user("Pick a dot from the list.")),
    }
}

async fn reset(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    ctx.host().reset_presence().await?;
    Ok(RouteReply::text("The bot shows what is configured."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_lists_have_is_shown() {
        let of = |status: &str, verb: &str| {
            presence(&Wanted {
                status: status.to_owned(),
                verb: verb.to_owned(),
                text: " the harbour ".to_owned(),
            })
        };
        for (dot, _) in DOTS {
            for (verb, _) in VERBS {
                assert!(of(dot.word(), verb.word()).is_ok());
            }
        }
        assert!(of("purple", "playing").is_err());
        assert!(of("online", "").is_err());
    }
}
