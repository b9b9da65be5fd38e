//! Frames: what stands in one message of the connection, once it is deciphered.

use axum::body::Bytes;

/// Bytes before a frame's body: its kind and its stream.
const FRONT: usize = 5;

/// Bytes of a frame's body at most. A Noise message has 65,535 bytes at most, of which 16 are its tag.
pub(crate) const MOST: usize = 65_535 - 16 - FRONT;

/// What a frame says. Numbers never change; new ones come last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Relay to bot, once, first: how the bot is called, and where people reach it there. JSON.
    Hello = 1,
    /// The sender ends the connection; the body says why.
    Goodbye = 2,
    /// The sender is there. Sent every now and then; needs no answer, since the other side does the same.
    Ping = 3,
    /// A request begins, with its head. JSON.
    Open = 4,
    /// An answer begins, with its head. JSON.
    Head = 5,
    /// A piece of a body. As many bytes as the other side has granted.
    Data = 6,
    /// The sender's body is whole.
    End = 7,
    /// The sender's body breaks off; the body of this says why.
    Reset = 8,
    /// The sender reads no more of the other side's body, who answers with `Reset` unless it has ended.
    Stop = 9,
    /// The sender takes so many bytes more. Four bytes, the highest first.
    Credit = 10,
}

/// A frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: Kind,
    /// Which request it belongs to; 0: the connection itself.
    pub(crate) stream: u32,
    pub(crate) body: Bytes,
}

impl Frame {
    pub(crate) fn new(kind: Kind, stream: u32, body: impl Into<Bytes>) -> Self {
        Self {
            kind,
            stream,
            body: body.into(),
        }
    }

    /// As it is sent.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(FRONT + self.body.len());
        bytes.push(self.kind as u8);
        bytes.extend(self.stream.to_be_bytes());
        bytes.extend(&self.body);
        bytes
    }

    /// As it has come; `Ok(None)`: of a kind that a newer version has, which is ignored.
    ///
    /// # Errors
    ///
    /// It is too short to be one.
    pub(crate) fn read(bytes: &[u8]) -> Result<Option<Self>, &'static str> {
        let (front, body) = bytes
            .split_at_checked(FRONT)
            .ok_or("a frame is shorter than its front")?;
        let kind = match front[0] {
            1 => Kind::Hello,
            2 => Kind::Goodbye,
            3 => Kind::Ping,
            4 => Kind::Open,
            5 => Kind::Head,
            6 => Kind::Data,
            7 => Kind::End,
            8 => Kind::Reset,
            9 => Kind::Stop,
            10 => Kind::Credit,
            _ => return Ok(None),
        };
        let stream = u32::from_be_bytes([front[1], front[2], front[3], front[4]]);
        Ok(Some(Self::new(kind, stream, Bytes::copy_from_slice(body))))
    }

    /// The body as words for people.
    pub(crate) fn words(&self) -> String {
        String::from_utf8_lossy(&self.body)
            .chars()
            .take(500)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_as_it_was_sent() {
        let kinds = [
            Kind::Hello,
            Kind::Goodbye,
            Kind::Ping,
            Kind::Open,
            Kind::Head,
            Kind::Data,
            Kind::End,
            Kind::Reset,
            Kind::Stop,
            Kind::Credit,
        ];
        for (place, kind) in kinds.into_iter().enumerate() {
            let frame = Frame::new(kind, 0x0102_0304, &b"tea"[..]);
            let bytes = frame.bytes();
            // What other versions count on.
            assert_eq!(usize::from(bytes[0]), place + 1, "{kind:?}");
            assert_eq!(&bytes[1..5], [1, 2, 3, 4]);
            assert_eq!(Frame::read(&bytes), Ok(Some(frame)));
        }
    }

    #[test]
    fn what_is_newer_is_ignored_and_what_is_too_short_is_none() {
        assert_eq!(Frame::read(&[200, 0, 0, 0, 0, 1]), Ok(None));
        for short in [&[][..], &[6], &[6, 0, 0, 0]] {
            assert!(Frame::read(short).is_err(), "{short:?}");
        }
    }
}
