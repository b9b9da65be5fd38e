//! Tests of the records.

use plugin_api::abi::{Bytes, EventHeader, Frame};

use super::*;
use crate::cell::incoming::{Broken, Incoming};

#[test]
fn records_cross_in_pieces_of_any_size() {
    let mut sent = Vec::new();
    let record = Record {
        kind: 2,
        status: 1,
        id: 7,
        ..Record::bare(Tag::Message)
    };
    record.put(&mut sent, b"{}", b"tea");
    Record::exchange(9, Some((64, 3))).put(&mut sent, b"", &[1; 16]);
    for piece in 1..sent.len() {
        let (mut incoming, mut seen) = (Incoming::default(), Vec::new());
        for mut bytes in sent.chunks(piece) {
            while !bytes.is_empty() {
                incoming.fill(&mut bytes).unwrap();
            }
            while let Some(it) = incoming.next().unwrap() {
                seen.push((it.record, it.head.to_vec(), it.body.to_vec()));
            }
        }
        assert_eq!(seen.len(), 2, "pieces of {piece}");
        assert_eq!(
            (seen[0].0.id, &*seen[0].1, &*seen[0].2),
            (7, &b"{}"[..], &b"tea"[..])
        );
        assert_eq!(
            (seen[1].0.id, seen[1].0.wanted(), seen[1].2.len()),
            (9, (64, 3), 16)
        );
    }
}

#[test]
fn a_frame_crosses_with_its_event() {
    let header = EventHeader {
        kind: 3,
        shard: 1,
        flags: 4,
        sequence: 5,
        guild_id: 6,
        channel_id: 7,
        user_id: 8,
        message_id: 9,
        received_at_ms: 10,
        content: Bytes::of(b"tea?"),
        user_name: Bytes::of(b"ann"),
    };
    let frame = Frame {
        kind: 3,
        token: 11,
        id: 12,
        header: (&raw const header).cast(),
        header_bytes: size_of::<EventHeader>() as u16,
        head: Bytes::of(b"{}"),
        body: Bytes::of(b"body"),
        ..<Frame as plugin_api::abi::Record>::EMPTY
    };
    let mut sent = Vec::new();
    // SAFETY: all that it points at lives here.
    unsafe { put_frame(&mut sent, &frame) };
    end_batch(&mut sent, 0);
    let mut incoming = Incoming::default();
    incoming.fill(&mut &*sent).unwrap();
    let came = incoming.next().unwrap().unwrap();
    assert!(came.record.flag);
    assert_eq!(
        (came.record.token, came.record.id, came.head, came.body),
        (11, 12, &b"{}"[..], &b"body"[..])
    );
    let header = event_header(came.event).unwrap();
    assert_eq!(
        (
            header.kind,
            header.shard,
            header.flags,
            header.sequence,
            header.guild_id,
            header.channel_id
        ),
        (3, 1, 4, 5, 6, 7)
    );
    assert_eq!(
        (header.user_id, header.message_id, header.received_at_ms),
        (8, 9, 10)
    );
    // SAFETY: the texts point into what has come, which lives.
    let texts = unsafe { (header.content.get(), header.user_name.get()) };
    assert_eq!(texts, (&b"tea?"[..], &b"ann"[..]));
}

#[test]
fn what_is_no_record_or_too_large_for_one_breaks_and_never_panics() {
    let read = |bytes: &[u8]| {
        let mut incoming = Incoming::default();
        let mut rest = bytes;
        while !rest.is_empty() {
            incoming.fill(&mut rest).unwrap();
        }
        incoming.next().map(|it| it.is_some())
    };
    assert_eq!(read(&[0; HEAD]), Err(Broken));
    assert_eq!(read(&[0xFF; HEAD]), Err(Broken));
    let mut large = Vec::new();
    Record::bare(Tag::Message).put(&mut large, b"", b"");
    large[HEAD - 4..].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(read(&large), Err(Broken));
    for length in 0..HEAD {
        assert_eq!(read(&large[..length]), Ok(false));
    }
    for byte in 0..=u8::MAX {
        let _ = event_header(&[byte; EVENT + 3]);
    }
    assert!(event_header(&[]).is_none());
}
