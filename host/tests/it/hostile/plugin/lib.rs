//! A plugin with hostile C in it: `!deed NAME PLACE` does one of `deeds.c`, or of a library that the plugin links.

use std::ffi::{CString, c_char, c_int};

use plugin_api::prelude::*;

export_plugin!(|| Plugin::new()
    .description("Does what no plugin should")
    .command(deed()));

unsafe extern "C" {
    /// What it answers is the deed's own; below 0 it failed.
    #[link_name = "hostile_deed"]
    fn hostile_deed(name: *const c_char, place: *const c_char) -> c_int;
}

/// Does what no plugin should.
#[command]
async fn deed(
    ctx: CommandContext,
    /// Which deed.
    name: String,
    /// A path of the test's: a thread goes on when a file appears there, and tells by another that it has.
    place: String,
) -> Result {
    let (c_name, c_place) = (CString::new(name.as_str())?, CString::new(place)?);
    // SAFETY: two strings, and C that a test wrote for this.
    let answer = unsafe { hostile_deed(c_name.as_ptr(), c_place.as_ptr()) };
    ctx.reply(format!("{name}: {answer}")).await
}
