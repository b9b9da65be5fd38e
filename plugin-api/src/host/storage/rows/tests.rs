//! Tests of rows as the plugin's own types.

use serde::Deserialize;
use twilight_model::id::{Id, marker::UserMarker};

use super::*;

fn rows(columns: &[&str], values: Vec<Vec<Value>>) -> Rows {
    Rows {
        sql: "SELECT".into(),
        columns: columns.iter().map(|&name| name.to_owned()).collect(),
        rows: values,
    }
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Tea,
    Coffee,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Order {
    user_id: Id<UserMarker>,
    kind: Kind,
    hot: bool,
    sugar: Option<f64>,
    picture: Vec<u8>,
    absent: Option<String>,
}

#[test]
fn a_row_is_a_struct_a_tuple_or_its_only_value() {
    let rows = rows(
        &["user_id", "kind", "hot", "sugar", "picture"],
        vec![crate::params![7, "tea", true, 2, vec![1_u8, 2]]],
    );
    let order = Order {
        user_id: Id::new(7),
        kind: Kind::Tea,
        hot: true,
        sugar: Some(2.0),
        picture: vec![1, 2],
        absent: None,
    };
    assert_eq!(rows.first::<Order>().unwrap(), Some(order));
    let tuple: (u64, Kind, i64, Option<f64>, Vec<u8>) = rows.first().unwrap().unwrap();
    assert_eq!(tuple, (7, Kind::Tea, 1, Some(2.0), vec![1, 2]));
    assert_eq!(
        rows.iter().next().unwrap().get("hot"),
        Some(&Value::Integer(1))
    );
    let single = Rows {
        columns: vec!["n".into()],
        rows: vec![crate::params![None::<i64>], crate::params![-3]],
        ..rows
    };
    assert_eq!(single.read::<Option<i32>>().unwrap(), [None, Some(-3)]);
    assert_eq!(
        single.read::<(Option<i32>,)>().unwrap(),
        [(None,), (Some(-3),)]
    );
    let blob = Rows {
        rows: vec![crate::params![vec![9_u8]]],
        ..single
    };
    assert_eq!(blob.first::<Vec<u8>>().unwrap(), Some(vec![9]));
}

#[test]
fn what_does_not_fit_is_named() {
    let rows = rows(&["name", "price"], vec![crate::params!["tea", "dear"]]);
    let error = rows.read::<(String, i64)>().unwrap_err().to_string();
    assert!(
        error.contains("row 1 of `SELECT`: column `price`: invalid type: string \"dear\""),
        "{error}"
    );
    let error = rows.read::<String>().unwrap_err().to_string();
    assert!(
        error.contains("2 columns where one was expected"),
        "{error}"
    );
    let error = rows.read::<(String,)>().unwrap_err().to_string();
    assert!(error.contains("invalid length 2"), "{error}");
}
