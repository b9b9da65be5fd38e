//! Plots of curves, as SVG.

use std::path::Path;

use plotters::prelude::*;

use crate::{
    Outcome,
    bot::Kind,
    figures::{Figure, Figures, number_words},
};

/// Servers, and median, least and greatest of the rounds.
type Point = (f64, f64, f64, f64);

/// Curves over the number of servers; both axes are logarithmic.
pub fn over_servers(
    file: &Path,
    title: &str,
    unit: &str,
    figures: &Figures,
    of: impl Fn(u64) -> Figure,
    kinds: &[Kind],
) -> Outcome<()> {
    let all = figures.all();
    let servers: Vec<u64> = (0..=5)
        .flat_map(|power| [1, 2, 5].map(|it| it * 10_u64.pow(power)))
        .filter(|it| all.contains(&of(*it)))
        .collect();
    let curves: Vec<(Kind, Vec<Point>)> = kinds
        .iter()
        .map(|kind| {
            let points = servers.iter().filter_map(|guilds| {
                let (median, least, most) = figures.spread(of(*guilds), *kind)?;
                Some((*guilds as f64, median, least, most))
            });
            (*kind, points.collect())
        })
        .collect();
    let values = || curves.iter().flat_map(|(_, points)| points);
    let least = values().map(|it| it.2).fold(f64::INFINITY, f64::min);
    let most = values().map(|it| it.3).fold(0.0, f64::max);
    let (Some(first), Some(last)) = (servers.first(), servers.last()) else {
        return Ok(());
    };
    if servers.len() < 2 || !least.is_finite() {
        return Ok(());
    }

    let root = SVGBackend::new(file, (760, 420)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 18))
        .margin(14)
        .x_label_area_size(42)
        .y_label_area_size(64)
        .build_cartesian_2d(
            (*first as f64..*last as f64 * 1.1).log_scale(),
            (least * 0.8..most * 1.2).log_scale(),
        )?;
    chart
        .configure_mesh()
        .x_desc("servers")
        .y_desc(unit)
        .x_label_formatter(&|it| label(*it))
        .y_label_formatter(&|it| label(*it))
        .light_line_style(TRANSPARENT)
        .draw()?;
    for (kind, points) in &curves {
        let colour = match kind {
            Kind::Twilight => RGBColor(0x6B, 0x6B, 0x6B),
            Kind::Cogwright => RGBColor(0x34, 0x6E, 0xB0),
            Kind::DiscordPy => RGBColor(0xD6, 0x89, 0x10),
        };
        let line = points.iter().map(|it| (it.0, it.1));
        chart
            .draw_series(LineSeries::new(line.clone(), colour.stroke_width(2)))?
            .label(kind.name())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        chart.draw_series(line.map(|it| Circle::new(it, 3, colour.filled())))?;
        // From the least of the rounds to the greatest.
        let spreads = points.iter().map(|it| [(it.0, it.2), (it.0, it.3)]);
        chart.draw_series(spreads.map(|it| PathElement::new(it, colour)))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE)
        .border_style(RGBColor(0xCC, 0xCC, 0xCC))
        .draw()?;
    root.present()?;
    Ok(())
}

/// A colour that is not seen.
const TRANSPARENT: RGBAColor = RGBAColor(0, 0, 0, 0.0);

/// A number beside an axis: without zeros at its end that say nothing.
fn label(value: f64) -> String {
    let words = number_words(value);
    match words.split_once('.') {
        Some(_) => words.trim_end_matches('0').trim_end_matches('.').to_owned(),
        None => words,
    }
}
