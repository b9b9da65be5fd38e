//! Tests of packed JSON: what is unpacked says what was packed.

use serde_json::{Value as Json, json};

use super::{Object, Packer, Scanner, Value, words, write::packed};
use crate::lenient::{self, Fields};

/// A small generator, the same in every run.
pub(in super::super) struct Dice(pub(in super::super) u64);

impl Dice {
    pub(in super::super) fn below(&mut self, most: u64) -> u64 {
        // https://en.wikipedia.org/wiki/Xorshift#xorshift*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) % most
    }

    fn scalar(&mut self) -> String {
        const ODD: &[&str] = &[
            "null",
            "true",
            "false",
            "0",
            "63",
            "64",
            "-1",
            "1.5",
            "1e400",
            "-0",
            "-0.0",
            "1.0",
            "1E-7",
            "123456789012345678901234567890",
            "18446744073709551615",
            "18446744073709551616",
            r#""""#,
            r#""0""#,
            r#""31""#,
            r#""32""#,
            r#""007""#,
            r#""18446744073709551615""#,
            r#""18446744073709551616""#,
            r#""COMMUNITY""#,
            r#""a\"b\\""#,
            r#""\ud800""#,
            r#""\udc00\ud83c\udf75""#,
            r#""\u0000\/""#,
            r#""\u0035""#,
            r#""00000000000000000000000000000005""#,
            r#""12345678901234567890123456789012""#,
            r#""\u00e9é""#,
            r#""33ecab261d4681afa4d85a04691c4a01""#,
            r#""2024-01-01T00:00:00+00:00""#,
            r#""a_33ecab261d4681afa4d85a04691c4a01""#,
            r#""33ECAB261d4681afa4d85a04691c4a01""#,
            r#""2024-01-01T00:00:00.000100+00:00""#,
            r#""2024-01-01T00:00:00.00010 +00:00""#,
            r#""0000-99-01T00:00:00+00:00""#,
            r#""2024-01-01T00:00:00+01:00""#,
        ];
        match self.below(4) {
            0 => self.0.to_string(),
            1 => format!("\"{}\"", self.0 >> self.below(64)),
            2 => format!("\"{}\"", "é".repeat(self.below(200) as usize)),
            _ => ODD[self.below(ODD.len() as u64) as usize].to_owned(),
        }
    }

    pub(in super::super) fn value(&mut self, depth: u32) -> String {
        let space = if self.below(4) == 0 { " \n" } else { "" };
        let count = self.below(5);
        match self.below(4) {
            0 if depth > 0 => {
                let items: Vec<String> = (0..count).map(|_| self.value(depth - 1)).collect();
                format!("[{}]", items.join(&format!("{space},{space}")))
            }
            1 if depth > 0 => {
                let names = ["id", "name", "new", "n\\u0065w", "\\u0069d", "é", "\\ud800"];
                let fields: Vec<String> = (0..count)
                    .map(|_| {
                        format!(
                            "{space}\"{}\"{space}:{}",
                            names[self.below(7) as usize],
                            self.value(depth - 1)
                        )
                    })
                    .collect();
                format!("{{{}}}", fields.join(","))
            }
            _ => format!("{}{space}", self.scalar()),
        }
    }
}

/// The same text without spaces and without escapes in names, which nothing but text can be compared with: a number of any size, an
/// escape of any kind.
pub(in super::super) fn bare(json: &str) -> String {
    let (mut inside, mut before) = (false, ' ');
    let keep = |letter: &char| {
        if *letter == '"' && before != '\\' {
            inside = !inside;
        }
        before = if before == '\\' { ' ' } else { *letter };
        inside || !letter.is_whitespace()
    };
    json.chars()
        .filter(keep)
        .collect::<String>()
        .replace("\\u0069d\"", "id\"")
        .replace("n\\u0065w\"", "new\"")
}

#[test]
fn what_is_unpacked_says_what_was_packed() {
    let mut dice = Dice(7);
    for _ in 0..20_000 {
        let json = dice.value(4);
        let bytes = packed(&json).unwrap_or_else(|| panic!("{json}"));
        assert_eq!(bare(&Value(&bytes).json()), bare(&json));
        assert_eq!(
            Value(&bytes).number(),
            lenient::number(json.trim()),
            "{json}"
        );
        assert_eq!(Value(&bytes).flag(), lenient::flag(json.trim()), "{json}");
        let text = lenient::text(&json).map(|text| text.into_owned());
        assert_eq!(Value(&bytes).text(), text, "{json}");
        // Stepped over, it is as long.
        assert_eq!(Scanner::new(&json).value(), Some(json.trim()));
    }
}

#[test]
fn fields_are_those_that_lenient_reading_finds() {
    let mut dice = Dice(8);
    let mut packer = Packer::default();
    for _ in 0..20_000 {
        let json = format!(
            "{{\"id\": {}, \"name\":{},\"id\":{}}}",
            dice.value(1),
            dice.value(1),
            dice.value(1)
        );
        packer.text(&json).unwrap();
        let fields = Fields::read(&json).unwrap();
        for (first, name) in [(&[][..], "id"), (&[words::code("name")][..], "name")] {
            let mut bytes = Vec::new();
            packer.write(first, &mut bytes);
            let code = words::code(name);
            let got = Object::new(&bytes)
                .get(code)
                .map(|value| bare(&value.json()));
            assert_eq!(got, fields.raw(name).map(bare), "{json}");
            assert_eq!(packer.get(code).map(|value| bare(&value.json())), got);
        }
        packer.leave_out(words::code("id"));
        assert_eq!(packer.get(words::code("id")), None);
        assert!(packer.saw(words::code("id")) && !packer.saw(words::code("type")));
    }
}

#[test]
fn what_is_missing_is_added_and_what_was_null_stays_out() {
    let (mut packer, mut before) = (Packer::default(), Packer::default());
    before
        .text(r#"{"name":"a","new":1,"newer":2,"topic":"t"}"#)
        .unwrap();
    packer
        .text(r#"{"newer":3,"topic":null,"icon":null}"#)
        .unwrap();
    packer.add_missing(Object::new(&before.boxed()));
    let whole: Json = serde_json::from_str(&Object::new(&packer.boxed()).json()).unwrap();
    assert_eq!(whole, json!({"newer": 3, "name": "a", "new": 1}));
    let mut outer = Packer::default();
    outer.text("{}").unwrap();
    outer.add_object(words::code("user"), &packer);
    let whole: Json = serde_json::from_str(&Object::new(&outer.boxed()).json()).unwrap();
    assert_eq!(whole, json!({"user": {"newer": 3, "name": "a", "new": 1}}));
}

#[test]
fn a_name_is_the_same_with_escapes_and_without() {
    let (mut packer, mut before) = (Packer::default(), Packer::default());
    before
        .text(r#"{"new":1,"a\u0022b":2,"\u006eame":"x"}"#)
        .unwrap();
    assert_eq!(
        Object::new(&before.boxed()).text(words::code("name")),
        Some("x".into())
    );
    packer
        .text(r#"{"n\u0065w":3,"\u006eew":4,"a\"b":5,"n\u0061me":null}"#)
        .unwrap();
    packer.add_missing(Object::new(&before.boxed()));
    let whole = Object::new(&packer.boxed()).json();
    assert_eq!(whole, r#"{"new":4,"a\"b":5}"#);
    // Lenient reading takes no object with such a name, and no reader of an inner one does.
    let odd = r#"{"\ud800":1}"#;
    assert!(packer.text(odd).is_none() && Fields::read(odd).is_none());
    let inside = format!(r#"{{"new":{odd}}}"#);
    packer.text(&inside).unwrap();
    assert_eq!(Object::new(&packer.boxed()).json(), inside);
}

#[test]
fn what_is_nested_deep_or_is_long_is_whole() {
    for depth in [1, 119, 120, 121, 122, 20_000] {
        for (open, close) in [("[", "]"), ("{\"id\":", "}"), ("[ 5,{\"new\" :", "} ]")] {
            let json = format!("{}\"\\ud800]\"{}", open.repeat(depth), close.repeat(depth));
            let bytes = packed(&json).unwrap();
            assert_eq!(bare(&Value(&bytes).json()), bare(&json), "{depth}");
            assert_eq!(Scanner::new(&json).value(), Some(&*json));
            // The last closing one is another one, or missing.
            let odd = ["]", "}", "", ",]"].map(|end| format!("{}{end}", &json[..json.len() - 1]));
            for odd in odd.iter().filter(|odd| **odd != json) {
                assert_eq!(packed(odd), None, "{depth}");
            }
        }
    }
    for length in [0, 31, 32, 126, 127, 128, 16_383, 16_384, 3_000_000] {
        for json in [
            format!("\"{}\"", "x".repeat(length)),
            format!("\"{}\\u0000\"", "é".repeat(length)),
            format!("{{\"{}\":[1]}}", "x".repeat(length)),
            format!("1{}", "0".repeat(length)),
            format!("-0.{}1", "0".repeat(length)),
        ] {
            let bytes = packed(&json).unwrap();
            assert!(Value(&bytes).json() == json, "{length}");
            assert!(bytes.len() <= json.len() + 8, "{length}");
        }
    }
}

#[test]
fn of_a_name_that_is_there_twice_the_last_one_counts() {
    let mut packer = Packer::default();
    let json = r#"{"type":1,"new":[],"type":null,"tags":{"id":1,"id":2,"id":null,"name":"a","name":"b"},"new":7}"#;
    packer.text(json).unwrap();
    let (bytes, code) = (packer.boxed(), words::code);
    let object = Object::new(&bytes);
    assert_eq!(object.get(code("type")), None);
    assert!(packer.saw(code("type")));
    let inner = object.get(code("tags")).and_then(Value::object).unwrap();
    assert_eq!(inner.last(code("id")), None);
    assert_eq!(
        inner.last(code("name")).and_then(Value::text),
        Some("b".into())
    );
    let read = |json: &str| serde_json::from_str::<Json>(json).unwrap();
    let mut told = read(json);
    told.as_object_mut().unwrap().retain(|_, it| !it.is_null());
    assert_eq!(read(&object.json()), told);
}

#[test]
fn what_is_no_json_is_not_packed_and_nothing_panics() {
    for odd in [
        "",
        " ",
        "{",
        "}",
        "[",
        "[1",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"id\"}",
        "{\"id\":}",
        "{\"id\":1,}",
        "{id:1}",
        "\"",
        "\"\\x\"",
        "\"\\u00g0\"",
        "nul",
        "01",
        "1.",
        "+1",
        "tru e",
        "\"\n\"",
        "{]",
        "[}",
        "--",
        "{\"id\" 1}",
    ] {
        assert_eq!(packed(odd), None, "{odd}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!((packed(&deep), Scanner::new(&deep).value()), (None, None));
    let mut dice = Dice(9);
    for _ in 0..20_000 {
        let mut json = dice.value(4).into_bytes();
        let at = dice.below(json.len() as u64) as usize;
        json[at] = b" \"{}[]:,\\0a"[dice.below(11) as usize];
        let Ok(json) = String::from_utf8(json) else {
            continue;
        };
        let is_json = serde_json::from_str::<&serde_json::value::RawValue>(&json).is_ok();
        assert_eq!(packed(&json).is_some(), is_json, "{json}");
        let _ = Scanner::new(&json).value();
    }
}
