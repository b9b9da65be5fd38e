//! Ephemeral flag of an answer, set in whatever form its body has.

use host_capability::Failure;
use plugin_api::{CUSTOM_ID_LIMIT, abi::CustomId};
use serde_json::Value;

use crate::rest::{EPHEMERAL, edited};

/// Sets the flag in a message's JSON.
pub(super) fn set_ephemeral(data: &mut Value, ephemeral: bool) {
    if ephemeral {
        let flags = data["flags"].as_u64().unwrap_or_default();
        data["flags"] = (flags | EPHEMERAL).into();
    }
}

/// Marks a modal, so that what answers it is private from the first moment: also what the host says meanwhile, and after a
/// restart. An id that has no room for the mark stays as it is.
pub(super) fn keep_private(modal: &mut Value) {
    let Some(id) = modal["custom_id"].as_str().and_then(CustomId::parse) else {
        return;
    };
    let marked = CustomId {
        private: true,
        ..id
    }
    .to_string();
    if marked.chars().count() <= CUSTOM_ID_LIMIT {
        modal["custom_id"] = marked.into();
    }
}

/// Sets the flag in a request's body: JSON, or plugin-api's `multipart/form-data`, whose first part is `payload_json`.
///
/// # Errors
///
/// The body is neither. Never sent without the flag: a private answer must not be shown to everybody.
pub(super) fn make_ephemeral(body: Vec<u8>, boundary: Option<&str>) -> Result<Vec<u8>, Failure> {
    edited(&body, boundary, |data| set_ephemeral(data, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_is_set_in_json_and_in_multipart_and_nothing_else_changes() {
        let json = make_ephemeral(br#"{"content":"a","flags":4}"#.to_vec(), None).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&json).unwrap()["flags"], 68);

        let file = "\r\n--b\r\nContent-Disposition: form-data; name=\"files[0]\"; filename=\"x\"\r\n\r\n\0\u{1}\r\n--b--\r\n";
        let head = "--b\r\nContent-Disposition: form-data; name=\"payload_json\"\r\nContent-Type: application/json\r\n\r\n";
        let body = make_ephemeral(format!("{head}{{}}{file}").into_bytes(), Some("b")).unwrap();
        assert_eq!(
            String::from_utf8(body).unwrap(),
            format!("{head}{{\"flags\":64}}{file}")
        );
    }

    #[test]
    fn what_can_not_be_made_private_is_not_sent() {
        assert!(make_ephemeral(b"--b\r\n\r\n{}\r\n--b--".to_vec(), Some("b")).is_err());
        assert!(make_ephemeral(b"no json".to_vec(), None).is_err());
    }
}
