//! Parser of the keys in `#[command(…)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Error, Ident, LitInt, LitStr, Path, Result, Token,
    ext::IdentExt,
    parenthesized,
    parse::{Parse, ParseStream},
};

use crate::words;

const KNOWN: &[&str] = &[
    "name",
    "alias",
    "aliases",
    "guild_only",
    "dm_only",
    "age_restricted",
    "owner_only",
    "guild_owner_only",
    "permissions",
    "bot_permissions",
    "any_role",
    "check",
    "slash_only",
    "prefix_only",
    "ephemeral",
    "cooldown",
    "no_cooldown",
    "max_concurrency",
    "deadline",
    "localized",
    "example",
    "hidden",
    "user_menu",
    "message_menu",
];

/// Keys that may be said several times.
const REPEATED: &[&str] = &["alias", "check", "example", "localized"];

/// What `#[command(…)]` says.
#[derive(Default)]
pub(crate) struct Keys {
    pub(crate) name: Option<LitStr>,
    /// The context menu that it is in: the function of `Command`, and the entry's name.
    pub(crate) menu: Option<(Ident, LitStr)>,
    /// Calls on the `Command`, in the order of the keys.
    pub(crate) calls: TokenStream,
}

impl Parse for Keys {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut keys = Self::default();
        let mut seen: Vec<String> = Vec::new();
        while !input.is_empty() {
            let key = input.call(Ident::parse_any)?;
            let name = key.to_string();
            if seen.contains(&name) && !REPEATED.contains(&&*name) {
                return Err(Error::new(key.span(), format!("`{name}` is said twice")));
            }
            for (one, other) in [
                ("slash_only", "prefix_only"),
                ("guild_only", "dm_only"),
                ("user_menu", "message_menu"),
                ("cooldown", "no_cooldown"),
            ] {
                let said = |word: &str| seen.iter().any(|seen| seen == word);
                if (name == one && said(other)) || (name == other && said(one)) {
                    let text = format!("`{one}` and `{other}` exclude each other");
                    return Err(Error::new(key.span(), text));
                }
            }
            keys.read(&key, &name, input)?;
            seen.push(name);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(keys)
    }
}

impl Keys {
    fn read(&mut self, key: &Ident, name: &str, input: ParseStream<'_>) -> Result<()> {
        let call = match name {
            "guild_only" | "dm_only" | "age_restricted" | "owner_only" | "guild_owner_only"
            | "slash_only" | "prefix_only" | "ephemeral" | "hidden" | "no_cooldown" => {
                quote!(.#key())
            }
            "name" => {
                self.name = Some(string(key, input)?);
                return Ok(());
            }
            "user_menu" | "message_menu" => {
                self.menu = Some((key.clone(), string(key, input)?));
                return Ok(());
            }
            "alias" | "example" => {
                let text = string(key, input)?;
                quote!(.#key(#text))
            }
            "aliases" => {
                let aliases = words::strings(&inside(key, input)?)?;
                quote!(#(.alias(#aliases))*)
            }
            "any_role" => {
                let roles = words::strings(&inside(key, input)?)?;
                quote!(.#key([#(#roles),*]))
            }
            "check" => {
                equals(key, "open", input)?;
                let check: Path = input.parse()?;
                quote!(.#key(#check))
            }
            "permissions" | "bot_permissions" => {
                let names = words::idents(&inside(key, input)?)?;
                quote!(.#key(#(::plugin_api::twilight_model::guild::Permissions::#names)|*))
            }
            "cooldown" => {
                let limit = Limit::read(key, &inside(key, input)?)?;
                let (uses, per) = (limit.uses(key)?, limit.per());
                let Some(seconds) = &limit.seconds else {
                    return Err(expects(key, "(uses = 3, seconds = 10)"));
                };
                quote!(.cooldown_per(#per, #uses, ::std::time::Duration::from_secs(#seconds)))
            }
            "max_concurrency" => {
                let limit = Limit::read(key, &inside(key, input)?)?;
                let (uses, per) = (limit.uses(key)?, limit.per());
                if limit.seconds.is_some() {
                    return Err(expects(key, "(uses = 1, per = Channel)"));
                }
                quote!(.#key(#per, #uses))
            }
            "deadline" => {
                let inside = inside(key, input).map_err(|_| expects(key, "(seconds = 20)"))?;
                let seconds = deadline(key, &inside)?;
                quote!(.#key(::std::time::Duration::from_secs(#seconds)))
            }
            "localized" => words::localized(key, inside(key, input)?.parse()?)?,
            _ => return Err(words::unknown(key.span(), "key", name, KNOWN)),
        };
        self.calls.extend(call);
        Ok(())
    }
}

/// `uses = 3, seconds = 10, per = Guild`.
#[derive(Default)]
struct Limit {
    uses: Option<LitInt>,
    seconds: Option<LitInt>,
    per: Option<Ident>,
}

impl Limit {
    fn read(key: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let mut limit = Self::default();
        while !input.is_empty() {
            let example = if key == "cooldown" {
                "(uses = 3, seconds = 10)"
            } else {
                "(uses = 1, per = Channel)"
            };
            let mistaken = |_| expects(key, example);
            let part = input.call(Ident::parse_any).map_err(mistaken)?;
            input.parse::<Token![=]>().map_err(mistaken)?;
            match &*part.to_string() {
                "uses" => limit.uses = Some(input.parse()?),
                "seconds" => limit.seconds = Some(input.parse()?),
                "per" => limit.per = Some(input.parse()?),
                other => {
                    let what = format!("`{key}` key");
                    let known = &["uses", "seconds", "per"];
                    return Err(words::unknown(part.span(), &what, other, known));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(limit)
    }

    fn uses(&self, key: &Ident) -> Result<&LitInt> {
        let uses = self.uses.as_ref();
        uses.ok_or_else(|| expects(key, "(uses = 3, …)"))
    }

    fn per(&self) -> TokenStream {
        match &self.per {
            Some(per) => quote!(::plugin_api::manifest::Per::#per),
            None => quote!(::plugin_api::manifest::Per::User),
        }
    }
}

/// `seconds = 20`.
fn deadline(key: &Ident, input: ParseStream<'_>) -> Result<LitInt> {
    let mistaken = |_| expects(key, "(seconds = 20)");
    let part = input.call(Ident::parse_any).map_err(mistaken)?;
    if part != "seconds" {
        return Err(words::unknown(
            part.span(),
            "`deadline` key",
            &part.to_string(),
            &["seconds"],
        ));
    }
    input.parse::<Token![=]>().map_err(mistaken)?;
    let seconds: LitInt = input.parse().map_err(mistaken)?;
    if !input.is_empty() {
        return Err(expects(key, "(seconds = 20)"));
    }
    match seconds.base10_parse::<u64>()? {
        0 => Err(Error::new(
            seconds.span(),
            "a handler needs at least one second: leave `deadline` out for the plugin's, or the bot's",
        )),
        _ => Ok(seconds),
    }
}

/// ` = "text"`.
fn string(key: &Ident, input: ParseStream<'_>) -> Result<LitStr> {
    equals(key, "\"…\"", input)?;
    input.parse()
}

fn equals(key: &Ident, example: &str, input: ParseStream<'_>) -> Result<()> {
    if input.peek(Token![=]) {
        return input.parse::<Token![=]>().map(drop);
    }
    Err(expects(key, &format!(" = {example}")))
}

/// What stands in the parentheses.
fn inside<'a>(key: &Ident, input: ParseStream<'a>) -> Result<syn::parse::ParseBuffer<'a>> {
    if !input.peek(syn::token::Paren) {
        return Err(expects(key, "(…)"));
    }
    let inside;
    parenthesized!(inside in input);
    Ok(inside)
}

fn expects(key: &Ident, what: &str) -> Error {
    Error::new(key.span(), format!("`{key}{what}` is expected"))
}
