//! Sessions: who is logged in, from where, and until when; and ending them.

use maud::{Markup, html};
use plugin_api::{
    RouteContext, RouteReply,
    abi::{AccessCall, SessionView},
    prelude::*,
    text::{clip, counted},
};
use serde::Deserialize;
use serde_json::json;

use super::{READS, REVOKES, SESSIONS, framed};
use crate::{
    Dashboard, shell,
    ui::{self, Action, Pager, Tone},
};

/// Sessions on a page.
const PAGE: u64 = 50;

/// Characters of what a browser says that it is.
const BROWSER: usize = 60;

pub(super) async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    if !ctx.may(SESSIONS) {
        return match ctx.may(READS) {
            true => Ok(RouteReply::see(format!("{}/security/journal", ctx.base()))),
            false => Err(Error::user(
                "Your role sees neither sessions nor the audit journal. Ask one of the bot's owners.",
            )),
        };
    }
    let page: u64 = ctx.query_or("page", 1)?;
    let content = html! {
        section #sessions data-src={ (ctx.base()) "/security/sessions?page=" (page) } data-live="host:sessions" data-every="30" {
            (drawn(&ctx).await?)
        }
    };
    let actions = html! {
        @if ctx.may(REVOKES) {
            (Action::new("End all", format!("{}/security/revoke", ctx.base()))
                .body(&json!({"all": true}))
                .confirm("End all sessions? Everybody is logged out at once, you too.")
                .then("go:/login")
                .danger())
        }
    };
    framed(&ctx, "/security", actions, content).await
}

pub(super) async fn list(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    Ok(shell::part(&drawn(&ctx).await?))
}

async fn drawn(ctx: &RouteContext<Dashboard>) -> Result<Markup> {
    let sessions = ctx.host().pages().sessions().await?;
    let pager = Pager {
        page: ctx.query_or("page", 1)?,
        size: PAGE,
        total: sessions.len() as u64,
    };
    let first = (pager.page.clamp(1, pager.pages()) - 1) * PAGE;
    let shown = sessions
        .iter()
        .skip(usize::try_from(first).unwrap_or(usize::MAX))
        .take(PAGE as usize);
    let rows = html! { @for session in shown { (row(ctx, session)) } };
    Ok(html! {
        section.card {
            (ui::table("Sessions", &["Who", "Role", "Logged in", "Used", "From", ""], rows))
            p.muted { (counted(pager.total, "session")) }
        }
        (ui::pager(pager, ctx.queries(), "session"))
    })
}

fn row(ctx: &RouteContext<Dashboard>, session: &SessionView) -> Markup {
    let end = |words: &'static str, body: serde_json::Value, question: String| {
        Action::new(words, format!("{}/security/revoke", ctx.base()))
            .body(&body)
            .confirm(question)
            .label(format!("{words}: {}", session.name))
            .then("refresh:#sessions")
            .quiet()
    };
    html! {
        tr data-key=(session.number) {
            th scope="row" { (ui::name(&session.name)) " " @if session.own { (ui::badge(Tone::Info, "you")) } br; small.muted { code { (session.user_id) } } }
            td { @if session.role.is_empty() { (ui::badge(Tone::Warn, "none")) } @else { (ui::name(&session.role)) } }
            td { (ui::ago(session.since_ms)) br; small.muted { @if session.way == "link" { "by a link" } @else { "with Discord" } } }
            td { (ui::ago(session.used_ms)) }
            td { code { (session.address) } br; small.muted { bdi { (clip(&session.browser, BROWSER)) } } }
            td {
                @if ctx.may(REVOKES) {
                    div.actions {
                        (end("End", json!({"session": session.number}), format!("End this session of {}?", session.name)))
                        (end("End all of theirs", json!({"user_id": session.user_id.to_string()}), format!("End all sessions of {}, and void their links?", session.name)))
                    }
                }
            }
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Ended {
    session: Option<u64>,
    user_id: Option<String>,
    all: bool,
}

impl Ended {
    /// Exactly one of them: a request that names nothing is not "all".
    fn call(self) -> Result<AccessCall> {
        let user_id = match &self.user_id {
            None => None,
            Some(digits) => Some(
                digits
                    .parse()
                    .map_err(|_| Error::user("That is no user's id."))?,
            ),
        };
        let call = AccessCall {
            session: self.session,
            user_id,
            ..AccessCall::default()
        };
        let named = usize::from(self.session.is_some())
            + usize::from(user_id.is_some())
            + usize::from(self.all);
        match named {
            1 => Ok(call),
            _ => Err(Error::user(
                "Name one of these: a session's number, a user's id, or all.",
            )),
        }
    }
}

pub(super) async fn revoke(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let call = ctx.json::<Ended>()?.call()?;
    let ended = ctx.host().pages().revoke(&call).await?;
    Ok(RouteReply::text(match ended {
        0 => "There was none any more.".to_owned(),
        ended => format!("{} ended.", counted(u64::from(ended), "session")),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_sessions_end_only_where_that_is_said() {
        let of = |body: &str| serde_json::from_str::<Ended>(body).unwrap().call();
        assert_eq!(of(r#"{"session": 7}"#).unwrap().session, Some(7));
        assert_eq!(of(r#"{"user_id": "71"}"#).unwrap().user_id, Some(71));
        let all = of(r#"{"all": true}"#).unwrap();
        assert!(all.session.is_none() && all.user_id.is_none());
        for body in [
            "{}",
            r#"{"all": false}"#,
            r#"{"session": 7, "all": true}"#,
            r#"{"user_id": "ann"}"#,
        ] {
            assert!(of(body).is_err(), "{body}");
        }
    }
}
