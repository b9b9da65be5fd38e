//! Files that are written anew for ever, and whether each is one whole version of itself.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use host_loader::Caller;
use host_store::Files;
use serde_json::json;

use crate::{
    Outcome,
    child::{Cheat, say},
};

/// Tasks that write files at once, each its own.
pub(crate) const WRITERS: u64 = 32;

/// Files of each.
const EACH: u64 = 4;

/// What begins the names of files that are being written.
const UNFINISHED: &str = ".cogwright-";

/// Writes for ever: each file again and again, in a version with a higher number.
pub(crate) async fn write(
    files: &Files,
    caller: &Caller,
    folder: &Path,
    round: u64,
    writer: u64,
    cheat: Cheat,
) -> Result<(), String> {
    for n in 0.. {
        let path = format!("{}/{writer}-{}.txt", writer % 5, n % EACH);
        let version = (round << 32) + n;
        let text = version_of(&path, version);
        let file = own(folder).join(&path);
        match cheat {
            Cheat::LosesFiles if cheat.now(n) => {}
            // Once the folder is there.
            Cheat::TearsFiles if n >= EACH => fs::write(&file, &text).map_err(told)?,
            _ => {
                let params = json!({"path": path});
                let written = files.serve(caller, "write", params, text.into_bytes());
                written.await.map_err(|failure| failure.to_string())?;
            }
        }
        say(&format!("file - {path} {version}\n"))?;
    }
    Ok(())
}

fn told(error: io::Error) -> String {
    error.to_string()
}

/// The text of a version: of a length of its own, and unlike that of every other in each line.
fn version_of(path: &str, version: u64) -> String {
    let line = format!("{version} of {path}\n");
    line.repeat(1 + (version % 500) as usize)
}

fn own(folder: &Path) -> PathBuf {
    folder.join("plugins/crash/files")
}

/// Fails unless each file is one whole version, and none older than the acknowledged one.
pub(crate) fn verify(folder: &Path, acknowledged: &HashMap<String, u64>) -> Outcome {
    for (path, version) in acknowledged {
        let text = fs::read_to_string(own(folder).join(path))
            .map_err(|error| format!("{path} was acknowledged: {error}"))?;
        let found = text
            .split_once(' ')
            .and_then(|(number, _)| number.parse().ok());
        match found {
            Some(found) if text != version_of(path, found) => {
                return Err(
                    format!("{path} is torn: {} bytes of version {found}", text.len()).into(),
                );
            }
            Some(found) if found < *version => {
                return Err(format!("{path} was acknowledged as {version}, and is {found}").into());
            }
            Some(_) => {}
            None => return Err(format!("{path} is torn: it has {} bytes", text.len()).into()),
        }
    }
    Ok(())
}

/// The unfinished files that this kill left. Fails when there are any of those that the kill before had left: the writes in
/// between have to sweep them away.
pub(crate) fn unfinished(folder: &Path, before: &[PathBuf]) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(own(folder))? {
        for file in fs::read_dir(entry?.path())? {
            let file = file?.path();
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with(UNFINISHED) {
                found.push(file);
            }
        }
    }
    match found.iter().find(|file| before.contains(file)) {
        Some(left) => Err(format!("{} is left for ever", left.display()).into()),
        None => Ok(found),
    }
}
