//! Expansion of `#[command]`: the handler's function, and what becomes of it.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{
    Attribute, Error, FnArg, LitStr, Result, ReturnType, Signature, Type, Visibility,
    ext::IdentExt,
    parse::{Parse, ParseStream},
    spanned::Spanned,
};

use crate::{
    doc::Doc,
    keys::Keys,
    option::{self, Parameter},
    words,
};

/// The handler's function. Its body stays as it is: it may be half written while an editor looks at it.
struct Handler {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    signature: Signature,
    body: TokenStream,
}

impl Parse for Handler {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        Ok(Self {
            attributes: input.call(Attribute::parse_outer)?,
            visibility: input.parse()?,
            signature: input.parse()?,
            body: input.parse()?,
        })
    }
}

pub(crate) fn expand(keys: TokenStream, item: TokenStream) -> TokenStream {
    let handler: Handler = match syn::parse2(item) {
        Ok(handler) => handler,
        Err(error) => return error.into_compile_error(),
    };
    let (visibility, name) = (handler.visibility.clone(), handler.signature.ident.clone());
    let declared = syn::parse2::<Keys>(keys).and_then(|keys| handler.declare(&keys));
    declared.unwrap_or_else(|error| {
        let error = error.into_compile_error();
        // So that what uses it is no error of its own.
        quote! {
            #error
            #[allow(missing_docs, dead_code)]
            #visibility fn #name<S: 'static>() -> ::plugin_api::Command<S> {
                ::core::unreachable!()
            }
        }
    })
}

impl Handler {
    fn declare(mut self, keys: &Keys) -> Result<TokenStream> {
        self.check()?;
        let context = match self.signature.inputs.first() {
            Some(FnArg::Typed(context)) => (*context.ty).clone(),
            _ => return Err(self.without_context()),
        };
        let options = self.signature.inputs.iter_mut().skip(1);
        let mut options = options.map(Parameter::of).collect::<Result<Vec<_>>>()?;
        let command = match &keys.menu {
            Some((menu, label)) => {
                let help = Doc::of(&self.attributes).whole();
                let help = help.map(|help| quote!(.help(#help)));
                menu_target(&mut options)?;
                quote!(#menu(#label) #help)
            }
            None => self.chat(keys, &options)?,
        };
        let calls = &keys.calls;
        let run = self.run(&options);
        let (outer, inner) = self.attributes.iter().partition(|one| belongs_outside(one));
        let (outer, inner): (Vec<&Attribute>, Vec<&Attribute>) = (outer, inner);
        let (visibility, signature, body) = (&self.visibility, &self.signature, &self.body);
        let (name, generics) = (&signature.ident, &signature.generics);
        let bounds = &generics.where_clause;
        let state = state(&context);
        Ok(quote! {
            #(#outer)*
            #visibility fn #name #generics() -> ::plugin_api::Command<#state> #bounds {
                #(#inner)*
                #[allow(clippy::too_many_arguments)]
                #signature #body

                ::plugin_api::Command::<#state>::#command #calls #run
            }
        })
    }

    fn check(&self) -> Result<()> {
        let signature = &self.signature;
        if signature.asyncness.is_none() {
            let text = "a command's handler is an `async fn`";
            return Err(Error::new(signature.fn_token.span, text));
        }
        if let ReturnType::Default = signature.output {
            let text = "a command's handler returns `Result`: write `-> Result`";
            return Err(Error::new(signature.paren_token.span.close(), text));
        }
        Ok(())
    }

    fn without_context(&self) -> Error {
        let text = "a command's handler begins with its context: `ctx: CommandContext`, or `CommandContext<State>` in a plugin with a state";
        match self.signature.inputs.first() {
            Some(receiver) => Error::new(receiver.span(), text),
            None => Error::new(self.signature.paren_token.span.join(), text),
        }
    }

    /// A command that is typed: `new("roll", "Rolls a die.")`, its help, its options, and what completes them.
    fn chat(&self, keys: &Keys, options: &[Parameter]) -> Result<TokenStream> {
        option::check_order(options)?;
        let ident = &self.signature.ident;
        let name = keys
            .name
            .clone()
            .unwrap_or_else(|| LitStr::new(&ident.unraw().to_string(), ident.span()));
        words::check_name(&name, "a command")?;
        let doc = Doc::of(&self.attributes);
        let missing = "a command needs a description: write a doc comment above it, such as `/// Rolls a die.`";
        let description = doc.description(ident.span(), missing)?;
        let help = doc.help().map(|help| quote!(.help(#help)));
        let declarations = options
            .iter()
            .map(Parameter::declaration)
            .collect::<Result<Vec<_>>>()?;
        let completers = options.iter().filter_map(|option| {
            let (name, completer) = (&option.name, option.completer.as_ref()?);
            Some(quote!(.autocomplete(#name, #completer)))
        });
        Ok(quote! {
            new(#name, #description) #help #(.option(#declarations))* #(#completers)*
        })
    }

    /// `.run(…)`: reads the options and calls the function.
    fn run(&self, options: &[Parameter]) -> TokenStream {
        let here = Span::mixed_site();
        let ctx = syn::Ident::new("ctx", here);
        let values: Vec<_> = (0..options.len())
            .map(|index| format_ident!("option_{}", index, span = here))
            .collect();
        let reads = options.iter().zip(&values).map(|(option, value)| {
            let (name, ty) = (&option.name, &option.ty);
            quote_spanned!(ty.span()=> let #value = #ctx.option::<#ty>(#name)?;)
        });
        let name = &self.signature.ident;
        quote! {
            .run(|#ctx| async move {
                #(#reads)*
                #name(#ctx, #(#values),*).await
            })
        }
    }
}

/// The one parameter that a context menu's command may have: what it was opened on, which is called `target`.
fn menu_target(options: &mut [Parameter]) -> Result<()> {
    if let Some(second) = options.get(1) {
        let text =
            "a context menu's command has no options: its one parameter is what it was opened on";
        return Err(Error::new(second.name.span(), text));
    }
    if let Some(target) = options.first_mut() {
        target.name = LitStr::new("target", target.name.span());
    }
    Ok(())
}

/// The state that the context names, also through an alias.
fn state(context: &Type) -> TokenStream {
    quote_spanned!(context.span()=> <#context as ::plugin_api::HandlerContext>::State)
}

/// Whether an attribute is about the function that is seen, and not about the handler in it.
fn belongs_outside(attribute: &Attribute) -> bool {
    const OUTSIDE: &[&str] = &[
        "doc",
        "cfg",
        "allow",
        "expect",
        "warn",
        "deny",
        "forbid",
        "deprecated",
    ];
    OUTSIDE.iter().any(|name| attribute.path().is_ident(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The complaint about a handler, or "fine".
    fn check(keys: &str, item: &str, expect: &str) {
        let expanded = expand(keys.parse().unwrap(), item.parse().unwrap()).to_string();
        let complaint = expanded
            .split_once("compile_error ! { \"")
            .or_else(|| expanded.split_once("compile_error ! (\""))
            .and_then(|(_, text)| text.split_once("\" }"))
            .map_or("fine", |(text, _)| text);
        assert_eq!(
            complaint.replace("\\\"", "\""),
            expect,
            "for #[command({keys})] {item}"
        );
    }

    const PLAIN: &str = "/// Rolls.\nasync fn roll(ctx: CommandContext) -> Result {}";

    fn with(parameters: &str) -> String {
        format!("/// Rolls.\nasync fn roll(ctx: CommandContext, {parameters}) -> Result {{}}")
    }

    #[test]
    fn keys_are_checked() {
        check("", PLAIN, "fine");
        check("alias = \"r\", alias = \"d\", guild_only", PLAIN, "fine");
        check(
            "gild_only",
            PLAIN,
            "there is no key `gild_only`: did you mean `guild_only`?",
        );
        check(
            "guild_only, guild_only",
            PLAIN,
            "`guild_only` is said twice",
        );
        check(
            "slash_only, prefix_only",
            PLAIN,
            "`slash_only` and `prefix_only` exclude each other",
        );
        check("alias", PLAIN, "`alias = \"…\"` is expected");
        check("permissions", PLAIN, "`permissions(…)` is expected");
        check(
            "cooldown(uses = 3)",
            PLAIN,
            "`cooldown(uses = 3, seconds = 10)` is expected",
        );
        check(
            "cooldown(3, 10)",
            PLAIN,
            "`cooldown(uses = 3, seconds = 10)` is expected",
        );
        check(
            "max_concurrency(1)",
            PLAIN,
            "`max_concurrency(uses = 1, per = Channel)` is expected",
        );
        check("deadline(seconds = 20), guild_only", PLAIN, "fine");
        for nonsense in [
            "deadline",
            "deadline = \"20s\"",
            "deadline()",
            "deadline(20)",
            "deadline(seconds)",
            "deadline(seconds = 1.5)",
            "deadline(seconds = 20, per = Guild)",
        ] {
            check(nonsense, PLAIN, "`deadline(seconds = 20)` is expected");
        }
        check(
            "deadline(second = 20)",
            PLAIN,
            "there is no `deadline` key `second`: did you mean `seconds`?",
        );
        check(
            "deadline(seconds = 0)",
            PLAIN,
            "a handler needs at least one second: leave `deadline` out for the plugin's, or the bot's",
        );
        check(
            "cooldown(use = 3)",
            PLAIN,
            "there is no `cooldown` key `use`: did you mean `uses`?",
        );
        check(
            "name = \"Roll Dice\"",
            PLAIN,
            "`Roll Dice` can't be a command's name: 1 to 32 lower-case letters, digits, `-` and `_` are expected; `name = \"…\"` gives it another",
        );
    }

    #[test]
    fn handlers_are_checked() {
        check(
            "",
            "async fn roll(ctx: CommandContext) -> Result {}",
            "a command needs a description: write a doc comment above it, such as `/// Rolls a die.`",
        );
        check(
            "",
            "/// Rolls.\nfn roll(ctx: CommandContext) -> Result {}",
            "a command's handler is an `async fn`",
        );
        check(
            "",
            "/// Rolls.\nasync fn roll(ctx: CommandContext) {}",
            "a command's handler returns `Result`: write `-> Result`",
        );
        check(
            "",
            "/// Rolls.\nasync fn roll() -> Result {}",
            "a command's handler begins with its context: `ctx: CommandContext`, or `CommandContext<State>` in a plugin with a state",
        );
        check(
            "",
            &format!(
                "/// {}\nasync fn roll(ctx: C) -> Result {{}}",
                "x".repeat(101)
            ),
            "the description is 101 characters long, and Discord accepts 100: end it with an empty line; what comes behind that is for help texts",
        );
        check(
            "user_menu = \"Wave at\"",
            "async fn wave(ctx: C, whom: U) -> Result {}",
            "fine",
        );
        check(
            "user_menu = \"Wave at\"",
            "async fn wave(ctx: C, whom: U, b: V) -> Result {}",
            "a context menu's command has no options: its one parameter is what it was opened on",
        );
    }

    #[test]
    fn options_are_checked() {
        check(
            "",
            &with("/** Sides */ #[min = -2] #[max = 1.5] sides: f64"),
            "fine",
        );
        check(
            "",
            &with("sides: i64"),
            "the option `sides` needs a description: write a doc comment above it, such as `/// How many sides.`",
        );
        check(
            "",
            &with("/** Sides */ #[mini = 2] sides: i64"),
            "there is no option attribute `mini`: did you mean `min`?",
        );
        check(
            "",
            &with("/** A */ a: Option<i64>, /** B */ b: i64"),
            "`b` must be given, and stands behind `a`, which need not: required options come first",
        );
        check(
            "",
            &with("/** A */ #[rest] a: String, /** B */ b: Option<i64>"),
            "nothing is left for `b`: `a` before it takes the rest of the line",
        );
        check(
            "",
            &with("/** A */ a: &str"),
            "an option is a value of its own: `String` in place of `&str`",
        );
        check(
            "",
            &with("/** A */ #[default = now()] a: i64"),
            "the default is expected as it would be typed, in quotes: `#[default = \"1h30m\"]`",
        );
        check(
            "",
            &with("/** A */ #[min] a: i64"),
            "`#[min = …]` is expected",
        );
    }
}
