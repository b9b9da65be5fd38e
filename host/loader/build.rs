//! Decides whether the loader puts itself in front of libc (`src/platform/linux/interpose/`) and, where it does, exports the functions from this
//! package's tests, and tells packages with executables which to export, so that plugins bind to them.

use std::env;

/// What `src/platform/linux/interpose/hooks.rs` lists.
const SYMBOLS: [&str; 28] = [
    "abort",
    "exit",
    "_exit",
    "_Exit",
    "quick_exit",
    "__assert_fail",
    "pthread_create",
    "pthread_exit",
    "thrd_create",
    "pthread_key_create",
    "pthread_key_delete",
    "tss_create",
    "tss_delete",
    "timer_create",
    "timer_delete",
    "setitimer",
    "alarm",
    "ualarm",
    "sigaction",
    "signal",
    "ssignal",
    "sysv_signal",
    "__sysv_signal",
    "sigset",
    "sigignore",
    "siginterrupt",
    "dlopen",
    "__cxa_thread_atexit_impl",
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(interposed)");
    println!("cargo:rustc-check-cfg=cfg(sanitized)");
    let target = |key: &str| env::var(format!("CARGO_CFG_{key}")).unwrap_or_default();
    let glibc = target("TARGET_OS") == "linux" && target("TARGET_ENV") == "gnu";
    let known = matches!(target("TARGET_ARCH").as_str(), "x86_64" | "aarch64")
        && target("TARGET_POINTER_WIDTH") == "64";
    // Miri sets its cfg for build scripts, too, and knows no dlsym.
    if !glibc || !known || env::var_os("CARGO_CFG_MIRI").is_some() {
        return;
    }
    // ThreadSanitizer's own functions run before anything that ours could rely on.
    let sanitizers = env::var("CARGO_CFG_SANITIZE").unwrap_or_default();
    if sanitizers.split(',').any(|it| it == "thread") {
        return;
    }
    println!("cargo:rustc-cfg=interposed");
    // A sanitizer has functions of its own in front of libc's, and must hear of threads and signals: ours call its.
    let sanitized = !sanitizers.is_empty();
    if sanitized {
        println!("cargo:rustc-cfg=sanitized");
    }
    let mut exports: Vec<String> = SYMBOLS.iter().map(|it| (*it).to_owned()).collect();
    if sanitized {
        exports.extend(SYMBOLS.iter().map(|it| format!("__interceptor_{it}")));
    }
    for symbol in &exports {
        // For every executable of the package: `-bins`, `-tests` and the like leave out the library's own unit tests,
        // and fail where the package has no target of the kind.
        println!("cargo:rustc-link-arg=-Wl,--export-dynamic-symbol={symbol}");
    }
    println!("cargo:exports={}", exports.join(" "));
}
