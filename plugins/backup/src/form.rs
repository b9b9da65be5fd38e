//! Form with a file, as Discord takes new stickers
//! ([reference](https://discord.com/developers/docs/resources/sticker#create-guild-sticker)).

use serde_json::Value;

/// The fields of `json`, each as one of the form's, and a file: the body, and the boundary between its parts.
pub(crate) fn write(json: &Value, name: &str, file: &[u8]) -> (Vec<u8>, String) {
    let fields = json.as_object().into_iter().flatten();
    let fields: Vec<(&String, String)> = fields
        .map(|(key, value)| match value {
            Value::String(text) => (key, text.clone()),
            other => (key, other.to_string()),
        })
        .collect();
    // 15 characters, as the host wants it; counted up until no part contains it.
    let boundary = (0u32..)
        .map(|n| format!("cogwright{n:06}"))
        .find(|boundary| {
            let inside = |bytes: &[u8]| {
                bytes
                    .windows(boundary.len())
                    .any(|part| part == boundary.as_bytes())
            };
            !inside(file) && !fields.iter().any(|(_, text)| inside(text.as_bytes()))
        });
    let boundary = boundary.expect("one of four billion boundaries is in no file");
    let mut body = Vec::new();
    for (key, text) in fields {
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{key}\"\r\n\r\n{text}\r\n"
        );
        body.extend(head.into_bytes());
    }
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    body.extend(head.into_bytes());
    body.extend_from_slice(file);
    body.extend(format!("\r\n--{boundary}--\r\n").into_bytes());
    (body, boundary)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_boundary_is_in_no_part() {
        let (body, boundary) = write(
            &json!({"name": "cup", "tags": "cogwright000000"}),
            "a.png",
            b"cogwright000001",
        );
        assert_eq!(boundary, "cogwright000002");
        let text = String::from_utf8(body).unwrap();
        assert!(
            text.contains("name=\"tags\"\r\n\r\ncogwright000000\r\n--cogwright000002"),
            "{text}"
        );
        assert!(
            text.ends_with("cogwright000001\r\n--cogwright000002--\r\n"),
            "{text}"
        );
    }
}
