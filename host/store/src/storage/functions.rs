//! SQL functions over long texts, in linear time.
//!
//! SQLite's own `instr`, `replace` and `trim` compare every place with every other: over two texts of a megabyte that takes
//! minutes, and nothing stops a function but its end. These do the same in one pass.

use std::collections::HashSet;

use rusqlite::{
    Connection, Error, Result,
    functions::{Context, FunctionFlags},
    types::{ToSqlOutput, Value, ValueRef},
};

/// Puts them in the place of SQLite's.
pub(super) fn register(connection: &Connection, longest: usize) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("instr", 2, flags, |ctx| Ok(instr(ctx)))?;
    connection.create_scalar_function("replace", 3, flags, move |ctx| replace(ctx, longest))?;
    for (name, left, right) in [
        ("trim", true, true),
        ("ltrim", true, false),
        ("rtrim", false, true),
    ] {
        for count in [1, 2] {
            connection.create_scalar_function(name, count, flags, move |ctx| {
                Ok(trim(ctx, left, right))
            })?;
        }
    }
    Ok(())
}

/// What SQLite makes of a value where it wants a text.
fn text(value: ValueRef<'_>) -> Option<Vec<u8>> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(integer) => Some(integer.to_string().into_bytes()),
        ValueRef::Real(real) => Some(real_text(real).into_bytes()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes.to_vec()),
    }
}

/// As SQLite writes it, which knows best.
fn real_text(real: f64) -> String {
    thread_local! {
        static SCRATCH: Option<Connection> = Connection::open_in_memory().ok();
    }
    let asked = SCRATCH.with(|scratch| {
        let mut statement = scratch.as_ref()?.prepare_cached("SELECT ?1 || ''").ok()?;
        statement.query_row([real], |row| row.get(0)).ok()
    });
    asked.unwrap_or_else(|| real.to_string())
}

/// Characters as SQLite counts them: bytes that begin one.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

fn instr(ctx: &Context<'_>) -> Option<i64> {
    let (within, sought) = (ctx.get_raw(0), ctx.get_raw(1));
    let blobs = matches!(within, ValueRef::Blob(_)) && matches!(sought, ValueRef::Blob(_));
    let (within, sought) = (text(within)?, text(sought)?);
    let found = memchr::memmem::find(&within, &sought);
    Some(found.map_or(0, |at| {
        let before = if blobs { at } else { characters(&within[..at]) };
        i64::try_from(before).unwrap_or(i64::MAX - 1) + 1
    }))
}

fn replace(ctx: &Context<'_>, longest: usize) -> Result<ToSqlOutput<'static>> {
    let null = Ok(ToSqlOutput::Owned(Value::Null));
    let (Some(within), Some(sought)) = (text(ctx.get_raw(0)), text(ctx.get_raw(1))) else {
        return null;
    };
    if sought.is_empty() {
        return Ok(text_value(within));
    }
    let Some(with) = text(ctx.get_raw(2)) else {
        return null;
    };
    let mut out = Vec::new();
    let mut rest = 0;
    for at in memchr::memmem::find_iter(&within, &sought) {
        out.extend_from_slice(&within[rest..at]);
        out.extend_from_slice(&with);
        rest = at + sought.len();
        if out.len() > longest {
            let too_big = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_TOOBIG);
            return Err(Error::SqliteFailure(too_big, None));
        }
    }
    out.extend_from_slice(&within[rest..]);
    Ok(text_value(out))
}

fn trim(ctx: &Context<'_>, left: bool, right: bool) -> Option<ToSqlOutput<'static>> {
    let within = text(ctx.get_raw(0))?;
    let set = match ctx.len() {
        1 => b" ".to_vec(),
        _ => text(ctx.get_raw(1))?,
    };
    let set: HashSet<&[u8]> = split(&set).into_iter().collect();
    let pieces = split(&within);
    let keep = |piece: &&[u8]| !set.contains(piece);
    let start = match left {
        true => pieces.iter().position(keep).unwrap_or(pieces.len()),
        false => 0,
    };
    let end = match right {
        true => pieces.iter().rposition(keep).map_or(start, |at| at + 1),
        false => pieces.len(),
    };
    Some(text_value(pieces[start..end.max(start)].concat()))
}

/// Cut into characters, each a byte that begins one and those that follow.
fn split(bytes: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for at in 1..=bytes.len() {
        if at == bytes.len() || bytes[at] & 0xC0 != 0x80 {
            pieces.push(&bytes[start..at]);
            start = at;
        }
    }
    pieces
}

fn text_value(bytes: Vec<u8>) -> ToSqlOutput<'static> {
    let text = String::from_utf8(bytes);
    ToSqlOutput::Owned(Value::Text(text.unwrap_or_else(|error| {
        String::from_utf8_lossy(error.as_bytes()).into_owned()
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each expression, as SQLite's own function and as ours.
    #[test]
    fn they_tell_what_sqlites_own_tell() {
        let own = Connection::open_in_memory().unwrap();
        let ours = Connection::open_in_memory().unwrap();
        register(&ours, 1 << 20).unwrap();
        let values = [
            "NULL",
            "''",
            "'a'",
            "'b'",
            "' a b '",
            "'abcabc'",
            "'äöüä'",
            "'ä'",
            "'bc'",
            "1",
            "11",
            "1.0",
            "1.5",
            "-0.25",
            "1e20",
            "1.25e-7",
            "x'616263'",
            "x'62'",
            "123456789012345.5",
            "1e999",
            "0.1 + 0.2",
            "1e-5",
        ];
        for one in values {
            for other in values {
                let mut calls = vec![
                    format!("instr({one}, {other})"),
                    format!("trim({one}, {other})"),
                    format!("ltrim({one}, {other})"),
                    format!("rtrim({one}, {other})"),
                    format!("trim({one})"),
                ];
                for third in ["NULL", "''", "'xyz'", "7", "1.0"] {
                    calls.push(format!("replace({one}, {other}, {third})"));
                }
                for call in calls {
                    let ask = |connection: &Connection| -> (String, Value) {
                        let sql = format!("SELECT typeof({call}), {call}");
                        connection
                            .query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
                            .unwrap()
                    };
                    assert_eq!(ask(&ours), ask(&own), "{call}");
                }
            }
        }
    }
}
