//! A plugin whose ends can't be caught: `!fall HOW`.

use std::{cell::RefCell, fmt};

use plugin_api::prelude::*;

export_plugin!(|| Plugin::new()
    .description("Ends in ways that nobody can catch")
    .command(fall()));

/// Falls.
#[command]
async fn fall(
    ctx: CommandContext,
    /// In which way.
    how: String,
) -> Result {
    match &*how {
        "abort" => std::process::abort(),
        "exit" => std::process::exit(7),
        "extern" => no_way_up(),
        "text" => panic!("{}", Unsayable),
        "nested" => {
            let _late = Late;
            panic!("with a destructor that panics");
        }
        "thread" => {
            let _ = std::thread::spawn(|| std::process::abort());
        }
        "destructor" => LOCAL.with_borrow_mut(|local| *local = Some(Late)),
        _ => {}
    }
    ctx.reply("standing").await
}

extern "C" fn no_way_up() {
    panic!("through C");
}

/// Panics when a panic's text is made of it.
struct Unsayable;

impl fmt::Display for Unsayable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("not to be said");
    }
}

struct Late;

impl Drop for Late {
    fn drop(&mut self) {
        panic!("too late");
    }
}

thread_local! {
    static LOCAL: RefCell<Option<Late>> = const { RefCell::new(None) };
}
