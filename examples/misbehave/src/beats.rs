//! Hook handlers, good and bad ones, and what the good ones received: for the measurement of the hook service.

use std::{
    cell::{Cell, RefCell},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use plugin_api::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Settings;

/// Something happened, for the so many-th time.
#[derive(Serialize, Deserialize)]
struct Beat {
    /// Counted from 1.
    number: u64,
    /// When, in microseconds since 1970.
    at_us: u64,
}

impl Hook for Beat {
    const EVENT: &'static str = "misbehave.beat";
}

/// What the good handlers were told.
#[derive(Debug, Default)]
pub(crate) struct Beats {
    last: Cell<u64>,
    out_of_order: Cell<u64>,
    /// From the event to its handler, in microseconds, each event of each good handler.
    delays: RefCell<Vec<u64>>,
}

pub(crate) fn handled_by(plugin: Plugin<Settings>) -> Plugin<Settings> {
    plugin
        .on_hook_with("first", 1, first)
        .on_hook("good", good)
        .on_hook("slow", slow)
        .on_hook("sleeps", sleeps)
        .on_hook("panics", panics)
        .on_hook("fails", fails)
        .function("beats", 1, beats)
}

async fn first(ctx: HookContext<Beat, Settings>) -> Result {
    note(&ctx);
    let (beats, number) = (&ctx.state().beats, ctx.payload().number);
    if beats.last.replace(number) + 1 != number {
        beats.out_of_order.set(beats.out_of_order.get() + 1);
    }
    Ok(())
}

async fn good(ctx: HookContext<Beat, Settings>) -> Result {
    note(&ctx);
    Ok(())
}

fn note(ctx: &HookContext<Beat, Settings>) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now_us = now.map_or(0, |now| now.as_micros() as u64);
    let delay = now_us.saturating_sub(ctx.payload().at_us);
    ctx.state().beats.delays.borrow_mut().push(delay);
}

/// Does its work, but can't keep up.
async fn slow(_ctx: HookContext<Beat, Settings>) -> Result {
    tokio::time::sleep(Duration::from_millis(10)).await;
    Ok(())
}

async fn sleeps(_ctx: HookContext<Beat, Settings>) -> Result {
    std::future::pending().await
}

async fn panics(_ctx: HookContext<Beat, Settings>) -> Result {
    panic!("misbehaving at each beat")
}

async fn fails(_ctx: HookContext<Beat, Settings>) -> Result {
    Err(Error::new("misbehaving at each beat"))
}

/// Since it was last asked: how many were not next to the one before (after a drop, or out of order), and the delays in
/// microseconds.
async fn beats(ctx: FunctionContext<(), Settings>) -> Result<(u64, Vec<u64>)> {
    let beats = &ctx.state().beats;
    Ok((beats.out_of_order.take(), beats.delays.take()))
}
