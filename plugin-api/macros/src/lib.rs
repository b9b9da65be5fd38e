//! Macros of plugin-api, which exports and describes them: the attribute `command` and the derives `Choices` and `Settings`.
//!
//! They write what one could write by hand with plugin-api's `Command`, `CommandOption`, `FromOption`, `OptionType` and `Setting`,
//! and decide nothing at run time.
//!
//! | file | what it does |
//! | --- | --- |
//! | `command.rs` | the handler's function, and what becomes of it |
//! | `keys.rs` | what `#[command(…)]` says |
//! | `option.rs` | a parameter that is an option |
//! | `doc.rs` | doc comments as descriptions |
//! | `words.rs` | lists, names, and the nearest of them |
//! | `choices.rs`, `settings.rs` | the derives |

mod choices;
mod command;
mod doc;
mod keys;
mod option;
mod settings;
mod words;

use proc_macro::TokenStream;

/// The attribute `command`; plugin-api describes it.
#[proc_macro_attribute]
pub fn command(keys: TokenStream, item: TokenStream) -> TokenStream {
    command::expand(keys.into(), item.into()).into()
}

/// The derive `Choices`; plugin-api describes it.
#[proc_macro_derive(Choices, attributes(choice))]
pub fn choices(item: TokenStream) -> TokenStream {
    choices::expand(item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// The derive `Settings`; plugin-api describes it.
#[proc_macro_derive(Settings, attributes(setting))]
pub fn settings(item: TokenStream) -> TokenStream {
    settings::expand(item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
