//! Rules for every message, by whatever route and in whatever body it goes: one that says nothing of mentions notifies
//! nobody, its components are those of the plugin that sends it, and a modal is sealed (`seal.rs`).

use host_base::PluginName;
use host_capability::Failure;
use host_loader::host_call;
use memchr::memmem::find;
use plugin_api::abi::{CustomId, RequestCall};
use serde_json::{Value, json};

use super::body::edited;
use super::{
    path::parts,
    repeat::{number, takes_number},
    seal::Seals,
};

/// The kind of an interaction's response that opens a modal.
const MODAL: u64 = 9;

/// Custom ids of the host's own.
pub const HOSTS_OWN: &str = "cw-";

/// Where a request's message stands in its body; `None` where it has none.
fn place_of_message(method: &str, path: &str) -> Option<&'static str> {
    let parts = parts(path);
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match (method, &*parts) {
        ("POST", [.., "messages"] | ["webhooks", _, _]) | ("PATCH", [.., "messages", _]) => {
            Some("")
        }
        // The first message of a forum's post.
        ("POST", ["channels", _, "threads"]) => Some("/message"),
        ("POST", ["interactions", _, _, "callback"]) => Some("/data"),
        _ => None,
    }
}

/// Whether a request sends or changes a message that is all of its body.
pub fn writes_message(method: &str, path: &str) -> bool {
    place_of_message(method, path) == Some("")
}

/// A body as it is sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ruled {
    pub body: Vec<u8>,
    /// Whether it is a new message with a number by which Discord knows it.
    pub has_number: bool,
}

/// The body as it is sent: read once, and written once. A new message without a number gets one, `its_number` if there is one.
///
/// # Errors
///
/// The message in it can't be read: Discord might, and notify everybody. Or a component of it is another plugin's, or there is no room for
/// a modal's seal.
pub(super) fn ruled(
    request: &RequestCall,
    body: Vec<u8>,
    its_number: Option<&str>,
    seals: &Seals,
) -> Result<Ruled, Failure> {
    let RequestCall { method, path, .. } = request;
    let as_it_is = |body| {
        Ok(Ruled {
            body,
            has_number: false,
        })
    };
    if method == "POST" && parts(path).last().is_some_and(|part| part == "slack") {
        return Err(Failure::Refused(
            "a message in Slack's form can't be kept from notifying everybody: send it in Discord's, by `webhooks/ID/TOKEN`".into(),
        ));
    }
    let Some(place) = place_of_message(method, path) else {
        return as_it_is(body);
    };
    let boundary = request.multipart_boundary.as_deref();
    if let Some(boundary) = boundary {
        only_files_behind(&body, boundary)?;
    } else if body.is_empty() {
        return as_it_is(body);
    }
    let sender = host_call::caller().map(|caller| caller.plugin);
    let mut foreign = None;
    let mut sealed = Ok(());
    let mut has_number = false;
    let body = edited(&body, boundary, |body| {
        if let Some(sender) = &sender {
            foreign = foreign_id(body, sender);
        }
        if place == "/data" && body["type"] == MODAL {
            sealed = seals.seal(&parts(path)[1], &mut body["data"]);
            return;
        }
        let Some(message) = body.pointer_mut(place).and_then(Value::as_object_mut) else {
            return;
        };
        let said = message.get("allowed_mentions");
        if said.is_none_or(Value::is_null) {
            message.insert("allowed_mentions".into(), json!({"parse": []}));
        }
        if takes_number(request) {
            has_number = number(body, its_number);
        }
    })?;
    sealed?;
    match foreign {
        Some(id) => Err(Failure::Refused(format!(
            "the custom id `{id}` is another plugin's, or the host's own: make it by `custom_id` of your own context, or ask that plugin by a function"
        ))),
        None => Ok(Ruled { body, has_number }),
    }
}

/// The custom id of a component, or of a modal, whose use would be another plugin's.
fn foreign_id(value: &Value, sender: &PluginName) -> Option<String> {
    match value {
        Value::Array(values) => values.iter().find_map(|value| foreign_id(value, sender)),
        Value::Object(fields) => {
            let id = fields.get("custom_id").and_then(Value::as_str);
            let parsed = id.and_then(CustomId::parse);
            let is_foreign = parsed.is_some_and(|it| !sender.is(it.plugin));
            if is_foreign || id.is_some_and(|id| id.starts_with(HOSTS_OWN)) {
                return id.map(str::to_owned);
            }
            fields.values().find_map(|value| foreign_id(value, sender))
        }
        _ => None,
    }
}

/// A form's fields are the message's, too: `payload_json` is the first, and all others are files.
fn only_files_behind(body: &[u8], boundary: &str) -> Result<(), Failure> {
    let wrong = || {
        Failure::Refused(
            "a form begins with the part `payload_json`, and behind it are files alone, as `files[0]` and so on".into(),
        )
    };
    let delimiter = format!("\r\n--{boundary}");
    let first = format!("--{boundary}\r\n");
    let mut rest = body.strip_prefix(first.as_bytes()).ok_or_else(wrong)?;
    loop {
        let at = find(rest, delimiter.as_bytes()).ok_or_else(wrong)?;
        rest = &rest[at + delimiter.len()..];
        if rest.starts_with(b"--") {
            return Ok(());
        }
        let end = find(rest, b"\r\n\r\n").ok_or_else(wrong)?;
        if !is_file(&String::from_utf8_lossy(&rest[..end])) {
            return Err(wrong());
        }
    }
}

/// Whether a part's head names a file, once and in no second way.
fn is_file(head: &str) -> bool {
    let head = head.to_ascii_lowercase();
    // What stands between quotation marks, a file's name say, may be anything.
    let outside: String = head.split('"').step_by(2).collect();
    head.contains("form-data; name=\"files[")
        && outside.matches("content-disposition").count() == 1
        && outside.matches("; name=").count() == 1
        && !outside.contains(" name*=")
        && !outside.contains(";name=")
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;

    fn sent(method: &str, path: &str, body: &str) -> Result<Value, Failure> {
        let request = RequestCall {
            method: method.into(),
            path: path.into(),
            ..RequestCall::default()
        };
        ruled(&request, body.into(), None, &Seals::new(None))
            .map(|ruled| serde_json::from_slice(&ruled.body).unwrap())
    }

    #[test]
    fn a_message_by_any_route_notifies_nobody_unless_it_says_so() {
        for (method, path, place) in [
            ("POST", "channels/1/messages", ""),
            ("POST", "CHANNELS/1/Messages?x=1", ""),
            ("PATCH", "channels/1/messages/2", ""),
            ("POST", "webhooks/1/t?wait=true", ""),
            ("PATCH", "webhooks/1/t/messages/@original", ""),
            ("POST", "lobbies/1/messages", ""),
            ("POST", "channels/1/threads", "/message"),
            ("POST", "interactions/1/t/callback", "/data"),
        ] {
            for said in ["", r#","allowed_mentions":null"#] {
                let message = format!(r#"{{"content":"@everyone"{said}}}"#);
                let body = match place {
                    "" => message,
                    place => format!(r#"{{"{}":{message}}}"#, &place[1..]),
                };
                let body = sent(method, path, &body).unwrap();
                let message = body.pointer(place).unwrap();
                assert_eq!(
                    message["allowed_mentions"],
                    json!({"parse": []}),
                    "{path}{said}"
                );
            }
        }
        let own = json!({"allowed_mentions": {"parse": ["everyone"]}});
        let body = sent("POST", "webhooks/1/t", &own.to_string());
        assert_eq!(body.unwrap(), own);
        let other = json!({"name": "a"});
        assert_eq!(
            sent("PATCH", "channels/1", &other.to_string()).unwrap(),
            other
        );
        // What Discord's reader may read and ours does not.
        assert!(sent("POST", "channels/1/messages", "\u{feff}{}").is_err());
        assert!(sent("POST", "webhooks/1/t/slack", "{}").is_err());
    }

    #[tokio::test]
    async fn a_component_of_another_plugin_is_not_sent() {
        let caller = host_loader::Caller::new("till", 1);
        let over = CancellationToken::new();
        let serving = async {
            let of = |id: &str| {
                let row = json!([{"type": 1, "components": [{"type": 2, "style": 1, "label": "Buy", "custom_id": id}]}]);
                [
                    ("POST", "channels/1/messages", json!({"components": row})),
                    (
                        "PATCH",
                        "webhooks/1/t/messages/@original",
                        json!({"components": [{"type": 17, "components": row}]}),
                    ),
                    (
                        "POST",
                        "channels/1/threads",
                        json!({"name": "a", "message": {"components": row}}),
                    ),
                    (
                        "POST",
                        "interactions/1/t/callback",
                        json!({"type": 9, "data": {"custom_id": id}}),
                    ),
                ]
            };
            for (method, path, body) in of("cw1:till:c3n82:7")
                .into_iter()
                .chain(of("an author's own"))
            {
                sent(method, path, &body.to_string()).unwrap();
            }
            for id in [
                "cw1:shop:c3n82:7",
                "cw:shop:buy:7",
                "cw1p:shop:c3n82:",
                "cw1:shop:c3n82~1~8c:7",
                "cwm0000000:shop:c3n82:7",
                "cw-menus:5:0",
            ] {
                for (method, path, body) in of(id) {
                    let error = sent(method, path, &body.to_string())
                        .unwrap_err()
                        .to_string();
                    assert!(
                        error.contains(id) && error.contains("another plugin's"),
                        "{error}"
                    );
                }
            }
            host_loader::Completion::default()
        };
        host_call::serve(&caller, &over, serving).await.unwrap();
        // What the host itself sends is what it means to.
        sent(
            "POST",
            "channels/1/messages",
            r#"{"components":[{"custom_id":"cw1:shop:c3n82:7"}]}"#,
        )
        .unwrap();
    }

    #[test]
    fn a_form_has_files_alone_behind_its_message() {
        let form = |parts: &[&str]| {
            let mut body: String = parts
                .iter()
                .map(|part| {
                    format!("--cogwright000000\r\nContent-Disposition: form-data; {part}\r\n")
                })
                .collect();
            body.push_str("--cogwright000000--\r\n");
            let request = RequestCall {
                method: "POST".into(),
                path: "channels/1/messages".into(),
                multipart_boundary: Some("cogwright000000".into()),
                ..RequestCall::default()
            };
            ruled(&request, body.into_bytes(), None, &Seals::new(None))
                .map(|ruled| String::from_utf8(ruled.body).unwrap())
        };
        let message = "name=\"payload_json\"\r\n\r\n{\"content\":\"@everyone\"}";
        let file = "name=\"files[0]\"; filename=\"my name=x; name=y.txt\"\r\n\r\n@everyone";
        for parts in [&[message][..], &[message, file], &[message, file, file]] {
            let body = form(parts).unwrap();
            assert!(
                body.contains(r#""allowed_mentions":{"parse":[]}"#),
                "{body}"
            );
        }
        let content = "name=\"content\"\r\n\r\n@everyone";
        let twice = "name=\"files[0]\"; name=\"content\"\r\n\r\n@everyone";
        let bare = "name=\"files[0]\"; name=content\r\n\r\n@everyone";
        let two_heads = "name=\"files[0]\"\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\n@everyone";
        for parts in [
            &[content][..],
            &[content, message],
            &[message, content],
            &[message, message],
            &[message, file, content],
            &[message, twice],
            &[message, bare],
            &[message, two_heads],
        ] {
            assert!(form(parts).is_err(), "{parts:?}");
        }
    }
}
