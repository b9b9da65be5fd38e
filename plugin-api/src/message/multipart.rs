//! Multipart bodies of messages with files.

/// A `multipart/form-data` body as Discord wants it
/// ([reference](https://discord.com/developers/docs/reference#uploading-files)): `payload_json`, then `files[n]`.
pub(crate) fn multipart(json: &[u8], files: &[(String, Vec<u8>)]) -> (Vec<u8>, Option<String>) {
    // 15 characters, as twilight-http wants it; counted up until no part contains it.
    let boundary = (0u32..)
        .map(|n| format!("cogwright{n:06}"))
        .find(|boundary| {
            let inside = |bytes: &[u8]| bytes.windows(15).any(|w| w == boundary.as_bytes());
            !inside(json) && !files.iter().any(|(_, bytes)| inside(bytes))
        })
        .expect("one of four billion boundaries is in no file");
    let mut body = Vec::new();
    let mut part = |disposition: String, kind: &str, bytes: &[u8]| {
        body.extend_from_slice(
            format!("--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\nContent-Type: {kind}\r\n\r\n")
                .as_bytes(),
        );
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    };
    part("name=\"payload_json\"".into(), "application/json", json);
    for (n, (name, bytes)) in files.iter().enumerate() {
        let name: String = name
            .chars()
            .map(|c| if c == '"' || c.is_control() { '_' } else { c })
            .collect();
        part(
            format!("name=\"files[{n}]\"; filename=\"{name}\""),
            "application/octet-stream",
            bytes,
        );
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (body, Some(boundary))
}
