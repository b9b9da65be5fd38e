//! Key pairs (X25519) by which a bot and a relay know each other, and the files that they are kept in.

use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    str::FromStr,
};

use host_base::private;
use serde::Deserialize;
use snow::{
    params::DHChoice,
    resolvers::{CryptoResolver, DefaultResolver},
};

/// Bytes of a key, be it the secret or the public one.
const BYTES: usize = 32;

/// A public key: whom the other side takes somebody for. As text it is 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct PublicKey([u8; BYTES]);

/// A key pair. The secret is never shown.
pub struct Keys {
    secret: [u8; BYTES],
    public: PublicKey,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A text is no public key.
    #[error("expected a public key, which is {digits} hexadecimal digits, found `{0}`", digits = 2 * BYTES)]
    NoKey(String),
    /// A file's content is no secret key.
    #[error(
        "{0} holds no key: it is {digits} hexadecimal digits, as the program wrote it; take the file from a backup, or remove it and give \
         the public key that is made then to the other side",
        digits = 2 * BYTES
    )]
    Damaged(PathBuf),
    /// A file can't be read or written.
    #[error("{0}: {1}")]
    File(PathBuf, #[source] io::Error),
}

impl Keys {
    /// A new pair.
    ///
    /// # Panics
    ///
    /// The system gives no random bytes: nothing that is to be secret can be made then.
    #[must_use]
    pub fn new() -> Self {
        let mut secret = [0; BYTES];
        getrandom::fill(&mut secret).expect("the system gives random bytes");
        Self::of(secret)
    }

    /// Those in a file, which is made, for this user alone, where there is none.
    ///
    /// # Errors
    ///
    /// The file holds something else, or it can't be read or made.
    pub fn open(file: &Path) -> Result<Self, KeyError> {
        let failed = |error| KeyError::File(file.to_owned(), error);
        match fs::read_to_string(file) {
            Ok(text) => {
                let secret = digits(text.trim()).ok_or_else(|| KeyError::Damaged(file.to_owned()));
                return Ok(Self::of(secret?));
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            Err(_) => {}
        }
        if let Some(folder) = file.parent().filter(|it| !it.as_os_str().is_empty()) {
            private::folder_told(folder).map_err(failed)?;
        }
        let keys = Self::new();
        // Whole or not at all, and never in the place of one that another process has made meanwhile.
        let mark = hexadecimal(&keys.public.0[..8]);
        let beside = file.with_extension(format!("{mark}.part"));
        let mut new = for_me_alone(&beside).map_err(failed)?;
        writeln!(new, "{}", hexadecimal(&keys.secret)).map_err(failed)?;
        new.sync_all().map_err(failed)?;
        let placed = fs::hard_link(&beside, file);
        let _ = fs::remove_file(&beside);
        match placed {
            Ok(()) => Ok(keys),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::open(file),
            Err(error) => Err(failed(error)),
        }
    }

    fn of(secret: [u8; BYTES]) -> Self {
        let mut dh = DefaultResolver
            .resolve_dh(&DHChoice::Curve25519)
            .expect("the feature use-curve25519 is on");
        dh.set(&secret);
        let mut public = [0; BYTES];
        public.copy_from_slice(dh.pubkey());
        Self {
            secret,
            public: PublicKey(public),
        }
    }

    /// What the other side is told.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public
    }

    pub(crate) fn secret(&self) -> &[u8] {
        &self.secret
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

/// Makes a file that nobody else reads, where there is none.
pub(crate) fn for_me_alone(file: &Path) -> io::Result<fs::File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

impl PublicKey {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let key = digits(text.trim()).map(Self);
        key.ok_or_else(|| KeyError::NoKey(text.chars().take(80).collect()))
    }
}

impl TryFrom<String> for PublicKey {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        text.parse()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hexadecimal(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    use fmt::Write;

    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn digits(text: &str) -> Option<[u8; BYTES]> {
    if text.len() != 2 * BYTES || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; BYTES];
    for (place, byte) in bytes.iter_mut().enumerate() {
        let pair = &text[2 * place..2 * place + 2];
        // `from_str_radix` takes a sign, too.
        if !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_the_same_in_their_file_which_nobody_else_reads() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pages").join("remote.key");
        let first = Keys::open(&file).unwrap();
        let again = Keys::open(&file).unwrap();
        assert_eq!(first.public(), again.public());
        assert_eq!(first.secret(), again.secret());
        assert_ne!(first.public(), Keys::new().public());
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        }
        let shown = format!("{first:?}");
        assert!(!shown.contains(&hexadecimal(first.secret())), "{shown}");
    }

    #[test]
    fn whoever_opens_a_new_file_at_the_same_time_gets_the_same_keys() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("remote.key");
        let opened: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| Keys::open(&file).unwrap().public()))
                .collect();
            threads.into_iter().map(|it| it.join().unwrap()).collect()
        });
        assert!(opened.iter().all(|key| *key == opened[0]), "{opened:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_key_is_said_to_be_none() {
        let key = Keys::new().public();
        assert_eq!(key.to_string().parse::<PublicKey>().unwrap(), key);
        assert_eq!(
            key.to_string().to_uppercase().parse::<PublicKey>().unwrap(),
            key
        );
        for odd in [
            "",
            "abc",
            &"g".repeat(64),
            &"+1".repeat(32),
            &"ä".repeat(32),
        ] {
            let error = odd.parse::<PublicKey>().unwrap_err().to_string();
            assert!(error.contains("64 hexadecimal digits"), "{error}");
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("remote.key");
        fs::write(&file, "tea").unwrap();
        let error = Keys::open(&file).unwrap_err().to_string();
        assert!(error.contains("remote.key holds no key"), "{error}");
    }

    #[test]
    fn a_public_key_follows_from_the_secret_as_the_standard_says() {
        // RFC 7748, section 6.1: Alice's.
        let secret = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
        let public = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
        let keys = Keys::of(digits(secret).unwrap());
        assert_eq!(keys.public().to_string(), public);
    }
}
