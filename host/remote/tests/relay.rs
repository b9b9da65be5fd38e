//! Stories of the relay with a bot of a few lines: requests reach it, whoever is unknown does not come in, and nobody keeps others waiting.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::{fs, time::Duration};

use axum::body::Bytes;
use host_remote::{
    AnswerHead, Broken, Greeted, Keys, Link, Options, PublicKey, Relay, RequestHead, Stream, dial,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
    time::timeout,
};

/// Longer than anything may take on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(60);

async fn start() -> (Relay, TempDir) {
    let data = tempfile::tempdir().unwrap();
    let options = Options {
        listen: ([127, 0, 0, 1], 0).into(),
        url: None,
        data: data.path().to_owned(),
    };
    (Relay::start(options).await.unwrap(), data)
}

fn know(data: &TempDir, bots: &[(&str, PublicKey)]) {
    let lines = bots
        .iter()
        .map(|(name, key)| format!("{name} = \"{key}\"\n"));
    fs::write(data.path().join("bots.toml"), lines.collect::<String>()).unwrap();
}

/// Comes until the relay takes it: its file is read a moment later.
async fn come(relay: &Relay, keys: &Keys) -> Greeted {
    let url = format!("ws://{}/remote", relay.address());
    let coming = async {
        loop {
            match dial(&url, keys, &relay.key()).await {
                Ok(greeted) => return greeted,
                Err(Broken::Told(_)) => tokio::task::yield_now().await,
                Err(broken) => panic!("{broken}"),
            }
        }
    };
    timeout(PATIENCE, coming).await.unwrap()
}

/// A bot that sends back what it gets; `/endless` has no end, and `/cookie` tries to give one to others.
fn serve(greeted: Greeted) -> JoinHandle<Broken> {
    tokio::spawn(async move {
        let mut accept = |stream: Stream, head: Bytes| {
            let head: RequestHead = serde_json::from_slice(&head).unwrap();
            tokio::spawn(answer(stream, head));
        };
        Link::new().run(greeted.channel, Some(&mut accept)).await
    })
}

async fn answer(mut stream: Stream, head: RequestHead) {
    let cookies = ["a=b; Path=/", "evil=1; Domain=localhost"];
    let cookies = cookies.map(|it| ("set-cookie".to_owned(), it.to_owned()));
    let answer = AnswerHead {
        status: 200,
        headers: cookies.to_vec(),
    };
    let answer = serde_json::to_vec(&answer).unwrap();
    stream.sender.head(answer).unwrap();
    let first = format!("{} {} of {}\n", head.method, head.target, head.address);
    stream.sender.data(first.into()).await.unwrap();
    if head.target == "/endless" {
        while stream.sender.data(vec![b'x'; 4096].into()).await.is_ok() {}
        return;
    }
    while let Some(Ok(piece)) = stream.receiver.data().await {
        if stream.sender.data(piece).await.is_err() {
            return;
        }
    }
    stream.sender.end();
}

async fn send(relay: &Relay, bot: &str, request: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(relay.address()).await.unwrap();
    let port = relay.address().port();
    let length = body.len();
    let head = format!(
        "{request} HTTP/1.1\r\nhost: {bot}.localhost:{port}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    stream
}

async fn ask(relay: &Relay, bot: &str, request: &str, body: &str) -> String {
    let mut stream = send(relay, bot, request, body).await;
    let mut text = String::new();
    let read = stream.read_to_string(&mut text);
    timeout(PATIENCE, read).await.unwrap().unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    match head.contains("transfer-encoding: chunked") {
        true => format!("{head}\r\n\r\n{}", joined(body)),
        false => text,
    }
}

/// A body without the sizes of its chunks.
fn joined(mut chunks: &str) -> String {
    let mut body = String::new();
    while let Some((size, rest)) = chunks.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        body.push_str(&rest[..size]);
        chunks = rest[size..].strip_prefix("\r\n").unwrap();
        if size == 0 {
            break;
        }
    }
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_reach_the_bot_that_they_are_for_and_bodies_cross_whole() {
    let (relay, data) = start().await;
    let (alpha, beta) = (Keys::new(), Keys::new());
    know(&data, &[("alpha", alpha.public()), ("beta", beta.public())]);
    let greeted = come(&relay, &alpha).await;
    let port = relay.address().port();
    assert_eq!(greeted.hello.name, "alpha");
    assert_eq!(greeted.hello.url, format!("http://alpha.localhost:{port}"));
    let _alpha = serve(greeted);
    let answer = ask(&relay, "alpha", "GET /p/tea/?a=b", "").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("GET /p/tea/?a=b of 127.0.0.1"), "{answer}");
    assert!(
        answer.contains("a=b; Path=/") && !answer.contains("evil"),
        "{answer}"
    );
    // Larger than any window.
    let large = "0123456789".repeat(100_000);
    let answer = ask(&relay, "alpha", "POST /upload", &large).await;
    assert_eq!(answer.matches("0123456789").count(), 100_000);
    assert!(
        ask(&relay, "beta", "GET /", "")
            .await
            .starts_with("HTTP/1.1 503")
    );
    relay.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_slowly_harms_nobody() {
    let (relay, data) = start().await;
    let alpha = Keys::new();
    know(&data, &[("alpha", alpha.public())]);
    let _alpha = serve(come(&relay, &alpha).await);
    // Twenty that take the beginning and nothing more: what is sent to them fills every buffer on the way.
    let mut slow = Vec::new();
    for _ in 0..20 {
        let mut stream = send(&relay, "alpha", "GET /endless", "").await;
        let mut begin = [0; 12];
        timeout(PATIENCE, stream.read_exact(&mut begin))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(&begin, b"HTTP/1.1 200");
        slow.push(stream);
    }
    for _ in 0..20 {
        let body = "tea".repeat(100_000);
        let answer = ask(&relay, "alpha", "POST /quick", &body).await;
        assert_eq!(answer.matches("tea").count(), 100_000);
    }
    drop(slow);
    relay.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_key_is_refused_in_words_and_one_that_is_taken_is_out() {
    let (relay, data) = start().await;
    let (alpha, other) = (Keys::new(), Keys::new());
    know(&data, &[("alpha", alpha.public())]);
    let bot = serve(come(&relay, &alpha).await);
    let url = format!("ws://{}/remote", relay.address());
    let refused = dial(&url, &other, &relay.key()).await.unwrap_err();
    let words = refused.to_string();
    assert!(words.contains("bots.toml"), "{words}");
    assert!(words.contains(&other.public().to_string()), "{words}");
    // Another relay than the one that is meant.
    let refused = dial(&url, &alpha, &other.public()).await.unwrap_err();
    assert!(matches!(refused, Broken::Handshake(_)), "{refused}");
    assert_eq!(relay.connected(), ["alpha"]);

    let mut open = send(&relay, "alpha", "GET /endless", "").await;
    let mut begin = [0; 12];
    open.read_exact(&mut begin).await.unwrap();
    know(&data, &[]);
    let broken = timeout(PATIENCE, bot).await.unwrap().unwrap();
    assert!(
        matches!(&broken, Broken::Told(why) if why.contains("taken")),
        "{broken}"
    );
    let mut rest = Vec::new();
    // It breaks off: an error or an end, and no more of it.
    let _ = timeout(PATIENCE, open.read_to_end(&mut rest))
        .await
        .unwrap();
    assert!(relay.connected().is_empty());
    // With the key it may come again.
    know(&data, &[("alpha", alpha.public())]);
    let _bot = serve(come(&relay, &alpha).await);
    let answer = ask(&relay, "alpha", "GET /again", "").await;
    assert!(answer.contains("GET /again"), "{answer}");
    relay.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_cut_is_known_to_be_and_its_bot_comes_back() {
    let (relay, data) = start().await;
    let alpha = Keys::new();
    know(&data, &[("alpha", alpha.public())]);
    let bot = serve(come(&relay, &alpha).await);
    bot.abort();
    let gone = async {
        while !relay.connected().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, gone).await.unwrap();
    let answer = ask(&relay, "alpha", "GET /", "").await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    // Twice at once: the later one is the bot.
    let first = serve(come(&relay, &alpha).await);
    let _second = serve(come(&relay, &alpha).await);
    let broken = timeout(PATIENCE, first).await.unwrap().unwrap();
    assert_eq!(
        broken,
        Broken::Told("the bot has connected anew".to_owned())
    );
    let answer = ask(&relay, "alpha", "GET /back", "").await;
    assert!(answer.contains("GET /back"), "{answer}");
    relay.shut_down().await;
}
