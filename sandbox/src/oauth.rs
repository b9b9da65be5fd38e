//! OAuth2 client of the application, as an operator copies it from the developer portal.

use std::fmt;

use crate::handle::Sandbox;

/// What a bot's dashboard is configured with to log its users in:
/// <https://discord.com/developers/docs/topics/oauth2#shared-resources-oauth2-urls>.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct OAuthClient {
    /// The client's id, which is the application's.
    pub id: u64,
    /// The client's secret, a made-up one; [`World::set_client_secret`](crate::World::set_client_secret) fixes it.
    pub secret: String,
    /// Where users are sent to consent: `https://discord.com/oauth2/authorize`, at Discord.
    pub authorize_url: String,
    /// Where codes are exchanged: `https://discord.com/api/oauth2/token`.
    pub token_url: String,
    /// Where tokens are taken back: `https://discord.com/api/oauth2/token/revoke`.
    pub revoke_url: String,
}

/// Without the secret.
impl fmt::Debug for OAuthClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthClient")
            .field("id", &self.id)
            .field("authorize_url", &self.authorize_url)
            .finish_non_exhaustive()
    }
}

impl Sandbox {
    /// The application's OAuth2 client.
    ///
    /// # Examples
    ///
    /// See [`Actor::authorizes`](crate::Actor::authorizes).
    #[must_use]
    pub fn oauth_client(&self) -> OAuthClient {
        self.shared.read(|state| {
            let world = &state.world;
            let base = world.issuer();
            OAuthClient {
                id: world.application.id,
                secret: world.oauth.secret.clone(),
                authorize_url: format!("{base}/oauth2/authorize"),
                token_url: format!("{base}/api/oauth2/token"),
                revoke_url: format!("{base}/api/oauth2/token/revoke"),
            }
        })
    }

    /// Registers a redirect URI while the sandbox runs; see [`World::add_redirect_uri`](crate::World::add_redirect_uri).
    pub fn add_redirect_uri(&self, uri: &str) {
        self.shared
            .change(|state| state.world.add_redirect_uri(uri));
    }
}
