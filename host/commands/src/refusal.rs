//! Refusal sentences for members whose command its plugin can't take.

use host_loader::Refused;

/// What a member is told whose command its plugin takes no work for.
pub fn refusal(refused: Refused) -> String {
    match refused {
        Refused::Full => {
            "This command has too much to do right now. Please try again in a minute.".into()
        }
        Refused::Closed => "This command is being unloaded. Please try again later.".into(),
    }
}
