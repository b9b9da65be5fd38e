//! Arithmetic of `{math:…}`: numbers, variables, `+ - * / %` and brackets, in bounded time.

use std::collections::BTreeMap;

/// Longest expression, in bytes.
const LONGEST: usize = 200;

/// Deepest nesting of brackets and signs.
const DEEP: u32 = 32;

/// What an expression comes to, or `None` where it is none, or has no finite value.
pub(crate) fn evaluate(text: &str, variables: &BTreeMap<String, String>) -> Option<f64> {
    if text.len() > LONGEST {
        return None;
    }
    let mut reader = Reader {
        rest: text,
        variables,
    };
    let value = reader.sum(0)?;
    reader.skip();
    (reader.rest.is_empty() && value.is_finite()).then_some(value)
}

/// A number as people write it: at most six digits behind the point, and no zeros at its end.
pub(crate) fn shown(value: f64) -> String {
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".into()
    } else {
        text.to_owned()
    }
}

/// Invariant: each call takes something off `rest` or returns, so that the time is bounded by the length.
struct Reader<'a> {
    rest: &'a str,
    variables: &'a BTreeMap<String, String>,
}

impl Reader<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn takes(&mut self, sign: char) -> bool {
        self.skip();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn sum(&mut self, depth: u32) -> Option<f64> {
        let mut value = self.product(depth)?;
        loop {
            if self.takes('+') {
                value += self.product(depth)?;
            } else if self.takes('-') {
                value -= self.product(depth)?;
            } else {
                return Some(value);
            }
        }
    }

    fn product(&mut self, depth: u32) -> Option<f64> {
        let mut value = self.factor(depth)?;
        loop {
            if self.takes('*') {
                value *= self.factor(depth)?;
            } else if self.takes('/') {
                value /= self.factor(depth)?;
            } else if self.takes('%') {
                value %= self.factor(depth)?;
            } else {
                return Some(value);
            }
        }
    }

    fn factor(&mut self, depth: u32) -> Option<f64> {
        if depth > DEEP {
            return None;
        }
        if self.takes('-') {
            return self.factor(depth + 1).map(|it| -it);
        }
        if self.takes('(') {
            let value = self.sum(depth + 1)?;
            return self.takes(')').then_some(value);
        }
        let end =
            |text: &str| text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.');
        let (word, rest) = self
            .rest
            .split_at(end(self.rest).unwrap_or(self.rest.len()));
        self.rest = rest;
        let first = word.chars().next()?;
        if first.is_ascii_digit() || first == '.' {
            // No exponents: `1e99` is a word.
            return word
                .bytes()
                .all(|it| it.is_ascii_digit() || it == b'.')
                .then(|| word.parse().ok())?;
        }
        self.variables
            .get(word)?
            .trim()
            .parse()
            .ok()
            .filter(|it: &f64| it.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<String> {
        let variables =
            BTreeMap::from([("level".into(), "5".into()), ("name".into(), "Ann".into())]);
        evaluate(text, &variables).map(shown)
    }

    #[test]
    fn expressions_come_to_what_they_should() {
        for (text, wanted) in [
            ("1+2*3", "7"),
            ("(1+2)*3", "9"),
            ("-2 - -3", "1"),
            ("7 / 2", "3.5"),
            ("10 % 4", "2"),
            ("1/3", "0.333333"),
            ("level*100", "500"),
            (" 0.1 + 0.2 ", "0.3"),
            ("-0", "0"),
            ("2*-level", "-10"),
        ] {
            assert_eq!(of(text).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_none_or_would_take_long_comes_to_nothing() {
        let deep = format!("{}1{}", "(".repeat(90), ")".repeat(90));
        let signs = format!("{}1", "-".repeat(150));
        let long = "1+".repeat(2_000);
        for text in [
            "", "1+", "(1", "1)", "1/0", "name", "gone", "2**3", "1e9", "1 2", "é", "1.2.3", &deep,
            &signs, &long,
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
