//! Stack of a thread that has crashed, unwound by the process after it: from registers and stack, by the unwind tables of the
//! libraries that were mapped.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use object::{
    Endianness, Object, ObjectSection,
    read::{ReadCache, elf::ElfFile64},
};

/// Most frames: a stack that has overflowed has the same ones over and over.
const FRAMES: usize = 64;

/// What a thread had in its registers, and from `sp` upwards on its stack.
#[derive(Debug)]
pub struct SavedStack {
    pub pc: u64,
    pub sp: u64,
    pub fp: u64,
    /// On processors that have such a register.
    #[cfg_attr(
        not(target_arch = "aarch64"),
        allow(dead_code, reason = "it is on the stack there")
    )]
    pub lr: u64,
    pub words: Vec<u64>,
}

/// A library that was mapped.
#[derive(Debug, Clone)]
pub struct Mapped {
    pub low: u64,
    pub high: u64,
    pub base: u64,
    pub path: PathBuf,
}

impl SavedStack {
    fn word(&self, at: u64) -> Result<u64, ()> {
        let index = at.checked_sub(self.sp).ok_or(())? / 8;
        let word = usize::try_from(index)
            .ok()
            .and_then(|index| self.words.get(index));
        word.copied().ok_or(())
    }

    /// Addresses in the functions that were running, innermost first. Where nothing is known of how to go on it ends.
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    pub fn addresses(&self, libraries: &[Mapped]) -> Vec<u64> {
        use framehop::{CacheNative, MayAllocateDuringUnwind, Unwinder, UnwinderNative};
        let mut unwinder = UnwinderNative::<Vec<u8>, MayAllocateDuringUnwind>::new();
        let is_there = |it: &&Mapped| {
            let holds = |address: &u64| (it.low..it.high).contains(address);
            holds(&self.pc) || self.words.iter().any(holds)
        };
        for library in libraries.iter().filter(is_there) {
            if let Some(module) = module(library) {
                unwinder.add_module(module);
            }
        }
        let mut cache = CacheNative::<MayAllocateDuringUnwind>::new();
        let mut read = |at| self.word(at);
        let known = |address: u64| {
            libraries
                .iter()
                .any(|it| (it.low..it.high).contains(&address))
        };
        let mut addresses = Vec::new();
        let mut from = (self.pc, self.sp);
        // Whoever jumps to where no code is has left its return address on top of the stack.
        if !known(self.pc)
            && let Ok(caller) = self.word(self.sp)
            && known(caller)
        {
            addresses.push(self.pc);
            from = (caller, self.sp + 8);
        }
        let registers = self.registers(from.0, from.1);
        let mut frames = unwinder.iter_frames(from.0, registers, &mut cache, &mut read);
        while addresses.len() < FRAMES
            && let Ok(Some(frame)) = frames.next()
        {
            addresses.push(frame.address_for_lookup());
        }
        addresses
    }

    /// Where it stood, and no more.
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    pub fn addresses(&self, _: &[Mapped]) -> Vec<u64> {
        vec![self.pc]
    }

    #[cfg(target_arch = "x86_64")]
    fn registers(&self, pc: u64, sp: u64) -> framehop::UnwindRegsNative {
        framehop::UnwindRegsNative::new(pc, sp, self.fp)
    }

    #[cfg(target_arch = "aarch64")]
    fn registers(&self, _pc: u64, sp: u64) -> framehop::UnwindRegsNative {
        framehop::UnwindRegsNative::new(self.lr, sp, self.fp)
    }
}

/// The unwind tables of a library, from its file; `None` where there is none, as of what the kernel maps.
fn module(library: &Mapped) -> Option<framehop::Module<Vec<u8>>> {
    let mut info = framehop::ExplicitModuleSectionInfo::default();
    tables(&library.path, &mut info)?;
    Some(framehop::Module::new(
        library.path.display().to_string(),
        library.low..library.high,
        library.base,
        info,
    ))
}

fn tables(path: &Path, info: &mut framehop::ExplicitModuleSectionInfo<Vec<u8>>) -> Option<()> {
    // Of a file of some hundred megabytes a few are looked at.
    let cache = ReadCache::new(File::open(path).ok()?);
    let file = ElfFile64::<Endianness, _>::parse(&cache).ok()?;
    let range = |name: &str| {
        let section = file.section_by_name(name)?;
        Some(section.address()..section.address() + section.size())
    };
    let data = |name: &str| Some(file.section_by_name(name)?.data().ok()?.to_vec());
    info.text_svma = range(".text");
    info.eh_frame_svma = range(".eh_frame");
    info.eh_frame = data(".eh_frame");
    info.eh_frame_hdr_svma = range(".eh_frame_hdr");
    info.eh_frame_hdr = data(".eh_frame_hdr");
    Some(())
}
