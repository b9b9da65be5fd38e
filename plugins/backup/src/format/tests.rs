//! Files as they are written and read, and each way in which one can be damaged.

use super::*;
use crate::testing::{id, server};

fn member(number: u64) -> Record {
    Record::Member(Member {
        id: id(number),
        name: format!("m{number}"),
        roles: vec![id(20)],
    })
}

fn written() -> (Vec<u8>, End) {
    let mut writer = Writer::default();
    let contents = server();
    let head = Head::new(contents.server.id, "Tea", 5, "first");
    writer.push(&Record::Head(head)).unwrap();
    for record in records(contents).chain((1000..1100).map(member)) {
        writer.push(&record).unwrap();
    }
    writer.finish().unwrap()
}

fn read(bytes: &[u8], piece: usize) -> Result<(End, Gathered), Damage> {
    let (mut reader, mut gathered) = (Reader::default(), Gathered::default());
    for piece in bytes.chunks(piece) {
        reader.feed(piece, |record, line| gathered.take(record, line))?;
    }
    Ok((reader.finish()?, gathered))
}

#[test]
fn what_is_written_is_read_whatever_the_pieces_are() {
    let (bytes, end) = written();
    for piece in [1, 7, 4096, bytes.len()] {
        let (found, gathered) = read(&bytes, piece).unwrap();
        assert_eq!((&found, gathered.members), (&end, 100));
        let first = usize::try_from(gathered.first_member.unwrap()).unwrap();
        assert!(bytes[first..].starts_with(b"{\"member\":{\"id\":\"1000\""));
        let (head, contents) = gathered.finish().unwrap();
        assert_eq!((head.label.as_str(), contents), ("first", server()));
    }
}

#[test]
fn a_picture_stays_in_the_file_and_its_place_is_known() {
    let mut contents = server();
    contents.emojis[0].picture = Some("data:image/png;base64,AAAA".into());
    let mut writer = Writer::default();
    writer
        .push(&Record::Head(Head::new(contents.server.id, "Tea", 5, "")))
        .unwrap();
    records(contents).for_each(|record| writer.push(&record).unwrap());
    let (bytes, _) = writer.finish().unwrap();
    let (_, read) = read(&bytes, 64).unwrap().1.finish().unwrap();
    let line = read.emojis[0].line.unwrap();
    assert_eq!(read.emojis[0].picture, None);
    let (from, to) = (line.offset as usize, (line.offset + line.length) as usize);
    let record: Record = serde_json::from_slice(&bytes[from..to]).unwrap();
    assert!(
        matches!(record, Record::Emoji(item) if item.picture.as_deref().unwrap().ends_with("AAAA"))
    );
}

/// Each byte, changed: none of it is taken for sound.
#[test]
fn any_byte_that_has_changed_is_found() {
    let (bytes, _) = written();
    for at in (0..bytes.len()).step_by(97).chain([bytes.len() - 1]) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let damage = read(&changed, 512).err();
        assert!(damage.is_some(), "byte {at} of {}", bytes.len());
    }
}

#[test]
fn damage_is_named() {
    let (bytes, _) = written();
    let text = String::from_utf8(bytes.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let joined = |lines: &[&str]| lines.join("\n") + "\n";
    let cut = joined(&lines[..lines.len() - 1]);
    let half = text[..text.len() / 2].to_owned();
    let mut swapped = lines.clone();
    swapped.swap(3, 4);
    let mut without = lines.clone();
    without.remove(9);
    let newer = text.replacen("\"version\":1", "\"version\":2", 1);
    let odd = text.replacen("{\"role\"", "{\"rule\"", 1);
    let table = [
        (cut, "cut short"),
        (half, "cut short"),
        (joined(&swapped), "checksum"),
        (joined(&without), "checksum"),
        (newer, "version 2"),
        (odd, "Line 3 can't be read"),
        (text.clone() + "more", "behind its last record"),
        (text + "{}\n", "behind its last record"),
        (String::new(), "no snapshot"),
        ("hello\n".into(), "no snapshot"),
        ("{\"head\":{\"format\":\"other\"}}\n".into(), "no snapshot"),
    ];
    for (text, expected) in table {
        let damage = read(text.as_bytes(), 1000).unwrap_err().to_string();
        assert!(damage.contains(expected), "{damage}");
    }
}

#[test]
fn records_that_do_not_fit_together_are_refused() {
    let gather = |change: &dyn Fn(&mut Contents)| {
        let mut contents = server();
        let head = Head::new(contents.server.id, "Tea", 5, "");
        change(&mut contents);
        let mut gathered = Gathered::default();
        let line = Line {
            offset: 0,
            length: 1,
        };
        gathered.take(Record::Head(head), line);
        records(contents).for_each(|record| gathered.take(record, line));
        gathered.finish().map(drop).unwrap_err().to_string()
    };
    assert!(gather(&|it| it.roles[1].id = it.roles[2].id).contains("twice"));
    assert!(gather(&|it| it.channels[0].fields.clear()).contains("no name"));
    assert!(gather(&|it| it.channels.retain(|it| it.sort != 4)).contains("category"));
    assert!(gather(&|it| it.roles.clear()).contains("everybody"));
    let mut gathered = Gathered::default();
    let head = Head::new(id(1), "Tea", 5, "");
    let line = Line {
        offset: 0,
        length: 1,
    };
    let of_server = std::iter::once(Record::Head(head)).chain(records(server()));
    let all = of_server.chain([member(7), member(6)]);
    all.for_each(|record| gathered.take(record, line));
    let damage = gathered.finish().unwrap_err().to_string();
    assert!(damage.contains("order of their ids"), "{damage}");
}
