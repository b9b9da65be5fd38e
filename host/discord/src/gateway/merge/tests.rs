//! Tests with two sessions of one shard side by side, and everything that both or only one of them bring.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;

const CONTENT: Intents = NONE.union(Intents::MESSAGE_CONTENT);
const NONE: Intents = Intents::GUILDS;

impl Merge {
    fn took(&mut self, side: Side, intents: Intents, message: Message, now: Instant) {
        let place = None;
        let from = Source {
            side,
            intents,
            place,
        };
        self.take(from, message, now);
    }
}

fn event(name: &str, data: &Value) -> Message {
    Message::Text(json!({"op": 0, "s": 1, "t": name, "d": data}).to_string())
}

fn message(id: u64, text: &str) -> Message {
    event(
        "MESSAGE_CREATE",
        &json!({"id": id.to_string(), "guild_id": "1", "content": text}),
    )
}

/// What comes out, in short: the news, and of what.
fn all(merge: &mut Merge, now: Instant) -> Vec<(News, String)> {
    std::iter::from_fn(|| merge.next(now))
        .map(|passed| {
            let Message::Text(text) = passed.message else {
                panic!("no text")
            };
            let event: Value = serde_json::from_str(&text).unwrap();
            let about = &event["d"];
            let shown = [&about["id"], &about["content"]];
            let shown: Vec<_> = shown.iter().filter_map(|it| it.as_str()).collect();
            (passed.news, shown.join(" ").trim().to_owned())
        })
        .collect()
}

fn whole(texts: &[&str]) -> Vec<(News, String)> {
    texts
        .iter()
        .map(|it| (News::Whole, (*it).to_owned()))
        .collect()
}

/// Both sessions are there; the new one has told server 1.
fn both(old: Intents, new: Intents, now: Instant) -> Merge {
    let mut merge = Merge::default();
    merge.begin(old, new, true);
    merge.identifying();
    merge.both();
    merge.took(
        Side::New,
        new,
        event("READY", &json!({"guilds": [{"id": "1"}]})),
        now,
    );
    merge.took(
        Side::New,
        new,
        event("GUILD_CREATE", &json!({"id": "1"})),
        now,
    );
    assert_eq!(
        all(&mut merge, now),
        [
            (News::Repeated, String::new()),
            (News::Repeated, "1".into())
        ]
    );
    merge
}

/// The commonest change of intents: a session without message content, and one with it, bring different bytes.
#[test]
fn a_message_that_one_session_is_sent_without_its_text_is_heard_once_and_with_it() {
    let now = Instant::now();
    let mut merge = both(NONE, CONTENT, now);
    merge.took(Side::Old, NONE, message(7, ""), now);
    assert_eq!(all(&mut merge, now), [], "it waits for the other form");
    merge.took(Side::New, CONTENT, message(7, "hello"), now);
    assert_eq!(all(&mut merge, now), whole(&["7 hello"]));
    merge.took(Side::New, CONTENT, message(8, "you"), now);
    merge.took(Side::Old, NONE, message(8, ""), now);
    assert_eq!(all(&mut merge, now), whole(&["8 you"]));
    // The other way round, when content goes.
    let mut merge = both(CONTENT, NONE, now);
    merge.took(Side::New, NONE, message(9, ""), now);
    merge.took(Side::Old, CONTENT, message(9, "text"), now);
    assert_eq!(all(&mut merge, now), whole(&["9 text"]));
}

#[test]
fn what_waits_in_vain_is_passed_on_as_it_is_and_in_its_place() {
    let now = Instant::now();
    let mut merge = both(NONE, CONTENT, now);
    merge.took(Side::Old, NONE, message(7, ""), now);
    let gone = event("MESSAGE_DELETE", &json!({"id": "7", "guild_id": "1"}));
    merge.took(Side::Old, NONE, gone, now);
    let used = event("INTERACTION_CREATE", &json!({"id": "50", "guild_id": "1"}));
    merge.took(Side::Old, NONE, used, now);
    assert_eq!(
        all(&mut merge, now).len(),
        1,
        "an interaction waits for nothing"
    );
    assert_eq!(merge.due(), Some(now + HOLD));
    let out = all(&mut merge, now + HOLD);
    assert_eq!(
        out.iter().map(|it| it.1.as_str()).collect::<Vec<_>>(),
        ["7", "7"]
    );
    // Too late: plugins have heard of it.
    merge.took(Side::New, CONTENT, message(7, "hello"), now + HOLD);
    assert_eq!(
        all(&mut merge, now + HOLD),
        [(News::Repeated, "7 hello".into())]
    );
}

#[test]
fn a_message_before_the_new_session_identifies_does_not_wait() {
    let now = Instant::now();
    let mut merge = Merge::default();
    merge.begin(NONE, CONTENT, true);
    merge.took(Side::Old, NONE, message(7, ""), now);
    assert_eq!(all(&mut merge, now), whole(&["7"]));
    merge.identifying();
    merge.took(Side::Old, NONE, message(8, ""), now);
    assert_eq!(all(&mut merge, now), []);
    merge.end();
    assert_eq!(all(&mut merge, now), whole(&["8"]), "it is not coming");
}

#[test]
fn an_edit_is_told_by_its_time_and_what_happens_twice_is_heard_twice() {
    let now = Instant::now();
    let mut merge = both(NONE, CONTENT, now);
    let edit = |at: &str, text: &str| {
        let data = json!({"id": "7", "guild_id": "1", "edited_timestamp": at, "content": text});
        event("MESSAGE_UPDATE", &data)
    };
    for (at, text) in [("1", "a"), ("2", "b")] {
        merge.took(Side::New, CONTENT, edit(at, text), now);
        merge.took(Side::Old, NONE, edit(at, ""), now);
    }
    assert_eq!(all(&mut merge, now), whole(&["7 a", "7 b"]));
    let reaction = event(
        "MESSAGE_REACTION_ADD",
        &json!({"message_id": "7", "user_id": "3"}),
    );
    for side in [Side::Old, Side::Old, Side::New] {
        merge.took(side, NONE, reaction.clone(), now);
    }
    assert_eq!(
        all(&mut merge, now)
            .iter()
            .filter(|it| it.0 == News::Whole)
            .count(),
        2,
        "it came, went, and came again"
    );
}

#[test]
fn fields_in_another_order_make_no_other_event() {
    let now = Instant::now();
    let mut merge = both(NONE, CONTENT, now);
    let text = |d: &str| Message::Text(format!(r#"{{"op":0,"t":"TYPING_START","d":{d}}}"#));
    merge.took(
        Side::Old,
        NONE,
        text(r#"{"user_id":"1","channel_id":"2"}"#),
        now,
    );
    merge.took(
        Side::New,
        CONTENT,
        text(r#"{"channel_id":"2","user_id":"1"}"#),
        now,
    );
    let news: Vec<_> = all(&mut merge, now).into_iter().map(|it| it.0).collect();
    assert_eq!(news, [News::Whole, News::Repeated]);
}

#[test]
fn servers_that_a_renewal_tells_again_are_no_news_and_a_new_one_is() {
    let now = Instant::now();
    let mut merge = both(NONE, CONTENT, now);
    // Discord's outage is over: told by both, an event once.
    let again = event("GUILD_CREATE", &json!({"id": "1"}));
    merge.took(Side::New, CONTENT, again.clone(), now);
    merge.took(Side::Old, NONE, again, now);
    assert_eq!(all(&mut merge, now), whole(&["1"]));
    let joined = event("GUILD_CREATE", &json!({"id": "2", "joined_at": "today"}));
    merge.took(Side::Old, NONE, joined.clone(), now);
    merge.took(Side::New, CONTENT, joined, now);
    assert_eq!(
        all(&mut merge, now),
        [(News::Whole, "2".into()), (News::Repeated, "2".into())]
    );
    // The first session of a shard that had none: plugins have heard nothing yet.
    let mut merge = Merge::default();
    merge.begin(NONE, CONTENT, false);
    merge.both();
    merge.took(
        Side::New,
        CONTENT,
        event("READY", &json!({"guilds": [{"id": "1"}]})),
        now,
    );
    merge.took(
        Side::New,
        CONTENT,
        event("GUILD_CREATE", &json!({"id": "1"})),
        now,
    );
    assert_eq!(all(&mut merge, now), whole(&["", "1"]));
}

/// A right that was taken away must not come back because the old session is behind.
#[test]
fn the_cache_learns_nothing_from_the_old_session_that_the_new_one_has_told_since() {
    let now = Instant::now();
    let mut merge = both(NONE, CONTENT, now);
    let role = |guild: &str| {
        event(
            "GUILD_ROLE_UPDATE",
            &json!({"guild_id": guild, "role": {"id": "5"}}),
        )
    };
    merge.took(Side::Old, NONE, role("1"), now);
    merge.took(Side::Old, NONE, role("2"), now);
    let news: Vec<_> = all(&mut merge, now).into_iter().map(|it| it.0).collect();
    assert_eq!(news, [News::Late, News::Whole], "server 2 is not told anew");
    // What the new session is not sent, only the old one can tell.
    let joined = event(
        "GUILD_MEMBER_ADD",
        &json!({"guild_id": "1", "user": {"id": "3"}}),
    );
    let mut merge = both(NONE | Intents::GUILD_MEMBERS, NONE, now);
    merge.took(Side::Old, NONE, joined, now);
    assert_eq!(all(&mut merge, now)[0].0, News::Whole);
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut now = Instant::now();
    let mut brought = Brought::default();
    for key in 0..100_000 {
        assert!(brought.is_first(key, Side::Old, now));
    }
    assert!(brought.len() <= 16_384);
    now += Duration::from_secs(61);
    assert!(brought.is_first(1, Side::New, now));
    assert_eq!(brought.len(), 1);
    let mut merge = both(NONE, CONTENT, now);
    for id in 0..10_000 {
        merge.took(Side::Old, NONE, message(id, ""), now);
    }
    let out = all(&mut merge, now).len();
    assert_eq!(
        out,
        10_000 - WAITING,
        "the first ones are passed on as they are"
    );
}

/// Messages under a steady stream, each session with a delay of its own: each is heard once, with its text if either session
/// had it, and in order.
#[test]
fn a_steady_stream_is_heard_once_whole_and_in_order_whatever_the_delays() {
    for seed in 0..500_u64 {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let (old, new) = if seed % 2 == 0 {
            (NONE, CONTENT)
        } else {
            (CONTENT, NONE)
        };
        let (old_delay, new_delay) = (seed * 7 % 190, seed * 13 % 170);
        let (identifies, subscribed) = (300, 300 + seed % 400);
        let mut arrivals: BTreeMap<(u64, u64), (Side, u64)> = BTreeMap::new();
        let leaves = subscribed + 1_500;
        for (id, sent) in (0..3_000).step_by(20).enumerate() {
            let id = id as u64 + 1;
            if sent < leaves {
                arrivals.insert((sent + old_delay, id * 2), (Side::Old, id));
            }
            if sent >= subscribed {
                arrivals.insert((sent + new_delay, id * 2 + 1), (Side::New, id));
            }
        }
        let mut merge = Merge::default();
        merge.begin(old, new, true);
        let mut heard = Vec::new();
        let mut is_ready = false;
        for ((ms, _), (side, id)) in arrivals {
            if ms >= identifies {
                merge.identifying();
            }
            if ms >= subscribed + new_delay && !is_ready {
                is_ready = true;
                merge.both();
                merge.took(
                    Side::New,
                    new,
                    event("READY", &json!({"guilds": []})),
                    at(ms),
                );
            }
            let intents = if side == Side::Old { old } else { new };
            let text = if intents == CONTENT { "text" } else { "" };
            merge.took(side, intents, message(id, text), at(ms));
            heard.extend(all(&mut merge, at(ms)));
        }
        merge.end();
        heard.extend(all(&mut merge, at(10_000)));
        let heard: Vec<_> = heard.into_iter().filter(|it| it.0 == News::Whole).collect();
        let heard: Vec<String> = heard
            .into_iter()
            .map(|it| it.1)
            .filter(|it| !it.is_empty())
            .collect();
        let expected: Vec<String> = (1..=150)
            .map(|id| {
                let sent = (id - 1) * 20;
                let had =
                    (old == CONTENT && sent < leaves) || (new == CONTENT && sent >= subscribed);
                if had {
                    format!("{id} text")
                } else {
                    id.to_string()
                }
            })
            .collect();
        let mut sorted = heard.clone();
        sorted.sort_by_key(|it| it.split(' ').next().map(|id| id.parse::<u64>().unwrap()));
        assert_eq!(sorted, expected, "seed {seed}");
        if old_delay <= new_delay {
            assert_eq!(heard, expected, "in order, seed {seed}");
        }
    }
}

/// What a session is resumed behind: never beyond what still waits.
#[test]
fn an_interaction_that_overtakes_says_no_place_while_something_before_it_waits() {
    let now = Instant::now();
    let mut merge = both(NONE, CONTENT, now);
    let session = std::sync::Arc::new(crate::gateway::saved::SessionKey {
        number: 1,
        id: "new".into(),
        resume_url: None,
        intents: CONTENT,
    });
    let mut take = |side, intents, sequence, message| {
        let session = std::sync::Arc::clone(&session);
        let place = (side == Side::New).then_some(Place { session, sequence });
        let from = Source {
            side,
            intents,
            place,
        };
        merge.take(from, message, now);
        let passed = std::iter::from_fn(|| merge.next(now));
        let sequences = passed.map(|passed| passed.place.map(|place| place.sequence));
        sequences.collect::<Vec<_>>()
    };
    let used = |id: &str| event("INTERACTION_CREATE", &json!({"id": id}));
    assert_eq!(take(Side::New, CONTENT, 10, used("1")), [Some(10)]);
    // It waits for its text, and what the new session has brought behind it with it.
    assert_eq!(take(Side::Old, NONE, 0, message(7, "")), []);
    assert_eq!(take(Side::New, CONTENT, 11, message(8, "you")), []);
    assert_eq!(take(Side::New, CONTENT, 12, used("2")), [None]);
    // The text comes late, with a number that is all the same the session's next.
    let all = take(Side::New, CONTENT, 13, message(7, "hello"));
    assert_eq!(all, [Some(13), Some(11)]);
}
