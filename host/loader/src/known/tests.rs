//! Tests of what is known over a restart.

use plugin_api::manifest::Manifest;

use super::*;

struct Folder {
    folder: tempfile::TempDir,
    executable: PathBuf,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let executable = folder.path().join("program");
        fs::write(&executable, "1").unwrap();
        Self { folder, executable }
    }

    fn open(&self) -> Known {
        Known::open(self.folder.path(), &self.executable)
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("probed.json")
    }
}

fn enter(known: &Known, content: u8, needed: &[&str], version: &str) {
    let needed: Vec<String> = needed.iter().map(|it| (*it).to_owned()).collect();
    known.enter(&[content; 32], &needed, &report(version));
}

fn report(version: &str) -> ProbeReport {
    let mut manifest = Manifest::default();
    version.clone_into(&mut manifest.version);
    ProbeReport {
        manifest,
        stayed: vec!["1 thread".to_owned()],
        refused: None,
    }
}

#[test]
fn what_was_found_is_known_to_the_next_process_with_what_had_stayed() {
    let folder = Folder::new();
    let known = folder.open();
    assert!(known.of(&[1; 32]).is_none());
    enter(&known, 1, &[], "1.2.3");
    known.write();
    let found = folder.open().of(&[1; 32]).unwrap();
    assert_eq!(found.manifest.version, "1.2.3");
    assert_eq!(found.stayed, ["1 thread"]);
    assert!(folder.open().of(&[2; 32]).is_none());
}

#[test]
fn another_host_knows_nothing_of_it() {
    let folder = Folder::new();
    let known = folder.open();
    enter(&known, 1, &[], "1.0.0");
    known.write();
    // As an upgrade puts it there: of the same size, under another inode.
    let next = folder.folder.path().join("next");
    fs::write(&next, "2").unwrap();
    fs::rename(&next, &folder.executable).unwrap();
    let known = folder.open();
    assert!(known.of(&[1; 32]).is_none());
    // What is written by it holds for it alone.
    enter(&known, 2, &[], "2.0.0");
    known.write();
    assert!(folder.open().of(&[1; 32]).is_none());
    assert!(folder.open().of(&[2; 32]).is_some());
}

#[test]
fn a_torn_or_strange_file_is_as_none() {
    let folder = Folder::new();
    let known = folder.open();
    enter(&known, 1, &[], "1.0.0");
    known.write();
    let whole = fs::read(folder.file()).unwrap();
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        fs::write(folder.file(), &whole[..length]).unwrap();
        assert!(folder.open().of(&[1; 32]).is_none(), "{length}");
    }
    fs::write(folder.file(), vec![0; whole.len()]).unwrap();
    let known = folder.open();
    assert!(known.of(&[1; 32]).is_none());
    enter(&known, 1, &[], "1.0.0");
    known.write();
    assert!(folder.open().of(&[1; 32]).is_some());
    // What is whole, and holds something else.
    let text = String::from_utf8(whole).unwrap();
    let odd = text.replace(r#""stayed":["1 thread"]"#, r#""stayed":7"#);
    assert_ne!(odd, text);
    fs::write(folder.file(), odd).unwrap();
    assert!(folder.open().of(&[1; 32]).is_none());
}

#[test]
fn what_is_linked_with_more_than_the_host_is_probed_each_time() {
    let folder = Folder::new();
    let known = folder.open();
    enter(&known, 1, &["libc.so.6"], "1.0.0");
    enter(&known, 2, &["libc.so.6", "libodd.so.1"], "1.0.0");
    assert!(known.of(&[1; 32]).is_some());
    assert!(known.of(&[2; 32]).is_none());
}

#[test]
fn it_is_forgotten_after_a_month_or_when_there_are_too_many_or_all_at_once() {
    let folder = Folder::new();
    let known = folder.open();
    for content in 0..3 {
        enter(&known, content, &[], "1.0.0");
    }
    let now = now_ms();
    {
        let mut kept = known.kept();
        let entry = kept.files.get_mut(&file::hex(&[0; 32])).unwrap();
        entry.used_ms = now - UNUSED_MS - 1_000;
        let entry = |used_ms| Entry {
            used_ms,
            report: serde_json::value::to_raw_value(&report("1.0.0")).unwrap(),
            seen: None,
            is_earlier: false,
        };
        for more in 0..REMEMBERED as u64 {
            kept.files
                .insert(format!("{more}"), entry(now - 2_000 - more));
        }
    }
    known.write();
    let known = folder.open();
    assert_eq!(known.kept().files.len(), REMEMBERED);
    assert!(known.of(&[0; 32]).is_none() && known.of(&[2; 32]).is_some());
    let last = format!("{}", REMEMBERED - 1);
    assert!(!known.kept().files.contains_key(&last) && known.kept().files.contains_key("0"));
    known.forget();
    known.write();
    assert!(folder.open().of(&[2; 32]).is_none());
}

#[cfg(target_pointer_width = "64")]
#[test]
fn a_file_that_was_loaded_is_told_once_to_the_next_process_and_not_to_its_own() {
    let folder = Folder::new();
    let path = folder.folder.path().join("libping.so");
    let bytes = file::fixture::Fixture::plugin("ping").bytes();
    fs::write(&path, &bytes).unwrap();
    let info = file::check(&bytes, &path).unwrap();
    let stamp = Stamp::of(&path).unwrap();
    let copy = CopyStamp::of(&path).unwrap();
    let seen = || Seen::new(stamp, copy, &info);
    let known = folder.open();
    // Of what is not known as good it is nobody's business.
    known.note_seen(&info.sha256, seen());
    known.enter(&info.sha256, &[], &report("1.0.0"));
    known.note_seen(&info.sha256, seen());
    assert!(known.take_seen(&stamp).is_none());
    known.write();
    let known = folder.open();
    assert_eq!(known.take_seen(&stamp), Some((info.clone(), copy)));
    assert!(known.take_seen(&stamp).is_none());
    // It is kept for the one after.
    known.write();
    let known = folder.open();
    fs::write(&path, "changed").unwrap();
    assert!(known.take_seen(&Stamp::of(&path).unwrap()).is_none());
    assert!(known.take_seen(&stamp).is_some());
}
