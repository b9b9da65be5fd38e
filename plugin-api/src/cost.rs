//! Benchmarks of the guards, beside doing without, and how such things are timed: `just costs`.

use std::{
    future::{Future, ready},
    hint::black_box,
    pin::Pin,
    task::{Context, Waker},
    time::Instant,
};

use crate::guard::{dispose, guarded};

const ROUNDS: u32 = 200_000;

/// Tells what one round takes in nanoseconds: the best of seven runs of each of the two, in turn.
pub(crate) fn beside(what: &str, mut ours: impl FnMut(), mut without: impl FnMut()) {
    let time = |work: &mut dyn FnMut()| {
        let began = Instant::now();
        (0..ROUNDS).for_each(|_| work());
        began.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS)
    };
    let mut best = (f64::MAX, f64::MAX);
    for _ in 0..7 {
        best = (best.0.min(time(&mut ours)), best.1.min(time(&mut without)));
    }
    println!("{what:<44} {:>8.1} ns, without {:>8.1} ns", best.0, best.1);
}

type Handler = Pin<Box<dyn Future<Output = u32>>>;

/// A measurement: run it on a quiet machine, in a release build.
#[test]
#[ignore = "a measurement"]
fn guards_beside_none() {
    let mut context = Context::from_waker(Waker::noop());
    let mut other = Context::from_waker(Waker::noop());
    beside(
        "a call",
        || {
            let _ = black_box(guarded(|| black_box(7)));
        },
        || {
            black_box(black_box(7));
        },
    );
    beside(
        "a destructor",
        || dispose(black_box(Box::new(7))),
        || drop(black_box(Box::new(7))),
    );
    beside(
        "a handler: made, polled and dropped",
        || {
            let mut handler = guarded(|| Box::pin(ready(black_box(7_u32))) as Handler).unwrap();
            let _ = black_box(guarded(|| handler.as_mut().poll(&mut context)));
            dispose(handler);
        },
        || {
            let mut handler = Box::pin(ready(black_box(7_u32))) as Handler;
            let _ = black_box(handler.as_mut().poll(&mut other));
            drop(handler);
        },
    );
}
