//! Environment variables: the token and the owner's id, which must not stand in a file that is shared, from the
//! environment or `.env`.
//!
//! Invariant: no error and no `Debug` here shows a value, because people paste the token into the wrong line.

mod dotenv;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    env, fmt, fs, io,
    ops::RangeInclusive,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use host_base::nearest::nearest;

use self::dotenv::{Broken, Dotenv};

const TOKEN: &str = "DISCORD_TOKEN";
const OWNER_ID: &str = "BOT_OWNER_ID";
const SHARD_COUNT: &str = "SHARD_COUNT";
const SHARD_IDS: &str = "SHARD_IDS";
const CLIENT_SECRET: &str = "DISCORD_CLIENT_SECRET";

/// More shards than any bot has; it keeps a slip of the keyboard from becoming a list of four billion ids.
const MOST_SHARDS: u32 = 65_536;

/// Values from the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// `DISCORD_TOKEN`: the bot's token.
    pub token: Secret,
    /// `BOT_OWNER_ID`: the user who may do everything.
    pub bot_owner_id: u64,
    /// `SHARD_COUNT`: number of shards of the whole bot. Unset: as many as Discord recommends.
    pub shard_count: Option<u32>,
    /// `SHARD_IDS`: the shards of this process, ascending, each below `shard_count`. Unset: all of them.
    pub shard_ids: Option<Vec<u32>>,
    /// `DISCORD_CLIENT_SECRET`: the application's secret, with which people log in to the web pages. Unset: they can't by Discord.
    pub client_secret: Option<Secret>,
    /// `COGWRIGHT_SECRET_<NAME>`: secrets of plugins, by their names in lower-case letters.
    pub secrets: BTreeMap<String, Secret>,
}

/// A text that is never shown: `Debug` prints `<redacted>`, and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The token's text, for where it is sent to Discord.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

/// Error of a refused environment.
#[derive(Debug, thiserror::Error)]
pub enum EnvError {
    /// The `.env` file is there but cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The `.env` file is no text.
    #[error("{} {why}", path.display())]
    NoText {
        /// The file.
        path: PathBuf,
        /// What it is, and what to do.
        why: &'static str,
    },
    /// Variables are missing or wrong. The text has one line per problem.
    #[error("{}", problems.join("\n"))]
    Invalid {
        /// What is wrong, and how to get it right. Never empty.
        problems: Vec<String>,
    },
}

impl Environment {
    /// Reads the environment of the process, and for what is not there the file at `dotenv`, which may be missing.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or variables are missing or wrong: all of them at once.
    pub fn load(dotenv: &Path) -> Result<Self, EnvError> {
        Self::load_over(dotenv, |name| {
            env::var_os(name).map(|value| value.to_string_lossy().into_owned())
        })
    }

    /// The secrets of plugins alone: what can be read of the environment and of the file at `dotenv`.
    #[must_use]
    pub fn secrets(dotenv: &Path) -> BTreeMap<String, Secret> {
        let Dotenv {
            variables: file, ..
        } = read_file(dotenv).unwrap_or_default();
        let names = file.keys().cloned().chain(secret_names());
        secrets(names, |name| {
            env::var(name).ok().or_else(|| file.get(name).cloned())
        })
    }

    /// What is odd about the file at `dotenv` and stops nobody: lines that set nothing, names that are nearly ours, and that
    /// others can read it.
    #[must_use]
    pub fn remarks(dotenv: &Path) -> Vec<String> {
        let Ok(Dotenv { variables, broken }) = read_file(dotenv) else {
            return Vec::new();
        };
        let shown = dotenv.display();
        let mut remarks: Vec<String> = broken
            .iter()
            .filter(|line| of_ours(line).is_none())
            .map(|line| format!("{shown}:{}: {}; it is left out", line.line, line.why))
            .collect();
        for name in variables.keys().filter(|name| !OURS.contains(&&***name)) {
            if let Some(meant) = nearest(name, OURS)
                && !variables.contains_key(meant)
                && env::var_os(meant).is_none()
            {
                remarks.push(format!(
                    "{shown} sets `{name}`, which nothing reads; did you mean `{meant}`?"
                ));
            }
        }
        let mode = fs::metadata(dotenv).map_or(0, |file| file.mode() & 0o777);
        if mode & 0o077 != 0 {
            remarks.push(format!(
                "{shown} can be read by others (mode {mode:04o}), and holds the token: run `chmod 600 {shown}`"
            ));
        }
        remarks
    }

    /// Like [`load`](Self::load), with `process` in place of the environment of the process.
    fn load_over(
        dotenv: &Path,
        process: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, EnvError> {
        let Dotenv {
            variables: file,
            broken,
        } = read_file(dotenv)?;
        let names = file.keys().cloned().chain(secret_names());
        let lookup = |name: &str| process(name).or_else(|| file.get(name).cloned());
        let read = Self::read(lookup).map(|environment| Self {
            secrets: secrets(names, lookup),
            ..environment
        });
        // Other programs may have lines of their own in the file: they stop nobody.
        let ours: Vec<(&str, &Broken)> = broken
            .iter()
            .filter_map(|line| Some((of_ours(line)?, line)))
            .filter(|(name, _)| lookup(name).is_none())
            .collect();
        if ours.is_empty() {
            return read;
        }
        let mut problems: Vec<_> = ours
            .iter()
            .map(|(name, line)| {
                format!(
                    "{}:{} ({name}): {}; put a value with special characters in 'single quotes'",
                    dotenv.display(),
                    line.line,
                    line.why
                )
            })
            .collect();
        if let Err(EnvError::Invalid { problems: others }) = read {
            // A variable on a line that cannot be read is not missing.
            let named = |problem: &String| ours.iter().any(|(name, _)| problem.starts_with(name));
            problems.extend(others.into_iter().filter(|problem| !named(problem)));
        }
        Err(EnvError::Invalid { problems })
    }

    /// Reads the variables that `lookup` knows. An empty variable counts as unset.
    ///
    /// # Errors
    ///
    /// When variables are missing or wrong: all of them at once.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, EnvError> {
        let mut problems = Vec::new();
        let mut note = |name: &str, problem: String| problems.push(format!("{name} {problem}"));
        let set = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());

        let token = set(TOKEN)
            .ok_or_else(|| "is missing".to_owned())
            .and_then(|value| match check_token(&value) {
                Ok(()) => Ok(Secret(value)),
                Err(problem) => Err(problem),
            });
        let token = token.map_err(|problem| note(TOKEN, format!("{problem}: {TOKEN_HELP}")));
        let bot_owner_id = set(OWNER_ID)
            .ok_or_else(|| "is missing".to_owned())
            .and_then(|value| owner_id(&value));
        let bot_owner_id =
            bot_owner_id.map_err(|problem| note(OWNER_ID, format!("{problem}: {OWNER_ID_HELP}")));
        let shard_count = set(SHARD_COUNT)
            .map(|value| shard_count(&value))
            .transpose();
        let shard_count = shard_count.map_err(|problem| note(SHARD_COUNT, problem));
        let shard_ids = match (set(SHARD_IDS), &shard_count) {
            (None, _) => Ok(None),
            (Some(_), Ok(None)) => Err(format!(
                "needs {SHARD_COUNT}, the number of shards of the whole bot"
            )),
            (Some(value), Ok(Some(count))) => shard_ids(&value, *count).map(Some),
            (Some(value), Err(())) => shard_ids(&value, MOST_SHARDS).map(Some),
        };
        let shard_ids = shard_ids.map_err(|problem| note(SHARD_IDS, problem));

        match (token, bot_owner_id, shard_count, shard_ids) {
            (Ok(token), Ok(bot_owner_id), Ok(shard_count), Ok(shard_ids)) => Ok(Self {
                token,
                bot_owner_id,
                shard_count,
                shard_ids,
                client_secret: set(CLIENT_SECRET).map(|value| Secret(value.trim().to_owned())),
                secrets: BTreeMap::new(),
            }),
            _ => Err(EnvError::Invalid { problems }),
        }
    }
}

/// What begins the names of variables that hold secrets.
pub const SECRET_PREFIX: &str = "COGWRIGHT_SECRET_";

/// Names of variables of the process that hold secrets.
fn secret_names() -> impl Iterator<Item = String> {
    env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with(SECRET_PREFIX))
}

/// The secrets among these variables. An empty one counts as unset.
fn secrets(
    names: impl Iterator<Item = String>,
    lookup: impl Fn(&str) -> Option<String>,
) -> BTreeMap<String, Secret> {
    let secret = |name: String| {
        let value = lookup(&name).filter(|value| !value.trim().is_empty())?;
        let name = name.strip_prefix(SECRET_PREFIX)?.to_lowercase();
        Some((name, Secret(value)))
    };
    names.filter_map(secret).collect()
}

const TOKEN_HELP: &str = "open https://discord.com/developers/applications, choose your application, then Bot > Reset Token, \
                          and write it to `.env` as DISCORD_TOKEN=…";
const OWNER_ID_HELP: &str = "in Discord, switch on Settings > Advanced > Developer Mode, then right-click your name > Copy User ID, \
                             and write it to `.env` as BOT_OWNER_ID=…";

/// Looks at the shape only: three parts with dots between them, the first of which is the bot's id in base64.
/// <https://docs.discord.com/developers/reference#authentication>
fn check_token(token: &str) -> Result<(), String> {
    let is_secret_like = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let parts: Vec<_> = token.split('.').collect();
    let problem = if token.starts_with("Bot ") {
        "starts with `Bot `, which the host adds by itself; leave it out"
    } else if token.contains(['"', '\'', '`', '“', '”', '‘', '’']) {
        "contains quotes; leave them out"
    } else if token.contains(['\n', '\r']) {
        "contains a line break; it is one line"
    } else if token.contains(char::is_whitespace) {
        "contains blanks; leave them out"
    } else if token.bytes().all(|byte| byte.is_ascii_digit()) {
        "is a number, most likely an id, and not the bot's token"
    } else if token.len() == 32 && token.chars().all(is_secret_like) {
        "is the application's client secret (32 characters without a dot), and not the bot's token"
    } else if parts.len() != 3 {
        "is not a bot token, which has three parts with dots between them"
    } else if !decode_id(parts[0])
        || !parts[1..]
            .iter()
            .all(|part| !part.is_empty() && part.chars().all(is_secret_like))
    {
        "is not a bot token, or not all of it: a part is damaged"
    } else {
        return Ok(());
    };
    Err(problem.to_owned())
}

/// Whether `text` is the base64 of a Discord id.
fn decode_id(text: &str) -> bool {
    let (mut bits, mut count, mut bytes) = (0_u32, 0_u32, Vec::new());
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return false,
        };
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    (17..=20).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_digit)
}

fn owner_id(text: &str) -> Result<u64, String> {
    let text = text.trim();
    match text.parse::<u64>() {
        Ok(id) if (17..=20).contains(&text.len()) && id > u64::from(u32::MAX) => Ok(id),
        Ok(_) => Err("is a number but no user id, which has 17 to 20 digits".to_owned()),
        Err(_) if check_token(text).is_ok() => {
            Err("holds the bot's token, and not a user id".to_owned())
        }
        Err(_) => Err(
            "is not a user id, which is a number of 17 to 20 digits; a name does not do".to_owned(),
        ),
    }
}

fn shard_count(text: &str) -> Result<u32, String> {
    let count = text
        .trim()
        .parse()
        .ok()
        .filter(|count| (1..=MOST_SHARDS).contains(count));
    count.ok_or_else(|| {
        format!("is not a number from 1 to {MOST_SHARDS}: leave it out to have as many shards as Discord recommends")
    })
}

/// `0,1`, `0-3`, or both mixed.
fn shard_ids(text: &str, count: u32) -> Result<Vec<u32>, String> {
    let mut ids = Vec::new();
    for part in text.split(',') {
        let range =
            shard_range(part.trim()).ok_or("is not a list of shard ids, such as `0,1` or `0-3`")?;
        if *range.end() >= count {
            return Err(format!(
                "names shard {}, but ids start at 0 and end at {} here",
                range.end(),
                count - 1
            ));
        }
        ids.extend(range);
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

fn shard_range(text: &str) -> Option<RangeInclusive<u32>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let range = first.trim().parse().ok()?..=last.trim().parse().ok()?;
    (!range.is_empty()).then_some(range)
}

/// The variables of ours.
const OURS: [&str; 5] = [TOKEN, OWNER_ID, SHARD_COUNT, SHARD_IDS, CLIENT_SECRET];

/// Which of ours a line means that sets nothing.
fn of_ours(line: &Broken) -> Option<&'static str> {
    let name = line.name.as_deref()?;
    OURS.into_iter().find(|ours| name.starts_with(ours))
}

/// What the file says; a missing one says nothing.
fn read_file(path: &Path) -> Result<Dotenv, EnvError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Dotenv::default()),
        Err(source) => {
            return Err(EnvError::Unreadable {
                path: path.to_owned(),
                source,
            });
        }
    };
    let text = dotenv::decode(&bytes).map_err(|why| EnvError::NoText {
        path: path.to_owned(),
        why,
    })?;
    Ok(dotenv::read(&text))
}
