//! Gateway sessions that are renewed because the intents have changed, under a steady stream of messages.

use std::{collections::BTreeSet, fs, path::PathBuf, sync::Arc, sync::OnceLock, time::Duration};

use tempfile::TempDir;
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    fixtures,
    observe::page,
    support::{Fixture, PATIENCE},
};

/// A plugin that writes down what it hears, where its settings say, through all its generations.
const EAR: &str = r#"//! Hears.
use std::{fs::OpenOptions, io::Write};

use plugin_api::{prelude::*, twilight_model::gateway::payload::incoming::{GuildCreate, Ready}};

export_plugin!(|| {
    Plugin::with_state(|host| async move {
        let settings: std::collections::BTreeMap<String, String> = host.settings()?;
        Ok(Ear { file: settings.get("file").cloned().unwrap_or_default() })
    })
    .listen(Listener::new().ignore_bots(), message)
    .on(server)
    .on(ready)
});

struct Ear { file: String }

impl Ear {
    fn note(&self, line: String) -> Result {
        let file = OpenOptions::new().create(true).append(true).open(&self.file);
        file.and_then(|mut file| file.write_all(line.as_bytes())).map_err(|error| Error::new(error.to_string()))
    }
}

async fn message(ctx: EventContext<MessageCreate, Ear>) -> Result {
    let id = ctx.message_id().map_or(0, |id| id.get());
    ctx.state().note(format!("{id} {}\n", ctx.content()))
}

async fn server(ctx: EventContext<GuildCreate, Ear>) -> Result {
    ctx.state().note("a server\n".to_owned())
}

async fn ready(ctx: EventContext<Ready, Ear>) -> Result {
    ctx.state().note("ready\n".to_owned())
}
"#;

pub fn ear() -> PathBuf {
    static EAR_FILE: OnceLock<PathBuf> = OnceLock::new();
    EAR_FILE
        .get_or_init(|| fixtures::plugin("ear", "keeps", "0.1.0", "", EAR))
        .clone()
}

/// A bot, and what its plugin `ear` has heard.
struct Heard {
    bot: Arc<Fixture>,
    folder: TempDir,
}

/// What a member has said: the message's id, and whether the bot had a session that is sent message content when it was said.
type Said = Vec<(u64, bool)>;

impl Heard {
    async fn start() -> Self {
        // Compiled before the clock of anybody runs.
        ear();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("heard.txt");
        let config = format!("[plugins.ear]\nfile = {:?}", file.to_str().unwrap());
        let bot = Arc::new(Fixture::configured(&[], &config).await);
        Self { bot, folder }
    }

    fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder.path().join("heard.txt")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    async fn until_heard(&self, id: u64) {
        let start = format!("{id} ");
        tokio::time::timeout(PATIENCE, async {
            while !self.lines().iter().any(|line| line.starts_with(&start)) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await
        .unwrap_or_else(|_| panic!("{id} was not heard: {:#?}", self.lines()));
    }

    /// Each message from the first that was heard on: once, with its text where there was a session that is sent it.
    fn check(&self, said: &Said) {
        let lines = self.lines();
        let ids: Vec<u64> = lines
            .iter()
            .filter_map(|line| line.split(' ').next()?.parse().ok())
            .collect();
        let first = ids[0];
        let expected: Vec<u64> = said
            .iter()
            .map(|it| it.0)
            .filter(|id| *id >= first)
            .collect();
        assert!(
            expected.len() > 50,
            "{} messages are no stream",
            expected.len()
        );
        assert_eq!(ids, expected, "each once, and in order");
        let texts: BTreeSet<&str> = lines.iter().map(String::as_str).collect();
        for (number, (id, had_content)) in said.iter().enumerate() {
            let line = format!("{id} line {number}");
            assert!(
                *id < first || !had_content || texts.contains(&*line),
                "{id} was heard without its text"
            );
        }
        let servers: Vec<_> = lines
            .iter()
            .filter(|it| *it == "ready" || *it == "a server")
            .collect();
        assert_eq!(servers, [""; 0], "nothing of this is new");
    }

    async fn close(self) {
        let bot = Arc::into_inner(self.bot).unwrap();
        bot.close().await;
    }
}

/// A member who says something every few milliseconds until told to stop.
struct Stream {
    stop: watch::Sender<bool>,
    task: JoinHandle<Said>,
}

impl Stream {
    /// `contents` are the numbers of the sessions that are sent message content.
    fn begin(bot: &Arc<Fixture>, contents: impl Fn(usize) -> bool + Send + 'static) -> Self {
        let (stop, stopped) = watch::channel(false);
        let bot = Arc::clone(bot);
        let task = tokio::spawn(async move {
            let member = bot.member();
            let mut said = Vec::new();
            while !*stopped.borrow() {
                let had_content = contents(bot.sessions());
                let text = format!("line {}", said.len());
                said.push((member.says("general", &text).await.unwrap().id, had_content));
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            said
        });
        Self { stop, task }
    }

    async fn end(self) -> Said {
        self.stop.send_replace(true);
        self.task.await.unwrap()
    }
}

/// The first plugin that needs message content heard 29 of 70 messages twice, once without text.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_plugin_that_needs_content_hears_each_message_once_and_with_its_text() {
    let heard = Heard::start().await;
    let stream = Stream::begin(&heard.bot, |sessions| sessions > 1);
    heard.bot.drop_in(&ear(), "ear");
    heard.bot.until_sessions_silently(2).await;
    // The overlap, and a while.
    tokio::time::sleep(Duration::from_millis(4_500)).await;
    let said = stream.end().await;
    heard.until_heard(said.last().unwrap().0).await;
    heard.check(&said);
    heard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_break_during_a_renewal_cost_no_message() {
    let heard = Heard::start().await;
    let stream = Stream::begin(&heard.bot, |_| false);
    heard.bot.drop_in(&ear(), "ear");
    heard.bot.until_sessions_silently(2).await;
    for _ in 0..3 {
        heard.bot.sandbox.drop_connections();
        tokio::time::sleep(Duration::from_millis(700)).await;
        heard.bot.sandbox.reconnect_all();
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    tokio::time::sleep(Duration::from_millis(3_000)).await;
    let said = stream.end().await;
    heard.until_heard(said.last().unwrap().0).await;
    heard.check(&said);
    heard.close().await;
}

/// Its wish was compared with the session that was there, and not with the one that was on its way.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_prefix_plugin_hears_again_when_its_file_goes_and_comes_back() {
    let bot = Fixture::with(&["counter"]).await;
    let member = bot.member();
    let file = bot.extensions().join("libcounter.so");
    // Within seconds: no session is spent on it.
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 1");
    fs::remove_file(&file).unwrap();
    bot.until(|all| all.iter().all(|it| it.serving.is_none()))
        .await;
    bot.drop_in(&fixtures::example("counter"), "counter");
    bot.until_generation("counter", 1).await;
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 2");
    assert_eq!(bot.sessions(), 1);
    // And while the session without content is about to take over.
    fs::remove_file(&file).unwrap();
    bot.until(|all| all.iter().all(|it| it.serving.is_none()))
        .await;
    bot.until_sessions_silently(2).await;
    bot.drop_in(&fixtures::example("counter"), "counter");
    bot.until_generation("counter", 1).await;
    bot.until_sessions(3).await;
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 3");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readyz_and_extensions_say_which_intent_is_not_there_yet() {
    let bot = Fixture::configured(&[], "metrics.listen = \"127.0.0.1:0\"").await;
    let address = bot.bot.metrics_address().unwrap();
    bot.drop_in(&fixtures::example("counter"), "counter");
    bot.until_generation("counter", 1).await;
    let (status, body) = page(address, "/readyz", "*/*").await;
    let told =
        "shard 0 does not have MESSAGE_CONTENT for counter yet: a session with it is on its way";
    assert!(
        status.contains("503") && body.contains(told),
        "{status} {body}"
    );
    let mention = format!("<@{}> extensions", bot.sandbox.application_id());
    let listed = bot.ask(&bot.owner(), &mention).await.text();
    assert!(listed.contains(told), "{listed}");
    bot.until_content_is_seen().await;
    let ready = tokio::time::timeout(PATIENCE, async {
        while !page(address, "/readyz", "*/*").await.0.contains("200") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    ready.await.unwrap();
    let listed = bot.ask(&bot.owner(), "!extensions").await.text();
    assert!(!listed.contains("MESSAGE_CONTENT"), "{listed}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn intents_that_discord_refuses_leave_the_session_that_there_is() {
    let bot = Fixture::with(&[]).await;
    bot.sandbox.change_world(|world| {
        world.set_privileged_intents(twilight_model::gateway::Intents::empty());
    });
    bot.drop_in(&fixtures::example("counter"), "counter");
    bot.until_generation("counter", 1).await;
    let mention = format!("<@{}> ", bot.sandbox.application_id());
    let told = tokio::time::timeout(PATIENCE, async {
        loop {
            let listed = bot
                .ask(&bot.owner(), &format!("{mention}extensions"))
                .await
                .text();
            if listed.contains("Discord refuses it; switch it on") {
                return listed;
            }
        }
    });
    let listed = told.await.unwrap();
    assert!(listed.contains("MESSAGE_CONTENT for counter"), "{listed}");
    // A mention carries content in any session.
    let answer = bot.ask(&bot.member(), &format!("{mention}count")).await;
    assert_eq!(answer.content, "Count: 1");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_stops_in_the_middle_of_a_renewal_stops() {
    let bot = Fixture::with(&[]).await;
    bot.drop_in(&fixtures::example("counter"), "counter");
    bot.until_generation("counter", 1).await;
    // On its way, and then during the overlap.
    let bot = bot.restart().await;
    let sessions = bot.sessions();
    fs::remove_file(bot.extensions().join("libcounter.so")).unwrap();
    bot.until(|all| all.iter().all(|it| it.serving.is_none()))
        .await;
    bot.until_sessions(sessions + 1).await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_nobody_needs_content_any_more_the_owner_is_heard_by_mention_and_told_why_not_by_prefix()
 {
    let bot = Fixture::with(&["counter"]).await;
    let (owner, member) = (bot.owner(), bot.member());
    let mention = format!("<@{}> ", bot.sandbox.application_id());
    let listed = bot.ask(&owner, "!extensions").await.text();
    assert!(!listed.contains("is not heard"), "{listed}");
    // By the owner's own command.
    let told = bot.ask(&owner, "!unload counter").await.text();
    assert!(told.contains("counter"), "{told}");
    bot.until_sessions_silently(2).await;
    // While the session before is still read, the prefix is heard.
    let told = async {
        loop {
            let listed = bot
                .ask(&owner, &format!("{mention}extensions"))
                .await
                .text();
            if listed.contains("is not heard") {
                return listed;
            }
        }
    };
    let listed = tokio::time::timeout(PATIENCE, told).await.unwrap();
    for part in [
        "`!` is not heard in servers: no loaded plugin needs the text of messages",
        "MESSAGE_CONTENT",
        "a mention of the bot, direct messages and slash commands work",
    ] {
        assert!(listed.contains(part), "{part} is not in {listed}");
    }
    let sent = owner.says("dm", "!extensions").await.unwrap();
    let listed = owner.expects_reply_to(&sent).await.unwrap().text();
    assert!(listed.contains("is not heard in servers"), "{listed}");
    // The owner's other commands go on, too: this one makes the prefix heard again.
    let loaded = bot
        .ask(&owner, &format!("{mention}load counter"))
        .await
        .text();
    assert!(loaded.contains("counter"), "{loaded}");
    bot.until_generation("counter", 1).await;
    bot.until_sessions_silently(3).await;
    let answer = bot.ask(&member, "!count").await.content;
    assert!(answer.starts_with("Count: "), "{answer}");
    bot.close().await;
}
