//! Lines of values, drawn as SVG.

use maud::{Markup, html};

const WIDTH: f64 = 240.0;
const HEIGHT: f64 = 48.0;

/// A line of values from old to new, as wide as there is room; `None` is a gap. `label` is read out: what it is, and what the last one was.
/// The lowest line stands for 0, the highest for `most` or the highest value, whichever is more.
pub(crate) fn sparkline(values: &[Option<f64>], most: f64, label: &str) -> Markup {
    let lines = lines(values, most);
    html! {
        svg.sparkline viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(label) {
            @for points in &lines {
                @if let (Some(first), Some(last)) = (points.first(), points.last()) {
                    polygon.sparkline-area points={ (first.0) "," (HEIGHT) " " (joined(points)) " " (last.0) "," (HEIGHT) } {}
                    polyline.sparkline-line points=(joined(points)) vector-effect="non-scaling-stroke" {}
                }
            }
        }
    }
}

fn joined(points: &[(f64, f64)]) -> String {
    let points: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
    points.join(" ")
}

/// The points of each piece between gaps, with one digit after the point.
fn lines(values: &[Option<f64>], most: f64) -> Vec<Vec<(f64, f64)>> {
    let highest = values.iter().flatten().fold(most, |a, b| a.max(*b));
    let highest = if highest > 0.0 { highest } else { 1.0 };
    let step = WIDTH / (values.len().max(2) - 1) as f64;
    let rounded = |value: f64| (value * 10.0).round() / 10.0;
    let mut lines = vec![Vec::new()];
    for (at, value) in values.iter().enumerate() {
        match value {
            Some(value) => {
                // Room for half the line's width at both edges.
                let share = (value / highest).clamp(0.0, 1.0);
                let y = HEIGHT - 1.0 - share * (HEIGHT - 2.0);
                if let Some(line) = lines.last_mut() {
                    line.push((rounded(at as f64 * step), rounded(y)));
                }
            }
            None => lines.push(Vec::new()),
        }
    }
    lines.retain(|line| !line.is_empty());
    // One value alone is a short line: a point would not be seen.
    for line in &mut lines {
        if let [(x, y)] = line[..] {
            line.push(((x + 2.0).min(WIDTH), y));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_from_the_left_to_the_right_and_is_broken_where_nothing_is_known() {
        let values = [Some(0.0), Some(10.0), None, Some(5.0), Some(10.0)];
        let drawn = lines(&values, 0.0);
        assert_eq!(
            drawn,
            [
                vec![(0.0, 47.0), (60.0, 1.0)],
                vec![(180.0, 24.0), (240.0, 1.0)]
            ]
        );
    }

    #[test]
    fn nothing_and_zeros_and_one_value_are_drawn() {
        assert!(lines(&[], 0.0).is_empty());
        assert!(lines(&[None, None], 100.0).is_empty());
        assert_eq!(lines(&[Some(0.0), Some(0.0)], 0.0)[0][1], (240.0, 47.0));
        assert_eq!(lines(&[Some(50.0)], 100.0), [[(0.0, 24.0), (2.0, 24.0)]]);
        assert_eq!(lines(&[Some(f64::INFINITY)], 100.0)[0].len(), 2);
    }
}
