//! Cache snapshot: what is known, written when the bot stops in order and read by the process that goes on with its sessions.
//!
//! Lines of JSON: a head, each server with the bot's own member there, each member that was seen, and an end with a digest of all
//! before it. It belongs to the sequences in its head: with others something would be missing, and a right might be granted by it.

use std::{
    collections::{BTreeSet, HashMap},
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    Cache, Seen, Store,
    kept::GuildKept,
    wire::{Member, Server},
};
use crate::figures::now_ms;

/// Counts up whenever anything that is written here changes its form, or its meaning.
const FORMAT: u32 = 1;

/// Where a session stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Which shard.
    pub shard: u32,
    /// How many shards there are.
    pub of: u32,
    /// Discord's id of the session.
    pub session: String,
    /// Its last event that is known.
    pub sequence: u64,
}

impl Mark {
    /// Whether the shard is told of a server
    /// ([reference](https://discord.com/developers/docs/events/gateway#sharding-sharding-formula)).
    fn covers(&self, guild: u64) -> bool {
        (guild >> 22) % u64::from(self.of.max(1)) == u64::from(self.shard)
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    format: u32,
    bot: u64,
    at_ms: u64,
    marks: Vec<Mark>,
    me: Option<Box<str>>,
}

/// A line behind the head, as it is written.
#[derive(Debug, Serialize)]
enum Line<'a> {
    Server {
        id: u64,
        kept: &'a Server,
        own: Option<Member>,
        /// Whether the bot gets every change of its members.
        is_told: bool,
    },
    Member {
        guild: u64,
        seen: Member,
        /// How long ago, in milliseconds; `None`: since the bot gets every change.
        age_ms: Option<u64>,
    },
    End {
        sha256: &'a str,
    },
}

/// The same, as it is read.
#[derive(Debug, Deserialize)]
enum ReadLine {
    Server {
        id: u64,
        kept: Box<Server>,
        own: Option<Member>,
        is_told: bool,
    },
    Member {
        guild: u64,
        seen: Member,
        age_ms: Option<u64>,
    },
    End {
        sha256: String,
    },
}

/// A member that was seen, and when.
#[derive(Debug)]
pub(super) struct SeenThen {
    pub(super) guild: u64,
    pub(super) seen: Arc<Seen>,
    pub(super) at: Instant,
    /// Since then the bot gets every change.
    pub(super) is_told: bool,
}

impl Cache {
    /// Writes all that is known, as of these sequences. Takes a second or so where there are ten thousand servers.
    ///
    /// # Errors
    ///
    /// It can't be written.
    pub fn save(&self, file: &Path, marks: &[Mark]) -> io::Result<()> {
        let beside = file.with_extension("part");
        let mut out = Sealed::new(BufWriter::new(File::create(&beside)?));
        self.write_to(&mut out, marks)?;
        let sha256 = out.digest();
        out.line(&Line::End { sha256: &sha256 })?;
        out.inner.flush()?;
        fs::rename(beside, file)
    }

    fn write_to(&self, out: &mut Sealed<impl Write>, marks: &[Mark]) -> io::Result<()> {
        let store = self.store();
        out.line(&Head {
            format: FORMAT,
            bot: self.bot_id(),
            at_ms: now_ms(),
            marks: marks.to_vec(),
            me: store.me.clone(),
        })?;
        for (id, kept) in &store.guilds {
            let (own, is_told) = self.members.own_of(*id);
            out.line(&Line::Server {
                id: *id,
                kept: &Server::of(kept),
                own: own.as_deref().map(Member::of),
                is_told,
            })?;
        }
        drop(store);
        let now = Instant::now();
        for then in self.members.all_seen() {
            let age = now.saturating_duration_since(then.at).as_millis();
            out.line(&Line::Member {
                guild: then.guild,
                seen: Member::of(&then.seen),
                age_ms: (!then.is_told).then(|| u64::try_from(age).unwrap_or(u64::MAX)),
            })?;
        }
        Ok(())
    }

    /// Reads what was known when the sessions stood at these places; of which shards the servers are known now. What does not
    /// belong to them is not read.
    pub fn restore(&self, file: &Path, marks: &[Mark]) -> BTreeSet<u32> {
        match self.read_from(file, marks) {
            Ok(known) => known,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeSet::new(),
            Err(error) => {
                tracing::warn!(
                    file = %file.display(),
                    "what the bot knew before the restart can't be read, and Discord is asked anew: {error}"
                );
                BTreeSet::new()
            }
        }
    }

    fn read_from(&self, file: &Path, marks: &[Mark]) -> io::Result<BTreeSet<u32>> {
        let mut lines = Lines::new(BufReader::new(File::open(file)?));
        let head: Head = lines.next()?;
        if head.format != FORMAT || head.bot != self.bot_id() {
            return Ok(BTreeSet::new());
        }
        let fitting: Vec<&Mark> = marks.iter().filter(|it| head.marks.contains(it)).collect();
        if fitting.is_empty() {
            return Ok(BTreeSet::new());
        }
        let is_covered = |guild: u64| fitting.iter().any(|mark| mark.covers(guild));
        let then = Instant::now();
        let since = Duration::from_millis(now_ms().saturating_sub(head.at_ms));
        let (mut guilds, mut members) = (HashMap::new(), Vec::new());
        let (mut own_members, mut told) = (Vec::new(), Vec::new());
        loop {
            match lines.next()? {
                ReadLine::Server {
                    id,
                    kept,
                    own,
                    is_told,
                } if is_covered(id) => {
                    guilds.insert(id, Box::new(kept.restored()));
                    own_members.extend(own.map(|own| (id, Arc::new(own.restored()))));
                    told.extend(is_told.then_some(id));
                }
                ReadLine::Member {
                    guild,
                    seen,
                    age_ms,
                } if is_covered(guild) => {
                    let age = age_ms.map(|age| Duration::from_millis(age) + since);
                    // Older than the machine: it is of no use any more.
                    let at = age.map_or(Some(then), |age| then.checked_sub(age));
                    members.extend(at.map(|at| (guild, Arc::new(seen.restored()), at)));
                }
                ReadLine::End { sha256 } if sha256 == lines.digest => break,
                ReadLine::End { .. } => return Err(io::Error::other("its digest is another one")),
                ReadLine::Server { .. } | ReadLine::Member { .. } => {}
            }
        }
        self.store_mut().take_over(guilds, head.me);
        self.members.take_over(own_members, &told, members, then);
        Ok(fitting.iter().map(|mark| mark.shard).collect())
    }
}

impl Store {
    fn take_over(&mut self, guilds: HashMap<u64, Box<GuildKept>>, me: Option<Box<str>>) {
        for (id, kept) in &guilds {
            let channels = kept.channels.ids();
            self.places.extend(channels.map(|channel| (channel, *id)));
        }
        self.guilds.extend(guilds);
        self.me = me;
    }
}

/// Lines, and a digest of those that were written.
struct Sealed<W> {
    inner: W,
    digest: Sha256,
}

impl<W: Write> Sealed<W> {
    fn new(inner: W) -> Self {
        Self {
            inner,
            digest: Sha256::new(),
        }
    }

    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.digest.update(&text);
        self.inner.write_all(&text)
    }

    fn digest(&self) -> String {
        hex(self.digest.clone())
    }
}

/// Lines that are read, and the digest of those before the last one.
struct Lines<R> {
    inner: R,
    text: String,
    so_far: Sha256,
    digest: String,
}

impl<R: BufRead> Lines<R> {
    fn new(inner: R) -> Self {
        Self {
            inner,
            text: String::new(),
            so_far: Sha256::new(),
            digest: String::new(),
        }
    }

    fn next<T: for<'de> Deserialize<'de>>(&mut self) -> io::Result<T> {
        self.text.clear();
        self.inner.read_line(&mut self.text)?;
        // The last line alone has a digest, and is short.
        if self.text.starts_with("{\"End\"") {
            self.digest = hex(self.so_far.clone());
        }
        self.so_far.update(self.text.as_bytes());
        Ok(serde_json::from_str(&self.text)?)
    }
}

fn hex(digest: Sha256) -> String {
    digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use twilight_model::gateway::Intents;

    use super::*;
    use crate::cache::tests::{BOT, cache, furnished};

    fn mark(sequence: u64) -> Mark {
        Mark {
            shard: 0,
            of: 1,
            session: "one".into(),
            sequence,
        }
    }

    #[test]
    fn what_was_known_is_known_again_by_the_sessions_that_it_belongs_to() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cache");
        let before = furnished(Intents::all());
        before.save(&file, &[mark(9)]).unwrap();
        let after = cache();
        assert_eq!(after.restore(&file, &[mark(9)]), BTreeSet::from([0]));
        assert_eq!(
            format!("{:?}", after.guilds()),
            format!("{:?}", before.guilds())
        );
        for guild in before.guilds() {
            assert_eq!(after.guild(guild).unwrap(), before.guild(guild).unwrap());
            assert_eq!(
                after.channels(guild).unwrap(),
                before.channels(guild).unwrap()
            );
            let bot = twilight_model::id::Id::new(BOT);
            assert_eq!(
                after.permissions(guild, bot, None).unwrap(),
                before.permissions(guild, bot, None).unwrap()
            );
        }
        assert_eq!(after.members_kept(), before.members_kept());
        // What comes afterwards is learnt as ever.
        let guild = before.guilds()[0];
        let gone = format!(r#"{{"id": "{guild}"}}"#);
        assert!(
            after
                .learn(Intents::all(), "GUILD_DELETE", &gone)
                .is_empty()
        );
        assert!(after.guild(guild).is_err());
    }

    #[test]
    fn what_belongs_to_something_else_or_was_changed_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cache");
        let before = furnished(Intents::all());
        before.save(&file, &[mark(9)]).unwrap();
        let nothing = |marks: &[Mark]| {
            let after = cache();
            assert_eq!(after.restore(&file, marks), BTreeSet::new());
            assert!(after.guilds().is_empty());
        };
        nothing(&[mark(10)]);
        nothing(&[]);
        let text = fs::read_to_string(&file).unwrap();
        for changed in [
            text.replace("\"format\":1", "\"format\":2"),
            text.replacen("\"is_out\":false", "\"is_out\":true", 1),
            text[..text.len() / 2].to_owned(),
            String::new(),
        ] {
            fs::write(&file, changed).unwrap();
            nothing(&[mark(9)]);
        }
        fs::remove_file(&file).unwrap();
        nothing(&[mark(9)]);
    }
}
