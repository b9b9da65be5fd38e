//! Refusal sentences for members whose command its plugin can't take.

use host_loader::Refused;

/// Sentence for a member whose command its plugin can't take.
pub fn refusal(refused: Refused) -> String {
    match refused {
        Refused::Full => "This command is busy right now. Please try again in a minute.".into(),
        Refused::Closed => "This command is being unloaded. Please try again later.".into(),
    }
}
