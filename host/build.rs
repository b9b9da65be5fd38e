//! Build script: exports the functions of libc that the loader stands in front of from this package's executables, so
//! that plugins bind to them.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Told by the loader's build script (`loader/build.rs`); nothing where it stands in front of none.
    let exports = env::var("DEP_HOST_LOADER_EXPORTS").unwrap_or_default();
    for symbol in exports.split_whitespace() {
        // Without `-bins` or the like: the library's own unit tests are meant as well.
        println!("cargo:rustc-link-arg=-Wl,--export-dynamic-symbol={symbol}");
    }
}
