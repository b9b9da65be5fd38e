//! State that survives a reload: a counter, and a button that counts, too.

use std::cell::Cell;

use plugin_api::prelude::*;

export_plugin!(|| {
    Plugin::with_state(|_host| async { Ok(Counter::default()) })
        .description("Counts, and goes on counting after a reload")
        .command(Command::new("count", "Counts one up").run(count))
        .component("more", more)
        .on_save(|counter| State::new(1, &counter.0))
        .on_restore(|counter, state| {
            counter.0.set(state.read()?);
            Ok(())
        })
});

#[derive(Default)]
struct Counter(Cell<u64>);

impl Counter {
    fn up(&self) -> u64 {
        self.0.set(self.0.get() + 1);
        self.0.get()
    }
}

async fn count(ctx: CommandContext<Counter>) -> Result {
    let count = ctx.state().up();
    let more = button("One more", ctx.custom_id("more", "")?);
    let message = NewMessage::from(format!("Count: {count}")).row([more]);
    ctx.reply(message.for_everyone().persistent()).await
}

async fn more(ctx: ComponentContext<Counter>) -> Result {
    let count = ctx.state().up();
    ctx.update(format!("Count: {count}")).await
}
