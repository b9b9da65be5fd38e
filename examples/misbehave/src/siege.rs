//! Floods of host calls, as many at once as are asked for: for the measurement of what they do to the other plugins.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use plugin_api::{Json, prelude::*};
use serde::Deserialize;

use crate::Settings;

/// One call, to be made over and over.
#[derive(Clone, Deserialize)]
struct Call {
    name: String,
    params: Json,
    body: String,
}

/// What is flooded, and by how many calls at once each.
#[derive(Deserialize)]
struct Flood {
    calls: Vec<Call>,
    at_once: usize,
}

/// The flood that goes on.
#[derive(Debug, Default)]
pub(crate) struct Siege {
    going: Rc<Cell<bool>>,
    /// By call: how many were answered well, and how many were refused.
    answered: Rc<RefCell<BTreeMap<String, (u64, u64)>>>,
}

pub(crate) fn offered_by(plugin: Plugin<Settings>) -> Plugin<Settings> {
    plugin
        .function("flood", 1, flood)
        .function("end_flood", 1, end_flood)
}

async fn flood(ctx: FunctionContext<Flood, Settings>) -> Result<()> {
    let (siege, flood) = (&ctx.state().siege, ctx.argument());
    siege.going.set(true);
    for call in &flood.calls {
        for _ in 0..flood.at_once {
            let (host, call) = (ctx.host().clone(), call.clone());
            let (going, answered) = (Rc::clone(&siege.going), Rc::clone(&siege.answered));
            ctx.host().spawn(async move {
                while going.get() {
                    let made = host.call(&call.name, call.params.clone(), call.body.clone().into());
                    let well = made.await.is_ok();
                    let mut answered = answered.borrow_mut();
                    let counts = answered.entry(call.name.clone()).or_default();
                    *(if well { &mut counts.0 } else { &mut counts.1 }) += 1;
                }
                Ok(())
            });
        }
    }
    Ok(())
}

async fn end_flood(ctx: FunctionContext<(), Settings>) -> Result<BTreeMap<String, (u64, u64)>> {
    let siege = &ctx.state().siege;
    siege.going.set(false);
    Ok(siege.answered.take())
}
