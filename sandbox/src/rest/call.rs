//! Parsed request: path, query, body and files.

use std::collections::HashMap;

use axum::{
    body::to_bytes,
    extract::{
        DefaultBodyLimit, FromRequest, Multipart, Query, Request, multipart::MultipartError,
        ws::Utf8Bytes,
    },
    http::{HeaderMap, Method, StatusCode},
};
use serde_json::{Map, Value};
use twilight_model::util::Timestamp;

use super::{error::ApiError, token_form};
use crate::world::{Attachment, By, MAX_FILE_BYTES, World, guess_type};

/// The largest request that is read: <https://discord.com/developers/docs/resources/message#create-message>.
const MAX_BODY_BYTES: usize = 25 * 1024 * 1024;

/// A REST request.
#[derive(Debug)]
pub(crate) struct Call {
    pub method: Method,
    /// The path below `/api/v10`, decoded, in segments.
    pub path: Vec<String>,
    pub query: HashMap<String, String>,
    /// All of the query in its order, for keys that come several times.
    pub pairs: Vec<(String, String)>,
    /// The JSON body or `payload_json`; `null` if there is none.
    pub body: Value,
    /// The body as it came, for the inspector; empty if there is none.
    pub raw: Utf8Bytes,
    /// `Authorization`.
    pub authorization: Option<String>,
    /// `X-Audit-Log-Reason`.
    pub reason: Option<String>,
    /// `X-Discord-Locale`.
    pub locale: Option<String>,
    /// Uploaded files with the number in `files[n]`.
    pub files: Vec<(u64, Attachment)>,
    /// The other fields of a form.
    pub form: Map<String, Value>,
}

impl Call {
    /// Reads a request whose path below `/api/v10` is given.
    pub(crate) async fn read(request: Request, path: &str) -> Result<Self, ApiError> {
        let method = request.method().clone();
        let pairs: Vec<(String, String)> = match request.uri().query() {
            None => Vec::new(),
            Some(_) => Query::try_from_uri(request.uri())
                .map(|Query(pairs)| pairs)
                .unwrap_or_default(),
        };
        let query = pairs.iter().cloned().collect();
        let takes_forms = token_form::is_taken_at(path);
        let path = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(decode)
            .collect();
        let headers = request.headers();
        let mut call = Self {
            authorization: header(headers, "authorization").map(str::to_owned),
            reason: header(headers, "x-audit-log-reason").map(decode),
            locale: header(headers, "x-discord-locale").map(str::to_owned),
            method,
            path,
            query,
            pairs,
            body: Value::Null,
            raw: Utf8Bytes::default(),
            files: Vec::new(),
            form: Map::new(),
        };
        let content_type = header(headers, "content-type").unwrap_or_default();
        let content_type = content_type.to_owned();
        if content_type.starts_with("multipart/form-data") && !takes_forms {
            call.read_form(request).await?;
            return Ok(call);
        }
        let bytes = to_bytes(request.into_body(), MAX_BODY_BYTES)
            .await
            .map_err(|_| ApiError::too_large())?;
        if takes_forms {
            call.form = token_form::read(&content_type, &bytes)?;
            call.raw = token_form::veiled(&call.form).to_string().into();
        } else if !bytes.is_empty() {
            call.raw = Utf8Bytes::try_from(bytes).map_err(|_| ApiError::invalid_json())?;
            call.body = read_json(&call.raw)?;
        }
        Ok(call)
    }

    async fn read_form(&mut self, request: Request) -> Result<(), ApiError> {
        let invalid = |error: MultipartError| {
            if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
                return ApiError::too_large();
            }
            ApiError::form(
                "",
                "CONTENT_TYPE_INVALID",
                "Expected \"Content-Type\" header to be one of {'application/json'}.",
            )
        };
        let mut request = request;
        DefaultBodyLimit::max(MAX_BODY_BYTES).apply(&mut request);
        let mut form = Multipart::from_request(request, &())
            .await
            .map_err(|_| ApiError::invalid_json())?;
        while let Some(field) = form.next_field().await.map_err(invalid)? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == "payload_json" {
                let text = field.text().await.map_err(invalid)?;
                self.raw = text.into();
                self.body = read_json(&self.raw)?;
                continue;
            }
            let number = name
                .strip_prefix("files[")
                .and_then(|rest| rest.strip_suffix(']'));
            // Stickers come as `file`.
            let number = number.or((name == "file").then_some("0"));
            let Some(number) = number.and_then(|number| number.parse().ok()) else {
                let text = field.text().await.map_err(invalid)?;
                self.form.insert(name, Value::from(text));
                continue;
            };
            let filename = field.file_name().unwrap_or("unknown").to_owned();
            // What says only that it is bytes says nothing: Discord then looks for itself.
            let content_type = field
                .content_type()
                .filter(|told| *told != "application/octet-stream")
                .unwrap_or_else(|| guess_type(&filename))
                .to_owned();
            let bytes = field.bytes().await.map_err(invalid)?.to_vec();
            if bytes.len() > MAX_FILE_BYTES {
                return Err(ApiError::too_large());
            }
            self.files.push((
                number,
                Attachment {
                    filename,
                    content_type,
                    bytes,
                },
            ));
        }
        Ok(())
    }

    /// All values of a key in the query.
    pub(crate) fn query_all(&self, key: &str) -> impl Iterator<Item = &str> {
        let pairs = self.pairs.iter();
        pairs
            .filter(move |(known, _)| known == key)
            .map(|(_, value)| value.as_str())
    }

    /// The bot, with the reason that it gives.
    pub(crate) fn by(&self, world: &World) -> By<'_> {
        By {
            actor: world.application.bot,
            reason: self.reason.as_deref(),
        }
    }

    /// A number in the query.
    pub(crate) fn query_number(&self, key: &str) -> Option<u64> {
        self.query.get(key)?.parse().ok()
    }

    /// How many things a list is to hold, 1 to `most`.
    pub(crate) fn query_limit(
        &self,
        key: &str,
        usual: usize,
        most: usize,
    ) -> Result<usize, ApiError> {
        let Some(text) = self.query.get(key) else {
            return Ok(usual);
        };
        let (code, message) = match text.parse::<i64>() {
            Err(_) => (
                "NUMBER_TYPE_COERCE",
                format!("Value \"{text}\" is not int."),
            ),
            Ok(number) if number < 1 => (
                "NUMBER_TYPE_MIN",
                "int value should be greater than or equal to 1.".to_owned(),
            ),
            Ok(number) => match usize::try_from(number) {
                Ok(number) if number <= most => return Ok(number),
                _ => (
                    "NUMBER_TYPE_MAX",
                    format!("int value should be less than or equal to {most}."),
                ),
            },
        };
        Err(ApiError::form(key, code, message))
    }

    /// Whether a switch in the query is on.
    pub(crate) fn query_flag(&self, key: &str) -> bool {
        let value = self.query.get(key).map(String::as_str);
        matches!(value, Some("true" | "True" | "1"))
    }
}

/// A header as text.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn read_json(text: &str) -> Result<Value, ApiError> {
    serde_json::from_str(text).map_err(|_| ApiError::invalid_json())
}

/// An id in a path or body; Discord answers 50035 to anything else.
pub(crate) fn id(text: &str) -> Result<u64, ApiError> {
    text.parse().map_err(|_| {
        ApiError::form(
            "",
            "NUMBER_TYPE_COERCE",
            format!("Value \"{text}\" is not snowflake."),
        )
    })
}

/// A time in the query, in microseconds since 1970.
pub(crate) fn query_time(key: &str, text: &str) -> Result<i64, ApiError> {
    time(text).map(Timestamp::as_micros).ok_or_else(|| {
        let message = format!("Could not parse {text}. Should be ISO8601.");
        ApiError::form(key, "DATE_TIME_TYPE_PARSE", message)
    })
}

/// A time in ISO 8601, with `Z`, an offset or neither, which is UTC.
pub(crate) fn time(text: &str) -> Option<Timestamp> {
    let plain = text.trim_end_matches(['Z', 'z']);
    let (_, clock) = plain.split_once(['T', 't'])?;
    let sign = clock.find(['+', '-']);
    let (local, offset) =
        plain.split_at(sign.map_or(plain.len(), |at| plain.len() - clock.len() + at));
    let local = Timestamp::parse(&format!("{local}+00:00")).ok()?;
    // The parser takes an offset, but does not reckon with it.
    let offset_minutes = match offset.get(1..).and_then(|digits| digits.split_once(':')) {
        Some((hours, minutes)) => hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?,
        None if offset.is_empty() => 0,
        None => return None,
    };
    let east = if offset.starts_with('-') { -1 } else { 1 };
    Timestamp::from_micros(local.as_micros() - east * offset_minutes * 60_000_000).ok()
}

/// An id in a body, written as text or as a number.
pub(crate) fn body_id(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Takes the `%XX` out of a path segment.
pub(crate) fn decode(segment: &str) -> String {
    let bytes = segment.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%')
            .then(|| segment.get(at + 1..at + 3))
            .flatten();
        if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            plain.push(byte);
            at += 3;
        } else {
            plain.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_come_in_many_forms() {
        let noon = super::time("2026-01-02T12:00:00+00:00").unwrap();
        for text in [
            "2026-01-02T12:00:00Z",
            "2026-01-02T12:00:00.000Z",
            "2026-01-02T12:00:00",
            "2026-01-02T14:00:00+02:00",
        ] {
            assert_eq!(super::time(text), Some(noon), "{text}");
        }
        assert_eq!(super::time("noon"), None);
    }

    #[test]
    fn paths_are_decoded() {
        assert_eq!(super::decode("%F0%9F%91%8D"), "👍");
        assert_eq!(super::decode("a%3A1%"), "a:1%");
    }
}
