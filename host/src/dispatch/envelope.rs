//! Envelope of a gateway message: which event it is, read without reading the event.

use std::borrow::Cow;

use host_discord::lenient::{self, Field, Fields};

/// An event of the gateway ([reference](https://discord.com/developers/docs/events/gateway-events#payload-structure)).
#[derive(Debug, PartialEq, Eq)]
pub struct Payload<'a> {
    /// The event's name.
    pub name: Cow<'a, str>,
    /// Sequence number; 0 if it can't be read.
    pub sequence: u64,
    /// The event's data. Of a [`quick`] look it is not known to be whole JSON.
    pub data: &'a str,
}

/// Outcome of reading a payload.
#[derive(Debug, PartialEq, Eq)]
pub enum Read<'a> {
    /// An event.
    Event(Payload<'a>),
    /// Something between the gateway and the shard.
    Other,
    /// No payload.
    Unreadable,
}

/// Reads a payload.
#[must_use]
pub fn payload(text: &str) -> Read<'_> {
    let Some(fields) = Fields::read(text) else {
        return Read::Unreadable;
    };
    match (
        fields.get("op", lenient::number),
        fields.get("t", lenient::text),
    ) {
        (Field::Is(0), Field::Is(name)) => Read::Event(Payload {
            name,
            sequence: fields.get("s", lenient::number).known().unwrap_or_default(),
            data: fields.raw("d").unwrap_or("null"),
        }),
        (Field::Is(0), _) | (Field::Absent | Field::Unreadable, _) => Read::Unreadable,
        _ => Read::Other,
    }
}

/// Reads a payload as Discord writes it, with its data last and nothing odd in front of it, in the time that the part in front takes.
/// `None`: it is for [`payload`] to read.
///
/// Whoever finds the data to be no JSON asks [`payload`] as well: then something followed it.
#[must_use]
pub fn quick(text: &str) -> Option<Payload<'_>> {
    let mut rest = text.strip_prefix('{')?;
    let (mut name, mut sequence, mut is_event) = (None, 0, false);
    loop {
        let (key, value) = rest.strip_prefix('"')?.split_once("\":")?;
        if key == "d" {
            return Some(Payload {
                name: Cow::Borrowed(name.filter(|_| is_event)?),
                sequence,
                data: value.strip_suffix('}')?,
            });
        }
        let (value, behind) = value.split_once(',')?;
        match key {
            "t" => name = Some(plain_text(value)?),
            "s" => sequence = lenient::number(value)?,
            "op" => is_event = lenient::number(value)? == 0,
            _ => return None,
        }
        rest = behind;
    }
}

/// A text of the kind that needs no escapes.
fn plain_text(raw: &str) -> Option<&str> {
    let inside = raw.strip_prefix('"')?.strip_suffix('"')?;
    let is_plain = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
    (!inside.is_empty() && inside.bytes().all(is_plain)).then_some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slowly(text: &str) -> Option<Payload<'_>> {
        match payload(text) {
            Read::Event(payload) => Some(payload),
            Read::Other | Read::Unreadable => None,
        }
    }

    #[test]
    fn what_discord_writes_is_read_at_a_glance() {
        for text in [
            r#"{"t":"MESSAGE_CREATE","s":7,"op":0,"d":{"content":"\"d\":{},\"t\":\"X\"}"}}"#,
            r#"{"op":0,"s":7,"t":"MESSAGE_CREATE","d":{}}"#,
            r#"{"t":"RESUMED","s":3,"op":0,"d":{"_trace":["a","b"]}}"#,
            r#"{"t":"A_KIND_OF_TOMORROW","s":1,"op":0,"d":[1,{"d":2}]}"#,
        ] {
            let seen = quick(text).unwrap();
            assert_eq!(Some(seen), slowly(text), "{text}");
        }
    }

    #[test]
    fn what_is_odd_is_left_to_the_whole_reader() {
        for text in [
            "",
            "{}",
            "[]",
            r#"{"t":null,"s":null,"op":11,"d":null}"#,
            r#"{"t":null,"s":null,"op":0,"d":null}"#,
            r#"{"t":"READY","s":1,"op":7,"d":{}}"#,
            r#"{"s":1,"op":0,"d":{}}"#,
            r#"{"d":{},"t":"READY","s":1,"op":0}"#,
            r#"{ "t":"READY","s":1,"op":0,"d":{}}"#,
            r#"{"t":"REA\u0044Y","s":1,"op":0,"d":{}}"#,
            r#"{"t":"READY","s":"x","op":0,"d":{}}"#,
            r#"{"t":"READY","s":-1,"op":0,"d":{}}"#,
            r#"{"t":"READY","new":{"a":1},"s":1,"op":0,"d":{}}"#,
            r#"{"t":"READY","s":1,"op":0,"d":{}} "#,
            r#"{"t":"READY","s":1,"op":0}"#,
        ] {
            assert_eq!(quick(text), None, "{text}");
        }
    }

    /// What stands behind the data makes it none: whoever reads it finds out.
    #[test]
    fn data_that_something_follows_is_no_json() {
        for text in [
            r#"{"t":"READY","s":1,"op":0,"d":{},"x":{}}"#,
            r#"{"t":"READY","s":1,"op":0,"d":{"a":1},"t":"OTHER"}"#,
            r#"{"t":"READY","s":1,"op":0,"d":{}}}"#,
        ] {
            let seen = quick(text).unwrap();
            assert!(Fields::read(seen.data).is_none(), "{text}");
        }
    }
}
