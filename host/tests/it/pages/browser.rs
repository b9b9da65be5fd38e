//! A browser, as far as stories of the web pages need one: cookies, and what scripts of a page send along.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use reqwest::{Certificate, Client, ClientBuilder, Method, Response, StatusCode, redirect::Policy};
use sandbox::Actor;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Fixture, PATIENCE};

/// Configuration of a bot with pages.
pub const PAGES: &str = "[pages]\nlisten = \"127.0.0.1:0\"\n";

/// Somebody's browser.
pub struct Browser {
    client: Client,
    base: String,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    async fn of(answer: Response) -> Self {
        let (status, headers) = (answer.status(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        Self {
            status,
            headers,
            text,
        }
    }

    /// Whether it is this status, and has these words.
    #[track_caller]
    pub fn is(&self, status: u16, words: &str) -> &Self {
        let is = self.status == status && self.text.contains(words);
        assert!(
            is,
            "expected {status} `{words}`: {} {}",
            self.status, self.text
        );
        self
    }

    /// Where it leads to.
    pub fn leads(&self) -> &str {
        self.headers
            .get("location")
            .map_or("", |it| it.to_str().unwrap())
    }
}

impl Browser {
    /// One that has never been there.
    pub fn of(bot: &Fixture) -> Self {
        Self::at(&bot.bot.services().pages.url().unwrap())
    }

    /// One at this address.
    pub fn at(base: &str) -> Self {
        Self::with(base, Client::builder())
    }

    /// One at this address that trusts this certificate.
    pub fn trusting(base: &str, certificate: &Certificate) -> Self {
        let builder = Client::builder().tls_certs_only([certificate.clone()]);
        Self::with(base, builder)
    }

    fn with(base: &str, builder: ClientBuilder) -> Self {
        let client = builder.redirect(Policy::none()).timeout(PATIENCE);
        Self {
            client: client.build().unwrap(),
            base: base.to_owned(),
            cookies: Mutex::default(),
        }
    }

    /// The same that knows the cookies of another one.
    pub fn with_cookies_of(self, other: &Self) -> Self {
        self.cookies
            .lock()
            .unwrap()
            .clone_from(&other.cookies.lock().unwrap());
        self
    }

    /// One that the bot's owner has logged in with by a link.
    pub async fn owner(bot: &Fixture) -> Self {
        let browser = Self::of(bot);
        let link = bot
            .bot
            .services()
            .pages
            .link(bot.sandbox.owner_id(), "owner")
            .unwrap();
        browser.follows_link(&link.address).await.is(200, "/");
        browser
    }

    /// One that somebody has logged in with through Discord; they have a role.
    pub async fn through_discord(bot: &Fixture, who: &Actor) -> Self {
        let browser = Self::of(bot);
        browser
            .comes_from_discord(who)
            .await
            .is(200, "You are logged in");
        browser
    }

    /// Goes through Discord's login as somebody: what it ends with.
    pub async fn comes_from_discord(&self, who: &Actor) -> Answer {
        let start = self.get("/login/discord/start").await;
        let back = who.authorizes(start.leads()).await.unwrap();
        self.get(back.strip_prefix(&self.base).unwrap()).await
    }

    /// Presses the button of a link's page.
    pub async fn follows_link(&self, address: &str) -> Answer {
        let (page, token) = address.split_once('#').unwrap();
        self.get(page.strip_prefix(&self.base).unwrap())
            .await
            .is(200, "Log in");
        self.post("/login/link", token).await
    }

    /// Opens a page.
    pub async fn get(&self, path: &str) -> Answer {
        self.sends(Method::GET, path, "", &[("accept", "text/html")])
            .await
    }

    /// Does what a page's script does.
    pub async fn post(&self, path: &str, body: &str) -> Answer {
        let csrf = self.csrf();
        let headers = [
            ("origin", &*self.base),
            ("x-csrf", &*csrf),
            ("content-type", "application/json"),
        ];
        self.sends(Method::POST, path, body, &headers).await
    }

    /// The same with values as JSON.
    pub async fn does(&self, path: &str, body: Value) -> Answer {
        self.post(path, &body.to_string()).await
    }

    /// Sends a file.
    pub async fn uploads(&self, path: &str, name: &str, body: impl AsRef<[u8]>) -> Answer {
        let csrf = self.csrf();
        let headers = [
            ("origin", &*self.base),
            ("x-csrf", &*csrf),
            ("x-file-name", name),
        ];
        let body = body.as_ref().to_vec();
        let answer = self.opens(Method::POST, path, body, &headers).await;
        Answer::of(answer).await
    }

    /// Any request, with these headers alone and the cookies.
    pub async fn sends(
        &self,
        method: Method,
        path: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let body = body.as_bytes().to_vec();
        let answer = self.opens(method, path, body, headers).await;
        Answer::of(answer).await
    }

    /// The same, and reads nothing of its body yet.
    pub async fn opens(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
        headers: &[(&str, &str)],
    ) -> Response {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        let cookies = self.cookie_header();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.body(body).send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies
                .lock()
                .unwrap()
                .insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// What is published on these topics, as it comes.
    pub async fn follows(&self, topics: &str) -> Stream {
        let path = format!("/events?topics={topics}");
        let answer = self.opens(Method::GET, &path, Vec::new(), &[]).await;
        assert_eq!(answer.status(), 200);
        let mut stream = Stream {
            answer,
            read: String::new(),
        };
        stream.until("event: hello").await;
        stream
    }

    /// The cookies, as text.
    pub fn cookies(&self) -> String {
        format!("{:?}", self.cookies.lock().unwrap())
    }

    /// Begins to send what a page's script sends: its head, and the first bytes of a body of this length.
    pub async fn begins(&self, path: &str, first: &str, length: usize) -> Begun {
        let address = self.base.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\norigin: {}\r\ncookie: {}\r\nx-csrf: {}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n{first}",
            self.base,
            self.cookie_header(),
            self.csrf()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        Begun(stream)
    }

    fn cookie_header(&self) -> String {
        let cookies = self.cookies.lock().unwrap();
        let pairs = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    /// The cookie whose name begins so.
    pub fn cookie(&self, begin: &str) -> (String, String) {
        let cookies = self.cookies.lock().unwrap();
        let mut found = cookies.iter().filter(|(name, _)| name.starts_with(begin));
        let (name, value) = found.next().unwrap();
        (name.clone(), value.clone())
    }

    fn csrf(&self) -> String {
        let cookies = self.cookies.lock().unwrap();
        let mut csrf = cookies
            .iter()
            .filter(|(name, _)| name.trim_start_matches("__Host-").starts_with("csrf-"));
        csrf.next()
            .map_or_else(String::new, |(_, value)| value.clone())
    }
}

/// A request of which the rest is to come.
pub struct Begun(TcpStream);

impl Begun {
    /// Sends the rest; the answer, with its head.
    pub async fn ends(mut self, rest: &str) -> String {
        self.0.write_all(rest.as_bytes()).await.unwrap();
        let mut answer = String::new();
        self.0.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

/// Events of a page that is open.
pub struct Stream {
    answer: Response,
    read: String,
}

impl Stream {
    /// Reads on until these words come; what was read by then.
    pub async fn until(&mut self, words: &str) -> String {
        let reading = async {
            while !self.read.contains(words) {
                let piece = self.answer.chunk().await.unwrap();
                let piece =
                    piece.unwrap_or_else(|| panic!("it ended before `{words}`: {}", self.read));
                self.read.push_str(&String::from_utf8_lossy(&piece));
            }
            std::mem::take(&mut self.read)
        };
        tokio::time::timeout(PATIENCE, reading).await.unwrap()
    }

    /// Reads on until it ends.
    pub async fn ends(mut self) {
        let reading = async { while let Ok(Some(_)) = self.answer.chunk().await {} };
        tokio::time::timeout(PATIENCE, reading).await.unwrap();
    }
}

/// Asks again until an answer has these words: for what is told a moment later.
pub async fn until(browser: &Browser, path: &str, words: &str) -> Answer {
    let asking = async {
        loop {
            let answer = browser.get(path).await;
            if answer.text.contains(words) {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, asking).await;
    found.unwrap_or_else(|_| panic!("`{words}` never came at {path}"))
}

/// Posts again until an answer has these words.
pub async fn until_post(browser: &Browser, path: &str, words: &str) -> Answer {
    let asking = async {
        loop {
            let answer = browser.post(path, "").await;
            if answer.text.contains(words) {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, asking).await;
    found.unwrap_or_else(|_| panic!("`{words}` never came at {path}"))
}
