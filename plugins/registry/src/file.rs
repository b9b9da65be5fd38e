//! Keeping of `plugin_registry.json`: written anew when a plugin comes, goes or fails, and when enforcement is switched.

use std::{cell::Cell, pin::Pin, rc::Rc};

use plugin_api::prelude::*;
use tokio::sync::Mutex;

use crate::{alerts::SUBJECT, given, record::Record, registry::Registry};

const FILE: &str = "plugin_registry.json";

/// Order of the writes: what was read later is written later, and of many events at once the last one is enough.
#[derive(Debug, Default)]
pub(crate) struct Keeper {
    told: Cell<u64>,
    written: Cell<u64>,
    door: Mutex<()>,
}

type Handled = Pin<Box<dyn Future<Output = Result>>>;

/// A handler of the hook `H` after which the file is as things are.
pub(crate) fn on<H: Hook + 'static>(
    keeper: &Rc<Keeper>,
) -> impl Fn(HookContext<H>) -> Handled + 'static {
    let keeper = Rc::clone(keeper);
    move |ctx: HookContext<H>| {
        let keeper = Rc::clone(&keeper);
        Box::pin(async move { keeper.keep(ctx.host()).await })
    }
}

impl Keeper {
    async fn keep(&self, host: &Host) -> Result {
        let told = self.told.get() + 1;
        self.told.set(told);
        let _inside = self.door.lock().await;
        if self.written.get() >= told {
            return Ok(());
        }
        let told = self.told.get();
        // Without the power there is nothing to be kept.
        let Some(all) = given("plugins.list", Registry::read(host).await) else {
            return Ok(());
        };
        let written = host.files().write_json(FILE, &Record::of(&all)).await;
        match written {
            Ok(()) => self.written.set(told),
            Err(error) => {
                let text =
                    format!("`{FILE}` can't be written, and is older than what is loaded: {error}");
                given("alerts.raise", host.alert(SUBJECT, FILE, &text).await);
                return Err(error);
            }
        }
        Ok(())
    }
}
