//! Builder of small plugin files: everything that the check looks at, and nothing that could run.

use object::elf;
use plugin_api::abi::{PluginNote, SECTION};

use crate::platform::library_files::{ENTRY, host_machine};

/// A file to be. [`Fixture::plugin`] is a good one; each field makes it worse.
#[derive(Debug, Clone)]
pub(crate) struct Fixture {
    pub note: Option<PluginNote>,
    /// What a later version has behind the note.
    pub later: Vec<u8>,
    pub has_entry: bool,
    pub gnu_unique: usize,
    pub needed: Vec<&'static str>,
    pub soname: Option<&'static str>,
    pub flags_1: u64,
    pub kind: elf::FileType,
    pub has_interpreter: bool,
    /// Anything, to tell two builds apart.
    pub code: Vec<u8>,
}

impl Fixture {
    pub fn plugin(name: &str) -> Self {
        Self {
            note: Some(PluginNote::new(name, "1.2.3", true)),
            later: Vec::new(),
            has_entry: true,
            gnu_unique: 0,
            needed: vec!["libc.so.6"],
            soname: None,
            flags_1: 0,
            kind: elf::ET_DYN,
            has_interpreter: false,
            code: b"ret".to_vec(),
        }
    }

    /// The good plugin `name` with `code` in it.
    pub fn build(name: &str, code: &str) -> Vec<u8> {
        Self {
            code: code.into(),
            ..Self::plugin(name)
        }
        .bytes()
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut strings = Strings::default();
        let mut dynamic = Vec::new();
        let mut entry =
            |tag: elf::DynamicTag, value: u64| put(&mut dynamic, &[tag.0.cast_unsigned(), value]);
        for name in &self.needed {
            entry(elf::DT_NEEDED, strings.add(name).into());
        }
        if let Some(name) = self.soname {
            entry(elf::DT_SONAME, strings.add(name).into());
        }
        entry(elf::DT_FLAGS_1, self.flags_1);
        entry(elf::DT_NULL, 0);

        let mut symbols = vec![0; 24];
        let mut symbol = |name: u32, bind: u8, section: u16| {
            symbols.extend(name.to_ne_bytes());
            symbols.extend([bind << 4 | elf::STT_OBJECT.0, 0]);
            symbols.extend(section.to_ne_bytes());
            put(&mut symbols, &[0x1000, 8]);
        };
        symbol(strings.add("malloc"), elf::STB_GLOBAL.0, 0);
        if self.has_entry {
            symbol(strings.add(ENTRY), elf::STB_GLOBAL.0, 1);
        }
        for _ in 0..self.gnu_unique {
            symbol(strings.add("unique"), elf::STB_GNU_UNIQUE.0, 1);
        }

        let mut file = File::new(if self.has_interpreter { 3 } else { 2 });
        file.section(".dynstr", elf::SHT_STRTAB, 0, 0, &strings.0);
        file.section(".dynsym", elf::SHT_DYNSYM, 1, 24, &symbols);
        let dynamic_range = file.section(".dynamic", elf::SHT_DYNAMIC, 1, 16, &dynamic);
        file.section(".text", elf::SHT_PROGBITS, 0, 0, &self.code);
        if let Some(note) = &self.note {
            let mut note = *note;
            note.size += self.later.len() as u32;
            let bytes = [note_bytes(&note), self.later.clone()].concat();
            file.section(SECTION, elf::SHT_PROGBITS, 0, 0, &bytes);
        }
        let loaded = file.bytes.len() as u64;
        file.segment(elf::PT_LOAD, (0, loaded));
        file.segment(elf::PT_DYNAMIC, dynamic_range);
        if self.has_interpreter {
            file.segment(elf::PT_INTERP, dynamic_range);
        }
        file.finish(self.kind)
    }
}

/// The bytes of `note`, as they lie in its section.
pub(crate) fn note_bytes(note: &PluginNote) -> Vec<u8> {
    let mut bytes = note.magic.to_vec();
    bytes.extend(note.size.to_ne_bytes());
    bytes.extend(note.abi_major.to_ne_bytes());
    bytes.extend(note.abi_minor.to_ne_bytes());
    bytes.push(note.panic_unwind);
    let texts: [&[u8]; 7] = [
        &note.reserved,
        &note.api_version,
        &note.abi_stable,
        &note.rustc,
        &note.target,
        &note.name,
        &note.version,
    ];
    bytes.extend(texts.concat());
    // What a later version has behind them.
    bytes.resize(size_of::<PluginNote>(), 0);
    bytes
}

/// A string table.
struct Strings(Vec<u8>);

impl Default for Strings {
    fn default() -> Self {
        Self(vec![0])
    }
}

impl Strings {
    fn add(&mut self, text: &str) -> u32 {
        let at = self.0.len() as u32;
        self.0.extend(text.as_bytes());
        self.0.push(0);
        at
    }
}

struct File {
    bytes: Vec<u8>,
    segments: Vec<u8>,
    sections: Vec<u8>,
    names: Strings,
}

impl File {
    fn new(segments: usize) -> Self {
        Self {
            bytes: vec![0; 64 + segments * 56],
            segments: Vec::new(),
            sections: vec![0; 64],
            names: Strings::default(),
        }
    }

    fn segment(&mut self, kind: elf::ProgramType, (offset, size): (u64, u64)) {
        self.segments.extend(kind.0.to_ne_bytes());
        self.segments.extend(4_u32.to_ne_bytes());
        put(&mut self.segments, &[offset, offset, offset, size, size, 8]);
    }

    /// Appends a section and gives its place: offset and size.
    fn section(
        &mut self,
        name: &str,
        kind: elf::SectionType,
        link: u32,
        entry_size: u64,
        content: &[u8],
    ) -> (u64, u64) {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let (offset, size) = (self.bytes.len() as u64, content.len() as u64);
        self.bytes.extend(content);
        self.sections.extend(self.names.add(name).to_ne_bytes());
        self.sections.extend(kind.0.to_ne_bytes());
        put(&mut self.sections, &[0, offset, offset, size]);
        self.sections.extend(link.to_ne_bytes());
        self.sections.extend(1_u32.to_ne_bytes());
        put(&mut self.sections, &[8, entry_size]);
        (offset, size)
    }

    fn finish(mut self, kind: elf::FileType) -> Vec<u8> {
        self.names.add(".shstrtab");
        let names = self.names.0.clone();
        self.names.0.truncate(names.len() - ".shstrtab\0".len());
        self.section(".shstrtab", elf::SHT_STRTAB, 0, 0, &names);
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let table = self.bytes.len() as u64;
        let sections = (self.sections.len() / 64) as u16;
        self.bytes.extend(&self.sections);

        let order = if cfg!(target_endian = "little") {
            elf::ELFDATA2LSB
        } else {
            elf::ELFDATA2MSB
        };
        let mut header = vec![
            0x7f,
            b'E',
            b'L',
            b'F',
            elf::ELFCLASS64.0,
            order.0,
            1,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
        ];
        header.extend(kind.0.to_ne_bytes());
        header.extend(host_machine().0.to_ne_bytes());
        header.extend(1_u32.to_ne_bytes());
        put(&mut header, &[0, 64, table]);
        header.extend(0_u32.to_ne_bytes());
        for half in [
            64,
            56,
            (self.segments.len() / 56) as u16,
            64,
            sections,
            sections - 1,
        ] {
            header.extend(half.to_ne_bytes());
        }
        self.bytes[..64].copy_from_slice(&header);
        self.bytes[64..64 + self.segments.len()].copy_from_slice(&self.segments);
        self.bytes
    }
}

fn put(bytes: &mut Vec<u8>, words: &[u64]) {
    bytes.extend(words.iter().flat_map(|word| word.to_ne_bytes()));
}
