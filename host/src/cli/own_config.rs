//! Choice of the configuration file when none is named.
//!
//! `config.toml` comes with every setting and its default. While it is as it came, it is documentation: what the bot changes
//! (`cogwright set`) goes to `config.local.toml` beside it, so that a source checkout stays as it was. Whoever writes into `config.toml`
//! makes it the bot's own.

use std::{
    fs,
    path::{Path, PathBuf},
};

use host_ops::config::is_example;

const CONFIG: &str = "config.toml";
const LOCAL: &str = "config.local.toml";

/// The bot's own file in a folder, whether or not it is there; and what the operator should know about the other one.
pub(super) fn own(folder: &Path) -> (PathBuf, Option<String>) {
    let (config, local) = (folder.join(CONFIG), folder.join(LOCAL));
    let written = fs::read_to_string(&config);
    let is_written = written.as_ref().is_ok_and(|text| !is_example(text));
    if local.exists() {
        let remark = format!(
            "{CONFIG} is not read, because {LOCAL} is there: move its settings into one of the two and remove the other"
        );
        return (local, is_written.then_some(remark));
    }
    // A file that can't be read is the bot's own: the start says what is wrong with it.
    let is_example = written.is_ok() && !is_written;
    (if is_example { local } else { config }, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_as_it_came_is_never_the_bots_own_file() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let own = || own(folder.path());
        assert_eq!(own(), (at(CONFIG), None), "none is there");
        fs::write(at(CONFIG), host_ops::config::COMMENTED).unwrap();
        assert_eq!(own(), (at(LOCAL), None), "the example");
        fs::write(at(LOCAL), "bot.prefix = \"?\"\n").unwrap();
        assert_eq!(own(), (at(LOCAL), None), "the example, and what was set");
        fs::write(at(CONFIG), "bot.prefix = \"!\"\n").unwrap();
        let (path, remark) = own();
        assert_eq!(path, at(LOCAL));
        assert!(remark.unwrap().starts_with("config.toml is not read"));
        fs::remove_file(at(LOCAL)).unwrap();
        assert_eq!(own(), (at(CONFIG), None), "an operator's own");
        // Another line ending, as some checkouts have it, changes no setting.
        let example = host_ops::config::COMMENTED.replace('\n', "\r\n");
        fs::write(at(CONFIG), example).unwrap();
        assert_eq!(own(), (at(LOCAL), None), "the example on Windows");
    }
}
