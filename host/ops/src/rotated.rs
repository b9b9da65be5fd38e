//! Rotated file: of at most so many bytes, with so many older ones beside it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

/// How often old files are looked for.
const TIDY: Duration = Duration::from_secs(3600);

/// A file of at most so many bytes, with so many older ones beside it: `.1` is the youngest.
#[derive(Debug)]
pub(crate) struct Rotated {
    path: PathBuf,
    file: File,
    bytes: u64,
    max_bytes: u64,
    kept: u32,
    max_age: Duration,
    tidied: Instant,
}

impl Rotated {
    /// Opens the file, or begins it.
    pub(crate) fn open(
        path: PathBuf,
        max_bytes: u64,
        kept: u32,
        max_age: Duration,
    ) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(&path)?;
        let rotated = Self {
            bytes: file.metadata()?.len(),
            path,
            file,
            max_bytes,
            kept,
            max_age,
            tidied: Instant::now(),
        };
        rotated.tidy();
        Ok(rotated)
    }

    /// The file that is written.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Has the system write what it keeps.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn older(&self, number: u32) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(format!(".{number}"));
        name.into()
    }

    /// Begins a new file; when that fails, the old one goes on growing.
    fn rotate(&mut self) -> io::Result<()> {
        if self.kept == 0 {
            self.file.set_len(0)?;
            self.bytes = 0;
            return Ok(());
        }
        for number in (1..self.kept).rev() {
            let older = self.older(number);
            if older.exists() {
                fs::rename(older, self.older(number + 1))?;
            }
        }
        fs::rename(&self.path, self.older(1))?;
        self.file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.path)?;
        self.bytes = 0;
        self.tidy();
        Ok(())
    }

    /// Deletes what is too old, and what is there from a time when more were kept.
    fn tidy(&self) {
        let is_old = |path: &Path| {
            let written = fs::metadata(path).and_then(|file| file.modified());
            let age = written.map(|at| SystemTime::now().duration_since(at).unwrap_or_default());
            age.is_ok_and(|age| age > self.max_age)
        };
        let own = self
            .path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let number = |path: &Path| -> Option<u32> {
            let name = path.file_name()?.to_str()?;
            name.strip_prefix(own)?.strip_prefix('.')?.parse().ok()
        };
        let folder = self.path.parent().unwrap_or(Path::new("."));
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if number(&path).is_some_and(|number| number > self.kept || is_old(&path)) {
                let _ = fs::remove_file(path);
            }
        }
    }

    /// Makes room for so many bytes.
    pub(crate) fn prepare(&mut self, bytes: usize) {
        if self.bytes > 0 && self.bytes + bytes as u64 > self.max_bytes {
            // What keeps it from being renamed will be tried again when as much has come on top.
            if self.rotate().is_err() {
                self.bytes = 0;
            }
        }
        if self.tidied.elapsed() > TIDY {
            self.tidied = Instant::now();
            self.tidy();
        }
    }

    /// Writes what it can of `bytes`, and how much that was.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }
}
