//! Visitor: whose request it is, and what they may now.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::FromRequestParts,
    http::{Method, StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use host_loader::Rights;
use plugin_api::abi::PageSession;

use super::{
    cookies,
    guard::{From, Rotated},
    refusal::Refusal,
};
use crate::{invoke, secret::same, sessions::Session, state::State, way::Way};

/// Whoever is logged in.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    pub(super) session: Session,
    pub(super) rights: Arc<Rights>,
    pub(super) address: String,
    pub(super) way: Way,
}

/// A request of nobody, or of somebody who may not.
pub(super) struct Unknown(pub(super) Refusal, bool);

impl Visitor {
    /// Looks once more whether the session goes on, and what it may now.
    pub(super) fn again(&mut self, state: &State) -> Result<(), Refusal> {
        let goes_on = state
            .sessions
            .goes_on(self.session.number, state.lifetimes());
        let rights = state.rights_through(self.session.user, &self.session.through);
        let rights = rights.filter(|_| goes_on).ok_or_else(|| {
            Refusal::new(
                StatusCode::UNAUTHORIZED,
                "You are not logged in, or not any more.",
            )
        })?;
        self.rights = Arc::new(rights);
        Ok(())
    }

    /// Who they are, as plugins are told of it.
    pub(super) fn told(&self, state: &State, plugin: &str) -> PageSession {
        let mut told = PageSession::default();
        told.user_id = self.session.user;
        told.name.clone_from(&self.session.name);
        told.avatar.clone_from(&self.session.avatar);
        told.role.clone_from(&self.rights.role);
        told.all = self.rights.all;
        told.rights = invoke::told(&self.rights, plugin);
        told.own_servers = self.rights.own_servers;
        if told.own_servers {
            told.guilds = state.site.owned_by(told.user_id);
        }
        told
    }
}

impl FromRequestParts<Arc<State>> for Visitor {
    type Rejection = Unknown;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<State>) -> Result<Self, Unknown> {
        let wants_page = Refusal::wants_page(&parts.method, &parts.headers);
        find(parts, state).map_err(|refusal| Unknown(refusal, wants_page))
    }
}

fn find(parts: &Parts, state: &Arc<State>) -> Result<Visitor, Refusal> {
    let nobody = || {
        Refusal::new(
            StatusCode::UNAUTHORIZED,
            "You are not logged in, or not any more.",
        )
    };
    let from = parts.extensions.get::<From>();
    let address = from.map_or_else(|| "unknown".to_owned(), |from| from.address.clone());
    let way = from.map_or(Way::Port, |from| from.way.clone());
    let token =
        cookies::read(&parts.headers, &cookies::session_name(state, &way)).ok_or_else(nobody)?;
    let lives = state.lifetimes();
    let (session, next) = state
        .sessions
        .find(&token, lives, &address, way.through())
        .ok_or_else(nobody)?;
    state.keep_sessions();
    if let Some((rotated, next)) = parts.extensions.get::<Rotated>().zip(next) {
        rotated.put(next);
    }
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        let sent = parts
            .headers
            .get("x-csrf")
            .and_then(|sent| sent.to_str().ok());
        if !sent.is_some_and(|sent| same(sent, &cookies::csrf(&token))) {
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "The request was not made by a page of this session (`x-csrf`). Load the page anew, and try again.",
            ));
        }
    }
    let whose = format!("session {}", session.number);
    let a_minute = state.config.now().pages.requests_per_minute;
    state
        .limiter
        .take(&whose, a_minute, Instant::now())
        .map_err(Refusal::too_many)?;
    let rights = state.rights_through(session.user, &session.through);
    let rights = rights.ok_or_else(|| {
        Refusal::new(
            StatusCode::FORBIDDEN,
            "You have no role here any more. The bot's owner gives roles, on the page Roles.",
        )
    })?;
    Ok(Visitor {
        session,
        rights: Arc::new(rights),
        address,
        way,
    })
}

impl IntoResponse for Unknown {
    fn into_response(self) -> Response {
        if self.1 && self.0.status() == StatusCode::UNAUTHORIZED {
            return Redirect::to("/login").into_response();
        }
        self.0.answer(self.1)
    }
}
