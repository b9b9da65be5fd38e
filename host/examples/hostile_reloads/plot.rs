//! Plot of series over a count, one panel above the other, as SVG.

use std::fmt::Write as _;

const WIDTH: f64 = 900.0;
const LEFT: f64 = 110.0;
const RIGHT: f64 = 20.0;
const PANEL: f64 = 110.0;
const GAP: f64 = 34.0;
const TOP: f64 = 44.0;

/// One panel.
#[derive(Debug)]
pub struct Series<'a> {
    /// Above it.
    pub title: &'a str,
    /// Its points: the count, and a value. Values begin at 0.
    pub points: Vec<(f64, f64)>,
}

/// The panels below a title, with `axis` below the last one. It is the same whatever its colours are shown on.
#[must_use]
pub fn svg(title: &str, axis: &str, all: &[Series<'_>]) -> String {
    let height = TOP + all.len() as f64 * (PANEL + GAP) + 20.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
         <text x=\"{LEFT}\" y=\"22\" font-size=\"16\" fill=\"#222222\">{}</text>\n",
        escaped(title)
    );
    for (row, series) in all.iter().enumerate() {
        let top = TOP + row as f64 * (PANEL + GAP) + 14.0;
        panel(&mut svg, series, top);
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"#555555\">{}</text>\n</svg>",
        WIDTH - RIGHT,
        height - 8.0,
        escaped(axis)
    );
    svg
}

fn panel(svg: &mut String, series: &Series<'_>, top: f64) {
    let right = series
        .points
        .iter()
        .map(|point| point.0)
        .fold(1.0, f64::max);
    let most = series
        .points
        .iter()
        .map(|point| point.1)
        .fold(0.0, f64::max);
    let highest = round_up(most * 1.05);
    let x = |count: f64| LEFT + count / right * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| top + PANEL - value / highest * PANEL;
    let _ = writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"{}\" fill=\"#222222\">{}</text>",
        top - 6.0,
        escaped(series.title)
    );
    for value in [0.0, highest / 2.0, highest] {
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{0:.1}\" x2=\"{1}\" y2=\"{0:.1}\" stroke=\"#dddddd\"/>\n\
             <text x=\"{2}\" y=\"{3:.1}\" text-anchor=\"end\" fill=\"#555555\">{4}</text>",
            y(value),
            WIDTH - RIGHT,
            LEFT - 8.0,
            y(value) + 4.0,
            number(value)
        );
    }
    for count in (0..=4).map(|part| right * f64::from(part) / 4.0) {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\" font-size=\"10\" fill=\"#999999\">{}</text>",
            x(count),
            top + PANEL + 12.0,
            number(count)
        );
    }
    let points = series
        .points
        .iter()
        .map(|(count, value)| format!("{:.1},{:.1}", x(*count), y(*value)));
    let points: Vec<String> = points.collect();
    let _ = writeln!(
        svg,
        "<polyline fill=\"none\" stroke=\"#1f6feb\" stroke-width=\"1.5\" points=\"{}\"/>",
        points.join(" ")
    );
}

/// The next of 1, 2, 4, 5, 8, 10, 20 …
fn round_up(value: f64) -> f64 {
    let power = 10_f64.powf(value.max(1.0).log10().floor());
    let steps = [1.0, 2.0, 4.0, 5.0, 8.0, 10.0];
    let step = steps.into_iter().find(|step| step * power >= value);
    step.unwrap_or(10.0) * power
}

/// With a space between thousands, and no more places than there is something in.
fn number(value: f64) -> String {
    if value.fract() != 0.0 && value < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            shown.push('\u{2009}');
        }
        shown.push(digit);
    }
    shown
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
