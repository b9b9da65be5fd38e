//! Consent to what an application asks for: the link to Discord's consent page, without a browser.

use axum::http::Uri;

use super::Actor;
use crate::{
    error::Error,
    world::{AuthorizationRequest, RequestFault, World},
};

impl Actor {
    /// Opens a link to the consent page (`http://127.0.0.1:PORT/oauth2/authorize?…`), logs in and authorises; gives the address that
    /// the browser is sent to then.
    ///
    /// That address tells the application of an error, if it has asked for what there is not, such as an unknown scope.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the link leads elsewhere, if the page leads nowhere (for another client, say, or with a redirect URI
    /// that is not registered), and for bots.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), sandbox::Error> {
    /// use sandbox::{Options, Sandbox};
    ///
    /// let sandbox = Sandbox::start(Options::default()).await?;
    /// let client = sandbox.oauth_client();
    /// let link = format!(
    ///     "{}?response_type=code&client_id={}&scope=identify&state=xyz&redirect_uri=http://127.0.0.1:8080/login",
    ///     client.authorize_url, client.id
    /// );
    /// let back = sandbox.actor("member")?.authorizes(&link).await?;
    /// assert!(back.starts_with("http://127.0.0.1:8080/login?code="));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn authorizes(&self, link: &str) -> Result<String, Error> {
        self.answers(link, |world, user, request| world.consent(user, request))
    }

    /// As [`authorizes`](Self::authorizes), but cancels.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn declines(&self, link: &str) -> Result<String, Error> {
        self.answers(link, |world, _, request| world.refuse_consent(request))
    }

    fn answers(
        &self,
        link: &str,
        answer: impl FnOnce(&mut World, u64, &AuthorizationRequest) -> String,
    ) -> Result<String, Error> {
        let port = self.shared.settings.port;
        let query = query_of(link, port).ok_or_else(|| {
            let page = format!("http://127.0.0.1:{port}/oauth2/authorize");
            Error::Refused(format!(
                "`{link}` does not lead to the consent page, {page}"
            ))
        })?;
        self.shared.change(|state| {
            let world = &mut state.world;
            if world.users.get(&self.user).is_some_and(|user| user.bot) {
                let refused = format!("{} is a bot, and logs in nowhere", self.name);
                return Err(Error::Refused(refused));
            }
            match world.authorization_request(&query) {
                Ok(request) => Ok(answer(world, self.user, &request)),
                Err(RequestFault::Returned(to)) => Ok(to),
                Err(RequestFault::Shown(why)) => {
                    let refused = format!("{} is shown an error page: {why}", self.name);
                    Err(Error::Refused(refused))
                }
            }
        })
    }
}

/// The query of a link to the consent page at this port.
fn query_of(link: &str, port: u16) -> Option<String> {
    let uri: Uri = link.parse().ok()?;
    let is_here = matches!(uri.host()?, "127.0.0.1" | "localhost") && uri.port_u16() == Some(port);
    let is_page = uri.path() == "/oauth2/authorize"
        || (uri.path().starts_with("/api/") && uri.path().ends_with("/oauth2/authorize"));
    (is_here && is_page).then(|| uri.query().unwrap_or_default().to_owned())
}
