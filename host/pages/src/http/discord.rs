//! Logging in through Discord: [OAuth2's authorization code grant](https://discord.com/developers/docs/topics/oauth2#authorization-code-grant)
//! with `state` and PKCE.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{RawQuery, State as Extract},
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    cookies,
    guard::From,
    login::{begin, browser, denied, sorry},
    refusal::{Refusal, page_with},
};
use crate::{
    secret::{Token, challenge},
    sessions::Login,
    state::State,
    way::Way,
};

/// Where Discord leads back to.
const BACK: &str = "/login/discord";

/// What Discord's servers may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Answer of the token's endpoint.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
}

/// [Discord's user](https://discord.com/developers/docs/resources/user#user-object), as far as it is needed.
#[derive(Deserialize)]
struct Myself {
    id: String,
    username: String,
    #[serde(default)]
    global_name: Option<String>,
    #[serde(default)]
    avatar: Option<String>,
}

/// Leads to Discord.
pub(super) async fn start(
    Extract(state): Extract<Arc<State>>,
    Extension(from): Extension<From>,
) -> Response {
    let not_there = |why: &str| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, why).answer(true);
    let site = &state.site;
    let Some(url) = state.url_by(&from.way) else {
        return not_there("The bot is still starting.");
    };
    if site.client_secret.is_none() {
        return not_there(
            "Logging in with Discord is not set up: DISCORD_CLIENT_SECRET is not in the bot's environment.",
        );
    }
    let begun = state.pending.begin();
    let mut query = form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("client_id", &site.bot.application().to_string())
        .append_pair("response_type", "code")
        .append_pair("redirect_uri", &format!("{url}{BACK}"))
        .append_pair("scope", "identify")
        .append_pair("state", begun.state.expose())
        .append_pair("code_challenge", &challenge(begun.verifier.expose()))
        .append_pair("code_challenge_method", "S256")
        .append_pair("prompt", "none");
    let to = format!("{}/oauth2/authorize?{}", site.bot.discord(), query.finish());
    let cookie = cookies::keep_for_login(&state, &from.way, &begun.browser);
    (
        AppendHeaders([(header::SET_COOKIE, cookie)]),
        Redirect::to(&to),
    )
        .into_response()
}

/// Where Discord leads back to.
pub(super) async fn back(
    Extract(state): Extract<Arc<State>>,
    Extension(from): Extension<From>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let value = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs
            .find(|(it, _)| it == name)
            .map(|(_, value)| value.into_owned())
    };
    let kept = cookies::read(&headers, &cookies::login_name(&state, &from.way));
    let sent = value("state").and_then(|sent| Token::read(&sent));
    let verifier = sent
        .zip(kept)
        .and_then(|(sent, kept)| state.pending.take(&sent, &kept));
    let Some(verifier) = verifier else {
        denied(
            &state,
            0,
            &from.address,
            "discord",
            "it was not begun in this browser within ten minutes",
        )
        .await;
        return sorry("This login was not begun in this browser, or more than ten minutes ago.");
    };
    if let Some(error) = value("error") {
        return sorry(match &*error {
            "access_denied" => "You have not let the bot know who you are.",
            _ => "Discord has not let you in.",
        });
    }
    let code = value("code").unwrap_or_default();
    let myself = match identify(&state, &from.way, &code, &verifier).await {
        Ok(myself) => myself,
        Err(why) => {
            tracing::warn!("somebody could not be logged in through Discord: {why}");
            return sorry(
                "Discord did not tell the bot who you are. The bot's log says why: is its DISCORD_CLIENT_SECRET right, and this address among \
                 the application's redirects?",
            );
        }
    };
    let Ok(user) = myself.id.parse() else {
        return sorry("Discord did not tell the bot who you are.");
    };
    let avatar = myself
        .avatar
        .filter(|hash| hash.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
    let login = Login {
        user,
        name: myself.global_name.unwrap_or(myself.username),
        avatar: avatar.map_or_else(String::new, |hash| {
            format!("https://cdn.discordapp.com/avatars/{user}/{hash}.webp?size=64")
        }),
        way: "discord",
        address: from.address.clone(),
        browser: browser(&headers),
        through: from.way.through().to_owned(),
    };
    match begin(&state, &from.way, login).await {
        // No redirect: a strict cookie would not be sent along on the way from Discord.
        Ok(cookies) => {
            let head = "<meta http-equiv=\"refresh\" content=\"0;url=/\">";
            let page = page_with(
                "Logged in",
                head,
                "<p>You are logged in. <a href=\"/\">Go on</a></p>",
            );
            (AppendHeaders(cookies), page).into_response()
        }
        Err(refusal) => refusal.answer(true),
    }
}

/// Who has come back with a code. The token that Discord grants is used for this, and kept nowhere.
async fn identify(
    state: &State,
    way: &Way,
    code: &str,
    verifier: &Token,
) -> Result<Myself, String> {
    let client = reqwest::Client::builder()
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| error.to_string())?;
    let site = &state.site;
    let url = state.url_by(way).unwrap_or_default();
    let secret = site
        .client_secret
        .as_ref()
        .map(|it| it.expose())
        .unwrap_or_default();
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", &format!("{url}{BACK}"))
        .append_pair("code_verifier", verifier.expose())
        .append_pair("client_id", &site.bot.application().to_string())
        .append_pair("client_secret", secret)
        .finish();
    let answer = client
        .post(format!("{}/api/v10/oauth2/token", site.bot.discord()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send();
    let granted: Granted = read(answer).await?;
    let answer = client
        .get(format!("{}/api/v10/users/@me", site.bot.discord()))
        .bearer_auth(&granted.access_token)
        .send();
    read(answer).await
}

/// An answer of Discord's; what is said of a failure has neither code nor token.
async fn read<T: serde::de::DeserializeOwned>(
    answer: impl Future<Output = Result<reqwest::Response, reqwest::Error>>,
) -> Result<T, String> {
    let answer = answer
        .await
        .map_err(|error| error.without_url().to_string())?;
    let status = answer.status();
    let body = answer
        .bytes()
        .await
        .map_err(|error| error.without_url().to_string())?;
    if !status.is_success() {
        let error: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let words = error["error_description"]
            .as_str()
            .or(error["error"].as_str());
        return Err(format!("HTTP {status}: {}", words.unwrap_or("no words")));
    }
    serde_json::from_slice(&body)
        .map_err(|error| format!("Discord's answer can't be read: {error}"))
}
