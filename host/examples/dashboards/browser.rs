//! Browser with a page of the dashboard open: it follows what the page says that it follows, and fetches parts as its script does.

use std::{
    collections::{BTreeSet, HashMap},
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use reqwest::{Client, Response, redirect::Policy};
use sandbox::Sandbox;
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{interval, sleep_until},
};

/// Between two fetches of a part, as in `live.js`.
const APART: Duration = Duration::from_millis(200);

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Somebody who is logged in.
#[derive(Debug, Clone)]
pub struct Browser {
    client: Client,
    base: String,
    cookies: String,
}

/// What an open page has done.
#[derive(Debug, Default)]
pub struct Done {
    pub events: AtomicU64,
    pub fetches: AtomicU64,
    pub refused: AtomicU64,
}

/// A part of a page that is fetched anew.
#[derive(Debug, Clone)]
struct Part {
    address: String,
    topics: BTreeSet<String>,
    every: Option<Duration>,
}

impl Browser {
    /// The bot's owner, by a link that the bot has sent them.
    pub async fn owner(sandbox: &Sandbox) -> Outcome<Self> {
        let owner = sandbox.actor("owner")?;
        let before = owner.messages("dm").len();
        let line = format!("<@{}> livemonitor quickstart", sandbox.application_id());
        let asked = owner.says("general", &line).await?;
        owner.expects_reply_to(&asked).await?;
        let dms = owner.messages("dm");
        let told = dms.iter().skip(before).next_back().ok_or("no link came")?;
        let link = told
            .content
            .split_whitespace()
            .find(|it| it.starts_with("http"));
        let link = link.ok_or("the message has no link in it")?;
        let (page, token) = link.split_once("/login/link#").ok_or("the link is none")?;
        let client = Client::builder().redirect(Policy::none()).build()?;
        let sent = client
            .post(format!("{page}/login/link"))
            .header("origin", page);
        let answer = sent
            .body(token.to_owned())
            .send()
            .await?
            .error_for_status()?;
        let cookies = answer.headers().get_all("set-cookie").iter();
        let cookies: Vec<&str> = cookies
            .filter_map(|it| it.to_str().ok()?.split(';').next())
            .collect();
        Ok(Self {
            client,
            base: page.to_owned(),
            cookies: cookies.join("; "),
        })
    }

    /// The answer's head is there when this returns.
    pub async fn get(&self, path: &str) -> reqwest::Result<Response> {
        let request = self.client.get(format!("{}{path}", self.base));
        let request = request
            .header("cookie", &self.cookies)
            .header("accept", "text/html");
        request.send().await
    }

    /// Opens a page, and follows it until this is dropped.
    pub async fn stays(self, path: &str, done: Arc<Done>) -> Outcome<JoinSet<()>> {
        let answer = self.get(path).await?.error_for_status()?;
        let page = answer.text().await?;
        let (parts, topics) = read(&page);
        let mut tasks = JoinSet::new();
        let mut told = HashMap::<String, Vec<mpsc::Sender<()>>>::new();
        for part in parts {
            // Full: it is fetched anyway.
            let (sender, wanted) = mpsc::channel(1);
            for topic in &part.topics {
                told.entry(topic.clone()).or_default().push(sender.clone());
            }
            tasks.spawn(fetches(
                self.clone(),
                part,
                wanted,
                sender,
                Arc::clone(&done),
            ));
        }
        let topics: Vec<String> = topics.into_iter().collect();
        if !topics.is_empty() {
            let stream = self
                .get(&format!("/events?topics={}", topics.join(",")))
                .await?;
            tasks.spawn(follows(stream.error_for_status()?, told, done));
        }
        Ok(tasks)
    }
}

/// Fetches a part when it is told to, and each so many seconds.
async fn fetches(
    browser: Browser,
    part: Part,
    mut wanted: mpsc::Receiver<()>,
    _kept: mpsc::Sender<()>,
    done: Arc<Done>,
) {
    let mut every = interval(part.every.unwrap_or(Duration::from_secs(86_400)));
    every.tick().await;
    loop {
        tokio::select! {
            _ = wanted.recv() => {}
            _ = every.tick() => {}
        }
        let next = Instant::now() + APART;
        match browser.get(&part.address).await {
            Ok(answer) if answer.status().is_success() => {
                let _ = answer.bytes().await;
                done.fetches.fetch_add(1, Relaxed);
            }
            _ => {
                done.refused.fetch_add(1, Relaxed);
            }
        }
        sleep_until(next.into()).await;
    }
}

/// Reads a page's stream, and tells parts of what they wait for.
async fn follows(
    mut stream: Response,
    told: HashMap<String, Vec<mpsc::Sender<()>>>,
    done: Arc<Done>,
) {
    let mut read = String::new();
    while let Ok(Some(piece)) = stream.chunk().await {
        read.push_str(&String::from_utf8_lossy(&piece));
        while let Some((line, rest)) = read.split_once('\n') {
            if let Some(topic) = line.strip_prefix("event: ") {
                done.events.fetch_add(1, Relaxed);
                for part in told.get(topic.trim()).into_iter().flatten() {
                    let _ = part.try_send(());
                }
            }
            read = rest.to_owned();
        }
    }
}

/// The parts of a page, and the topics that it follows.
fn read(page: &str) -> (Vec<Part>, BTreeSet<String>) {
    let (mut parts, mut topics) = (Vec::new(), BTreeSet::new());
    for tag in page
        .split('<')
        .filter_map(|tag| Some(tag.split_once('>')?.0))
    {
        let live: BTreeSet<String> = attribute(tag, "data-live")
            .iter()
            .flat_map(|it| it.split_whitespace())
            .map(str::to_owned)
            .collect();
        topics.extend(live.iter().cloned());
        topics.extend(attribute(tag, "data-append"));
        let every = attribute(tag, "data-every").and_then(|it| it.parse().ok());
        let source = attribute(tag, "data-src").or_else(|| attribute(tag, "data-follow"));
        if let Some(address) = source {
            parts.push(Part {
                address,
                topics: live,
                every: every.map(Duration::from_secs),
            });
        }
    }
    (parts, topics)
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(rest.split_once('"')?.0.replace("&amp;", "&"))
}

/// Tabs in the navigation of the first page.
pub async fn tabs(browser: &Browser) -> Outcome<Vec<String>> {
    let page = browser.get("/p/dashboard/").await?.text().await?;
    let links = page
        .split("href=\"")
        .skip(1)
        .filter_map(|it| it.split_once('"'));
    let (mut seen, mut tabs) = (BTreeSet::new(), Vec::new());
    for (link, _) in links {
        let is_tab =
            link.starts_with("/p/") && !link.contains(['?', '#']) && !link.contains("/assets/");
        if is_tab && seen.insert(link) {
            tabs.push(link.to_owned());
        }
    }
    Ok(tabs)
}
