//! The client for Discord's REST API, and who the bot is.

use twilight_http::Client;
use twilight_model::channel::message::AllowedMentions;

use super::BotError;
use crate::{
    config::Config,
    env::Environment,
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
    let unreadable = |error: twilight_http::response::DeserializeBodyError| {
        BotError::Identity(Failure::Transport(error.to_string()))
    };
    let user = client
        .current_user()
        .await
        .map_err(|error| refused(error.into()))?;
    let user = user.model().await.map_err(unreadable)?;
    let application = client
        .current_user_application()
        .await
        .map_err(|error| refused(error.into()))?;
    let application = application.model().await.map_err(unreadable)?;
    services.set_identity(user.id.get(), application.id.get());
    tracing::info!(user = &*user.name, id = user.id.get(), "logged in");
    Ok(())
}
