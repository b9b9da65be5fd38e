//! Virtual tables: what their arguments may name.
//!
//! A module reads what its arguments name by statements of its own, which it compiles once and keeps, whoever uses the table
//! later: so a table of another plugin's is refused when it is declared, and not only when it is read.

use super::{
    link::Link,
    searches,
    table_access::{Who, owner_of},
    virtual_table_modules::{CONTENT, options},
};

/// What the virtual tables of `owner` name that they may not.
pub(super) fn problem(link: &Link, who: &Who, owner: &str) -> rusqlite::Result<Option<String>> {
    let connection = &link.connection;
    let mut statement = connection.prepare_cached(
        "SELECT name, sql FROM sqlite_schema
         WHERE type = 'table' AND lower(substr(name, 1, length(?1) + 2)) = ?1 || '__'
             AND lower(substr(ltrim(sql), 1, 20)) = 'create virtual table'",
    )?;
    let mut rows = statement.query([owner])?;
    while let Some(row) = rows.next()? {
        let (name, sql): (String, String) = (row.get(0)?, row.get(1)?);
        let problem = match declaration(&sql, owner) {
            Err(reason) => Some(reason),
            // Looked at while the index is written, by statements of FTS5's own.
            Ok(Some(content)) if searches(link, who, &content)? => Some(format!(
                "its `content` is `{content}`, a view that searches a full-text table"
            )),
            Ok(_) => None,
        };
        if let Some(problem) = problem {
            return Ok(Some(format!("the virtual table `{name}`: {problem}")));
        }
    }
    Ok(None)
}

/// Whether it is a view that searches. One that is broken does nothing.
fn searches(link: &Link, who: &Who, name: &str) -> rusqlite::Result<bool> {
    let view: bool = link
        .connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'view' AND lower(name) = ?1)",
        )?
        .query_row([name], |row| row.get(0))?;
    let sql = format!("SELECT * FROM \"{}\"", name.replace('"', "\"\""));
    Ok(view && searches::in_statement(link, who, &sql).unwrap_or_default())
}

/// Which table a declaration names as its content.
fn declaration(sql: &str, owner: &str) -> Result<Option<String>, String> {
    let pieces = pieces(sql)?;
    // What stands before the arguments: `CREATE VIRTUAL TABLE name USING module`.
    let known = pieces
        .head
        .split_whitespace()
        .next_back()
        .and_then(|module| options(&unquoted(module)))
        // Made when more modules were allowed: what its options may be is not known, and none may name a table.
        .unwrap_or_default();
    let mut content = None;
    for argument in &pieces.arguments {
        let Some((key, value)) = option(argument) else {
            continue;
        };
        let key = unquoted(key.trim()).to_ascii_lowercase();
        if !known.contains(&&*key) {
            return Err(format!(
                "`{key}` is no option that plugins may use; there are {}",
                if known.is_empty() {
                    "none".into()
                } else {
                    known.join(", ")
                }
            ));
        }
        let table = unquoted(value.trim()).to_ascii_lowercase();
        if key != CONTENT || table.is_empty() {
            continue;
        }
        if owner_of(&table) != Some(owner) {
            return Err(format!(
                "its `content` is `{table}`, and has to be a table of the plugin's own, or empty"
            ));
        }
        content = Some(table);
    }
    Ok(content)
}

/// A declaration, cut up as SQLite does it.
struct Pieces {
    head: String,
    arguments: Vec<String>,
}

fn pieces(sql: &str) -> Result<Pieces, String> {
    let (mut head, mut arguments, mut depth) = (String::new(), Vec::new(), 0_usize);
    let mut at = 0;
    while let Some(next) = sql[at..].chars().next() {
        let rest = &sql[at..];
        if rest.starts_with("--") || rest.starts_with("/*") {
            return Err("there can't be comments in its declaration".into());
        }
        let length = quoted_length(rest).unwrap_or(next.len_utf8());
        let piece = &rest[..length];
        at += length;
        match next {
            '(' if depth == 0 => arguments.push(String::new()),
            ',' if depth == 1 => arguments.push(String::new()),
            ')' if depth == 1 => {}
            _ => arguments.last_mut().unwrap_or(&mut head).push_str(piece),
        }
        match next {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(Pieces { head, arguments })
}

/// How long the quoted name or text is that stands at the beginning.
fn quoted_length(text: &str) -> Option<usize> {
    let open = text.chars().next()?;
    let close = match open {
        '\'' | '"' | '`' => open,
        '[' => ']',
        _ => return None,
    };
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, char)) = chars.next() {
        if char != close {
            continue;
        }
        // A doubled quote is one that belongs to the text.
        if close != ']' && chars.peek().is_some_and(|(_, char)| *char == close) {
            chars.next();
            continue;
        }
        return Some(at + 1);
    }
    Some(text.len())
}

/// The two sides of the first `=` that is not quoted.
fn option(argument: &str) -> Option<(&str, &str)> {
    let mut at = 0;
    loop {
        let rest = &argument[at..];
        let next = rest.chars().next()?;
        if next == '=' {
            return Some((&argument[..at], &rest[1..]));
        }
        at += quoted_length(rest).unwrap_or(next.len_utf8());
    }
}

fn unquoted(text: &str) -> String {
    let inner = quoted_length(text)
        .filter(|length| *length == text.len() && *length >= 2)
        .map(|length| &text[1..length - 1]);
    match (inner, text.chars().next()) {
        (Some(inner), Some(quote)) if quote != '[' => {
            inner.replace(&format!("{quote}{quote}"), &quote.to_string())
        }
        (Some(inner), _) => inner.to_owned(),
        (None, _) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arguments: &str, expect: Option<&str>) {
        let sql = format!("CREATE VIRTUAL TABLE shop__v USING fts5{arguments}");
        match (declaration(&sql, "shop"), expect) {
            (Ok(_), None) => {}
            (Err(error), Some(expect)) => assert!(error.contains(expect), "{arguments}: {error}"),
            (found, _) => panic!("{arguments}: {found:?}"),
        }
    }

    #[test]
    fn what_arguments_name_is_found_however_it_is_written() {
        for allowed in [
            "",
            "(a, b UNINDEXED)",
            "(a, content=shop__items, content_rowid='id')",
            "(a, content='')",
            "(a, content=\"Shop__Items\")",
            "(\"content = bank__x\", b)",
            "(a, tokenize = 'unicode61 tokenchars ''=-''')",
        ] {
            check(allowed, None);
        }
        for foreign in [
            "(a, content=bank__x)",
            "(a, content\n=\t'bank__x')",
            "(a, Content=`bank__x`)",
            "(a, content=[bank__x])",
            "(a, 'content'='bank__x')",
            "('a,(', content='bank__x')",
            "(a, content='bank__x''')",
            "(a, content=sqlite_schema)",
        ] {
            check(foreign, Some("its `content` is"));
        }
        check("(a, c=bank__x)", Some("`c` is no option"));
        check("(a, cont='bank__x')", Some("`cont` is no option"));
        check("(a, compress=f)", Some("there are columnsize, content,"));
        check("(a, /* , */ content=bank__x)", Some("comments"));
        check("(a, -- )\n content=bank__x)", Some("comments"));
    }
}
