//! Identity of the bot: its user and application, as Discord knows the token.

use host_capability::Failure;
use host_discord::lenient::{self, Fields};

use super::BotError;
use crate::services::Services;

/// Asks Discord who the bot is, for as long as it takes.
pub(super) async fn identify(services: &Services) -> Result<(), BotError> {
    let refused = |failure: Failure| match failure {
        Failure::Discord { status: 401, .. } => BotError::Token,
        other => BotError::Identity(other),
    };
    let ask = async |path: &str| {
        let answer = services.discord.ask_until_answered(path).await;
        let answer = answer.map_err(refused)?;
        let id = id_of(&answer).ok_or_else(|| {
            let words = format!("the answer to `{path}` has no id");
            BotError::Identity(Failure::Transport(words))
        })?;
        Ok::<_, BotError>((id, answer))
    };
    // The ids are all that is needed: whatever else is new or odd about them stops no start. One journey for both.
    let both = tokio::try_join!(ask("users/@me"), ask("applications/@me"));
    let ((user_id, user), (application_id, _)) = both?;
    services.set_identity(user_id, application_id);
    let user = Fields::read(&user).unwrap_or_default();
    let name = user.get("username", lenient::text).known();
    let name = name.as_deref().unwrap_or("?");
    tracing::info!(user = name, id = user_id, "logged in");
    Ok(())
}

fn id_of(answer: &str) -> Option<u64> {
    Fields::read(answer)?.id("id").known()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A partial `guild` there, or an avatar in a new format, and the bot did not start.
    #[test]
    fn who_the_bot_is_does_not_depend_on_anything_else() {
        for odd in [
            r#"{"id": "7", "guild": {"id": "5"}}"#,
            r#"{"id": "7", "avatar": "v2_0123", "flags": "many"}"#,
            r#"{"id": "7", "username": null, "team": []}"#,
            r#"{"id": 7, "bio": "\ud800", "approximate_guild_count": 1e400}"#,
        ] {
            assert_eq!(id_of(odd), Some(7), "{odd}");
        }
        assert_eq!(id_of(r#"{"username": "me"}"#), None);
    }
}
