//! ELF files: the structure of a shared library, held against the length of its file, and the names of its functions.
//!
//! `dlopen` maps what the program headers promise without looking whether it is there; touching what is not ends the process
//! with SIGBUS. So every range is checked here first.

use object::{
    Endianness, Object, ObjectSymbol, SymbolKind, elf,
    read::elf::{Dyn, ElfFile64, FileHeader, ProgramHeader, SectionHeader, Sym},
};
use plugin_api::abi::SECTION;

use crate::platform::{FileFault, LibraryFile};

/// What the file of a shared library begins with.
pub const MAGIC: &[u8] = b"\x7fELF";

#[cfg(target_pointer_width = "64")]
type Header = elf::FileHeader64<Endianness>;
#[cfg(not(target_pointer_width = "64"))]
type Header = elf::FileHeader32<Endianness>;

type Segment = <Header as FileHeader>::ProgramHeader;

/// The symbol by which a library exports its abi_stable root module.
pub const ENTRY: &str = abi_stable::library::ROOT_MODULE_LOADER_NAME;

/// Reads `bytes`, which start like an ELF file.
///
/// # Errors
///
/// The first thing that is wrong with them.
pub fn read(bytes: &[u8]) -> Result<LibraryFile<'_>, FileFault> {
    let file = ElfFile { bytes };
    let header = file.header()?;
    let endian = file.or_damaged(header.endian())?;
    file.check_kind(header.e_type(endian))?;
    let segments = file.segments(header, endian)?;
    file.check_sections(header, endian)?;

    let sections = file.or_damaged(header.sections(endian, bytes))?;
    let note = match sections.section_by_name(endian, SECTION.as_bytes()) {
        Some((_, section)) => Some(file.or_damaged(section.data(endian, bytes))?),
        None => None,
    };
    let flags = file.dynamic_flags(segments, endian)?;
    let dynamic = file.or_damaged(sections.dynamic_table(endian, bytes))?;
    let strings = |tag| {
        let names = dynamic
            .iter()
            .filter(move |entry| entry.tag == tag)
            .map(|entry| dynamic.string(entry));
        names.map(|name| {
            file.or_damaged(name)
                .map(|name| String::from_utf8_lossy(name).into_owned())
        })
    };
    let needed = strings(elf::DT_NEEDED).collect::<Result<Vec<_>, _>>()?;
    // libc.so.6 can be run, too, but has a library's name.
    let is_named = strings(elf::DT_SONAME).next().is_some();
    let is_run = segments
        .iter()
        .any(|segment| segment.p_type(endian) == elf::PT_INTERP)
        && !is_named;
    if is_run || flags.contains(elf::DF_1_PIE) {
        return Err(FileFault::Program);
    }

    let symbols = file.or_damaged(sections.symbols(endian, bytes, elf::SHT_DYNSYM))?;
    let mut library = LibraryFile {
        note,
        has_entry: false,
        no_delete: flags.contains(elf::DF_1_NODELETE),
        needed,
        gnu_unique: 0,
    };
    for symbol in symbols.iter().filter(|symbol| !symbol.is_undefined(endian)) {
        let name = file.or_damaged(symbol.name(endian, symbols.strings()))?;
        library.has_entry |= name == ENTRY.as_bytes();
        library.gnu_unique += usize::from(symbol.st_bind() == elf::STB_GNU_UNIQUE);
    }
    Ok(library)
}

/// The functions that a library defines, by address; empty when it was stripped of its symbols.
pub fn functions(bytes: &[u8]) -> Vec<(u64, &str)> {
    let Ok(elf) = ElfFile64::<Endianness>::parse(bytes) else {
        return Vec::new();
    };
    let mut functions: Vec<(u64, &str)> = elf
        .symbols()
        .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.address() != 0)
        .filter_map(|symbol| Some((symbol.address(), symbol.name().ok()?)))
        .collect();
    functions.sort_unstable();
    functions
}

#[derive(Clone, Copy)]
struct ElfFile<'d> {
    bytes: &'d [u8],
}

impl<'d> ElfFile<'d> {
    /// The file header, after a look at what machine it is for: another machine's header has another shape.
    fn header(&self) -> Result<&'d Header, FileFault> {
        self.within("the file header", 0, 20)?;
        let found = Machine {
            class: self.bytes[4],
            order: self.bytes[5],
            number: [self.bytes[18], self.bytes[19]],
        };
        let host = Machine::host();
        if !found.is_like(&host) {
            return Err(FileFault::OtherMachine {
                found: found.name(),
                host: host.name(),
            });
        }
        self.within("the file header", 0, size_of::<Header>() as u64)?;
        self.or_damaged(Header::parse(self.bytes))
    }

    fn check_kind(&self, kind: elf::FileType) -> Result<(), FileFault> {
        match kind {
            elf::ET_DYN => Ok(()),
            elf::ET_REL => Err(FileFault::ObjectFile),
            elf::ET_EXEC => Err(FileFault::Program),
            elf::ET_CORE => Err(FileFault::CoreDump),
            kind => Err(FileFault::UnknownKind(kind.0)),
        }
    }

    fn segments(&self, header: &'d Header, endian: Endianness) -> Result<&'d [Segment], FileFault> {
        let count = self.or_damaged(header.phnum(endian, self.bytes))?;
        let size = u64::from(count) * size_of::<Segment>() as u64;
        self.within("the table of segments", wide(header.e_phoff(endian)), size)?;
        let segments = self.or_damaged(header.program_headers(endian, self.bytes))?;
        for (number, segment) in segments.iter().enumerate() {
            let (offset, size) = segment.file_range(endian);
            self.within(&format!("segment {number}"), offset, size)?;
            let address = wide(segment.p_vaddr(endian));
            let memory = wide(segment.p_memsz(endian));
            let align = wide(segment.p_align(endian));
            let is_aligned =
                align <= 1 || align.is_power_of_two() && address % align == offset % align;
            let is_sound = size <= memory && address.checked_add(memory).is_some() && is_aligned;
            if segment.p_type(endian) == elf::PT_LOAD && !is_sound {
                return Err(self.damaged(format!("segment {number} contradicts itself")));
            }
        }
        if !segments
            .iter()
            .any(|segment| segment.p_type(endian) == elf::PT_LOAD)
        {
            return Err(self.damaged("it has nothing to load"));
        }
        Ok(segments)
    }

    fn check_sections(&self, header: &Header, endian: Endianness) -> Result<(), FileFault> {
        let start = wide(header.e_shoff(endian));
        if start == 0 {
            return Err(FileFault::NoSections);
        }
        // The first header holds the count when that is large, so it is looked at first.
        let size = size_of::<<Header as FileHeader>::SectionHeader>() as u64;
        self.within("the table of sections", start, size)?;
        let count = self.or_damaged(header.shnum(endian, self.bytes))?;
        self.within("the table of sections", start, u64::from(count) * size)?;
        let sections = self.or_damaged(header.section_headers(endian, self.bytes))?;
        if sections.is_empty() {
            return Err(FileFault::NoSections);
        }
        for (number, section) in sections.iter().enumerate() {
            if let Some((offset, size)) = section
                .file_range(endian)
                .filter(|_| section.sh_type(endian) != elf::SHT_NULL)
            {
                self.within(&format!("section {number}"), offset, size)?;
            }
        }
        Ok(())
    }

    /// `DT_FLAGS_1` as the dynamic loader sees it: by the segment, not by the section.
    fn dynamic_flags(
        &self,
        segments: &[Segment],
        endian: Endianness,
    ) -> Result<elf::DynamicFlags1, FileFault> {
        let Some(segment) = segments
            .iter()
            .find(|segment| segment.p_type(endian) == elf::PT_DYNAMIC)
        else {
            return Err(self.damaged("it has no dynamic section"));
        };
        let entries = self
            .or_damaged(segment.dynamic(endian, self.bytes))?
            .unwrap_or_default();
        let entries = entries
            .iter()
            .take_while(|entry| entry.tag(endian) != elf::DT_NULL);
        let flags = entries
            .filter(|entry| entry.tag(endian) == elf::DT_FLAGS_1)
            .map(|entry| entry.val(endian));
        Ok(elf::DynamicFlags1(flags.fold(0, |all, flags| all | flags)))
    }

    /// Whether `size` bytes at `offset` lie in the file.
    fn within(&self, what: &str, offset: u64, size: u64) -> Result<(), FileFault> {
        let have = self.bytes.len() as u64;
        match offset.checked_add(size) {
            Some(end) if end <= have => Ok(()),
            Some(needs) => Err(FileFault::Truncated {
                what: what.to_owned(),
                needs,
                size: have,
            }),
            None => Err(self.damaged(format!("{what} lies nowhere"))),
        }
    }

    fn or_damaged<T>(&self, result: object::Result<T>) -> Result<T, FileFault> {
        result.map_err(|error| self.damaged(error.to_string()))
    }

    fn damaged(&self, what: impl Into<String>) -> FileFault {
        FileFault::Damaged(what.into())
    }
}

/// A number of the file's word size, which may be less.
fn wide(word: impl Into<u64>) -> u64 {
    word.into()
}

/// Word size, byte order and processor, as the first 20 bytes tell them.
struct Machine {
    class: u8,
    order: u8,
    number: [u8; 2],
}

impl Machine {
    fn host() -> Self {
        let class = if cfg!(target_pointer_width = "64") {
            elf::ELFCLASS64
        } else {
            elf::ELFCLASS32
        };
        let order = if cfg!(target_endian = "little") {
            elf::ELFDATA2LSB
        } else {
            elf::ELFDATA2MSB
        };
        Self {
            class: class.0,
            order: order.0,
            number: host_machine().0.to_ne_bytes(),
        }
    }

    fn is_like(&self, host: &Self) -> bool {
        let is_known = host.number != elf::EM_NONE.0.to_ne_bytes();
        (self.class, self.order) == (host.class, host.order)
            && (!is_known || self.number == host.number)
    }

    /// Such as "aarch64 (64-bit, little-endian)".
    fn name(&self) -> String {
        let bits = match elf::FileClass(self.class) {
            elf::ELFCLASS32 => "32-bit",
            elf::ELFCLASS64 => "64-bit",
            _ => "unknown word size",
        };
        let (order, number) = match elf::DataEncoding(self.order) {
            elf::ELFDATA2LSB => ("little-endian", u16::from_le_bytes(self.number)),
            elf::ELFDATA2MSB => ("big-endian", u16::from_be_bytes(self.number)),
            _ => ("unknown byte order", u16::from_ne_bytes(self.number)),
        };
        let name = match elf::Machine(number) {
            elf::EM_X86_64 => "x86_64",
            elf::EM_386 => "x86 (i686)",
            elf::EM_AARCH64 => "aarch64",
            elf::EM_ARM => "arm",
            elf::EM_RISCV => "riscv",
            elf::EM_PPC64 => "powerpc64",
            elf::EM_PPC => "powerpc",
            elf::EM_S390 => "s390x",
            elf::EM_MIPS => "mips",
            elf::EM_LOONGARCH => "loongarch64",
            elf::EM_SPARCV9 => "sparc64",
            elf::EM_BPF => "bpf",
            _ => return format!("machine {number} ({bits}, {order})"),
        };
        format!("{name} ({bits}, {order})")
    }
}

/// The host's processor; `EM_NONE` for one that this table does not have, where the check is left to the dynamic loader.
#[must_use]
pub fn host_machine() -> elf::Machine {
    match std::env::consts::ARCH {
        "x86_64" => elf::EM_X86_64,
        "x86" => elf::EM_386,
        "aarch64" => elf::EM_AARCH64,
        "arm" => elf::EM_ARM,
        "riscv32" | "riscv64" => elf::EM_RISCV,
        "powerpc64" => elf::EM_PPC64,
        "powerpc" => elf::EM_PPC,
        "s390x" => elf::EM_S390,
        "mips" | "mips64" => elf::EM_MIPS,
        "loongarch64" => elf::EM_LOONGARCH,
        "sparc64" => elf::EM_SPARCV9,
        _ => elf::EM_NONE,
    }
}
