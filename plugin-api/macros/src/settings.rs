//! Derive of `Settings`: a struct whose fields are the plugin's settings.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{
    Attribute, Error, Expr, Field, Fields, GenericArgument, Ident, Item, LitStr, PathArguments,
    Result, Token, Type,
    ext::IdentExt,
    parse::{Parse, ParseStream},
    spanned::Spanned,
};

use crate::{doc::Doc, option::is, words};

const KNOWN: &[&str] = &["default", "min", "max", "format", "per_guild", "secret"];

/// The words of `SettingFormat`, and its variants.
const FORMATS: &[(&str, &str)] = &[
    ("time-zone", "TimeZone"),
    ("url", "Url"),
    ("cron", "Cron"),
    ("color", "Color"),
];

pub(crate) fn expand(item: TokenStream) -> Result<TokenStream> {
    let text = "settings are a struct with named fields: `struct Settings { limit: u64 }`";
    let item = match syn::parse2(item)? {
        Item::Struct(item) => item,
        other => return Err(Error::new(other.span(), text)),
    };
    let Fields::Named(fields) = &item.fields else {
        return Err(Error::new(item.ident.span(), text));
    };
    let settings = fields.named.iter().map(Setting::of);
    let settings = settings.collect::<Result<Vec<_>>>()?;
    let name = &item.ident;
    let (generics, types, bounds) = item.generics.split_for_impl();
    let declarations = settings.iter().map(Setting::declaration);
    let reads = settings.iter().map(Setting::reading);
    Ok(quote! {
        impl #generics ::plugin_api::Settings for #name #types #bounds {
            fn declare() -> ::std::vec::Vec<::plugin_api::Setting> {
                ::std::vec![#(#declarations),*]
            }

            fn read(
                read: &mut dyn ::core::ops::FnMut(&str) -> ::plugin_api::Result<::plugin_api::Json>,
            ) -> ::plugin_api::Result<Self> {
                ::core::result::Result::Ok(Self { #(#reads),* })
            }
        }
    })
}

/// A field that is a setting.
struct Setting<'a> {
    field: &'a Ident,
    name: LitStr,
    ty: &'a Type,
    description: LitStr,
    calls: TokenStream,
}

impl<'a> Setting<'a> {
    fn of(field: &'a Field) -> Result<Self> {
        let ident = field.ident.as_ref().expect("the fields are named");
        let name = LitStr::new(&ident.unraw().to_string(), ident.span());
        let missing = format!(
            "the setting `{}` needs a description: write a doc comment above it, such as `/// How many cups.`",
            name.value()
        );
        let description = Doc::of(&field.attrs).first_paragraph(ident.span(), &missing, 200)?;
        let mut keys = Keys::default();
        for attribute in &field.attrs {
            keys.read(attribute)?;
        }
        if !keys.has_default && !is(&field.ty, "Option") && !is(&field.ty, "Vec") {
            let text = format!(
                "nobody may have set `{name}`: give it a `#[setting(default = …)]`, or make it an `Option`",
                name = name.value()
            );
            return Err(Error::new(field.ty.span(), text));
        }
        if let Some(format) = &keys.format
            && !is_text(&field.ty)
        {
            let text =
                "a format is for texts: `String`, `Option<String>` or `Vec<String>` is expected";
            return Err(Error::new(format.span(), text));
        }
        Ok(Self {
            field: ident,
            name,
            ty: &field.ty,
            description,
            calls: keys.calls,
        })
    }

    fn declaration(&self) -> TokenStream {
        let (name, ty, description, calls) = (&self.name, self.ty, &self.description, &self.calls);
        quote_spanned!(ty.span()=> ::plugin_api::Setting::of::<#ty>(#name, #description) #calls)
    }

    fn reading(&self) -> TokenStream {
        let (field, name, ty) = (self.field, &self.name, self.ty);
        quote_spanned! {ty.span()=>
            #field: ::plugin_api::Setting::read::<#ty>(#name, read(#name)?)?
        }
    }
}

/// Whether it is `String`, or holds some.
fn is_text(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path
        .segments
        .last()
        .is_some_and(|last| match &last.arguments {
            PathArguments::AngleBracketed(inside) => inside
                .args
                .iter()
                .any(|one| matches!(one, GenericArgument::Type(ty) if is_text(ty))),
            _ => last.ident == "String",
        })
}

/// What `#[setting(…)]` says.
#[derive(Default)]
struct Keys {
    calls: TokenStream,
    has_default: bool,
    format: Option<LitStr>,
}

impl Keys {
    fn read(&mut self, attribute: &Attribute) -> Result<()> {
        if attribute.path().is_ident("setting") {
            let more: Self = attribute.parse_args()?;
            self.calls.extend(more.calls);
            self.has_default |= more.has_default;
            self.format = more.format.or(self.format.take());
        }
        Ok(())
    }
}

impl Parse for Keys {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut keys = Self::default();
        while !input.is_empty() {
            let key = input.call(Ident::parse_any)?;
            let call = match &*key.to_string() {
                "per_guild" => quote!(.#key()),
                "secret" => quote!(.is_secret()),
                "default" | "min" | "max" => {
                    equals(&key, input)?;
                    keys.has_default |= key == "default";
                    let value: Expr = input.parse()?;
                    quote!(.#key(#value))
                }
                "format" => {
                    equals(&key, input)?;
                    let word: LitStr = input.parse()?;
                    let variant = variant(&word)?;
                    keys.format = Some(word);
                    quote!(.#key(::plugin_api::manifest::SettingFormat::#variant))
                }
                other => return Err(words::unknown(key.span(), "`setting` key", other, KNOWN)),
            };
            keys.calls.extend(call);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(keys)
    }
}

fn equals(key: &Ident, input: ParseStream<'_>) -> Result<()> {
    if input.peek(Token![=]) {
        return input.parse::<Token![=]>().map(drop);
    }
    Err(Error::new(key.span(), format!("`{key} = …` is expected")))
}

/// The variant of `SettingFormat` that a word stands for.
fn variant(word: &LitStr) -> Result<Ident> {
    let found = FORMATS.iter().find(|(known, _)| *known == word.value());
    if let Some((_, variant)) = found {
        return Ok(Ident::new(variant, word.span()));
    }
    let known: Vec<&str> = FORMATS.iter().map(|(known, _)| *known).collect();
    Err(words::unknown(word.span(), "format", &word.value(), &known))
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
    fn structs_are_checked() {
        check(
            "struct Shop { /** Cups */ #[setting(default = 3, min = 1, per_guild)] limit: u64, /** Where */ at: Option<Id<C>>, /** Who */ who: Vec<Id<R>> }",
            "fine",
        );
        check(
            "enum Shop { Tea }",
            "settings are a struct with named fields: `struct Settings { limit: u64 }`",
        );
        check(
            "struct Shop(u64);",
            "settings are a struct with named fields: `struct Settings { limit: u64 }`",
        );
        check(
            "struct Shop { #[setting(default = 3)] limit: u64 }",
            "the setting `limit` needs a description: write a doc comment above it, such as `/// How many cups.`",
        );
        check(
            "struct Shop { /** Cups */ limit: u64 }",
            "nobody may have set `limit`: give it a `#[setting(default = …)]`, or make it an `Option`",
        );
        check(
            "struct Shop { /** Cups */ #[setting(defualt = 3)] limit: u64 }",
            "there is no `setting` key `defualt`: did you mean `default`?",
        );
        check(
            "struct Shop { /** Cups */ #[setting(default)] limit: u64 }",
            "`default = …` is expected",
        );
    }

    #[test]
    fn formats_are_known_words_and_for_texts() {
        let one = |ty: &str, format: &str| {
            format!(
                "struct Shop {{ /** Where */ #[setting(default = 3, format = \"{format}\")] at: {ty} }}"
            )
        };
        for ty in [
            "String",
            "std::string::String",
            "Option<String>",
            "Vec<String>",
        ] {
            for (format, _) in FORMATS {
                check(&one(ty, format), "fine");
            }
        }
        check(
            &one("String", "timezone"),
            "there is no format `timezone`: did you mean `time-zone`?",
        );
        check(
            &one("String", "paragraph"),
            "there is no format `paragraph`: there are `time-zone`, `url`, `cron`, `color`",
        );
        let text = "a format is for texts: `String`, `Option<String>` or `Vec<String>` is expected";
        for ty in ["u64", "Option<Duration>", "Vec<Id<marker::RoleMarker>>"] {
            check(&one(ty, "url"), text);
        }
        check(
            "struct Shop { /** Where */ #[setting(format)] at: Option<String> }",
            "`format = …` is expected",
        );
    }
}
