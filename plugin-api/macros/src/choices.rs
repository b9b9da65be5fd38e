//! Derive of `Choices`: an enum as the choices of an option.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Fields, Item, LitStr, Result, Variant, spanned::Spanned};

pub(crate) fn expand(item: TokenStream) -> Result<TokenStream> {
    let item = match syn::parse2(item)? {
        Item::Enum(item) => item,
        other => {
            let text = "choices are an enum's variants: `enum Size { Cup, Pot }`";
            return Err(Error::new(other.span(), text));
        }
    };
    let variants: Vec<&Variant> = item.variants.iter().collect();
    if !(1..=25).contains(&variants.len()) {
        let text = format!(
            "Discord accepts 1 to 25 choices, and these are {}: more can be proposed with `#[autocomplete = …]`",
            variants.len()
        );
        return Err(Error::new(item.ident.span(), text));
    }
    let texts = variants.iter().copied().map(text);
    let texts = texts.collect::<Result<Vec<_>>>()?;
    for (index, text) in texts.iter().enumerate() {
        if texts[..index]
            .iter()
            .any(|other| other.value() == text.value())
        {
            let complaint = format!("there is a choice `{}` already", text.value());
            return Err(Error::new(text.span(), complaint));
        }
    }
    let name = &item.ident;
    let names: Vec<_> = variants.iter().map(|variant| &variant.ident).collect();
    let (generics, types, bounds) = item.generics.split_for_impl();
    Ok(quote! {
        impl #generics ::plugin_api::FromOption for #name #types #bounds {
            fn from_option(input: ::plugin_api::OptionInput<'_>) -> ::plugin_api::Result<Self> {
                let text = input.read::<::std::string::String>()?;
                match &*text {
                    #(#texts => ::std::result::Result::Ok(Self::#names),)*
                    other => ::std::result::Result::Err(::plugin_api::Error::user(
                        ::std::format!("`{}` can't be `{other}`.", input.name()),
                    )),
                }
            }
        }

        impl #generics ::plugin_api::SettingType for #name #types #bounds {
            fn declare(setting: &mut ::plugin_api::Setting) {
                setting.takes_one_of([#(#texts),*]);
            }

            fn read(value: ::plugin_api::Json) -> ::plugin_api::Result<Self> {
                match value.as_str() {
                    #(::std::option::Option::Some(#texts) => ::std::result::Result::Ok(Self::#names),)*
                    _ => ::std::result::Result::Err(::plugin_api::Error::new(
                        ::std::format!("{value} is none of its words"),
                    )),
                }
            }
        }

        impl #generics ::plugin_api::OptionType for #name #types #bounds {
            fn declare(option: &mut ::plugin_api::CommandOption) {
                *option = ::std::clone::Clone::clone(option).choices([#(#texts),*]);
            }
        }
    })
}

/// What members see of a variant.
fn text(variant: &Variant) -> Result<LitStr> {
    if !matches!(variant.fields, Fields::Unit) {
        let text = "a choice holds nothing: it is picked from a list";
        return Err(Error::new(variant.fields.span(), text));
    }
    let declared = variant
        .attrs
        .iter()
        .find(|one| one.path().is_ident("choice"));
    let text = match declared {
        Some(attribute) => attribute.parse_args()?,
        None => LitStr::new(&in_words(&variant.ident.to_string()), variant.ident.span()),
    };
    match text.value().chars().count() {
        1..=100 => Ok(text),
        long => {
            let complaint = format!("1 to 100 characters are expected, and these are {long}");
            Err(Error::new(text.span(), complaint))
        }
    }
}

/// `BlackTea` as `black tea`.
fn in_words(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(c.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(item: &str, expect: &str) {
        let found =
            expand(item.parse().unwrap()).map_or_else(|error| error.to_string(), |_| "fine".into());
        assert_eq!(found, expect, "for {item}");
    }

    #[test]
    fn enums_are_checked() {
        check("enum Size { #[choice(\"a cup\")] Cup, Pot }", "fine");
        check(
            "struct Size;",
            "choices are an enum's variants: `enum Size { Cup, Pot }`",
        );
        check(
            "enum Size { Cup, Litres(f64) }",
            "a choice holds nothing: it is picked from a list",
        );
        check(
            "enum Size { #[choice(\"pot\")] Cup, Pot }",
            "there is a choice `pot` already",
        );
        check(
            "enum Size { }",
            "Discord accepts 1 to 25 choices, and these are 0: more can be proposed with `#[autocomplete = …]`",
        );
        assert_eq!(in_words("BlackTea"), "black tea");
    }
}
