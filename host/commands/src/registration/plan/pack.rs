//! Stable first-fit packing: what was in a box stays there, the rest goes where it fits first.

/// Commands in a group, and groups in a command: Discord's limit.
pub(super) const SLOTS: usize = 25;

/// Something to put into a box.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) size: usize,
    /// The box that it was in.
    pub(super) was_in: Option<String>,
}

/// A box.
#[derive(Debug, Default)]
pub(super) struct Packed {
    /// Its name, if it was there before.
    pub(super) key: Option<String>,
    /// What is in it, by place in the list.
    pub(super) items: Vec<usize>,
    size: usize,
}

impl Packed {
    fn fits(&self, item: &Item, room: usize) -> bool {
        self.items.len() < SLOTS && self.size + item.size <= room
    }

    fn put(&mut self, index: usize, item: &Item) {
        self.items.push(index);
        self.size += item.size;
    }
}

/// Puts each item into a box with `room`. An item that is larger than that has a box of its own.
pub(super) fn pack(items: &[Item], room: usize) -> Vec<Packed> {
    let mut boxes: Vec<Packed> = Vec::new();
    let mut rest = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let Some(key) = &item.was_in else {
            rest.push(index);
            continue;
        };
        let known = boxes
            .iter()
            .position(|known| known.key.as_ref() == Some(key));
        let at = known.unwrap_or_else(|| {
            boxes.push(Packed {
                key: Some(key.clone()),
                ..Packed::default()
            });
            boxes.len() - 1
        });
        if boxes[at].fits(item, room) {
            boxes[at].put(index, item);
        } else {
            rest.push(index);
        }
    }
    // `shop`, `shop-2`, `shop-10`.
    boxes.sort_by(|a, b| {
        let length = |packed: &Packed| packed.key.as_ref().map_or(0, String::len);
        (length(a), &a.key).cmp(&(length(b), &b.key))
    });
    for index in rest {
        let item = &items[index];
        let at = boxes.iter().position(|known| known.fits(item, room));
        match at {
            Some(at) => boxes[at].put(index, item),
            None => {
                let mut new = Packed::default();
                new.put(index, item);
                boxes.push(new);
            }
        }
    }
    boxes.retain(|packed| !packed.items.is_empty());
    boxes
}

/// `base`, or `base-2` and so on: the first that nobody has.
pub(super) fn free_name(base: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let short = |base: &str, length: usize| base.chars().take(length).collect::<String>();
    let first = short(base, 32);
    if !is_taken(&first) {
        return first;
    }
    let mut number = 2_u64;
    loop {
        let suffix = format!("-{number}");
        let name = format!("{}{suffix}", short(base, 32 - suffix.len()));
        if !is_taken(&name) {
            return name;
        }
        number += 1;
    }
}
