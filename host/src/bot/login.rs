//! Who the bot is.

use serde_json::Value;

use super::BotError;
use crate::services::{Failure, Services};

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
    // The ids are all that is needed: whatever else is new or odd about them stops no start.
    let (user_id, user) = ask("users/@me").await?;
    let (application_id, _) = ask("applications/@me").await?;
    services.set_identity(user_id, application_id);
    let name = user["username"].as_str().unwrap_or("?");
    tracing::info!(user = name, id = user_id, "logged in");
    Ok(())
}

fn id_of(answer: &Value) -> Option<u64> {
    answer["id"].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A partial `guild` there, or an avatar in a new format, and the bot did not start.
    #[test]
    fn who_the_bot_is_does_not_depend_on_anything_else() {
        for odd in [
            json!({"id": "7", "guild": {"id": "5"}}),
            json!({"id": "7", "avatar": "v2_0123", "flags": "many"}),
            json!({"id": "7", "username": null, "team": []}),
        ] {
            assert_eq!(id_of(&odd), Some(7), "{odd}");
        }
        assert_eq!(id_of(&json!({"username": "me"})), None);
    }
}
