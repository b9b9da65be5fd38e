//! Tests of the checks, on files that are made here.

use std::{env, fs};

use object::elf::{self as elf_format, DF_1_NODELETE, DF_1_PIE, ET_CORE, ET_EXEC, ET_REL};
use plugin_api::abi::API_VERSION;

use super::{
    fixture::{Fixture, note_bytes},
    *,
};

pub(super) fn look(bytes: &[u8]) -> Result<FileInfo, FileError> {
    check(bytes, Path::new("x.so"))
}

/// Checks `bytes` and compares the error.
#[track_caller]
fn refuse(bytes: &[u8], expect: &str) {
    let text = look(bytes).map(|_| ()).unwrap_err().to_string();
    assert_eq!(text, format!("x.so {expect}"));
}

/// The good plugin after a change.
pub(super) fn changed(change: impl FnOnce(&mut Fixture)) -> Vec<u8> {
    let mut fixture = Fixture::plugin("ping");
    change(&mut fixture);
    fixture.bytes()
}

/// The good plugin after a change of its note.
fn noted(change: impl FnOnce(&mut PluginNote)) -> Vec<u8> {
    changed(|fixture| change(fixture.note.as_mut().unwrap()))
}

fn patched(at: usize, with: &[u8]) -> Vec<u8> {
    let mut bytes = Fixture::plugin("ping").bytes();
    bytes[at..at + with.len()].copy_from_slice(with);
    bytes
}

const CDYLIB: &str = "set `crate-type = [\"cdylib\"]` in its Cargo.toml's [lib], build it, and take the library that cargo makes";

#[test]
fn a_good_plugin() {
    let bytes = changed(|fixture| fixture.needed = vec!["libgcc_s.so.1", "libc.so.6"]);
    let info = look(&bytes).unwrap();
    assert_eq!(
        (info.note.name.as_str(), info.note.version.as_str()),
        ("ping", "1.2.3")
    );
    assert_eq!((info.size, info.gnu_unique), (bytes.len() as u64, 0));
    assert_eq!(info.needed, ["libgcc_s.so.1", "libc.so.6"]);
    assert_eq!(info.sha256_hex(), hex(&sha256(&bytes)));
    assert_eq!(
        hex(&sha256(b"abc")),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn the_entry_keeps_its_name() {
    // Plugins that were built with an abi_stable of another name for it would be told that they are no plugins.
    assert_eq!(
        library_files::ENTRY,
        "_1as_0lib_1header_0root_bmodule_bloader"
    );
}

#[test]
fn the_plugin_may_lie_anywhere_in_memory() {
    let good = Fixture::plugin("ping").bytes();
    for shift in 0..8 {
        let mut bytes = vec![0; shift];
        bytes.extend(&good);
        look(&bytes[shift..]).unwrap();
    }
}

#[test]
fn no_library_at_all() {
    refuse(
        b"",
        "is empty: wait for the build or the copy to end, or copy it again",
    );
    let mut windows = vec![0; 128];
    windows[..2].copy_from_slice(b"MZ");
    windows[0x3c] = 64;
    windows[64..68].copy_from_slice(b"PE\0\0");
    windows[64 + 23] = 0x20;
    let formats: [(&[u8], Format); 20] = [
        (&windows, Format::WindowsLibrary),
        (b"MZ", Format::WindowsProgram),
        (b"MZ\x90\0", Format::WindowsProgram),
        (b"\xcf\xfa\xed\xfe\x07\0\0\x01", Format::MachO),
        (b"\xca\xfe\xba\xbe\0\0\0\x02\x01", Format::MachO),
        (b"\xca\xfe\xba\xbe\0\0\0\x41\x01", Format::Unknown),
        (b"!<arch>\nlib.rmeta/", Format::Archive),
        (b"PK\x03\x04\x14\0", Format::Zip),
        (b"\x1f\x8b\x08\0", Format::Compressed),
        (b"#!/bin/sh\n", Format::Script),
        (b"<!DOCTYPE html>\n<title>404", Format::WebPage),
        (b"\n <html>", Format::WebPage),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            Format::Text,
        ),
        (b"caf\xc3\xa9", Format::Text),
        (b"E", Format::Text),
        (&[0; 4096], Format::Zeros),
        (&[0xff; 64], Format::Unknown),
        (b"\x7fELG", Format::Unknown),
        (b"text\0with zero", Format::Unknown),
        (b"latin\xe9 1", Format::Unknown),
    ];
    for (bytes, format) in formats {
        assert_eq!(
            look(bytes),
            Err(FileError::NotALibrary {
                path: "x.so".into(),
                format
            }),
            "{:?}",
            &bytes[..bytes.len().min(16)]
        );
    }
    // A text whose first 1024 bytes end in the middle of a character.
    assert_eq!(
        Format::of(format!("{}é", "x".repeat(1023)).as_bytes()),
        Some(Format::Text)
    );
    refuse(
        b"#!/bin/sh\n",
        "is a script, and not a shared library for this system: put the compiled library here, and not its source",
    );
}

#[test]
fn other_machines() {
    let name = |bytes: &[u8]| match look(bytes).unwrap_err() {
        FileError::OtherMachine { found, .. } => found,
        error => panic!("{error}"),
    };
    let number = |machine: elf_format::Machine| patched(18, &machine.0.to_ne_bytes());
    assert_eq!(
        name(&number(elf_format::EM_RISCV)),
        "riscv (64-bit, little-endian)"
    );
    assert_eq!(
        name(&number(elf_format::Machine(0x1234))),
        "machine 4660 (64-bit, little-endian)"
    );
    assert_eq!(
        name(&patched(4, &[1, 1])),
        format!("{} (32-bit, little-endian)", env::consts::ARCH)
    );
    assert_eq!(
        name(&patched(4, &[2, 2, 1])),
        "machine 15872 (64-bit, big-endian)"
    );
    assert_eq!(name(&patched(4, &[7, 9])).matches("unknown").count(), 2);
    // Twenty bytes are enough to tell.
    assert_eq!(
        name(&number(elf_format::EM_S390)[..20]),
        "s390x (64-bit, little-endian)"
    );
    let text = look(&number(elf_format::EM_RISCV)).unwrap_err().to_string();
    assert!(
        text.ends_with(&format!(
            "build it with `cargo build --release --target {}`",
            host_target()
        )),
        "{text}"
    );
}

#[test]
fn other_kinds_of_elf() {
    refuse(
        &changed(|fixture| fixture.kind = ET_REL),
        &format!("is an object file, not yet linked to a library: {CDYLIB}"),
    );
    refuse(
        &changed(|fixture| fixture.kind = ET_EXEC),
        &format!("is a program, and not a library: {CDYLIB}"),
    );
    refuse(
        &changed(|fixture| fixture.has_interpreter = true),
        &format!("is a program, and not a library: {CDYLIB}"),
    );
    refuse(
        &changed(|fixture| fixture.flags_1 = DF_1_PIE.0),
        &format!("is a program, and not a library: {CDYLIB}"),
    );
    refuse(
        &changed(|fixture| fixture.kind = ET_CORE),
        "is a core dump of a crashed program: put the plugin's library in its place",
    );
    refuse(
        &patched(16, &7_u16.to_ne_bytes()),
        &format!("is an ELF file of the unknown kind 7: {CDYLIB}"),
    );
    // A library that can be run, as libc.so.6, is still a library.
    look(&changed(|fixture| {
        (fixture.has_interpreter, fixture.soname) = (true, Some("libping.so"))
    }))
    .unwrap();
    assert_eq!(
        look(&fs::read(env::current_exe().unwrap()).unwrap()),
        Err(FileError::Program {
            path: "x.so".into()
        })
    );
}

#[test]
fn cut_short() {
    let good = Fixture::plugin("ping").bytes();
    for length in 1..good.len() {
        let error = look(&good[..length]).unwrap_err();
        assert!(
            matches!(error, FileError::Truncated { .. }) && error.is_incomplete(),
            "{length}: {error}"
        );
    }
    assert!(FileError::Empty { path: "x".into() }.is_incomplete());
    let text = look(&good[..good.len() - 1]).unwrap_err().to_string();
    let (needs, size) = (good.len(), good.len() - 1);
    assert_eq!(
        text,
        format!(
            "x.so is cut short (the table of sections needs {needs} bytes, but there are {size}): wait for the copy to end, or copy it again"
        )
    );
}

#[test]
fn damaged() {
    refuse(
        &patched(40, &u64::MAX.to_ne_bytes()),
        "is damaged (the table of sections lies nowhere): build it again, and copy it again",
    );
    // The file size of the first segment above its size in memory.
    refuse(
        &patched(64 + 40, &[1, 0, 0, 0]),
        "is damaged (segment 0 contradicts itself): build it again, and copy it again",
    );
    refuse(
        &patched(64, &[0]),
        "is damaged (it has nothing to load): build it again, and copy it again",
    );
    refuse(
        &patched(64 + 56, &[0]),
        "is damaged (it has no dynamic section): build it again, and copy it again",
    );
    assert!(matches!(
        look(&patched(40, &[0; 8])),
        Err(FileError::NoSections { .. })
    ));
    assert!(matches!(
        look(&patched(54, &[1])),
        Err(FileError::Damaged { .. })
    ));
}

#[test]
fn no_plugin() {
    refuse(
        &changed(|fixture| (fixture.note, fixture.has_entry) = (None, false)),
        "is a library, but not a Cogwright plugin: add `plugin_api::export_plugin!` to its lib.rs",
    );
    refuse(
        &changed(|fixture| fixture.note = None),
        "exports an abi_stable module, but has no Cogwright note: export it with `plugin_api::export_plugin!`, and keep the section .cogwright.note",
    );
    refuse(
        &changed(|fixture| fixture.has_entry = false),
        "has the note of plugin `ping`, but exports no entry: call `export_plugin!` in the crate that is built as the cdylib",
    );
    refuse(
        &noted(|note| note.magic[0] = b'X'),
        "has a note that cannot be read: build it with the plugin-api of this host",
    );
    refuse(
        &noted(|note| note.size = 9999),
        "has a note that cannot be read: build it with the plugin-api of this host",
    );
    assert_eq!(
        note_bytes(&PluginNote::new("a", "b", true)).len(),
        size_of::<PluginNote>()
    );
}

#[test]
fn plugins_of_another_build() {
    let (major, minor) = (ABI_MAJOR, ABI_MINOR);
    let host = format!("{major}.{minor}");
    refuse(
        &noted(|note| note.abi_minor += 1),
        &format!(
            "(plugin `ping`) was built with plugin-api {API_VERSION}, whose boundary is {major}.{}, and this host speaks {host}: update the host, or rebuild it against plugin-api {host}",
            minor + 1
        ),
    );
    let error = look(&noted(|note| note.abi_major += 1)).unwrap_err();
    assert!(
        matches!(error, FileError::OtherAbi { .. })
            && error.to_string().contains("update the host"),
        "{error}"
    );
    if minor > 0 {
        refuse(
            &noted(|note| note.abi_minor -= 1),
            &format!(
                "(plugin `ping`) was built with plugin-api {API_VERSION}, whose boundary is {major}.{}, and this host speaks {host}: rebuild it against plugin-api {host}",
                minor - 1
            ),
        );
    }
    // The boundary's numbers count, and not the patch level of plugin-api.
    look(&noted(|note| note.api_version[0] = b'9')).unwrap();
    refuse(
        &noted(|note| note.abi_stable[..6].copy_from_slice(b"0.10.5")),
        &format!(
            "(plugin `ping`) was built with abi_stable 0.10.5, and this host with {ABI_STABLE_VERSION}: depend on `abi_stable = \"={ABI_STABLE_VERSION}\"` and build it again"
        ),
    );
    refuse(
        &noted(|note| note.panic_unwind = 0),
        "(plugin `ping`) was built with `panic = \"abort\"`, so its first panic would end the host: remove that from its Cargo.toml's profile and build it again",
    );
    let host = host_target();
    refuse(
        &noted(|note| note.target[..4].copy_from_slice(b"mips")),
        &format!(
            "(plugin `ping`) was built for mips{}, and this host for {host}: build it with `cargo build --release --target {host}`",
            &host[4..]
        ),
    );
}

#[test]
fn a_note_of_any_compiler_and_of_a_later_version_is_read() {
    // Debian's compiler calls itself by 65 characters, of which the note keeps 64.
    look(&noted(|note| note.rustc = [b'x'; 64])).unwrap();
    look(&noted(|note| note.version = [b'9'; 32])).unwrap();
    let mut later = Fixture::plugin("ping");
    later.later = vec![7; 40];
    assert_eq!(look(&later.bytes()).unwrap().note.name, "ping");
}

#[test]
fn libraries_that_stay() {
    refuse(
        &changed(|fixture| fixture.flags_1 = DF_1_NODELETE.0),
        "is linked so that it can never be unloaded: build it without the linker's `-z nodelete`",
    );
    assert_eq!(
        look(&changed(|fixture| fixture.gnu_unique = 3))
            .unwrap()
            .gnu_unique,
        3
    );
}

#[test]
fn every_error_names_its_file() {
    let path = Path::new("a/b.so");
    for bytes in [
        &b""[..],
        b"text",
        b"\x7fELF",
        &changed(|fixture| fixture.has_entry = false),
    ] {
        let error = check(bytes, path).unwrap_err();
        assert_eq!(error.path(), path);
        assert!(error.to_string().starts_with("a/b.so ") && !error.to_string().ends_with('.'));
    }
}
