//! Log files: `permanent.log`, which is rotated by size, and `current_run.log`, which begins anew with each run and has
//! its last part alone when that gets long.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use host_base::private;

use super::queue::Output;
use crate::{config::Log, rotated::Rotated};

pub(super) const PERMANENT: &str = "permanent.log";
const CURRENT_RUN: &str = "current_run.log";

/// Both files.
pub(super) struct Files {
    current_run: LineFile<Bounded>,
    permanent: LineFile<Rotated>,
}

impl Files {
    /// Opens both files in the folder, which is made when it is missing.
    ///
    /// # Errors
    ///
    /// In words that name the file.
    pub(super) fn open(config: &Log) -> Result<Self, String> {
        let folder = &config.folder;
        let said = |path: &Path, error: &dyn std::fmt::Display| {
            format!("{}: {error} (`[log] folder`)", path.display())
        };
        private::folder(folder)
            .or_else(|error| {
                if folder.is_dir() {
                    Ok(None)
                } else {
                    Err(error)
                }
            })
            .map_err(|error| said(folder, &error))?;
        let path = folder.join(CURRENT_RUN);
        let current = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&path)
            .map_err(|error| said(&path, &error))?;
        match current.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(said(&path, &"another bot writes its log here"));
            }
            // A file system without locks: two bots on it are the owner's business.
            Err(TryLockError::Error(_)) => {}
        }
        current.set_len(0).map_err(|error| said(&path, &error))?;
        let _ = fs::remove_file(earlier(&path));
        let rotated = Rotated::open(
            folder.join(PERMANENT),
            config.max_file_bytes,
            config.files_kept,
            Duration::from_secs(config.days_kept * 86_400),
        )
        .map_err(|error| said(&folder.join(PERMANENT), &error))?;
        Ok(Self {
            current_run: LineFile::new(
                path.clone(),
                Bounded {
                    path,
                    file: current,
                    bytes: 0,
                    max_bytes: config.max_file_bytes,
                },
            ),
            permanent: LineFile::new(rotated.path().to_owned(), rotated),
        })
    }
}

impl Output for Files {
    fn write(&mut self, lines: &str) {
        self.current_run.write(lines);
        self.permanent.write(lines);
    }
}

/// A file that takes whole lines, and what becomes of those that it does not take.
struct LineFile<F> {
    path: PathBuf,
    file: F,
    failing: bool,
    lost: usize,
    /// Whether the last thing written is the beginning of a line.
    torn: bool,
}

/// Target that lines are appended to.
trait Append {
    /// Makes room for so many bytes.
    fn prepare(&mut self, _bytes: usize) {}

    /// Writes what it can of `bytes`, and how much that was.
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize>;
}

impl<F: Append> LineFile<F> {
    fn new(path: PathBuf, file: F) -> Self {
        Self {
            path,
            file,
            failing: false,
            lost: 0,
            torn: false,
        }
    }

    /// Writes lines. A file that takes none (a full disk) is told of once on standard error, and tried again with the next.
    fn write(&mut self, lines: &str) {
        if self.failing {
            let lost = format!(
                "{}{} log lines are missing here: they could not be written\n",
                if self.torn { "\n" } else { "" },
                self.lost
            );
            if self.append(lost.as_bytes()).is_err() {
                self.lost += lines.lines().count();
                return;
            }
            self.failing = false;
            self.lost = 0;
        }
        for line in lines.split_inclusive('\n') {
            self.file.prepare(line.len());
            match self.append(line.as_bytes()) {
                Ok(()) => {}
                Err(_) if self.failing => self.lost += 1,
                Err(error) => {
                    self.failing = true;
                    self.lost = 1;
                    let _ = writeln!(
                        io::stderr(),
                        "cogwright: the log can't be written to {}: {error}; the bot goes on without",
                        self.path.display()
                    );
                }
            }
        }
    }

    fn append(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.file.append(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.torn = bytes[written - 1] != b'\n';
                    bytes = &bytes[written..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// A file of at most so many bytes; what came before them is in one other file.
///
/// It is emptied and never replaced: the lock that keeps another bot away is the file's.
struct Bounded {
    path: PathBuf,
    file: File,
    bytes: u64,
    max_bytes: u64,
}

fn earlier(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".1");
    name.into()
}

impl Append for Bounded {
    fn prepare(&mut self, bytes: usize) {
        if self.bytes == 0 || self.bytes + bytes as u64 <= self.max_bytes {
            return;
        }
        // Where there is no room for a copy, what came before is in permanent.log.
        let _ = fs::copy(&self.path, earlier(&self.path));
        let _ = self.file.set_len(0);
        self.bytes = 0;
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }
}

impl Append for Rotated {
    fn prepare(&mut self, bytes: usize) {
        Self::prepare(self, bytes);
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Self::append(self, bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn config(folder: &Path) -> Log {
        Log {
            folder: folder.to_owned(),
            max_file_bytes: 100,
            files_kept: 2,
            ..Log::default()
        }
    }

    fn read(folder: &Path, name: &str) -> String {
        fs::read_to_string(folder.join(name)).unwrap_or_default()
    }

    #[test]
    fn a_file_is_rotated_by_size_between_lines_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Files::open(&config(folder.path())).unwrap();
        for batch in 0..7 {
            files.write(&format!("{batch}a{:>46}\n{batch}b{:>46}\n", "", ""));
        }
        let firsts = |name: &str| -> Vec<String> {
            read(folder.path(), name)
                .lines()
                .map(|line| line[..2].to_owned())
                .collect()
        };
        assert_eq!(firsts("permanent.log"), ["6a", "6b"]);
        assert_eq!(firsts("permanent.log.1"), ["5a", "5b"]);
        assert_eq!(firsts("permanent.log.2"), ["4a", "4b"]);
        assert!(!folder.path().join("permanent.log.3").exists());
        // The last of this run, and what came before it: no more, however long it runs.
        assert_eq!(firsts("current_run.log"), ["6a", "6b"]);
        assert_eq!(firsts("current_run.log.1"), ["5a", "5b"]);
        assert!(!folder.path().join("current_run.log.2").exists());
    }

    #[test]
    fn a_new_run_goes_on_with_the_one_and_begins_the_other_anew() {
        let folder = tempfile::tempdir().unwrap();
        Files::open(&config(folder.path()))
            .unwrap()
            .write("first\n");
        Files::open(&config(folder.path()))
            .unwrap()
            .write("second\n");
        assert_eq!(read(folder.path(), CURRENT_RUN), "second\n");
        assert_eq!(read(folder.path(), PERMANENT), "first\nsecond\n");
    }

    #[test]
    fn old_files_and_surplus_ones_are_deleted_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "current_run.log.1",
            "permanent.log.1",
            "permanent.log.2",
            "permanent.log.3",
            "permanent.log.old",
        ] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        let old = File::options()
            .append(true)
            .open(folder.path().join("permanent.log.2"))
            .unwrap();
        let month = Duration::from_secs(31 * 86_400);
        old.set_modified(SystemTime::now() - month).unwrap();
        let _files = Files::open(&config(folder.path())).unwrap();
        let mut left: Vec<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        let expected = [
            "current_run.log",
            "permanent.log",
            "permanent.log.1",
            "permanent.log.old",
        ];
        assert_eq!(left, expected);
    }

    #[test]
    fn two_bots_do_not_write_one_log() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = Files::open(&config(folder.path())).unwrap();
        first.write("kept\n");
        let error = Files::open(&config(folder.path())).err().unwrap();
        assert!(
            error.contains("another bot") && error.contains(CURRENT_RUN),
            "{error}"
        );
        assert_eq!(read(folder.path(), CURRENT_RUN), "kept\n");
    }

    /// Takes as many bytes as there is room.
    struct Full(Vec<u8>, usize);

    impl Append for Full {
        fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let room = (self.1 - self.0.len()).min(bytes.len());
            if room == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0.extend(&bytes[..room]);
            Ok(room)
        }
    }

    #[test]
    fn a_full_disk_costs_lines_and_the_file_says_how_many() {
        let mut told = LineFile::new("disk".into(), Full(Vec::new(), 9));
        told.write("one\ntwo\nthree\n");
        assert!(told.failing);
        told.write("four\n");
        told.file.1 = 1_000;
        told.write("five\n");
        let text = String::from_utf8(told.file.0).unwrap();
        assert_eq!(
            text,
            "one\ntwo\nt\n2 log lines are missing here: they could not be written\nfive\n"
        );
    }
}
