//! Tests of dashboards on another machine: bots connect to a relay, and their pages are reached through it.

use std::fs;

use host_remote::{Keys, Options, PublicKey, Relay, login_link};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::support::{Fixture, PATIENCE};

/// A relay with a data folder of its own.
struct Far {
    relay: Relay,
    data: TempDir,
}

/// An answer as it stands in the connection.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Far {
    async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let options = Options {
            listen: ([127, 0, 0, 1], 0).into(),
            url: None,
            data: data.path().to_owned(),
        };
        let relay = Relay::start(options).await.unwrap();
        Self { relay, data }
    }

    /// What a bot's configuration says of it.
    fn config(&self, role: &str) -> String {
        format!(
            "[remote]\nurl = \"ws://{}/remote\"\nkey = \"{}\"\nrole = \"{role}\"\n",
            self.relay.address(),
            self.relay.key()
        )
    }

    fn know(&self, bots: &[(&str, PublicKey)]) {
        let lines = bots
            .iter()
            .map(|(name, key)| format!("{name} = \"{key}\"\n"));
        let text: String = lines.collect();
        fs::write(self.data.path().join("bots.toml"), text).unwrap();
    }

    async fn until_connected(&self, bots: &[&str]) {
        let there = async {
            while self.relay.connected() != bots {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, there).await.unwrap();
    }

    /// How a bot, or the relay itself for "", is called by browsers.
    fn host(&self, bot: &str) -> String {
        let own = format!("localhost:{}", self.relay.address().port());
        match bot {
            "" => own,
            bot => format!("{bot}.{own}"),
        }
    }

    async fn send(&self, bot: &str, request: &str, headers: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.relay.address()).await.unwrap();
        let host = self.host(bot);
        let text = format!(
            "{request} HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
            body.len()
        );
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn ask(&self, bot: &str, request: &str, headers: &str, body: &str) -> Answer {
        let mut stream = self.send(bot, request, headers, body).await;
        let mut text = String::new();
        let read = stream.read_to_string(&mut text);
        timeout(PATIENCE, read).await.unwrap().unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        Answer {
            status: head[9..12].parse().unwrap(),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    /// Logs in by a link: the cookies as a header.
    async fn log_in(&self, bot: &str, link: &str) -> String {
        let (site, token) = link.split_once("/login/link#").unwrap();
        assert_eq!(site, format!("http://{}", self.host(bot)));
        let answer = self.ask(bot, "POST /login/link", "", token).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let again = self.ask(bot, "POST /login/link", "", token).await;
        assert_eq!(again.status, 403, "{again:?}");
        answer.cookies()
    }
}

impl Answer {
    fn cookies(&self) -> String {
        let lines = self.head.lines();
        let set = lines.filter_map(|line| line.strip_prefix("set-cookie: "));
        let pairs: Vec<_> = set.filter_map(|it| it.split(';').next()).collect();
        assert!(!pairs.is_empty(), "{}", self.head);
        format!("cookie: {}\r\n", pairs.join("; "))
    }
}

fn key_of(bot: &Fixture) -> PublicKey {
    Keys::open(&bot.data().join("pages/remote.key"))
        .unwrap()
        .public()
}

/// A link that logs the bot's owner in through the relay, once the bot has read that it may come: the relay knows that first.
async fn link_of(bot: &Fixture) -> String {
    let pages = &bot.bot.services().pages;
    let link = async {
        loop {
            if let Some(link) = pages.remote_link(bot.sandbox.owner_id(), "owner") {
                return link.address;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, link).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_bots_are_reached_through_one_relay_each_by_its_own_login_and_for_its_own_role() {
    let far = Far::start().await;
    let alpha = Fixture::configured(&[], &far.config("Visitor")).await;
    let beta = Fixture::configured(&[], &far.config("Owner")).await;
    far.know(&[("alpha", key_of(&alpha)), ("beta", key_of(&beta))]);
    far.until_connected(&["alpha", "beta"]).await;

    let login = far.ask("alpha", "GET /login", "", "").await;
    assert_eq!(login.status, 200, "{login:?}");
    assert!(login.body.contains("pages of a Discord bot"), "{login:?}");
    assert!(login.head.contains("content-security-policy"), "{login:?}");
    let nobody = far.ask("alpha", "GET /openapi.json", "", "").await;
    assert_eq!(nobody.status, 401, "{nobody:?}");
    // The metrics, which ask for no login, are of the port alone; another name is no bot.
    assert_eq!(far.ask("alpha", "GET /metrics", "", "").await.status, 404);
    assert_eq!(far.ask("gamma", "GET /login", "", "").await.status, 503);

    let to_alpha = far.log_in("alpha", &link_of(&alpha).await).await;
    let to_beta = far.log_in("beta", &link_of(&beta).await).await;
    for (bot, own, other) in [
        ("alpha", &to_alpha, &to_beta),
        ("beta", &to_beta, &to_alpha),
    ] {
        assert_eq!(far.ask(bot, "GET /openapi.json", own, "").await.status, 200);
        assert_eq!(
            far.ask(bot, "GET /openapi.json", other, "").await.status,
            401
        );
    }

    // Both are owners of their bots; the one bot's operator grants the relay less.
    let of_alpha = far
        .ask("alpha", "GET /events?topics=host:audit", &to_alpha, "")
        .await;
    assert_eq!(of_alpha.status, 403, "{of_alpha:?}");
    assert!(of_alpha.body.contains("Visitor"), "{of_alpha:?}");
    for (bot, topic, cookies) in [
        ("alpha", "host:plugins", &to_alpha),
        ("beta", "host:audit", &to_beta),
    ] {
        let request = format!("GET /events?topics={topic}");
        let mut events = far.send(bot, &request, cookies, "").await;
        let mut text = String::new();
        while !text.contains("event: hello") {
            let mut bytes = [0; 1024];
            let read = timeout(PATIENCE, events.read(&mut bytes))
                .await
                .unwrap()
                .unwrap();
            assert!(read > 0, "{text}");
            text.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
    }
    far.relay.shut_down().await;
    alpha.close().await;
    beta.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_whose_key_is_taken_is_out_at_once_and_comes_back_with_it() {
    let far = Far::start().await;
    let alpha = Fixture::configured(&[], &far.config("Visitor")).await;
    // Nobody is let in by a key that is not in the file.
    let key = key_of(&alpha);
    far.know(&[("beta", Keys::new().public())]);
    let refused = async {
        let pages = &alpha.bot.services().pages;
        loop {
            let words = pages.remote().unwrap_or_default();
            if words.contains("does not know this bot") {
                return words;
            }
            tokio::task::yield_now().await;
        }
    };
    let words = timeout(PATIENCE, refused).await.unwrap();
    assert!(words.contains(&key.to_string()), "{words}");
    assert!(far.relay.connected().is_empty());

    far.know(&[("alpha", key)]);
    far.until_connected(&["alpha"]).await;
    let cookies = far.log_in("alpha", &link_of(&alpha).await).await;
    let mut events = far
        .send("alpha", "GET /events?topics=host:plugins", &cookies, "")
        .await;
    let mut first = [0; 12];
    events.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    far.know(&[]);
    // What is open ends, and nothing new begins.
    let mut rest = Vec::new();
    let ended = timeout(PATIENCE, events.read_to_end(&mut rest)).await;
    assert!(ended.is_ok());
    far.until_connected(&[]).await;
    assert_eq!(far.ask("alpha", "GET /login", "", "").await.status, 503);

    // The session goes on when the bot may come again.
    far.know(&[("alpha", key)]);
    far.until_connected(&["alpha"]).await;
    let again = far.ask("alpha", "GET /openapi.json", &cookies, "").await;
    assert_eq!(again.status, 200, "{again:?}");
    far.relay.shut_down().await;
    alpha.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_bots_is_for_whoever_has_the_relays_link() {
    let far = Far::start().await;
    far.know(&[("alpha", Keys::new().public())]);
    let nobody = far.ask("", "GET /", "", "").await;
    assert_eq!(nobody.status, 401, "{nobody:?}");
    assert!(!nobody.body.contains("alpha"), "{nobody:?}");
    let link = login_link(far.data.path()).unwrap();
    let cookies = far.log_in("", &link).await;
    let listed = async {
        loop {
            let list = far.ask("", "GET /", &cookies, "").await;
            if list.body.contains("<b>alpha</b>") {
                return list;
            }
        }
    };
    let list = timeout(PATIENCE, listed).await.unwrap();
    assert!(list.body.contains("not connected"), "{list:?}");
    far.relay.shut_down().await;
}
