//! A bot in a process of its own, on a sandbox in this one: for what ends processes.

mod running;

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitStatus,
    time::Duration,
};

use sandbox::{Actor, MessageView, Options, Sandbox};
use tempfile::TempDir;

pub use self::running::{Running, signal, tail};
use crate::support::PATIENCE;

/// How long a reply is waited for until it is asked once more.
const EACH: Duration = Duration::from_secs(3);

/// A bot in a process of its own.
pub struct Process {
    pub sandbox: Sandbox,
    pub folder: TempDir,
    running: Running,
}

impl Process {
    /// Runs `cogwright run` with these libraries in its extensions folder.
    pub async fn run(libraries: &[(&str, PathBuf)], config: &str) -> Self {
        let this = Self::begin(libraries, config).await;
        this.sandbox.bot_ready(PATIENCE).await.unwrap();
        this
    }

    /// The same, without waiting until it is there.
    pub async fn begin(libraries: &[(&str, PathBuf)], config: &str) -> Self {
        Self::on(Self::discord(|_| {}).await, libraries, config)
    }

    /// A Discord for such a bot, with other options.
    pub async fn discord(change: impl FnOnce(&mut Options)) -> Sandbox {
        let mut options = Options {
            deadline: PATIENCE,
            ..Options::default()
        };
        change(&mut options);
        Sandbox::start(options).await.unwrap()
    }

    /// A bot on this Discord, without waiting until it is there.
    pub fn on(sandbox: Sandbox, libraries: &[(&str, PathBuf)], config: &str) -> Self {
        Self::prepared(sandbox, libraries, config, |_| {})
    }

    /// The same in a folder that something is put into before it starts.
    pub fn prepared(
        sandbox: Sandbox,
        libraries: &[(&str, PathBuf)],
        config: &str,
        put: impl FnOnce(&Path),
    ) -> Self {
        let folder = folder(sandbox.addr(), libraries, config);
        put(folder.path());
        Self::start(folder, sandbox)
    }

    /// The same, of which Discord is told to be at this address.
    pub fn by(
        address: SocketAddr,
        sandbox: Sandbox,
        libraries: &[(&str, PathBuf)],
        config: &str,
    ) -> Self {
        Self::start(folder(address, libraries, config), sandbox)
    }

    fn start(folder: TempDir, sandbox: Sandbox) -> Self {
        let running = Running::start(folder.path(), &sandbox, "said.log");
        Self {
            sandbox,
            folder,
            running,
        }
    }

    /// A bot below a supervisor, by the program that `place` puts into its folder; its alerts go to #general.
    pub async fn supervised(
        libraries: &[(&str, PathBuf)],
        place: impl FnOnce(&Path) -> PathBuf,
    ) -> Self {
        let sandbox = Self::discord(|_| {}).await;
        let general = sandbox.channel_id("general").unwrap();
        let config = format!("[alerts]\nchannel_id = {general}\n");
        let folder = folder(sandbox.addr(), libraries, &config);
        let program = place(folder.path());
        let running = Running::supervised(&program, folder.path(), &sandbox, "said.log");
        sandbox.bot_ready(PATIENCE).await.unwrap();
        Self {
            sandbox,
            folder,
            running,
        }
    }

    /// A bot alone, and in a process group of its own, by the program that `place` puts into its folder.
    pub async fn grouped(
        libraries: &[(&str, PathBuf)],
        config: &str,
        place: impl FnOnce(&Path) -> PathBuf,
    ) -> Self {
        let sandbox = Self::discord(|_| {}).await;
        let folder = folder(sandbox.addr(), libraries, config);
        let program = place(folder.path());
        let running = Running::grouped(&program, folder.path(), &sandbox, "said.log");
        sandbox.bot_ready(PATIENCE).await.unwrap();
        Self {
            sandbox,
            folder,
            running,
        }
    }

    /// Starts that once more, without waiting until it is there. It must have ended.
    pub fn revived_grouped(self, program: &Path) -> Self {
        let running = Running::grouped(program, self.folder.path(), &self.sandbox, "said.log");
        Self { running, ..self }
    }

    /// The process that was started: the bot, or its supervisor.
    pub fn id(&self) -> u32 {
        self.running.id()
    }

    /// Starts it once more on the same Discord and in the same folder, and waits until it is there. It must have ended.
    pub async fn again(self) -> Self {
        let again = self.revived();
        again.until_said("ready: ").await;
        again
    }

    /// The same, without waiting until it is there.
    pub fn revived(self) -> Self {
        let running = Running::start(self.folder.path(), &self.sandbox, "said.log");
        Self { running, ..self }
    }

    pub fn member(&self) -> Actor {
        self.sandbox.actor("member").unwrap()
    }

    pub fn owner(&self) -> Actor {
        self.sandbox.actor("owner").unwrap()
    }

    /// Says it in #general and waits for the reply.
    pub async fn ask(&self, who: &Actor, text: &str) -> MessageView {
        let sent = who.says("general", text).await.unwrap();
        let reply = who.expects_reply_to(&sent).await;
        reply.unwrap_or_else(|error| panic!("{text}: {error}\n{}", self.said()))
    }

    /// Asks until the reply has this text in it.
    pub async fn until(&self, who: &Actor, text: &str, wanted: &str) -> String {
        let asked = async {
            let mut sent = Vec::new();
            loop {
                let asked = who.says("general", text).await.unwrap();
                let _ = tokio::time::timeout(EACH, who.expects_reply_to(&asked)).await;
                sent.push(asked.id);
                // A reply that comes late is one, too.
                let all = who.messages("general");
                let found = all.iter().find(|message| {
                    message.reply_to.is_some_and(|to| sent.contains(&to))
                        && message.text().contains(wanted)
                });
                if let Some(found) = found {
                    return found.text();
                }
            }
        };
        let found = tokio::time::timeout(PATIENCE, asked).await;
        found.unwrap_or_else(|_| panic!("{text} never said {wanted:?}\n{}", self.said()))
    }

    /// What it has written to its terminal.
    pub fn said(&self) -> String {
        self.running.said()
    }

    /// Waits until it has written this.
    pub async fn until_said(&self, wanted: &str) {
        self.running.until_said(wanted).await;
    }

    /// As in [`Running::memory`].
    pub fn memory(&self, what: &str) -> u64 {
        self.running.memory(what)
    }

    /// The most memory that it has had, in bytes.
    pub fn most_memory(&self) -> u64 {
        self.running.most_memory()
    }

    /// Sends a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        self.running.signal(name);
    }

    /// Waits for its end.
    pub async fn ended(&self) -> ExitStatus {
        self.running.status().await
    }

    /// The JSON of a plugin's state on disk: behind eight bytes of magic and four of the schema's number.
    pub fn state(&self, plugin: &str) -> Option<String> {
        let file = self
            .folder
            .path()
            .join("data/plugins")
            .join(plugin)
            .join("state");
        let bytes = fs::read(file).ok()?;
        Some(String::from_utf8(bytes[12..].to_vec()).unwrap())
    }
}

/// A folder for a bot with these libraries on the Discord at this address.
fn folder(address: SocketAddr, libraries: &[(&str, PathBuf)], config: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let extensions = folder.path().join("extensions");
    fs::create_dir_all(&extensions).unwrap();
    for (name, library) in libraries {
        fs::copy(library, extensions.join(format!("lib{name}.so"))).unwrap();
    }
    let config = format!(
        "{config}\n[discord]\napi_url = \"http://{address}\"\ngateway_url = \"ws://{address}\"\n\
         [metrics]\nlisten = \"127.0.0.1:0\"\n[pages]\nlisten = \"off\"\n",
    );
    fs::write(folder.path().join("config.toml"), config).unwrap();
    folder
}
