//! Objects of a server by id: one sorted index, and one block of bytes behind it.
//!
//! A map with an allocation for each takes more than what it keeps. A change copies the block, unless the object is as long as before:
//! 250 roles are 20 kB. Many are changed at once, by one copy.

use super::packed::{Object, Packer};

/// Packed objects by id.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// By id.
    index: Box<[Entry]>,
    bytes: Box<[u8]>,
}

/// Where the bytes of an object are.
#[derive(Debug, Clone, Copy)]
struct Entry {
    id: u64,
    start: u32,
    end: u32,
}

/// A packed object, and eight bits about it.
#[derive(Debug, Clone)]
pub(super) struct Item(Box<[u8]>);

/// The same where it is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct ItemRef<'a> {
    pub(super) flags: u8,
    pub(super) object: Object<'a>,
}

/// A shelf that is being filled, in any order.
#[derive(Debug, Default)]
pub(super) struct Filling {
    index: Vec<Entry>,
    bytes: Vec<u8>,
}

impl Item {
    pub(super) fn new(flags: u8, packer: &Packer, first: &[u8]) -> Self {
        let mut bytes = vec![flags];
        packer.write(first, &mut bytes);
        Self(bytes.into())
    }

    pub(super) fn view(&self) -> ItemRef<'_> {
        ItemRef::of(&self.0)
    }
}

impl<'a> ItemRef<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        let (flags, object) = bytes.split_first().unwrap_or((&0, &[]));
        Self {
            flags: *flags,
            object: Object::new(object),
        }
    }
}

impl ItemRef<'_> {
    pub(super) fn to_item(self) -> Item {
        let mut bytes = vec![self.flags];
        bytes.extend_from_slice(self.object.bytes());
        Item(bytes.into())
    }
}

impl Filling {
    /// One more; of those with one id, the last counts.
    pub(super) fn push(&mut self, id: u64, flags: u8, packer: &Packer, first: &[u8]) {
        let start = self.bytes.len();
        self.bytes.push(flags);
        packer.write(first, &mut self.bytes);
        self.note(id, start);
    }

    pub(super) fn push_item(&mut self, id: u64, item: &Item) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&item.0);
        self.note(id, start);
    }

    /// All of another.
    pub(super) fn append(&mut self, other: &Self) {
        for entry in &other.index {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(&other.bytes[entry.range()]);
            self.note(entry.id, start);
        }
    }

    pub(super) fn clear(&mut self) {
        self.index.clear();
        self.bytes.clear();
    }

    pub(super) fn finish(&mut self) -> Shelf {
        // Stable: the last one with an id is the last one of its run.
        self.index.sort_by_key(|entry| entry.id);
        let lasts = self.index.chunk_by(|one, next| one.id == next.id);
        let lasts: Vec<Entry> = lasts.filter_map(|run| run.last().copied()).collect();
        let shelf = if lasts.len() == self.index.len() {
            Shelf {
                index: lasts.into(),
                bytes: self.bytes.as_slice().into(),
            }
        } else {
            Shelf::of(&lasts, &self.bytes)
        };
        self.clear();
        shelf
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = u64> {
        self.index.iter().map(|entry| entry.id)
    }

    fn note(&mut self, id: u64, start: usize) {
        self.index.push(Entry::new(id, start, self.bytes.len()));
    }
}

impl Entry {
    fn new(id: u64, start: usize, end: usize) -> Self {
        let short = |at| u32::try_from(at).expect("an event is shorter than 4 GiB");
        Self {
            id,
            start: short(start),
            end: short(end),
        }
    }

    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl Shelf {
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = u64> {
        self.index.iter().map(|entry| entry.id)
    }

    pub(super) fn get(&self, id: u64) -> Option<ItemRef<'_>> {
        let at = self.find(id).ok()?;
        Some(self.item(self.index[at]))
    }

    /// All, by id.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, ItemRef<'_>)> {
        self.index.iter().map(|entry| (entry.id, self.item(*entry)))
    }

    pub(super) fn put(&mut self, id: u64, item: &Item) {
        let at = match self.find(id) {
            Ok(at) if self.index[at].range().len() == item.0.len() => {
                self.bytes[self.index[at].range()].copy_from_slice(&item.0);
                return;
            }
            Ok(at) | Err(at) => at,
        };
        let is_other = |entry: &&Entry| entry.id != id;
        let mut index: Vec<Entry> = Vec::with_capacity(self.index.len() + 1);
        index.extend(self.index.iter().filter(is_other));
        let kept: usize = index.iter().map(|entry| entry.range().len()).sum();
        let mut bytes = Vec::with_capacity(kept + item.0.len());
        for entry in &mut index {
            let start = bytes.len();
            bytes.extend_from_slice(&self.bytes[entry.range()]);
            *entry = Entry::new(entry.id, start, bytes.len());
        }
        let start = bytes.len();
        bytes.extend_from_slice(&item.0);
        index.insert(at, Entry::new(id, start, bytes.len()));
        (self.index, self.bytes) = (index.into(), bytes.into());
    }

    /// All of a filling, in place of those with their ids.
    pub(super) fn put_all(&mut self, more: &Filling) {
        let mut all = Filling {
            index: self.index.to_vec(),
            bytes: self.bytes.to_vec(),
        };
        all.append(more);
        *self = all.finish();
    }

    /// Whether it was there.
    pub(super) fn remove(&mut self, id: u64) -> bool {
        let is_there = self.find(id).is_ok();
        if is_there {
            self.retain(|it, _| it != id);
        }
        is_there
    }

    /// Removes those that do not stay.
    pub(super) fn retain(&mut self, mut stays: impl FnMut(u64, ItemRef<'_>) -> bool) {
        let all = self.index.iter().copied();
        let left: Vec<Entry> = all
            .filter(|entry| stays(entry.id, self.item(*entry)))
            .collect();
        if left.len() < self.index.len() {
            *self = Self::of(&left, &self.bytes);
        }
    }

    /// Clears some of the flags, of those that have all of `of`.
    pub(super) fn clear_flags(&mut self, flags: u8, of: u8) {
        for entry in &self.index {
            let its = &mut self.bytes[entry.start as usize];
            if *its & of == of {
                *its &= !flags;
            }
        }
    }

    fn of(entries: &[Entry], bytes: &[u8]) -> Self {
        let length = entries.iter().map(|entry| entry.range().len()).sum();
        let mut own = Vec::with_capacity(length);
        let index = entries.iter().map(|entry| {
            let start = own.len();
            own.extend_from_slice(&bytes[entry.range()]);
            Entry::new(entry.id, start, own.len())
        });
        Self {
            index: index.collect(),
            bytes: own.into(),
        }
    }

    fn find(&self, id: u64) -> Result<usize, usize> {
        self.index.binary_search_by_key(&id, |entry| entry.id)
    }

    fn item(&self, entry: Entry) -> ItemRef<'_> {
        ItemRef::of(self.bytes.get(entry.range()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::cache::packed::tests::Dice;

    fn item(dice: &mut Dice) -> (Item, String) {
        let name = "x".repeat(dice.below(6) as usize);
        let json = format!(r#"{{"name":"{name}"}}"#);
        let mut packer = Packer::default();
        packer.text(&json).unwrap();
        (Item::new(dice.below(4) as u8, &packer, &[]), json)
    }

    #[test]
    fn a_shelf_keeps_what_a_map_keeps() {
        let mut dice = Dice(3);
        for _ in 0..200 {
            let (mut filling, mut model) = (Filling::default(), BTreeMap::new());
            for _ in 0..dice.below(8) {
                let (id, (item, json)) = (dice.below(6), item(&mut dice));
                filling.push_item(id, &item);
                model.insert(id, (item.view().flags, json));
            }
            let mut shelf = filling.finish();
            for _ in 0..30 {
                let id = dice.below(6);
                match dice.below(6) {
                    0 => assert_eq!(shelf.remove(id), model.remove(&id).is_some()),
                    2 => {
                        shelf.retain(|it, kept| it > id || kept.flags == 3);
                        model.retain(|it, kept| *it > id || kept.0 == 3);
                    }
                    3 => {
                        let mut more = Filling::default();
                        for _ in 0..dice.below(4) {
                            let (id, (item, json)) = (dice.below(6), item(&mut dice));
                            more.push_item(id, &item);
                            model.insert(id, (item.view().flags, json));
                        }
                        shelf.put_all(&more);
                    }
                    1 => {
                        shelf.clear_flags(1, 2);
                        let flags = model.values_mut().map(|it| &mut it.0);
                        flags.filter(|it| **it & 2 != 0).for_each(|it| *it &= !1);
                    }
                    _ => {
                        let (item, json) = item(&mut dice);
                        shelf.put(id, &item);
                        model.insert(id, (item.view().flags, json));
                    }
                }
                let all = shelf
                    .iter()
                    .map(|(id, it)| (id, (it.flags, it.object.json())));
                assert_eq!(all.collect::<BTreeMap<_, _>>(), model);
                assert!(shelf.ids().eq(model.keys().copied()));
                let found = shelf.get(id).map(|it| (it.flags, it.object.json()));
                assert_eq!(found, model.get(&id).cloned());
                assert_eq!(shelf.len(), model.len());
            }
        }
    }
}
