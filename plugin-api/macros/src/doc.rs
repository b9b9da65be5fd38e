//! Doc comments as descriptions.

use proc_macro2::Span;
use syn::{Attribute, Error, Expr, ExprLit, Lit, LitStr, Meta, Result, spanned::Spanned};

/// What a doc comment says.
#[derive(Debug, Default)]
pub(crate) struct Doc {
    /// Its lines, without the blank that follows the slashes.
    lines: Vec<String>,
    span: Option<Span>,
}

impl Doc {
    pub(crate) fn of(attributes: &[Attribute]) -> Self {
        let mut doc = Self::default();
        for attribute in attributes.iter().filter(|one| one.path().is_ident("doc")) {
            if let Meta::NameValue(meta) = &attribute.meta
                && let Expr::Lit(ExprLit {
                    lit: Lit::Str(text),
                    ..
                }) = &meta.value
            {
                let text = text.value();
                let line = |line: &str| line.strip_prefix(' ').unwrap_or(line).to_owned();
                doc.lines.extend(text.lines().map(line));
                if text.is_empty() {
                    doc.lines.push(String::new());
                }
                doc.span.get_or_insert(attribute.span());
            }
        }
        doc
    }

    /// The first paragraph, on one line: `missing` is the complaint when there is none.
    pub(crate) fn description(&self, of: Span, missing: &str) -> Result<LitStr> {
        self.first_paragraph(of, missing, 100)
    }

    /// The same of up to `most` characters.
    pub(crate) fn first_paragraph(&self, of: Span, missing: &str, most: usize) -> Result<LitStr> {
        let first: Vec<&str> = self.paragraph().map(|line| line.trim()).collect();
        let text = first.join(" ");
        let span = self.span.unwrap_or(of);
        match text.chars().count() {
            0 => Err(Error::new(of, missing)),
            long if long <= most => Ok(LitStr::new(&text, span)),
            long if most == 100 => Err(Error::new(
                span,
                format!(
                    "the description is {long} characters long, and Discord accepts 100: end it with an empty line; what comes behind that is for help texts"
                ),
            )),
            long => Err(Error::new(
                span,
                format!(
                    "the description is {long} characters long, and {most} are the most: end it with an empty line"
                ),
            )),
        }
    }

    /// What follows the first paragraph.
    pub(crate) fn help(&self) -> Option<String> {
        let skipped = self.blank_lines() + self.paragraph().count();
        let rest = self.lines[skipped..].join("\n");
        Some(rest.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// All of it.
    pub(crate) fn whole(&self) -> Option<String> {
        Some(self.lines.join("\n").trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn blank_lines(&self) -> usize {
        let blank = |line: &&String| line.trim().is_empty();
        self.lines.iter().take_while(blank).count()
    }

    fn paragraph(&self) -> impl Iterator<Item = &String> {
        let lines = self.lines.iter().skip(self.blank_lines());
        lines.take_while(|line| !line.trim().is_empty())
    }
}
