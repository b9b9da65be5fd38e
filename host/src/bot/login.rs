//! The client for Discord's REST API, and who the bot is.

use twilight_http::{Client, Response};
use twilight_model::channel::message::AllowedMentions;

use super::BotError;
use crate::{
    config::Config,
    env::Environment,
    lenient::{self, Fields},
    services::{Failure, Services},
};

/// The client for Discord's REST API.
pub(crate) fn client(config: &Config, environment: &Environment) -> Client {
    let mut builder = Client::builder()
        .token(environment.token.expose().to_owned())
        .default_allowed_mentions(AllowedMentions::default())
        // Plugins make requests of their own: one bad answer must not end all others.
        .remember_invalid_token(false);
    if let Some(proxy) = &config.discord.http_proxy {
        builder = builder.proxy(proxy.clone(), true);
    }
    builder.build()
}

/// Asks Discord who the bot is.
pub(super) async fn identify(services: &Services, client: &Client) -> Result<(), BotError> {
    let refused = |failure: Failure| match failure {
        Failure::Discord { status: 401, .. } => BotError::Token,
        other => BotError::Identity(other),
    };
    let user = client
        .current_user()
        .await
        .map_err(|error| refused(error.into()))?;
    let (user, name) = told(&bytes(user).await?)?;
    let application = client
        .current_user_application()
        .await
        .map_err(|error| refused(error.into()))?;
    let (application, _) = told(&bytes(application).await?)?;
    services.set_identity(user, application);
    tracing::info!(user = name, id = user, "logged in");
    Ok(())
}

async fn bytes<T>(answer: Response<T>) -> Result<Vec<u8>, BotError> {
    let body = answer.bytes().await;
    body.map_err(|error| BotError::Identity(Failure::Transport(error.to_string())))
}

/// The id and the name in one of Discord's answers: nothing else of it is needed, so nothing else can be in the way.
fn told(body: &[u8]) -> Result<(u64, String), BotError> {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let fields = Fields::read(text).unwrap_or_default();
    let no_id = || BotError::Identity(Failure::Transport("its answer has no id".to_owned()));
    let id = fields.id("id").known().ok_or_else(no_id)?;
    let name = fields.get("username", lenient::text).known();
    Ok((id, name.unwrap_or_default().into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A partial `guild` there, or an avatar in a new format, and the bot did not start.
    #[test]
    fn who_the_bot_is_does_not_depend_on_anything_else() {
        for odd in [
            r#""guild":{"id":"5"}"#,
            r#""avatar":"v2_0123","flags":"many""#,
            r#""username":null,"team":[]"#,
        ] {
            let body = format!(r#"{{"id":"7",{odd}}}"#);
            assert_eq!(told(body.as_bytes()).unwrap().0, 7, "{odd}");
        }
        assert!(told(b"{\"username\":\"me\"}").is_err() && told(b"<html>").is_err());
    }
}
