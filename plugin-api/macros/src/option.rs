//! Option parameters of a command's function.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{
    Attribute, Error, Expr, FnArg, GenericArgument, Ident, Lit, LitStr, Meta, Pat, PathArguments,
    Result, Token, Type, ext::IdentExt, parse::Parser, punctuated::Punctuated, spanned::Spanned,
};

use crate::{doc::Doc, words};

const KNOWN: &[&str] = &[
    "name",
    "min",
    "max",
    "default",
    "rest",
    "choices",
    "autocomplete",
    "channel_kinds",
    "members_only",
    "localized",
];

/// A parameter that is an option.
pub(crate) struct Parameter {
    pub(crate) name: LitStr,
    pub(crate) ty: Type,
    /// Whether a command's user may leave it out.
    optional: bool,
    /// Whether it takes what is left of the line.
    takes_all: bool,
    doc: Doc,
    calls: TokenStream,
    pub(crate) completer: Option<Expr>,
}

impl Parameter {
    /// Reads a parameter, and takes the attributes off that are ours.
    pub(crate) fn of(argument: &mut FnArg) -> Result<Self> {
        let FnArg::Typed(argument) = argument else {
            let text = "a command's handler is a function, and takes no `self`";
            return Err(Error::new(argument.span(), text));
        };
        let Pat::Ident(pattern) = &*argument.pat else {
            let text = "an option's parameter is a plain name, which is the option's";
            return Err(Error::new(argument.pat.span(), text));
        };
        if let Type::Reference(reference) = &*argument.ty {
            let text = "an option is a value of its own: `String` in place of `&str`";
            return Err(Error::new(reference.span(), text));
        }
        let attributes = std::mem::take(&mut argument.attrs);
        let name = pattern.ident.unraw().to_string();
        let mut parameter = Self {
            name: LitStr::new(&name, pattern.ident.span()),
            ty: (*argument.ty).clone(),
            optional: is(&argument.ty, "Option") || is(&argument.ty, "Vec"),
            takes_all: is(&argument.ty, "Vec"),
            doc: Doc::of(&attributes),
            calls: TokenStream::new(),
            completer: None,
        };
        for attribute in &attributes {
            parameter.read(attribute)?;
        }
        words::check_name(&parameter.name, "an option")?;
        Ok(parameter)
    }

    fn read(&mut self, attribute: &Attribute) -> Result<()> {
        let path = attribute.path();
        if path.is_ident("doc") {
            return Ok(());
        }
        let Some(key) = path.get_ident() else {
            return Err(words::unknown(path.span(), "attribute", "…::…", KNOWN));
        };
        let name = key.to_string();
        let call = match &*name {
            "name" => {
                self.name = string(attribute)?;
                return Ok(());
            }
            "autocomplete" => {
                self.completer = Some(value(attribute)?.clone());
                return Ok(());
            }
            "rest" | "members_only" => {
                attribute.meta.require_path_only()?;
                self.takes_all |= name == "rest";
                quote!(.#key())
            }
            "min" | "max" => {
                let bound = value(attribute)?;
                quote!(.#key(#bound))
            }
            "default" => {
                self.optional = true;
                let typed = typed(attribute)?;
                quote!(.#key(#typed))
            }
            "choices" => {
                let list = attribute.meta.require_list()?.tokens.clone();
                let choices = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(list)?;
                quote!(.#key([#choices]))
            }
            "channel_kinds" => {
                let list = attribute.meta.require_list()?.tokens.clone();
                let kinds = words::idents.parse2(list)?;
                quote!(.#key([#(::plugin_api::twilight_model::channel::ChannelType::#kinds),*]))
            }
            "localized" => words::localized(key, attribute.meta.require_list()?.tokens.clone())?,
            _ => return Err(words::unknown(key.span(), "option attribute", &name, KNOWN)),
        };
        self.calls.extend(call);
        Ok(())
    }

    /// The option's declaration.
    pub(crate) fn declaration(&self) -> Result<TokenStream> {
        let (name, ty, calls) = (&self.name, &self.ty, &self.calls);
        let missing = format!(
            "the option `{}` needs a description: write a doc comment above it, such as `/// How many sides.`",
            name.value()
        );
        let description = self.doc.description(name.span(), &missing)?;
        let of = quote_spanned!(ty.span()=> ::plugin_api::CommandOption::of::<#ty>);
        Ok(quote!(#of(#name, #description) #calls))
    }
}

/// What only shows when they stand together: Discord wants required options first, and nothing is left behind one that takes
/// all.
pub(crate) fn check_order(parameters: &[Parameter]) -> Result<()> {
    for (before, after) in parameters.iter().zip(parameters.iter().skip(1)) {
        let (name, other) = (after.name.value(), before.name.value());
        let text = if before.takes_all {
            format!("nothing is left for `{name}`: `{other}` before it takes the rest of the line")
        } else if before.optional && !after.optional {
            format!(
                "`{name}` must be given, and stands behind `{other}`, which need not: required options come first"
            )
        } else if name == other {
            format!("there is an option `{name}` already")
        } else {
            continue;
        };
        return Err(Error::new(after.name.span(), text));
    }
    Ok(())
}

/// Whether the type is `Option<…>` or the like, as written.
pub(crate) fn is(ty: &Type, name: &str) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path.segments.last().is_some_and(|last| {
        let one = |arguments: &PathArguments| match arguments {
            PathArguments::AngleBracketed(inside) => {
                matches!(inside.args.first(), Some(GenericArgument::Type(_)))
            }
            _ => false,
        };
        last.ident == Ident::new(name, last.ident.span()) && one(&last.arguments)
    })
}

fn value(attribute: &Attribute) -> Result<&Expr> {
    match &attribute.meta {
        Meta::NameValue(meta) => Ok(&meta.value),
        other => {
            let name = other.path().get_ident().map(ToString::to_string);
            let text = format!("`#[{} = …]` is expected", name.unwrap_or_default());
            Err(Error::new(other.span(), text))
        }
    }
}

fn string(attribute: &Attribute) -> Result<LitStr> {
    match value(attribute)? {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Ok(text.clone()),
            other => Err(Error::new(other.span(), "a text in quotes is expected")),
        },
        other => Err(Error::new(other.span(), "a text in quotes is expected")),
    }
}

/// A default as it would be typed: a text, a number or a boolean.
fn typed(attribute: &Attribute) -> Result<LitStr> {
    let value = value(attribute)?;
    let text = match value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            Lit::Int(number) => Some(number.base10_digits().to_owned()),
            Lit::Float(number) => Some(number.base10_digits().to_owned()),
            Lit::Bool(yes) => Some(yes.value.to_string()),
            _ => None,
        },
        _ => None,
    };
    let text = text.ok_or_else(|| {
        let text =
            "the default is expected as it would be typed, in quotes: `#[default = \"1h30m\"]`";
        Error::new(value.span(), text)
    })?;
    Ok(LitStr::new(&text, value.span()))
}
