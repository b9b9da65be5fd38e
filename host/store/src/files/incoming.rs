//! Files that arrive piece by piece, from somewhere else: under their name when they are whole, and not before.

use std::io::{self, Write};

use host_base::PluginName;
use host_capability::Failure;
use host_loader::Caller;
use sha2::{Digest, Sha256};
use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    Files, Relative,
    charges::{Charge, Size},
    disk,
    doors::Door,
    lock, sentence,
};
use crate::disk::on_disk;

/// Pieces that wait for the disk.
const WAITING: usize = 8;

/// A piece, or the end. Whoever goes without saying so has given up.
enum Piece {
    Bytes(Vec<u8>),
    End,
}

/// A file on its way. Dropped before its end, nothing of it stays.
pub struct Incoming<'a> {
    files: &'a Files,
    door: Door<'a>,
    place: String,
    plugin: PluginName,
    /// What is charged for it, beyond what was there.
    charged: i64,
    /// What it was charged with, of that.
    expected: u64,
    pieces: mpsc::Sender<Piece>,
    written: JoinHandle<io::Result<Arrived>>,
}

/// A file that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// Its bytes.
    pub bytes: u64,
    /// Their SHA-256, in lower-case hex digits.
    pub sha256: String,
}

impl Files {
    /// Begins to take a file of at most `most` bytes into the plugin's own folder, in place of the one that is there; with a
    /// `sha256`, only if it has that.
    ///
    /// # Errors
    ///
    /// The path is refused, or the plugin has no room for so much.
    pub async fn receive(
        &self,
        caller: &Caller,
        path: &str,
        most: u64,
        sha256: Option<String>,
    ) -> Result<Incoming<'_>, Failure> {
        let place = format!("`{path}`");
        let refused = |why: String| Failure::Refused(format!("{place}: {why}"));
        let path = Relative::parse(path).map_err(refused)?;
        let root = self.root(caller, None).map_err(refused)?;
        let key = (std::sync::Arc::new(root), path);
        self.sweep_once(&key.0, Some(&caller.plugin)).await;
        let door = self.enter(&key).await;
        let charge = Charge {
            plugin: caller.plugin.clone(),
            size: Size::Is(most),
        };
        let charged = self.charge(&key, Some(charge)).await;
        let charged = charged.map_err(|error| refused(sentence(&error)))?;
        let (pieces, mut arriving) = mpsc::channel(WAITING);
        let (root, path) = key;
        let written = tokio::task::spawn_blocking(move || {
            let mut arrived = None;
            disk::write_by(&root, &path, |file| {
                arrived = Some(fill(file, &mut arriving, most, sha256.as_deref())?);
                Ok(())
            })?;
            arrived.ok_or_else(|| io::Error::other("nothing has arrived"))
        });
        Ok(Incoming {
            files: self,
            door,
            place,
            plugin: caller.plugin.clone(),
            charged: charged.map_or(0, |(_, more)| more),
            expected: most,
            pieces,
            written,
        })
    }
}

/// Writes what arrives until its end.
fn fill(
    file: &mut std::fs::File,
    arriving: &mut mpsc::Receiver<Piece>,
    most: u64,
    sha256: Option<&str>,
) -> io::Result<Arrived> {
    let (mut bytes, mut hash) = (0, Sha256::new());
    loop {
        match arriving.blocking_recv() {
            Some(Piece::Bytes(piece)) => {
                bytes += piece.len() as u64;
                if bytes > most {
                    return Err(io::Error::new(
                        io::ErrorKind::FileTooLarge,
                        format!("more than {most} bytes have come"),
                    ));
                }
                hash.update(&piece);
                file.write_all(&piece)?;
            }
            Some(Piece::End) => break,
            None => {
                return Err(io::Error::new(
                    io::ErrorKind::Interrupted,
                    "it was given up",
                ));
            }
        }
    }
    let found: String = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    match sha256 {
        Some(wanted) if !wanted.eq_ignore_ascii_case(&found) => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("its SHA-256 is {found}, and not {wanted}: nothing of it was kept"),
        )),
        _ => Ok(Arrived {
            bytes,
            sha256: found,
        }),
    }
}

impl Incoming<'_> {
    /// Takes a piece; waits while the disk is behind. False when no more are taken: [`end`](Self::end) says why.
    pub async fn push(&self, piece: Vec<u8>) -> bool {
        self.pieces.send(Piece::Bytes(piece)).await.is_ok()
    }

    /// All has come: the file is on the disk under its name when this returns.
    ///
    /// # Errors
    ///
    /// It is too large, has another hash, or the disk failed. What was there before is untouched.
    pub async fn end(mut self) -> Result<Arrived, Failure> {
        let _ = self.pieces.send(Piece::End).await;
        let written = (&mut self.written).await;
        let written =
            written.unwrap_or_else(|_| Err(io::Error::other("the host is shutting down")));
        lock(&self.files.cache).forget(&self.door.key);
        match written {
            Ok(arrived) => {
                let unused = on_disk(self.expected) - on_disk(arrived.bytes);
                let _ = self
                    .files
                    .disk
                    .add_files(&self.plugin, -unused.cast_signed());
                self.charged = 0;
                Ok(arrived)
            }
            Err(error) => Err(Failure::Refused(format!(
                "{}: {}",
                self.place,
                sentence(&error)
            ))),
        }
    }
}

impl Drop for Incoming<'_> {
    fn drop(&mut self) {
        // It is as it was before.
        let _ = self.files.disk.add_files(&self.plugin, -self.charged);
    }
}

impl std::fmt::Debug for Incoming<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Incoming")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}
