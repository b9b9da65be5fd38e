//! Picture of the last hour: memory, processor, lag, and commands with those that failed, as SVG.

use std::fmt::Write;

use plugin_api::text::{counted, number, size};

use crate::memory::{HOUR_MS, Sample};

/// Width and height of the picture; a phone shows it some 350 wide.
const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 4.0 * PANEL + 34.0;

/// Height of a chart with its title, and of what is drawn in it.
const PANEL: f64 = 96.0;
const CHART: f64 = 54.0;

/// Room at the left and the right.
const SIDE: f64 = 14.0;

const PAPER: &str = "#1e2126";
const RULE: &str = "#3a3f47";
const INK: &str = "#f2f3f5";
const FAINT: &str = "#a3a8b0";
const BLUE: &str = "#6ea8fe";
const GREEN: &str = "#5fc98b";
const SLATE: &str = "#8fa6c4";
const VIOLET: &str = "#b79cf5";
const RED: &str = "#f0716a";

/// One chart: its title, what it has to say in words, and what it draws.
struct Panel {
    title: &'static str,
    words: String,
    colour: &'static str,
    values: Vec<f64>,
    /// Drawn over them.
    above: Vec<f64>,
    /// Bars instead of a line: counts are of a minute, and have nothing in between.
    bars: bool,
    /// What the top of the chart is at least.
    least: f64,
}

/// The SVG; `None` with fewer than two looks, of which there is nothing to see.
pub(crate) fn hour(samples: &[Sample]) -> Option<String> {
    let latest = samples.last().filter(|_| samples.len() > 1)?;
    let begin = latest.at_ms - HOUR_MS;
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"><rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>"#
    );
    let xs: Vec<f64> = samples
        .iter()
        .map(|sample| SIDE + width() * (sample.at_ms - begin) as f64 / HOUR_MS as f64)
        .collect();
    for (n, panel) in panels(samples, latest).iter().enumerate() {
        draw(&mut svg, panel, &xs, n as f64 * PANEL);
    }
    let foot = HEIGHT - 12.0;
    text(&mut svg, (SIDE, foot), "start", FAINT, 12, "an hour ago");
    text(&mut svg, (WIDTH - SIDE, foot), "end", FAINT, 12, "now");
    svg.push_str("</svg>");
    Some(svg)
}

fn panels(samples: &[Sample], latest: &Sample) -> [Panel; 4] {
    let of = |value: fn(&Sample) -> f64| -> Vec<f64> { samples.iter().map(value).collect() };
    let most = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
    let (memory, cpu) = (of(|it| it.memory_bytes as f64), of(|it| it.cpu_percent));
    let lag = of(|it| it.lag_us as f64 / 1_000.0);
    let commands: u64 = samples.iter().map(|it| it.commands).sum();
    let errors: u64 = samples.iter().map(|it| it.errors).sum();
    [
        Panel {
            title: "Memory",
            words: format!(
                "{}, at most {}",
                size(latest.memory_bytes),
                size(most(&memory) as u64)
            ),
            colour: BLUE,
            values: memory,
            above: Vec::new(),
            bars: false,
            least: 1e6,
        },
        Panel {
            title: "Processor",
            words: format!("{:.1} %, at most {:.1} %", latest.cpu_percent, most(&cpu)),
            colour: GREEN,
            values: cpu,
            above: Vec::new(),
            bars: false,
            least: 10.0,
        },
        Panel {
            title: "Lag",
            words: format!(
                "{:.0} ms, at most {:.0} ms",
                latest.lag_us as f64 / 1_000.0,
                most(&lag)
            ),
            colour: VIOLET,
            values: lag,
            above: Vec::new(),
            bars: false,
            least: 10.0,
        },
        Panel {
            title: "Commands",
            words: format!("{}, {} failed", counted(commands, "use"), number(errors)),
            colour: SLATE,
            values: of(|it| it.commands as f64),
            above: of(|it| it.errors as f64),
            bars: true,
            least: 4.0,
        },
    ]
}

fn width() -> f64 {
    WIDTH - 2.0 * SIDE
}

fn draw(svg: &mut String, panel: &Panel, xs: &[f64], top: f64) {
    let baseline = top + 30.0 + CHART;
    text(svg, (SIDE, top + 22.0), "start", INK, 15, panel.title);
    text(
        svg,
        (WIDTH - SIDE, top + 22.0),
        "end",
        FAINT,
        14,
        &panel.words,
    );
    let (left, right) = (SIDE, WIDTH - SIDE);
    let _ = write!(
        svg,
        r#"<path d="M{left} {baseline}H{right}" stroke="{RULE}"/>"#
    );
    let highest = panel.values.iter().copied().fold(panel.least, f64::max);
    // A finger's breadth of air above the highest.
    let y = |value: f64| baseline - CHART * 0.94 * value / highest;
    if panel.bars {
        bars(svg, panel.colour, &panel.values, xs, baseline, &y);
        bars(svg, RED, &panel.above, xs, baseline, &y);
        return;
    }
    let mut line = String::new();
    for (n, (x, value)) in xs.iter().zip(&panel.values).enumerate() {
        let step = if n == 0 { 'M' } else { 'L' };
        let _ = write!(line, "{step}{x:.1} {:.1}", y(*value));
    }
    let colour = panel.colour;
    let (first, last) = (xs.first().unwrap_or(&left), xs.last().unwrap_or(&right));
    let _ = write!(
        svg,
        r#"<path d="{line}L{last:.1} {baseline}L{first:.1} {baseline}Z" fill="{colour}" fill-opacity="0.18"/><path d="{line}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"/>"#
    );
}

fn bars(
    svg: &mut String,
    colour: &str,
    values: &[f64],
    xs: &[f64],
    baseline: f64,
    y: &dyn Fn(f64) -> f64,
) {
    let wide = (width() / 60.0 - 1.5).max(1.0);
    for (x, value) in xs.iter().zip(values).filter(|(_, value)| **value > 0.0) {
        let (x, y) = ((x - wide).max(SIDE), y(*value));
        let high = baseline - y;
        let _ = write!(
            svg,
            r#"<rect x="{x:.1}" y="{y:.1}" width="{wide:.1}" height="{high:.1}" fill="{colour}"/>"#
        );
    }
}

/// Writes a text of ours: nothing in it has a meaning in XML.
fn text(
    svg: &mut String,
    (x, y): (f64, f64),
    anchor: &str,
    colour: &str,
    height: u32,
    words: &str,
) {
    let _ = write!(
        svg,
        r#"<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}" font-size="{height}">{words}</text>"#
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(count: i64) -> Vec<Sample> {
        let sample = |minute: i64| Sample {
            at_ms: minute * 60_000,
            commands: (minute % 7) as u64,
            errors: u64::from(minute % 20 == 5),
            memory_bytes: 90_000_000 + 400_000 * (minute % 11) as u64,
            cpu_percent: 3.0 + (minute % 5) as f64,
            lag_us: if minute == 40 { 620_000 } else { 2_000 },
            ..Sample::default()
        };
        (0..count).map(sample).collect()
    }

    #[test]
    fn an_hour_is_a_picture_with_four_charts_and_one_look_is_none() {
        assert_eq!(hour(&samples(0)), None);
        assert_eq!(hour(&samples(1)), None);
        for count in [2, 60] {
            let svg = hour(&samples(count)).unwrap();
            let png = pictures::png(&svg).unwrap();
            assert!(png.starts_with(b"\x89PNG"));
            for title in ["Memory", "Processor", "Lag", "Commands"] {
                assert!(svg.contains(title), "{title}");
            }
            if let Ok(folder) = std::env::var("SHOW_PICTURES") {
                std::fs::write(format!("{folder}/hour-{count}.png"), png).unwrap();
            }
        }
        let svg = hour(&samples(60)).unwrap();
        assert!(
            svg.contains("at most 620 ms") && svg.contains("174 uses, 3 failed"),
            "{svg}"
        );
        assert!(!svg.contains("NaN"));
    }

    #[test]
    fn what_is_nothing_all_the_time_is_a_flat_line() {
        let flat = vec![Sample::default(); 3];
        let svg = hour(&flat).unwrap();
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        assert!(pictures::png(&svg).is_ok());
    }
}
