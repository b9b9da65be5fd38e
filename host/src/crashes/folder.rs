//! Folder of crash reports: `crashes/` in the data folder, each as JSON and as text, the last fifty.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use host_base::{PluginName, private};
use host_loader::CrashNote;
use jiff::Timestamp;

use super::report::Report;

const FOLDER: &str = "crashes";

/// Reports that are kept.
const KEPT: usize = 50;

/// How long a crash is told of beside the plugin.
const NEWS: Duration = Duration::from_secs(24 * 3600);

/// Writes a report; the file with the text. Removes the oldest.
pub(super) fn write(data: &Path, report: &Report) -> io::Result<PathBuf> {
    let folder = data.join(FOLDER);
    private::folder(&folder)?;
    // It was in memory that a plugin may have written over.
    let is_name = |name: &&str| {
        name.chars()
            .all(|it| it.is_ascii_alphanumeric() || it == '_')
    };
    let who = report
        .plugin
        .as_deref()
        .filter(is_name)
        .unwrap_or("unclear");
    let stem = format!("{}-{who}", time(report.at_ms));
    let text = folder.join(format!("{stem}.txt"));
    fs::write(
        folder.join(format!("{stem}.json")),
        serde_json::to_vec_pretty(report)?,
    )?;
    fs::write(&text, report.text())?;
    remove_oldest(&folder);
    Ok(text)
}

/// The crashes of the last day that were a plugin's fault, the last of each.
pub(super) fn recent(data: &Path) -> Vec<(PluginName, CrashNote)> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let since = u64::try_from(now.saturating_sub(NEWS).as_millis()).unwrap_or_default();
    let read = |path: PathBuf| {
        let report: Report = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
        let plugin = PluginName::new(report.plugin.as_deref()?);
        let note = report.note(path.with_extension("txt"));
        (report.at_ms >= since).then_some((plugin, note))
    };
    reports(&data.join(FOLDER))
        .into_iter()
        .filter_map(read)
        .collect()
}

/// The reports as data, the oldest first.
fn reports(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|it| it == "json"))
        .collect();
    files.sort();
    files
}

fn remove_oldest(folder: &Path) {
    let files = reports(folder);
    for file in &files[..files.len().saturating_sub(KEPT)] {
        let _ = fs::remove_file(file);
        let _ = fs::remove_file(file.with_extension("txt"));
    }
}

/// As in a file's name, and in order.
fn time(at_ms: u64) -> String {
    let at = i64::try_from(at_ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok());
    at.unwrap_or_default()
        .strftime("%Y-%m-%dT%H-%M-%S%.3fZ")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_fifty_are_kept_and_those_of_the_last_day_are_told_of() {
        let data = tempfile::tempdir().unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = u64::try_from(now.as_millis()).unwrap();
        let report = |at_ms, plugin: &str| Report {
            at_ms,
            plugin: Some(plugin.to_owned()),
            ..Report::default()
        };
        write(data.path(), &report(now - 90_000_000, "old")).unwrap();
        for second in 0..60 {
            write(data.path(), &report(now - 60_000 + 1000 * second, "tea")).unwrap();
        }
        let text = write(data.path(), &report(now + 1000, "pot")).unwrap();
        assert!(
            text.file_name()
                .unwrap()
                .to_string_lossy()
                .ends_with("Z-pot.txt")
        );
        assert_eq!(
            fs::read_dir(data.path().join(FOLDER)).unwrap().count(),
            2 * KEPT
        );
        let recent = recent(data.path());
        assert_eq!(recent.len(), KEPT);
        let (plugin, note) = recent.last().unwrap();
        assert_eq!((&**plugin, &note.report), ("pot", &text));
    }
}
