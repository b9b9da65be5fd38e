//! Macro `export_plugin!`, which makes a library a plugin.

/// Exports a plugin: `export_plugin!(plugin)`, where `plugin` is a function (or closure) that returns a
/// [`Plugin`](crate::Plugin).
///
/// The plugin's name and version are its package's, and so are description, authors, homepage and licence where it declares none. The library needs `crate-type = ["cdylib"]` in its Cargo.toml.
///
/// ```standalone_crate
/// use plugin_api::prelude::*;
///
/// export_plugin!(|| Plugin::new().command(Command::new("hello", "Says hello").run(hello)));
///
/// async fn hello(ctx: CommandContext) -> Result {
///     ctx.reply(format!("Hello, {}!", ctx.user().name)).await
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export_plugin {
    ($plugin:expr) => {
        const _: () = {
            use $crate::abi;

            // Each library has its own: memory is counted per plugin, and what it leaks can be freed after it is gone.
            #[global_allocator]
            static LEDGER: $crate::alloc::Ledger = $crate::alloc::Ledger::new();

            #[used]
            #[unsafe(no_mangle)]
            #[unsafe(link_section = ".cogwright.note")]
            static COGWRIGHT_NOTE: abi::PluginNote = abi::PluginNote::new(
                env!("CARGO_PKG_NAME"),
                env!("CARGO_PKG_VERSION"),
                cfg!(panic = "unwind"),
            );

            fn declare() -> $crate::Program {
                ($plugin)().into_program($crate::package!())
            }

            extern "C" fn ledger() -> *const ::core::ffi::c_void {
                LEDGER.table().cast()
            }

            unsafe extern "C" fn run(host: abi::HostHandle, mailbox: abi::MailboxHandle) -> u32 {
                // SAFETY: the host calls this as `PluginModule::run` says.
                unsafe { $crate::raw::run(host, mailbox, declare) }
            }

            const MODULE: &abi::abi_stable::prefix_type::WithMetadata<abi::PluginModule> =
                &abi::abi_stable::prefix_type::WithMetadata::new(abi::PluginModule::new(
                    ledger, run,
                ));

            fn module() -> abi::PluginModule_Ref {
                abi::PluginModule_Ref(MODULE.static_as_prefix())
            }

            extern "C" fn erased_module() -> abi::abi_stable::library::RootModuleResult {
                abi::abi_stable::library::__call_root_module_loader(module)
            }

            // What `#[export_root_module]` expands to; written out so that plugins need no abi_stable of their own.
            #[allow(non_upper_case_globals)]
            #[unsafe(no_mangle)]
            static _1as_0lib_1header_0root_bmodule_bloader: abi::abi_stable::library::LibHeader =
                // SAFETY: `erased_module` returns a `PluginModule_Ref`.
                unsafe {
                    abi::abi_stable::library::LibHeader::from_constructor::<abi::PluginModule_Ref>(
                        erased_module,
                        abi::abi_stable::library::CheckTypeLayout::Yes,
                    )
                };
        };
    };
}
