//! Packing of a snapshot's file as gzip ([RFC 1952](https://www.rfc-editor.org/rfc/rfc1952)), piece by piece.

use std::io::{self, Write};

use flate2::{
    Compression,
    write::{GzDecoder, GzEncoder},
};
use plugin_api::prelude::*;

use crate::archive::PIECE;

/// What is read at once of a packed file, in bytes: unpacked it is 1,000 times as much at most, and that is all in memory.
const PACKED_PIECE: u64 = 16 * 1024;

/// Whether a file that begins so is packed.
pub(crate) fn is_packed(start: &[u8]) -> bool {
    start.starts_with(&[0x1f, 0x8b])
}

/// Packs a file; `None`: packed it has more than `most` bytes.
pub(crate) async fn packed(host: &Host, path: &str, most: u64) -> Result<Option<Vec<u8>>> {
    let files = host.files();
    let (mut encoder, mut offset) = (GzEncoder::new(Vec::new(), Compression::default()), 0);
    while let Some((piece, _)) = files.read_part(path, offset, PIECE).await?
        && !piece.is_empty()
    {
        offset += piece.len() as u64;
        encoder.write_all(&piece)?;
        if encoder.get_ref().len() as u64 > most {
            return Ok(None);
        }
    }
    let packed = encoder.finish()?;
    Ok((packed.len() as u64 <= most).then_some(packed))
}

/// Unpacks a file into another one, of at most `most` bytes; the inner error says what is wrong with it.
pub(crate) async fn unpack(
    host: &Host,
    path: &str,
    to: &str,
    most: u64,
) -> Result<std::result::Result<(), String>> {
    let files = host.files();
    files.remove(to).await?;
    let (mut unpacker, mut offset) = (Unpacker::new(most), 0);
    while let Some((piece, _)) = files.read_part(path, offset, PACKED_PIECE).await?
        && !piece.is_empty()
    {
        offset += piece.len() as u64;
        match unpacker.feed(&piece) {
            Ok(bytes) => files.append(to, bytes).await?,
            Err(why) => return Ok(Err(why)),
        }
    }
    match unpacker.finish() {
        Ok(bytes) => files.append(to, bytes).await?,
        Err(why) => return Ok(Err(why)),
    }
    Ok(Ok(()))
}

/// Unpacks piece by piece, up to a limit: a small file can unpack to one that fills the disk.
struct Unpacker {
    decoder: GzDecoder<Vec<u8>>,
    /// How many bytes more it may come to.
    left: u64,
}

impl Unpacker {
    fn new(most: u64) -> Self {
        Self {
            decoder: GzDecoder::new(Vec::new()),
            left: most,
        }
    }

    /// What the next piece unpacks to.
    fn feed(&mut self, piece: &[u8]) -> Result<Vec<u8>, String> {
        self.decoder
            .write_all(piece)
            .map_err(|error| in_words(&error))?;
        let bytes = std::mem::take(self.decoder.get_mut());
        self.within(bytes)
    }

    /// What is left; an error if it was cut short.
    fn finish(mut self) -> Result<Vec<u8>, String> {
        self.decoder
            .try_finish()
            .map_err(|error| in_words(&error))?;
        let bytes = std::mem::take(self.decoder.get_mut());
        self.within(bytes)
    }

    fn within(&mut self, bytes: Vec<u8>) -> Result<Vec<u8>, String> {
        let left = self.left.checked_sub(bytes.len() as u64);
        self.left = left.ok_or("Unpacked it is too large.")?;
        Ok(bytes)
    }
}

fn in_words(error: &io::Error) -> String {
    format!("It can't be unpacked: {error}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(bytes: &[u8], piece: usize, most: u64) -> Result<Vec<u8>, String> {
        let (mut unpacker, mut all) = (Unpacker::new(most), Vec::new());
        for piece in bytes.chunks(piece) {
            all.extend(unpacker.feed(piece)?);
        }
        all.extend(unpacker.finish()?);
        Ok(all)
    }

    #[test]
    fn what_was_packed_is_unpacked_whatever_the_pieces_are() {
        let text = "{\"member\":{\"id\":\"1\",\"name\":\"ann\"}}\n".repeat(500);
        let file = packed(text.as_bytes());
        assert!(is_packed(&file) && !is_packed(text.as_bytes()));
        for piece in [1, 7, 1_000_000] {
            assert_eq!(unpacked(&file, piece, 1_000_000).unwrap(), text.as_bytes());
        }
    }

    #[test]
    fn what_is_cut_changed_or_too_large_is_refused() {
        let file = packed(&[b'x'; 100_000]);
        assert!(unpacked(&file[..file.len() - 9], 100, 1_000_000).is_err());
        let mut changed = file.clone();
        let at = file.len() - 6;
        changed[at] ^= 1;
        assert!(unpacked(&changed, 100, 1_000_000).is_err());
        assert!(unpacked(&[file.clone(), vec![0; 9]].concat(), 100, 1_000_000).is_err());
        let why = unpacked(&file, 10, 99_999).unwrap_err();
        assert!(why.contains("too large"), "{why}");
    }
}
