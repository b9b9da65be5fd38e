//! Tests of who may ask: pages of other sites reach neither the gateway nor REST, the names of this machine reach both.

use sandbox::{Options, Sandbox};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The status of a request with these headers besides.
async fn status(sandbox: &Sandbox, request: &str, headers: &str) -> u16 {
    let mut stream = TcpStream::connect(sandbox.addr()).await.unwrap();
    let text = format!("{request} HTTP/1.1\r\n{headers}\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[tokio::test]
async fn pages_of_other_sites_reach_neither_gateway_nor_rest() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let (addr, port) = (sandbox.addr(), sandbox.addr().port());
    let bot = format!("Authorization: Bot {}\r\n", sandbox.token());
    let doors = [
        ("GET /?v=10&encoding=json", UPGRADE, 101),
        ("GET /resume?v=10", UPGRADE, 101),
        ("GET /api/v10/users/@me", bot.as_str(), 200),
        ("GET /api/v10/gateway", "", 200),
        ("GET /api/gateway", "", 200),
        ("GET /", "", 200),
        ("GET /page/main.js", "", 200),
        ("GET /sandbox/state", "", 200),
        ("GET /attachments/1/2/a.txt", "", 404),
        ("GET /nowhere", "", 404),
    ];
    for (request, headers, wanted) in doors {
        for own in [
            format!("Host: {addr}\r\n"),
            format!("Host: {addr}\r\nOrigin: http://{addr}\r\n"),
            format!("Host: localhost:{port}\r\n"),
            "Host: localhost\r\nOrigin: http://localhost\r\n".to_owned(),
            format!("Host: [::1]:{port}\r\n"),
            format!("Host: 127.0.0.2:{port}\r\n"),
        ] {
            let headers = format!("{own}{headers}");
            assert_eq!(
                status(&sandbox, request, &headers).await,
                wanted,
                "{request} {own}"
            );
        }
        for foreign in [
            format!("Host: {addr}\r\nOrigin: http://evil.example\r\n"),
            format!("Host: {addr}\r\nOrigin: https://{addr}\r\n"),
            format!("Host: {addr}\r\nOrigin: http://127.0.0.1\r\n"),
            format!("Host: {addr}\r\nOrigin: null\r\n"),
            format!("Host: {addr}\r\nOrigin: http://{addr}\r\nOrigin: http://evil.example\r\n"),
            format!("Host: evil.example:{port}\r\nOrigin: http://evil.example:{port}\r\n"),
            format!("Host: evil.example:{port}\r\n"),
            "Host: localhost.evil.example\r\n".to_owned(),
            format!("Host: 0.0.0.0:{port}\r\n"),
        ] {
            let headers = format!("{foreign}{headers}");
            assert_eq!(
                status(&sandbox, request, &headers).await,
                403,
                "{request} {foreign}"
            );
        }
    }
}

#[tokio::test]
async fn the_token_is_drawn_unless_it_is_given() {
    let start = |token: Option<&str>| {
        let token = token.map(str::to_owned);
        Sandbox::start(Options {
            token,
            ..Options::default()
        })
    };
    let (one, other) = (start(None).await.unwrap(), start(None).await.unwrap());
    assert_ne!(one.token(), other.token());
    let foreign = format!(
        "Host: {}\r\nAuthorization: Bot {}\r\n",
        one.addr(),
        other.token()
    );
    assert_eq!(status(&one, "GET /api/v10/users/@me", &foreign).await, 401);
    let fixed = start(Some("a.fixed.one")).await.unwrap();
    assert_eq!(fixed.token(), "a.fixed.one");
    let own = format!(
        "Host: {}\r\nAuthorization: Bot a.fixed.one\r\n",
        fixed.addr()
    );
    assert_eq!(status(&fixed, "GET /api/v10/users/@me", &own).await, 200);
}
