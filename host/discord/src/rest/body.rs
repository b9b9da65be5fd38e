//! Message bodies: JSON, or plugin-api's `multipart/form-data`.

use host_capability::Failure;
use memchr::memmem::find;
use serde_json::Value;

/// The body with its message changed by `edit`.
///
/// # Errors
///
/// The body is neither.
pub fn edited(
    body: &[u8],
    boundary: Option<&str>,
    edit: impl FnOnce(&mut Value),
) -> Result<Vec<u8>, Failure> {
    let Some(boundary) = boundary else {
        let mut data: Value = serde_json::from_slice(body)?;
        edit(&mut data);
        return Ok(serde_json::to_vec(&data)?);
    };
    let malformed =
        || Failure::Refused("the first part of the body has to be `payload_json`".into());
    let begin = find(body, b"\r\n\r\n").ok_or_else(malformed)? + 4;
    if find(&body[..begin], b"name=\"payload_json\"").is_none() {
        return Err(malformed());
    }
    let end = begin
        + find(&body[begin..], format!("\r\n--{boundary}").as_bytes()).ok_or_else(malformed)?;
    let mut data: Value = serde_json::from_slice(&body[begin..end])?;
    edit(&mut data);
    Ok([&body[..begin], &serde_json::to_vec(&data)?, &body[end..]].concat())
}
