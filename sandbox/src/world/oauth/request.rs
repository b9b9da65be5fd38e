//! Authorization request: the query of the address that an application sends a user to, and what is sent back.
//! <https://discord.com/developers/docs/topics/oauth2#authorization-code-grant>.
//!
//! The words of errors are those of Authlib, which Discord's answers are known to have.

use super::{redirect::with_query, scope::Scopes};
use crate::world::World;

/// What an application asks a user for.
#[derive(Clone, Debug)]
pub(crate) struct AuthorizationRequest {
    pub redirect_uri: String,
    /// Whether the request names it: without, it is the first one that is registered.
    pub redirect_was_told: bool,
    pub scopes: Scopes,
    pub state: Option<String>,
    /// The challenge of PKCE, by SHA-256.
    pub challenge: Option<String>,
    /// `prompt=none`: who has consented before is not asked again.
    pub is_silent: bool,
}

/// What is wrong with a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum RequestFault {
    /// To be shown to the user: nobody can be trusted with being sent them back.
    Shown(String),
    /// The user is sent back to this address, which says what is wrong.
    Returned(String),
}

/// A query whose keys come once each.
struct Query<'a>(&'a [(String, String)]);

impl Query<'_> {
    /// The value of a key; `Err` with its name if it comes more often, which
    /// <https://www.rfc-editor.org/rfc/rfc6749#section-3.1> forbids. Empty is as good as not there.
    fn once(&self, key: &'static str) -> Result<Option<&str>, &'static str> {
        let mut found = self.0.iter().filter(|(known, _)| known == key);
        let first = found.next().map(|(_, value)| value.as_str());
        match found.next() {
            Some(_) => Err(key),
            None => Ok(first.filter(|value| !value.is_empty())),
        }
    }
}

impl World {
    /// Reads the query of an authorization request.
    pub(crate) fn authorization_request(
        &self,
        query: &str,
    ) -> Result<AuthorizationRequest, RequestFault> {
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let query = Query(&pairs);
        self.check_client(&query).map_err(RequestFault::Shown)?;
        let told = query.once("redirect_uri").unwrap_or_default();
        let redirect_uri = self.redirect_of(told).map_err(RequestFault::Shown)?;
        let state = query.once("state").unwrap_or_default();
        match asked(&query) {
            Ok((scopes, challenge, is_silent)) => Ok(AuthorizationRequest {
                redirect_was_told: told.is_some(),
                scopes,
                state: state.map(str::to_owned),
                challenge,
                is_silent,
                redirect_uri,
            }),
            Err((error, description)) => {
                let back = self.failed(&redirect_uri, state, error, &description);
                Err(RequestFault::Returned(back))
            }
        }
    }

    /// Lets a user consent; gives the address that they are sent back to, with a code.
    pub(crate) fn consent(&mut self, user: u64, request: &AuthorizationRequest) -> String {
        let code = self.issue_code(user, request);
        self.back(
            &request.redirect_uri,
            request.state.as_deref(),
            &[("code", &code)],
        )
    }

    /// The address that a user is sent back to who does not consent.
    pub(crate) fn refuse_consent(&self, request: &AuthorizationRequest) -> String {
        let why = "The resource owner or authorization server denied the request";
        let state = request.state.as_deref();
        self.failed(&request.redirect_uri, state, "access_denied", why)
    }

    /// Who issues codes and tokens: the sandbox's own address, as it is `https://discord.com` there.
    pub(crate) fn issuer(&self) -> &str {
        &self.files_base
    }

    fn check_client(&self, query: &Query<'_>) -> Result<(), String> {
        for key in ["client_id", "redirect_uri"] {
            query
                .once(key)
                .map_err(|key| format!("The link has more than one `{key}`."))?;
        }
        let id = query.once("client_id").unwrap_or_default();
        let own = self.application.id.to_string();
        match id {
            Some(id) if id == own => Ok(()),
            Some(id) => Err(format!(
                "Unknown Application: `client_id` is `{id}`, and the application here is {own}."
            )),
            None => Err(format!(
                "The link has no `client_id`; the application here is {own}."
            )),
        }
    }

    /// Where the user is to be sent back to, if that is anywhere.
    fn redirect_of(&self, told: Option<&str>) -> Result<String, String> {
        let registered = &self.oauth.redirect_uris;
        match (told, registered.first()) {
            (Some(uri), _) if self.oauth.may_redirect_to(uri) => Ok(uri.to_owned()),
            (None, Some(first)) => Ok(first.clone()),
            (None, None) => {
                Err("The link has no `redirect_uri`, and none is registered.".to_owned())
            }
            (Some(uri), None) => Err(format!(
                "Invalid OAuth2 redirect_uri: `{uri}` is not `http://127.0.0.1:PORT/…` or `http://localhost:PORT/…`. Others must \
                 be registered: by `World::add_redirect_uri`, or as `redirect_uris` of `[application]` in the world's file."
            )),
            (Some(uri), Some(_)) => Err(format!(
                "Invalid OAuth2 redirect_uri: `{uri}` is none of those that are registered, to the letter: {}.",
                crate::error::listing(registered.iter().map(String::as_str))
            )),
        }
    }

    fn failed(&self, uri: &str, state: Option<&str>, error: &str, why: &str) -> String {
        self.back(uri, state, &[("error", error), ("error_description", why)])
    }

    /// An address to send back to; `iss` is what Discord's `/.well-known/oauth-authorization-server` announces, by
    /// <https://www.rfc-editor.org/rfc/rfc9207>.
    fn back(&self, uri: &str, state: Option<&str>, pairs: &[(&str, &str)]) -> String {
        let state = state.map(|state| ("state", state));
        let all = pairs.iter().copied().chain(state);
        with_query(uri, all.chain([("iss", self.issuer())]))
    }
}

type Asked = (Scopes, Option<String>, bool);

/// What is asked for: scopes, the challenge, and whether nobody is to be asked again; else an error's code and its words.
fn asked(query: &Query<'_>) -> Result<Asked, (&'static str, String)> {
    let once = |key| {
        let repeated = |key| ("invalid_request", format!("Multiple \"{key}\" in request."));
        query.once(key).map_err(repeated)
    };
    let invalid = |why: &str| ("invalid_request", why.to_owned());
    once("state")?;
    match once("response_type")? {
        Some("code") => {}
        None => return Err(invalid("Missing \"response_type\" in request.")),
        Some(other) => {
            let why = format!("response_type={other} is not supported");
            return Err(("unsupported_response_type", why));
        }
    }
    let invalid_scope = || {
        let why = "The requested scope is invalid, unknown, or malformed.";
        ("invalid_scope", why.to_owned())
    };
    let scopes = once("scope")?.and_then(Scopes::read);
    let scopes = scopes.ok_or_else(invalid_scope)?;
    let (challenge, method) = (once("code_challenge")?, once("code_challenge_method")?);
    match (challenge, method) {
        (None, None) | (Some(_), Some("S256")) => {}
        (None, Some(_)) => return Err(invalid("Missing \"code_challenge\"")),
        // Without a method it is the plain one, by RFC 7636.
        (Some(_), _) => return Err(invalid("Unsupported \"code_challenge_method\"")),
    }
    // Not with PKCE: https://github.com/discord/discord-api-docs/issues/5751
    if challenge.is_some() && scopes.has("role_connections.write") {
        return Err(invalid_scope());
    }
    let is_silent = match once("prompt")? {
        None | Some("consent") => false,
        Some("none") => true,
        Some(_) => return Err(invalid("Invalid \"prompt\" in request.")),
    };
    Ok((scopes, challenge.map(str::to_owned), is_silent))
}
