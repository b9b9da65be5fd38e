//! Compression: <https://discord.com/developers/docs/events/gateway#encoding-and-compression>.

use std::io::Write;

use axum::extract::ws::{Message, Utf8Bytes};
use flate2::{Compression, write::ZlibEncoder};
use zstd::stream::write::Encoder;

/// Payloads from this length on are worth compressing one by one. Discord compresses "some", too.
const WORTH_COMPRESSING: usize = 256;

/// How a connection's payloads are sent.
pub(crate) enum Transport {
    /// As text frames.
    Plain,
    /// As binary frames with a zlib stream each: `compress` of IDENTIFY.
    EachZlib,
    /// As binary frames of one zlib stream, each ending in `00 00 FF FF`.
    Zlib(ZlibEncoder<Vec<u8>>),
    /// As binary frames of one zstd stream, flushed after each.
    Zstd(Encoder<'static, Vec<u8>>),
}

impl Transport {
    /// Reads the `compress` parameter of the connection's URL; `None` if it asks for something unknown.
    pub(crate) fn named(name: Option<&str>) -> Option<Self> {
        match name {
            None | Some("") => Some(Self::Plain),
            Some("zlib-stream") => Some(Self::Zlib(zlib())),
            Some("zstd-stream") => Encoder::new(Vec::new(), 1).ok().map(Self::Zstd),
            Some(_) => None,
        }
    }

    /// Turns payload compression on, which IDENTIFY may ask for; transport compression takes precedence.
    pub(crate) fn compress_each(&mut self) {
        if matches!(self, Self::Plain) {
            *self = Self::EachZlib;
        }
    }

    /// A payload as a frame.
    pub(crate) fn frame(&mut self, payload: Utf8Bytes) -> std::io::Result<Message> {
        match self {
            Self::EachZlib if payload.len() >= WORTH_COMPRESSING => {
                let mut encoder = zlib();
                encoder.write_all(payload.as_bytes())?;
                Ok(Message::binary(encoder.finish()?))
            }
            Self::Plain | Self::EachZlib => Ok(Message::Text(payload)),
            Self::Zlib(encoder) => {
                encoder.write_all(payload.as_bytes())?;
                encoder.flush()?;
                Ok(Message::binary(std::mem::take(encoder.get_mut())))
            }
            Self::Zstd(encoder) => {
                encoder.write_all(payload.as_bytes())?;
                encoder.flush()?;
                Ok(Message::binary(std::mem::take(encoder.get_mut())))
            }
        }
    }
}

fn zlib() -> ZlibEncoder<Vec<u8>> {
    ZlibEncoder::new(Vec::new(), Compression::fast())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::{Decompress, FlushDecompress, read::ZlibDecoder};

    use super::*;

    const PAYLOADS: [&str; 3] = [r#"{"op":10}"#, r#"{"op":11}"#, r#"{"op":10}"#];

    fn binary(transport: &mut Transport, payload: &str) -> Vec<u8> {
        match transport.frame(payload.into()).unwrap() {
            Message::Binary(bytes) => bytes.to_vec(),
            other => panic!("not binary: {other:?}"),
        }
    }

    #[test]
    fn zstd_frames_are_one_stream() {
        let mut transport = Transport::named(Some("zstd-stream")).unwrap();
        let stream = PAYLOADS.map(|payload| binary(&mut transport, payload));
        let mut decoder = zstd::stream::raw::Decoder::new().unwrap();
        let mut plain = [0; 64];
        let status = zstd::stream::raw::Operation::run_on_buffers(
            &mut decoder,
            &stream.concat(),
            &mut plain,
        )
        .unwrap();
        assert_eq!(&plain[..status.bytes_written], PAYLOADS.concat().as_bytes());
    }

    #[test]
    fn zlib_frames_are_one_stream_and_end_as_discord_says() {
        let mut transport = Transport::named(Some("zlib-stream")).unwrap();
        let mut inflator = Decompress::new(true);
        for payload in PAYLOADS {
            let frame = binary(&mut transport, payload);
            assert!(frame.ends_with(&[0, 0, 0xff, 0xff]), "{frame:x?}");
            let mut plain = Vec::with_capacity(64);
            inflator
                .decompress_vec(&frame, &mut plain, FlushDecompress::Sync)
                .unwrap();
            assert_eq!(plain, payload.as_bytes());
        }
    }

    #[test]
    fn payloads_are_compressed_one_by_one_where_it_pays() {
        let mut transport = Transport::Plain;
        transport.compress_each();
        assert_eq!(transport.frame("{}".into()).unwrap(), Message::text("{}"));
        let long = format!("{{\"d\":\"{}\"}}", "x".repeat(1000));
        for _ in 0..2 {
            let frame = binary(&mut transport, &long);
            let mut plain = String::new();
            ZlibDecoder::new(frame.as_slice())
                .read_to_string(&mut plain)
                .unwrap();
            assert_eq!(plain, long);
        }
    }

    #[test]
    fn transport_compression_rules_out_the_other() {
        let mut transport = Transport::named(Some("zlib-stream")).unwrap();
        transport.compress_each();
        assert!(matches!(transport, Transport::Zlib(_)));
    }
}
