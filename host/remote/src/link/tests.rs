//! Tests of links: requests over a channel within this process.

use super::*;
use crate::{channel::wires, key::Keys, stream::Cut};

/// A relay's link, a bot's, and the requests that come to the bot.
async fn both() -> (Link, Link, mpsc::UnboundedReceiver<(Stream, Bytes)>) {
    let (relay_channel, bot_channel) = channels().await;
    let (relay, bot) = (Link::new(), Link::new());
    let (send, requests) = mpsc::unbounded_channel();
    let runs = (relay.clone(), bot.clone());
    tokio::spawn(async move { runs.0.run(relay_channel, None).await });
    tokio::spawn(async move {
        let mut accept = |stream: Stream, head: Bytes| {
            let _ = send.send((stream, head));
        };
        runs.1.run(bot_channel, Some(&mut accept)).await
    });
    (relay, bot, requests)
}

async fn channels() -> (Channel, Channel) {
    let (bot_keys, relay_keys) = (Keys::new(), Keys::new());
    let (bot, relay) = wires();
    let relay_key = relay_keys.public();
    let (begun, answered) = tokio::join!(
        Channel::begin(bot.0, bot.1, &bot_keys, &relay_key),
        Channel::answer(relay.0, relay.1, &relay_keys),
    );
    (answered.unwrap().0, begun.unwrap())
}

async fn whole(receiver: &mut Receiver) -> Result<Vec<u8>, Cut> {
    let mut body = Vec::new();
    while let Some(piece) = receiver.data().await {
        body.extend(piece?);
    }
    Ok(body)
}

/// Waits until a link has no request under way.
async fn idle(link: &Link) {
    while !link.0.streams().open.is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_request_and_its_answer_cross_whole_and_leave_nothing() {
    let (relay, bot, mut requests) = both().await;
    let asked = relay.open(b"GET /".to_vec()).unwrap();
    // More than two windows, both ways.
    let large: Vec<u8> = (0..WINDOW * 2 + 5).map(|n| (n % 251) as u8).collect();
    let (sent, answer) = (large.clone(), large.clone());
    let uploading = async {
        let sender = asked.sender;
        sender.data(sent.into()).await.unwrap();
        sender.end();
    };
    let serving = async {
        let (mut stream, head) = requests.recv().await.unwrap();
        assert_eq!(&head[..], b"GET /");
        let body = whole(&mut stream.receiver).await.unwrap();
        stream.sender.head(b"200".to_vec()).unwrap();
        stream.sender.data(answer.into()).await.unwrap();
        stream.sender.end();
        body
    };
    let mut receiver = asked.receiver;
    let reading = async {
        let head = receiver.head().await.unwrap();
        (head, whole(&mut receiver).await.unwrap())
    };
    let ((), body, (head, answered)) = tokio::join!(uploading, serving, reading);
    assert_eq!(&head[..], b"200");
    assert!(body == large && answered == large);
    idle(&relay).await;
    idle(&bot).await;
}

#[tokio::test]
async fn whoever_does_not_read_keeps_nobody_waiting() {
    let (relay, _bot, mut requests) = both().await;
    let mut slow = relay.open(b"slow".to_vec()).unwrap();
    let (stream, _) = requests.recv().await.unwrap();
    let sender = stream.sender;
    let endless = tokio::spawn(async move {
        let mut sent = 0_usize;
        // Nobody reads: this waits when the window is full.
        while sender.data(vec![1; 4096].into()).await.is_ok() {
            sent += 4096;
        }
        sent
    });
    for number in 0..50_u8 {
        let mut quick = relay.open(vec![number]).unwrap();
        let (stream, head) = requests.recv().await.unwrap();
        assert_eq!(&head[..], [number]);
        stream.sender.head(vec![number]).unwrap();
        stream
            .sender
            .data(vec![number; 50_000].into())
            .await
            .unwrap();
        stream.sender.end();
        assert_eq!(&quick.receiver.head().await.unwrap()[..], [number]);
        let body = whole(&mut quick.receiver).await.unwrap();
        assert_eq!(body.len(), 50_000);
    }
    // Read at last, as much as one likes; what nobody wants then is not sent.
    let mut read = 0;
    while read < 3 * WINDOW {
        read += slow.receiver.data().await.unwrap().unwrap().len();
    }
    drop(slow);
    let sent = endless.await.unwrap();
    assert!(sent >= read && sent <= read + 2 * WINDOW, "{sent}, {read}");
}

#[tokio::test]
async fn an_answer_may_come_before_the_request_is_read() {
    let (relay, bot, mut requests) = both().await;
    let mut asked = relay.open(b"POST /".to_vec()).unwrap();
    let (stream, _) = requests.recv().await.unwrap();
    let Stream { sender, receiver } = stream;
    sender.head(b"413".to_vec()).unwrap();
    sender.data("too large".into()).await.unwrap();
    sender.end();
    drop(receiver);
    // The upload ends, although the window was not read.
    let upload = asked.sender.data(vec![0; WINDOW * 4].into()).await;
    assert_eq!(upload, Err(Cut::Stopped));
    assert_eq!(&asked.receiver.head().await.unwrap()[..], b"413");
    assert_eq!(whole(&mut asked.receiver).await.unwrap(), b"too large");
    drop(asked);
    idle(&relay).await;
    idle(&bot).await;
}

#[tokio::test]
async fn what_is_dropped_breaks_off_at_the_other_side() {
    let (relay, bot, mut requests) = both().await;
    let mut asked = relay.open(b"GET /".to_vec()).unwrap();
    let (stream, _) = requests.recv().await.unwrap();
    stream.sender.head(b"200".to_vec()).unwrap();
    drop(stream);
    asked.receiver.head().await.unwrap();
    let cut = asked.receiver.data().await.unwrap().unwrap_err();
    assert_eq!(cut, Cut::Told("it was given up".to_owned()));
    drop(asked);
    // And the other way: somebody has closed their page.
    drop(relay.open(b"GET /events".to_vec()).unwrap());
    let (stream, _) = requests.recv().await.unwrap();
    stream.sender.stopped().await;
    while stream.sender.data("event".into()).await.is_ok() {
        tokio::task::yield_now().await;
    }
    drop(stream);
    idle(&relay).await;
    idle(&bot).await;
}

#[tokio::test]
async fn what_is_under_way_ends_with_the_connection() {
    let (relay, bot, mut requests) = both().await;
    let mut asked = relay.open(b"GET /".to_vec()).unwrap();
    let (mut stream, _) = requests.recv().await.unwrap();
    relay.close("its key was taken");
    assert!(relay.is_over());
    assert_eq!(asked.receiver.head().await, Err(Cut::Over));
    assert_eq!(relay.open(Vec::new()).unwrap_err(), Refused::Over);
    assert_eq!(stream.receiver.data().await, Some(Err(Cut::Over)));
    assert!(bot.is_over());
    // Nothing that is left of it can be sent.
    assert_eq!(stream.sender.data("tea".into()).await, Err(Cut::Stopped));
}

#[tokio::test]
async fn each_side_is_told_why_the_other_one_ends() {
    let (relay_channel, bot_channel) = channels().await;
    let (relay, bot) = (Link::new(), Link::new());
    relay.close("its key was taken");
    let mut none = |_: Stream, _: Bytes| {};
    let (own, other) = tokio::join!(
        relay.run(relay_channel, None),
        bot.run(bot_channel, Some(&mut none)),
    );
    assert_eq!(own, Broken::Ended("its key was taken".to_owned()));
    assert_eq!(other, Broken::Told("its key was taken".to_owned()));
}

#[tokio::test]
async fn there_are_only_so_many_requests_at_once() {
    let (relay, _bot, mut requests) = both().await;
    let mut open = Vec::new();
    for _ in 0..STREAMS {
        open.push(relay.open(Vec::new()).unwrap());
    }
    assert_eq!(relay.open(Vec::new()).unwrap_err(), Refused::Full);
    for _ in 0..STREAMS {
        let (stream, _) = requests.recv().await.unwrap();
        stream.sender.head(Vec::new()).unwrap();
        stream.sender.end();
    }
    open.clear();
    idle(&relay).await;
    assert!(relay.open(Vec::new()).is_ok());
    assert_eq!(relay.open(vec![0; MOST + 1]).unwrap_err(), Refused::TooLong);
}

/// What a bot's link says of a relay that sends these frames.
async fn misled(frames: &[(Kind, u32, Vec<u8>)]) -> Broken {
    let (mut relay, channel) = channels().await;
    let bot = Link::new();
    let sending = async {
        for (kind, stream, body) in frames {
            let frame = Frame::new(*kind, *stream, body.clone());
            if relay.outwards.send(&frame).await.is_err() {
                return;
            }
        }
        // The connection stays, so that nothing but the frames ends it.
        while relay.inwards.next().await.is_ok() {}
    };
    let mut kept = Vec::new();
    let mut accept = |stream: Stream, _: Bytes| kept.push(stream);
    let running = bot.run(channel, Some(&mut accept));
    let (broken, ()) = tokio::join!(running, sending);
    broken
}

#[tokio::test]
async fn whoever_does_not_keep_to_the_protocol_is_cut_off() {
    let open = (Kind::Open, 1, Vec::new());
    let piece = |kind| (kind, 1, vec![0; 16 << 10]);
    let mut flood = vec![open.clone()];
    flood.extend(vec![piece(Kind::Data); WINDOW / (16 << 10) + 1]);
    let crowd: Vec<_> = (1..=STREAMS as u32 + 1)
        .map(|number| (Kind::Open, number, Vec::new()))
        .collect();
    for (frames, words) in [
        (flood, "more than there was granted"),
        (crowd, "more requests at once"),
        (vec![open.clone(), open.clone()], "the number of another"),
        (vec![(Kind::Open, 0, Vec::new())], "the number of another"),
        (
            vec![open.clone(), (Kind::Credit, 1, vec![0, 0, 0, 1])],
            "more credit",
        ),
        (vec![open.clone(), (Kind::Credit, 1, vec![1])], "no number"),
        (
            vec![open.clone(), (Kind::End, 1, Vec::new()), piece(Kind::Data)],
            "behind the end",
        ),
        (vec![(Kind::Hello, 0, Vec::new())], "second greeting"),
    ] {
        let broken = misled(&frames).await;
        assert!(matches!(broken, Broken::Protocol(_)), "{words}: {broken}");
        assert!(broken.to_string().contains(words), "{words}: {broken}");
    }
}

#[tokio::test]
async fn a_bot_makes_no_requests_of_its_relay() {
    let (relay_channel, mut bot) = channels().await;
    let relay = Link::new();
    let open = Frame::new(Kind::Open, 1, Bytes::new());
    let (broken, sent) = tokio::join!(relay.run(relay_channel, None), bot.outwards.send(&open));
    sent.unwrap();
    assert_eq!(broken, Broken::Protocol("a bot makes no requests"));
}
