//! Every route with every role, and with odd paths, queries and bodies: nothing fails, and nothing is done without its right.

use reqwest::Method;
use serde_json::{Value, json};

use super::gives;
use crate::{
    pages::browser::{Answer, Browser, PAGES},
    support::Fixture,
};

/// What stands in the place of a path's parameters, and of values of queries and bodies.
const ODD: [&str; 14] = [
    "1",
    "0",
    "-1",
    "18446744073709551616",
    "%00",
    "..%2F..%2Fetc%2Fpasswd",
    "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "%E2%80%AEgnirts",
    "%F0%9F%98%80%F0%9F%98%80",
    "Z%CC%A3%CC%A3%CC%A3%CC%81",
    "'%3B%20DROP%20TABLE%20x%3B--",
    "null",
    "hello",
    "NaN",
];

/// Names that routes may read from a query.
const NAMES: [&str; 16] = [
    "q", "page", "name", "plugin", "sort", "kind", "level", "since", "before", "id", "path",
    "table", "database", "guild", "user", "search",
];

/// A random number that is the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        // Knuth's MMIX.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    fn odd(&mut self) -> &'static str {
        ODD[self.below(ODD.len())]
    }

    fn query(&mut self) -> String {
        let pairs = (0..self.below(4))
            .map(|_| format!("{}={}", NAMES[self.below(NAMES.len())], self.odd()));
        pairs.collect::<Vec<_>>().join("&")
    }

    fn body(&mut self) -> String {
        match self.below(8) {
            0 => String::new(),
            1 => "{".to_owned(),
            2 => "[".repeat(5_000),
            3 => "null".to_owned(),
            4 => json!({"name": {"name": []}, "guild": -1, "on": "perhaps"}).to_string(),
            5 => "\u{0}\u{fffd}".to_owned(),
            6 => "x".repeat(200_000),
            _ => {
                let pairs = (0..4).map(|_| {
                    (
                        NAMES[self.below(NAMES.len())].to_owned(),
                        Value::from(self.odd()),
                    )
                });
                Value::Object(pairs.collect()).to_string()
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_fails_and_none_acts_without_its_right_whatever_is_sent() {
    let bot = Fixture::configured(&["dashboard", "hello"], PAGES).await;
    bot.until_generation("dashboard", 1).await;
    bot.until_generation("hello", 1).await;
    let owner = Browser::owner(&bot).await;
    let described: Value = serde_json::from_str(&owner.get("/openapi.json").await.text).unwrap();
    let (member, moderator) = (bot.member(), bot.sandbox.actor("mod").unwrap());
    gives(&owner, &member, "Visitor").await;
    gives(&owner, &moderator, "Server owner").await;
    let nobody = Browser::of(&bot);
    let visitor = Browser::through_discord(&bot, &member).await;
    let server = Browser::through_discord(&bot, &moderator).await;
    let mut dice = Dice(20_261_130);
    let mut tried = 0;
    for (declared, operations) in described["paths"].as_object().unwrap() {
        for (method, _) in operations.as_object().unwrap() {
            for _ in 0..3 {
                let mut path = declared.clone();
                while let Some((before, rest)) = path.split_once('{') {
                    let (_, after) = rest.split_once('}').unwrap();
                    path = format!("{before}{}{after}", dice.odd());
                }
                let path = format!("{path}?{}", dice.query());
                let ask = async |browser: &Browser, body: &str| match &**method {
                    "get" => browser.get(&path).await,
                    _ => browser.post(&path, body).await,
                };
                let body = dice.body();
                let answer = ask(&nobody, &body).await;
                is_refused(&answer, method, &path);
                for browser in [&visitor, &server] {
                    let answer = ask(browser, &body).await;
                    is_fine(&answer, method, &path);
                    // What changes something is for helpers and owners.
                    let acts = method != "get" && answer.status.is_success();
                    assert!(!acts, "{method} {path} {body}: {answer:?}");
                }
                if method == "get" {
                    is_fine(&owner.get(&path).await, method, &path);
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "{tried}");
    // It goes on as it did, and nothing was done.
    assert_eq!(bot.plugins().status().len(), 2);
    bot.until_generation("hello", 1).await;
    owner.get("/p/dashboard/").await.is(200, "Overview");
    for method in [
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
        Method::OPTIONS,
        Method::TRACE,
    ] {
        let answer = visitor
            .sends(method.clone(), "/p/dashboard/", "", &[])
            .await;
        assert!(answer.status.is_client_error(), "{method}: {answer:?}");
    }
    bot.close().await;
}

/// Nobody learns anything without being logged in: not even whether there is such a path.
#[track_caller]
fn is_refused(answer: &Answer, method: &str, path: &str) {
    let status = answer.status.as_u16();
    let is = [401, 403].contains(&status) || (status == 303 && answer.leads() == "/login");
    assert!(is, "{method} {path}: {answer:?}");
}

/// It is answered, and nothing of what was sent is an element of a page.
#[track_caller]
fn is_fine(answer: &Answer, method: &str, path: &str) {
    assert!(
        !answer.status.is_server_error(),
        "{method} {path}: {answer:?}"
    );
    assert!(
        !answer.text.contains("<script>alert"),
        "{method} {path}: {answer:?}"
    );
}
