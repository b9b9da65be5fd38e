//! A port under attack: by whoever says nothing, half of something, or does not listen.

use std::{convert::Infallible, future::pending, net::Ipv4Addr};

use axum::{
    body::Bytes,
    routing::{get, post},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
};

use super::*;

/// Shorter than any person would wait, longer than a busy machine takes for a step.
const SHORT: Duration = Duration::from_millis(300);

async fn port(limits: Limits) -> (SocketAddr, Server) {
    let endless = get(async || {
        let piece = Bytes::from(vec![b'x'; 64 << 10]);
        let stream = futures_util::stream::repeat_with(move || Ok::<_, Infallible>(piece.clone()));
        Body::from_stream(stream)
    });
    let router = Router::new()
        .route("/", get(async || "hello"))
        .route("/echo", post(async |body: Bytes| body))
        .route("/never", get(async || pending::<&str>().await))
        .route("/endless", endless);
    let port = Port::bind((Ipv4Addr::LOCALHOST, 0).into(), limits).await;
    let port = port.unwrap();
    (port.address(), port.serve(router, None))
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// All that comes until the other side closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end, too.
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

const HELLO: &[u8] = b"GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn a_crowd_that_says_nothing_goes_and_whoever_asks_is_answered() {
    let limits = Limits {
        connections: 4,
        head: SHORT,
        ..Limits::default()
    };
    let (address, _server) = port(limits).await;
    let mut silent = Vec::new();
    for head in ["", "GET", "GET / HTTP/1.1\r\nhost: h", "GET / HTTP/1.1\r\n"] {
        let mut stream = connect(address).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        silent.push(stream);
    }
    let mut asks = connect(address).await;
    asks.write_all(HELLO).await.unwrap();
    let said = rest(&mut asks).await;
    assert!(said.ends_with("hello"), "{said}");
    for mut stream in silent {
        assert!(!rest(&mut stream).await.contains("200 OK"));
    }
}

#[tokio::test]
async fn a_body_that_stops_in_the_middle_ends() {
    let limits = Limits {
        stalled: SHORT,
        ..Limits::default()
    };
    let (address, _server) = port(limits).await;
    let mut stream = connect(address).await;
    let half = b"POST /echo HTTP/1.1\r\nhost: here\r\ncontent-length: 10\r\n\r\nhalf";
    stream.write_all(half).await.unwrap();
    let said = rest(&mut stream).await;
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 4"), "{said}");
}

#[tokio::test]
async fn whoever_does_not_read_is_dropped() {
    let limits = Limits {
        connections: 1,
        stalled: SHORT,
        ..Limits::default()
    };
    let (address, _server) = port(limits).await;
    let mut deaf = connect(address).await;
    deaf.write_all(b"GET /endless HTTP/1.1\r\nhost: here\r\n\r\n")
        .await
        .unwrap();
    // There is one place, and it comes free.
    let mut asks = connect(address).await;
    asks.write_all(HELLO).await.unwrap();
    assert!(rest(&mut asks).await.ends_with("hello"));
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let (address, _server) = port(Limits::default()).await;
    let mut stream = connect(address).await;
    stream.write_all(b"GET / HTTP/1.1\r\nx: ").await.unwrap();
    // It may be told in the middle.
    let _ = stream.write_all(&vec![b'x'; 4 * HEAD]).await;
    let said = rest(&mut stream).await;
    assert!(!said.contains("200 OK"), "{said}");
}

#[tokio::test]
async fn a_port_that_closes_lets_answers_end_and_waits_for_nobody_for_ever() {
    let limits = Limits {
        goodbye: SHORT,
        ..Limits::default()
    };
    let (address, server) = port(limits).await;
    let (mut idle, mut never) = (connect(address).await, connect(address).await);
    idle.write_all(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0; 15];
    idle.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    never
        .write_all(b"GET /never HTTP/1.1\r\nhost: here\r\n\r\n")
        .await
        .unwrap();
    server.close().await;
    assert!(rest(&mut idle).await.ends_with("hello"));
    assert_eq!(rest(&mut never).await, "");
    let again = Port::bind(address, Limits::default()).await;
    assert_eq!(again.unwrap().address(), address, "the port is free");
}

#[tokio::test]
async fn a_server_that_is_dropped_serves_no_more() {
    let (address, server) = port(Limits::default()).await;
    let mut open = connect(address).await;
    open.write_all(b"GET /never HTTP/1.1\r\nhost: here\r\n\r\n")
        .await
        .unwrap();
    drop(server);
    assert_eq!(rest(&mut open).await, "");
}

#[tokio::test]
async fn handlers_know_where_a_request_comes_from() {
    let (told, mut asked) = mpsc::channel(1);
    let handler = async move |ConnectInfo(peer): ConnectInfo<SocketAddr>| {
        told.send(peer).await.unwrap();
    };
    let port = Port::bind((Ipv4Addr::LOCALHOST, 0).into(), Limits::default()).await;
    let port = port.unwrap();
    let address = port.address();
    let _server = port.serve(Router::new().route("/", get(handler)), None);
    let mut stream = connect(address).await;
    stream.write_all(HELLO).await.unwrap();
    assert_eq!(asked.recv().await, stream.local_addr().ok());
}
