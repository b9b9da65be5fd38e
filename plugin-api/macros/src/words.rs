//! Word lists for error messages: lists, names, and the nearest of them.

use proc_macro2::{Span, TokenStream};
use syn::{
    Error, Ident, LitStr, Result, Token,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
};

/// "there is no `aliass`; did you mean `alias`?"
pub(crate) fn unknown(span: Span, what: &str, found: &str, known: &[&str]) -> Error {
    let nearest = known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(found, name), name))
        .min()
        .filter(|(distance, _)| *distance <= 3);
    let help = match nearest {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None => format!("there are {}", listed(known)),
    };
    Error::new(span, format!("there is no {what} `{found}`: {help}"))
}

fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// Discord's [rule](https://discord.com/developers/docs/interactions/application-commands#application-command-object-application-command-naming)
/// for the names of commands and options.
pub(crate) fn check_name(name: &LitStr, of: &str) -> Result<()> {
    let text = name.value();
    let is_good = |c: char| (c.is_alphanumeric() || "-_'".contains(c)) && !c.is_uppercase();
    if (1..=32).contains(&text.chars().count()) && text.chars().all(is_good) {
        return Ok(());
    }
    Err(Error::new(
        name.span(),
        format!(
            "`{text}` can't be {of}'s name: 1 to 32 lower-case letters, digits, `-` and `_` are expected; `name = \"…\"` gives it another"
        ),
    ))
}

/// `"a", "b"`.
pub(crate) fn strings(input: ParseStream<'_>) -> Result<Vec<LitStr>> {
    let strings = Punctuated::<LitStr, Token![,]>::parse_terminated(input)?;
    Ok(strings.into_iter().collect())
}

/// `BAN_MEMBERS, KICK_MEMBERS`, or with `|` in between.
pub(crate) fn idents(input: ParseStream<'_>) -> Result<Vec<Ident>> {
    let mut idents = Vec::new();
    while !input.is_empty() {
        idents.push(input.parse()?);
        if input.peek(Token![|]) {
            input.parse::<Token![|]>()?;
        } else if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    if idents.is_empty() {
        return Err(input.error("a name is expected"));
    }
    Ok(idents)
}

/// `"de", "würfeln", "Wirft einen Würfel."` as a call of `localized`.
pub(crate) fn localized(key: &Ident, inside: TokenStream) -> Result<TokenStream> {
    match strings.parse2(inside)?.as_slice() {
        [locale, name, description] => Ok(quote::quote!(.#key(#locale, #name, #description))),
        _ => Err(Error::new(
            key.span(),
            "a locale, a name and a description are expected: `localized(\"de\", \"würfeln\", \"Wirft einen Würfel.\")`",
        )),
    }
}
