//! The client for Discord's REST API, and who the bot is.

use twilight_http::Client;
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
    let (user, name) = told(user.bytes().await)?;
    let application = client
        .current_user_application()
        .await
        .map_err(|error| refused(error.into()))?;
    let (application, _) = told(application.bytes().await)?;
    services.set_identity(user, application);
    tracing::info!(user = name, id = user, "logged in");
    Ok(())
}

/// The id and the name in one of Discord's answers: nothing else of it is needed, so nothing else can be in the way.
fn told(
    body: Result<Vec<u8>, twilight_http::response::DeserializeBodyError>,
) -> Result<(u64, String), BotError> {
    let unreadable = |why: String| BotError::Identity(Failure::Transport(why));
    let body = body.map_err(|error| unreadable(error.to_string()))?;
    let text = std::str::from_utf8(&body).unwrap_or_default();
    let fields = Fields::read(text).unwrap_or_default();
    let id = fields.id("id").known();
    let id = id.ok_or_else(|| unreadable("its answer has no id".to_owned()))?;
    let name = fields.get("username", lenient::text).known();
    Ok((id, name.unwrap_or_default().into_owned()))
}
