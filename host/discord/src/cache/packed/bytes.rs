//! Numbers and lengths in packed JSON: little-endian, as few bytes as they need.

/// The number of up to eight bytes.
pub(super) fn little(bytes: &[u8]) -> Option<u64> {
    let mut whole = [0; 8];
    whole.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(u64::from_le_bytes(whole))
}

/// Writes a number: `tag` is that of one byte, those behind it stand for more.
pub(super) fn write_little(tag: u8, number: u64, into: &mut Vec<u8>) {
    let bytes = number.to_le_bytes();
    let length = (8 - number.leading_zeros() as usize / 8).max(1);
    into.push(tag + length as u8 - 1);
    into.extend_from_slice(&bytes[..length]);
}

/// Bytes behind their length.
pub(super) fn split_sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (mut length, mut at) = (0, 0);
    loop {
        let byte = *bytes.get(at)?;
        length |= usize::from(byte & 0x7f).checked_shl(7 * at as u32)?;
        at += 1;
        if byte < 0x80 {
            return bytes[at..].split_at_checked(length);
        }
    }
}

/// Writes bytes behind their length.
pub(super) fn write_sized(bytes: &[u8], into: &mut Vec<u8>) {
    let start = into.len();
    into.extend_from_slice(bytes);
    insert_length(into, start);
}

/// Puts the length of what begins at `start` in front of it.
pub(super) fn insert_length(bytes: &mut Vec<u8>, start: usize) {
    let mut length = bytes.len() - start;
    let mut prefix = [0; 10];
    let mut size = 0;
    loop {
        prefix[size] = (length & 0x7f) as u8;
        length >>= 7;
        size += 1;
        if length == 0 {
            break;
        }
        prefix[size - 1] |= 0x80;
    }
    let end = bytes.len();
    bytes.extend_from_slice(&prefix[..size]);
    bytes.copy_within(start..end, start + size);
    bytes[start..start + size].copy_from_slice(&prefix[..size]);
}
