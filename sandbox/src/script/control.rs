//! Script lines that concern the sandbox itself, and no user.

use super::words::duration;
use crate::control::Control;

/// What such lines begin with.
pub(super) const WORDS: &[&str] = &[
    "reconnect",
    "invalidate",
    "hang",
    "heal",
    "fault",
    "drop",
    "close",
    "clock",
    "limits",
    "raw-payload",
];

/// Reads such a line; `None` if it begins with none of their words.
pub(super) fn control(line: &str) -> Option<Result<Control, String>> {
    let words: Vec<_> = line.split_whitespace().collect();
    let control = match words.as_slice() {
        ["reconnect"] => Ok(Control::Reconnect),
        ["invalidate"] => Ok(Control::Invalidate { resumable: false }),
        ["invalidate", "resumable"] => Ok(Control::Invalidate { resumable: true }),
        ["hang"] => Ok(Control::Hang),
        ["heal"] => Ok(Control::Heal { id: None }),
        ["heal", id] => match id.parse() {
            Ok(id) => Ok(Control::Heal { id: Some(id) }),
            Err(_) => Err(format!("`{id}` is no fault's number")),
        },
        ["fault", rest @ ..] => super::fault::fault(rest),
        ["raw-payload", ..] => Ok(Control::RawPayload {
            payload: line["raw-payload".len()..].trim().to_owned(),
        }),
        ["drop"] => Ok(Control::Drop),
        ["close", code] => match code.parse() {
            Ok(code) => Ok(Control::Close { code }),
            Err(_) => Err(format!("`{code}` is no close code")),
        },
        ["clock", "pause"] => Ok(Control::Pause),
        ["clock", "resume"] => Ok(Control::Resume),
        ["clock", "advance", time] => duration(time).map(|by| Control::Advance { by }),
        ["clock", ..] => Err("the clock knows `pause`, `resume` and `advance 15m`".to_owned()),
        ["limits", limits] => Ok(Control::RateLimits {
            limits: (*limits).to_owned(),
        }),
        _ => return None,
    };
    Some(control)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn lines_without_a_user_are_read() {
        let minutes = Duration::from_secs(900);
        assert_eq!(
            control("clock advance 15m"),
            Some(Ok(Control::Advance { by: minutes }))
        );
        assert_eq!(
            control("close 4000"),
            Some(Ok(Control::Close { code: 4000 }))
        );
        assert_eq!(control("drop it"), None, "a user may be called so");
        for line in ["clock", "clock advance", "clock advance 15", "close it"] {
            assert!(matches!(control(line), Some(Err(_))), "{line}");
        }
    }
}
