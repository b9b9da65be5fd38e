//! Names that nobody may go by, a bot or a webhook.

use super::error::FormErrors;

/// Refuses names that Discord keeps for itself.
pub(super) fn check_name(name: &str, at: &str, errors: &mut FormErrors) {
    let lower = name.to_lowercase();
    for word in ["clyde", "discord"] {
        if lower.contains(word) {
            let message = format!("Username cannot contain \"{word}\"");
            errors.add(at, "USERNAME_INVALID_CONTAINS", message);
        }
    }
}
