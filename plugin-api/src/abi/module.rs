//! Root module of a library (what it exports), and the handles that it is given.

use std::ffi::c_void;

use abi_stable::{StableAbi, library::RootModule, sabi_types::VersionStrings, std_types::RStr};

use super::BOUNDARY;

/// The root module: all that a plugin library exports.
///
/// Append only: what is new comes after `last_prefix_field` and is an `Option` to the host.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = PluginModule_Ref)))]
#[sabi(missing_field(option))]
pub struct PluginModule {
    /// The plugin's ledger table, or null when it has none.
    ///
    /// Caller: the host, on the generation's thread. The table outlives the library; the host reclaims it after unloading.
    pub ledger: extern "C" fn() -> *const c_void,
    /// Runs the plugin until it is told to stop; returns one of [`run_status`].
    ///
    /// Caller: the host, once, on the generation's own thread. Both handles stay valid until `run` returns; from then on
    /// no thread of the plugin may use them.
    #[sabi(last_prefix_field)]
    pub run: unsafe extern "C" fn(host: HostHandle, mailbox: MailboxHandle) -> u32,
    /// A field that this version has not got: what a later one may look like.
    #[cfg(feature = "later-boundary-fixture")]
    pub later: extern "C" fn() -> u64,
}

impl PluginModule {
    /// What [`export_plugin!`](crate::export_plugin) exports.
    #[must_use]
    pub const fn new(
        ledger: extern "C" fn() -> *const c_void,
        run: unsafe extern "C" fn(host: HostHandle, mailbox: MailboxHandle) -> u32,
    ) -> Self {
        Self {
            ledger,
            run,
            #[cfg(feature = "later-boundary-fixture")]
            later: {
                extern "C" fn later() -> u64 {
                    7
                }
                later
            },
        }
    }
}

impl RootModule for PluginModule_Ref {
    abi_stable::declare_root_module_statics! {PluginModule_Ref}
    const BASE_NAME: &'static str = "cogwright_plugin";
    const NAME: &'static str = "cogwright_plugin";
    // Without the crate's patch level: abi_stable refuses an older one, we promise to take it.
    const VERSION_STRINGS: VersionStrings = VersionStrings {
        version: RStr::from_str(BOUNDARY),
    };
}

/// Functions that a plugin may call on the host.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = HostVtable_Ref)))]
#[sabi(missing_field(option))]
pub struct HostVtable {
    /// Sends one [`Message`](super::Message), which tells its size; returns one of [`send_status`](super::send_status).
    ///
    /// Caller: any thread of the plugin, until `run` returns. Never blocks, never unwinds. The message and what it points
    /// at are the plugin's; the host copies. It is not in the type, since abi_stable would have it never grow.
    #[sabi(last_prefix_field)]
    pub send: unsafe extern "C" fn(ctx: *const c_void, message: *const c_void) -> u32,
    /// The generation's [`Crumb`](super::Crumb), or null when the host keeps none: valid, and at the same place, until `run`
    /// returns.
    ///
    /// Caller: the generation's thread. It is the only one to write what is there.
    pub crumb: unsafe extern "C" fn(ctx: *const c_void) -> *const c_void,
    /// A call that this version has not got: what a later one may look like.
    #[cfg(feature = "later-boundary-fixture")]
    pub later: unsafe extern "C" fn(ctx: *const c_void) -> u32,
}

/// What the fields of a later version do in the tests.
#[cfg(feature = "later-boundary-fixture")]
unsafe extern "C" fn later(_: *const c_void) -> u32 {
    7
}

impl HostVtable {
    /// What a host of this version can do.
    #[must_use]
    pub const fn new(
        send: unsafe extern "C" fn(ctx: *const c_void, message: *const c_void) -> u32,
        crumb: unsafe extern "C" fn(ctx: *const c_void) -> *const c_void,
    ) -> Self {
        Self {
            send,
            crumb,
            #[cfg(feature = "later-boundary-fixture")]
            later,
        }
    }
}

/// [`MailboxVtable::exchange`].
pub type Exchange = unsafe extern "C" fn(
    ctx: *const c_void,
    released: *const u64,
    released_len: usize,
    out: *mut c_void,
    stride: usize,
    cap: usize,
    work: usize,
) -> usize;

impl MailboxVtable {
    /// What a mailbox of this version can do.
    #[must_use]
    pub const fn new(exchange: Exchange) -> Self {
        Self {
            exchange,
            #[cfg(feature = "later-boundary-fixture")]
            later,
        }
    }
}

/// Functions by which a plugin takes its frames.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = MailboxVtable_Ref)))]
#[sabi(missing_field(option))]
pub struct MailboxVtable {
    /// Hands `released_len` tokens back and takes up to `cap` frames, of which at most `work` are events, commands or
    /// components. Returns how many frames were written to `out`. 0 declares the plugin idle: the next frame that it
    /// would be given signals the mailbox's descriptor.
    ///
    /// A token with a [mark](super::token_mark) is not handed back: it says whether a handler runs for its frame. One does from the time it is
    /// taken.
    ///
    /// `out` has room for `cap` frames that lie `stride` bytes apart: the plugin's `size_of::<Frame>()`. The host writes as
    /// much of its own [`Frame`](super::Frame) as fits, and tells in each how much that is. A stride that is too small for
    /// the first version of the frame gets none.
    ///
    /// Caller: the generation's thread alone. Never blocks, never unwinds.
    #[sabi(last_prefix_field)]
    pub exchange: unsafe extern "C" fn(
        ctx: *const c_void,
        released: *const u64,
        released_len: usize,
        out: *mut c_void,
        stride: usize,
        cap: usize,
        work: usize,
    ) -> usize,
    /// A call that this version has not got: what a later one may look like.
    #[cfg(feature = "later-boundary-fixture")]
    pub later: unsafe extern "C" fn(ctx: *const c_void) -> u32,
}

/// The host, as given to [`PluginModule::run`].
#[repr(C)]
#[derive(Clone, Copy, StableAbi)]
pub struct HostHandle {
    /// First argument of every call.
    pub ctx: *const c_void,
    /// The calls.
    pub vtable: HostVtable_Ref,
}

// SAFETY: `send` may be called from any thread, says its contract.
unsafe impl Send for HostHandle {}
// SAFETY: as above.
unsafe impl Sync for HostHandle {}

/// The mailbox, as given to [`PluginModule::run`].
#[repr(C)]
#[derive(Clone, Copy, StableAbi)]
pub struct MailboxHandle {
    /// First argument of every call.
    pub ctx: *const c_void,
    /// The calls.
    pub vtable: MailboxVtable_Ref,
    /// A descriptor that becomes readable, edge by edge, when frames wait for an idle plugin. The host's: the plugin
    /// watches it, and neither reads nor closes it.
    pub signal: i32,
    /// What no version has, and can't have: the handle is passed by value.
    #[cfg(feature = "changed-boundary-fixture")]
    pub changed: u64,
}

/// What `run` returns.
pub mod run_status {
    /// It ran and was told to stop.
    pub const STOPPED: u32 = 0;
    /// It could not run: a descriptor or the runtime failed. The reason is in the log.
    pub const BROKEN: u32 = 1;
    /// The plugin's own declaration panicked.
    pub const PANICKED: u32 = 2;
}
