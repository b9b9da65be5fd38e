//! Script lines `fault …`.

use super::words::duration;
use crate::{
    control::Control,
    fault::{Effect, ErrorBody, Fault, Forestaller, Scope},
};

/// Reads what follows the word `fault`.
pub(super) fn fault(words: &[&str]) -> Result<Control, String> {
    let (times, words) = match words.split_first() {
        Some((first, rest)) => match times(first) {
            Some(times) => (Some(times), rest),
            None => (None, words),
        },
        None => return Err("which fault? `fault 2x POST /channels/*/messages 502`".to_owned()),
    };
    let fault = match words {
        ["heartbeats"] => Fault::IgnoreHeartbeats,
        ["connections"] => Fault::RefuseConnections,
        ["resumes"] => Fault::RefuseResumes,
        ["lose", event] => Fault::LoseDispatch {
            event: (*event).to_owned(),
        },
        ["double", event] => Fault::DoubleDispatch {
            event: (*event).to_owned(),
        },
        ["storm", every] => Fault::ReconnectStorm {
            every_ms: ms(every)?,
        },
        ["storm", every, "invalidate"] => Fault::InvalidateStorm {
            every_ms: ms(every)?,
        },
        [method, path, effect @ ..] if path.starts_with('/') => {
            Fault::request(&format!("{method} {path}"), self::effect(effect)?)
        }
        _ => return Err(format!("`{}` is no fault", words.join(" "))),
    };
    Ok(Control::Fault { fault, times })
}

/// `3x`
fn times(word: &str) -> Option<u32> {
    word.strip_suffix('x')?.parse().ok()
}

fn ms(text: &str) -> Result<u64, String> {
    let ms = duration(text)?.as_millis();
    u64::try_from(ms).map_err(|_| format!("`{text}` is too long"))
}

fn effect(words: &[&str]) -> Result<Effect, String> {
    Ok(match words {
        ["lose-answer"] => Effect::LoseAnswer,
        ["lose-request"] => Effect::LoseRequest,
        ["answer", body @ ..] if !body.is_empty() => Effect::Answer {
            body: body.join(" "),
        },
        ["fail-answer", status] => failed_answer(status, ErrorBody::Json)?,
        ["fail-answer", status, "json"] => failed_answer(status, ErrorBody::Json)?,
        ["fail-answer", status, "empty"] => failed_answer(status, ErrorBody::Empty)?,
        ["fail-answer", status, "html"] => failed_answer(status, ErrorBody::Html)?,
        ["refuse", code] => Effect::Refuse {
            code: code.parse().map_err(|_| format!("`{code}` is no code"))?,
        },
        ["forestall", "thinking"] => forestalled(Forestaller::Thinking),
        ["forestall", "private-thinking"] => forestalled(Forestaller::PrivateThinking),
        ["forestall", "message"] => forestalled(Forestaller::Message),
        ["forestall", "update"] => forestalled(Forestaller::Update),
        ["delay", time] => Effect::Delay {
            ms: ms(time)?,
            by_clock: false,
        },
        ["delay", time, "clock"] => Effect::Delay {
            ms: ms(time)?,
            by_clock: true,
        },
        ["429", time] => limit(Scope::User, time)?,
        ["429", "user", time] => limit(Scope::User, time)?,
        ["429", "shared", time] => limit(Scope::Shared, time)?,
        ["429", "global", time] => limit(Scope::Global, time)?,
        ["429", "within", time] => limit(Scope::Within, time)?,
        ["429", "page", time] => limit(Scope::Page, time)?,
        ["429", "bare", time] => limit(Scope::Bare, time)?,
        [status] => failure(status, ErrorBody::Json)?,
        [status, "json"] => failure(status, ErrorBody::Json)?,
        [status, "empty"] => failure(status, ErrorBody::Empty)?,
        [status, "html"] => failure(status, ErrorBody::Html)?,
        _ => return Err(format!("`{}` becomes of no request", words.join(" "))),
    })
}

fn limit(scope: Scope, time: &str) -> Result<Effect, String> {
    Ok(Effect::RateLimit {
        scope,
        retry_after_ms: ms(time)?,
    })
}

fn failure(status: &str, body: ErrorBody) -> Result<Effect, String> {
    let status = self::status(status)?;
    Ok(Effect::Status { status, body })
}

fn failed_answer(status: &str, body: ErrorBody) -> Result<Effect, String> {
    let status = self::status(status)?;
    Ok(Effect::FailAnswer { status, body })
}

fn status(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("`{text}` is no status"))
}

fn forestalled(by: Forestaller) -> Effect {
    Effect::Forestall { by }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The JSON of the fault that a line means, with how often it strikes.
    fn check(line: &str) -> Result<(serde_json::Value, Option<u32>), String> {
        let words: Vec<_> = line.split_whitespace().collect();
        match fault(&words)? {
            Control::Fault { fault, times } => Ok((serde_json::json!(fault), times)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn faults_are_read() {
        let route = "POST /channels/*/messages";
        let of = |effect| serde_json::json!({"kind": "request", "route": route, "effect": effect});
        let lost = of(serde_json::json!({"kind": "lose-answer"}));
        assert_eq!(check(&format!("{route} lose-answer")), Ok((lost, None)));
        let html = of(serde_json::json!({"kind": "status", "status": 502, "body": "html"}));
        assert_eq!(check(&format!("2x {route} 502 html")), Ok((html, Some(2))));
        let limit =
            serde_json::json!({"kind": "rate-limit", "scope": "shared", "retry_after_ms": 1500});
        assert_eq!(
            check(&format!("{route} 429 shared 1500ms")),
            Ok((of(limit), None))
        );
        let bare =
            serde_json::json!({"kind": "rate-limit", "scope": "bare", "retry_after_ms": 3000});
        assert_eq!(check(&format!("{route} 429 bare 3s")), Ok((of(bare), None)));
        let odd = of(serde_json::json!({"kind": "answer", "body": "{\"id\": 1e400}"}));
        assert_eq!(
            check(&format!("1x {route} answer {{\"id\": 1e400}}")),
            Ok((odd, Some(1)))
        );
        let callback = "POST /interactions/*/*/callback";
        for (words, effect) in [
            (
                "refuse 10062",
                serde_json::json!({"kind": "refuse", "code": 10_062}),
            ),
            (
                "forestall private-thinking",
                serde_json::json!({"kind": "forestall", "by": "private-thinking"}),
            ),
            (
                "fail-answer 502 html",
                serde_json::json!({"kind": "fail-answer", "status": 502, "body": "html"}),
            ),
        ] {
            let of = serde_json::json!({"kind": "request", "route": callback, "effect": effect});
            assert_eq!(check(&format!("{callback} {words}")), Ok((of, None)));
        }
        let storm = serde_json::json!({"kind": "reconnect-storm", "every_ms": 30_000});
        assert_eq!(check("storm 30s"), Ok((storm, None)));
        for line in [
            "",
            "2x",
            "POST messages 500",
            "POST /a burn",
            "POST /a answer",
            "storm soon",
            "POST /a 429 me 1s",
        ] {
            assert!(check(line).is_err(), "{line}");
        }
    }
}
