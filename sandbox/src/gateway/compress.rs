//! Transport compression: one zstd stream per connection, flushed after each message.

use std::io::Write;

use axum::extract::ws::Message;
use zstd::stream::write::Encoder;

/// How a connection's payloads are sent.
pub(crate) enum Transport {
    /// As text frames.
    Plain,
    /// As binary frames of one zstd stream.
    Zstd(Encoder<'static, Vec<u8>>),
}

impl Transport {
    /// Reads the `compress` parameter of the connection's URL; `None` if it asks for something unknown.
    pub(crate) fn named(name: Option<&str>) -> Option<Self> {
        match name {
            None | Some("") => Some(Self::Plain),
            Some("zstd-stream") => Encoder::new(Vec::new(), 1).ok().map(Self::Zstd),
            Some(_) => None,
        }
    }

    /// A payload as a frame.
    pub(crate) fn frame(&mut self, payload: &str) -> std::io::Result<Message> {
        match self {
            Self::Plain => Ok(Message::text(payload)),
            Self::Zstd(encoder) => {
                encoder.write_all(payload.as_bytes())?;
                encoder.flush()?;
                Ok(Message::binary(std::mem::take(encoder.get_mut())))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_one_stream() {
        let mut transport = Transport::named(Some("zstd-stream")).unwrap();
        let mut stream = Vec::new();
        for payload in ["{\"op\":10}", "{\"op\":11}"] {
            let Message::Binary(bytes) = transport.frame(payload).unwrap() else {
                panic!("not binary")
            };
            stream.extend_from_slice(&bytes);
        }
        let mut decoder = zstd::stream::raw::Decoder::new().unwrap();
        let mut plain = [0; 64];
        let status =
            zstd::stream::raw::Operation::run_on_buffers(&mut decoder, &stream, &mut plain)
                .unwrap();
        assert_eq!(&plain[..status.bytes_written], b"{\"op\":10}{\"op\":11}");
    }
}
