//! OAuth2 grants: the application's client, codes that wait to be exchanged, and the tokens of users who consented.
//! <https://discord.com/developers/docs/topics/oauth2>.

mod challenge;
mod redirect;
mod request;
mod scope;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

pub(crate) use self::{
    redirect::is_redirect_uri,
    request::{AuthorizationRequest, RequestFault},
    scope::Scopes,
};
use super::World;
use crate::token;

/// How long a code can be exchanged: the most that <https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2> recommends.
/// Discord's documentation gives no time; an engineer once wrote of 100 s (discord-api-docs, issue 2526).
const CODE_LIFE: Duration = Duration::from_secs(10 * 60);

/// How long an access token is good: a week, as `expires_in` says.
pub(crate) const TOKEN_LIFE: Duration = Duration::from_secs(604_800);

/// What the application is to Discord's OAuth2, and what users have granted it.
#[derive(Debug)]
pub(crate) struct OAuth {
    /// The client's secret; its id is the application's.
    pub secret: String,
    /// Where users may be sent back to; see [`OAuth::may_redirect_to`].
    pub redirect_uris: Vec<String>,
    codes: HashMap<String, Code>,
    tokens: Vec<Tokens>,
    /// What users consented to at any time and did not take back: `prompt=none` asks nobody twice.
    consents: BTreeMap<u64, BTreeSet<&'static str>>,
}

/// What a user lets the application do.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub user: u64,
    pub scopes: Scopes,
}

/// A code that was sent back to the application.
#[derive(Debug)]
struct Code {
    grant: Grant,
    redirect_uri: String,
    /// Whether the request named it: the exchange then has to, too.
    redirect_was_told: bool,
    challenge: Option<String>,
    expires_us: i64,
}

/// A pair of tokens that belong to one grant.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub access: String,
    /// There is none for client credentials.
    pub refresh: Option<String>,
    pub grant: Grant,
    /// When the access token ends, in microseconds since 1970. Refresh tokens don't.
    pub expires_us: i64,
}

/// What comes with a code that is to be exchanged.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Exchange<'a> {
    pub code: &'a str,
    pub redirect_uri: Option<&'a str>,
    pub verifier: Option<&'a str>,
}

/// Why no token is given.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Denied {
    /// There is no such code, it was used, or its time is over.
    Code,
    /// Another one than the user was sent back to.
    RedirectUri,
    VerifierMissing,
    /// Not 43 to 128 of the characters that there are.
    VerifierMalformed,
    /// The code was asked for with another challenge, or with none.
    VerifierWrong,
    RefreshToken,
    /// More than the user has granted.
    Scope,
}

impl OAuth {
    /// A client with a secret of its own, and nothing granted.
    pub(crate) fn new() -> Self {
        Self {
            secret: token::secret(),
            redirect_uris: Vec::new(),
            codes: HashMap::new(),
            tokens: Vec::new(),
            consents: BTreeMap::new(),
        }
    }

    /// Whether a user has consented to all of this before.
    pub(crate) fn has_consented(&self, user: u64, scopes: &Scopes) -> bool {
        let known = self.consents.get(&user);
        known.is_some_and(|known| scopes.iter().all(|scope| known.contains(scope)))
    }

    /// The tokens that an access token belongs to, if it is good at this time.
    pub(crate) fn bearer(&self, access: &str, now_us: i64) -> Option<&Tokens> {
        let mut good = self.tokens.iter().filter(|pair| pair.expires_us > now_us);
        good.find(|pair| pair.access == access)
    }

    /// Ends all that a user has granted, by any token of theirs; unknown tokens are none that could be used.
    pub(crate) fn revoke(&mut self, token: &str) {
        let is_it = |pair: &&Tokens| pair.access == token || pair.refresh.as_deref() == Some(token);
        let Some(user) = self.tokens.iter().find(is_it).map(|pair| pair.grant.user) else {
            return;
        };
        self.tokens.retain(|pair| pair.grant.user != user);
        self.codes.retain(|_, code| code.grant.user != user);
        self.consents.remove(&user);
    }

    fn issue(&mut self, grant: Grant, expires_us: i64, can_refresh: bool) -> Tokens {
        let tokens = Tokens {
            access: token::secret(),
            refresh: can_refresh.then(token::secret),
            grant,
            expires_us,
        };
        self.tokens.push(tokens.clone());
        tokens
    }
}

impl World {
    /// Gives the application's OAuth2 client this secret, a made-up one; without, each world draws its own.
    pub fn set_client_secret(&mut self, secret: &str) {
        secret.clone_into(&mut self.oauth.secret);
    }

    /// Registers a redirect URI of the application's, which from then on must be one of those that are registered, to the letter.
    ///
    /// As long as there is none, `http://127.0.0.1` and `http://localhost` are accepted with any port and path: a dashboard on
    /// this machine often takes a free port.
    pub fn add_redirect_uri(&mut self, uri: &str) {
        self.oauth.redirect_uris.push(uri.to_owned());
    }

    /// Lets a user consent to a request: a code that can be exchanged once, within ten minutes.
    fn issue_code(&mut self, user: u64, request: &AuthorizationRequest) -> String {
        let now = self.clock.now_us();
        let known = self.oauth.consents.entry(user).or_default();
        known.extend(request.scopes.iter());
        let code = Code {
            grant: Grant {
                user,
                scopes: request.scopes.clone(),
            },
            redirect_uri: request.redirect_uri.clone(),
            redirect_was_told: request.redirect_was_told,
            challenge: request.challenge.clone(),
            expires_us: self.clock.after_us(CODE_LIFE),
        };
        self.oauth.codes.retain(|_, code| code.expires_us > now);
        let text = token::secret();
        self.oauth.codes.insert(text.clone(), code);
        text
    }

    /// Tokens for a code, which is used up by that and by nothing less.
    pub(crate) fn exchange_code(&mut self, exchange: Exchange<'_>) -> Result<Tokens, Denied> {
        let now = self.clock.now_us();
        let known = self.oauth.codes.get(exchange.code);
        let code = known
            .filter(|code| code.expires_us > now)
            .ok_or(Denied::Code)?;
        let told = exchange.redirect_uri;
        let is_same = told == Some(code.redirect_uri.as_str());
        if !is_same && (code.redirect_was_told || told.is_some()) {
            return Err(Denied::RedirectUri);
        }
        challenge::check(code.challenge.as_deref(), exchange.verifier)?;
        let grant = code.grant.clone();
        self.oauth.codes.remove(exchange.code);
        let expires_us = self.clock.after_us(TOKEN_LIFE);
        Ok(self.oauth.issue(grant, expires_us, true))
    }

    /// New tokens for a refresh token, perhaps for less; the old pair is good for nothing any more.
    pub(crate) fn refresh_tokens(
        &mut self,
        refresh: &str,
        scopes: Option<&str>,
    ) -> Result<Tokens, Denied> {
        let mut pairs = self.oauth.tokens.iter();
        let at = pairs
            .position(|pair| pair.refresh.as_deref() == Some(refresh))
            .ok_or(Denied::RefreshToken)?;
        let mut grant = self.oauth.tokens[at].grant.clone();
        if let Some(scopes) = scopes {
            let fewer = Scopes::read(scopes).ok_or(Denied::Scope)?;
            if !fewer.iter().all(|scope| grant.scopes.has(scope)) {
                return Err(Denied::Scope);
            }
            grant.scopes = fewer;
        }
        self.oauth.tokens.swap_remove(at);
        let expires_us = self.clock.after_us(TOKEN_LIFE);
        Ok(self.oauth.issue(grant, expires_us, true))
    }

    /// An access token for the application's owner, by the client's credentials alone.
    pub(crate) fn owner_tokens(&mut self, scopes: Scopes) -> Tokens {
        let user = self.application.owner;
        let expires_us = self.clock.after_us(TOKEN_LIFE);
        self.oauth.issue(Grant { user, scopes }, expires_us, false)
    }
}
