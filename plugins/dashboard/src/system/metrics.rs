//! Metrics: all that the host and plugins count, searchable.

use maud::{Markup, html};
use plugin_api::{
    Route, RouteContext, RouteReply,
    abi::{MetricFamily, MetricSample},
    prelude::*,
    text::{counted, number},
};

use super::shown;
use crate::{Dashboard, shell, ui};

pub(super) const RIGHT: &str = "metrics.read";

/// Families on a page.
const PAGE: usize = 25;

/// Samples of a family that are shown where several families are, and where it is the only one.
const SAMPLES: usize = 20;
const SAMPLES_OF_ONE: usize = 500;

pub(super) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .route(
            Route::get("/system/metrics")
                .right(RIGHT)
                .words("Metrics whose names or words have what is searched for"),
            page,
        )
        .route(
            Route::get("/system/metrics/list")
                .right(RIGHT)
                .words("The same, without the page around"),
            part,
        )
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let list = list(&ctx).await?;
    let base = ctx.base();
    let search = ctx.query("q");
    let address = format!("{base}/system/metrics");
    let source = format!(
        "{address}/list?q={}&page={}",
        ui::encoded(search),
        ui::encoded(ctx.query("page"))
    );
    let content = html! {
        (ui::filter_bar(&address, ui::search_field("q", "Search metrics", search)))
        div.stack data-src=(source) data-every="5" { (list) }
    };
    shown(&ctx, "/system/metrics", content).await
}

async fn part(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    Ok(shell::part(&list(&ctx).await?))
}

async fn list(ctx: &RouteContext<Dashboard>) -> Result<Markup> {
    let mut families = ctx.host().bot().metrics("").await?;
    let words: Vec<String> = ctx
        .query("q")
        .to_lowercase()
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    families.retain(|family| fits(family, &words));
    let pager = ui::Pager {
        page: ctx.query_or("page", 1)?,
        size: PAGE as u64,
        total: families.len() as u64,
    };
    Ok(drawn(&families, pager, ctx.queries()))
}

/// Whether its name, its words or a label have all these words.
fn fits(family: &MetricFamily, words: &[String]) -> bool {
    words.iter().all(|word| {
        let has = |text: &str| text.to_lowercase().contains(word);
        let labels = || family.samples.iter().flat_map(|it| it.labels.values());
        has(&family.name) || has(&family.help) || labels().any(|label| has(label))
    })
}

fn drawn(families: &[MetricFamily], pager: ui::Pager, query: &[(String, String)]) -> Markup {
    let most = match families.len() {
        1 => SAMPLES_OF_ONE,
        _ => SAMPLES,
    };
    let page = pager.page.clamp(1, pager.pages());
    let begin = usize::try_from(page - 1).unwrap_or_default() * PAGE;
    html! {
        @if families.is_empty() {
            (ui::empty("No metric has these words", "Search for a part of a name: plugin, rest, hook."))
        }
        @for family in families.iter().skip(begin).take(PAGE) { (one(family, most)) }
        (ui::pager(pager, query, "metric"))
    }
}

fn one(family: &MetricFamily, most: usize) -> Markup {
    let more = family.samples.len().saturating_sub(most);
    // A number and nothing to tell it apart by needs no table.
    let alone = match family.samples.as_slice() {
        [only] if only.labels.is_empty() && only.count.is_none() => Some(only),
        _ => None,
    };
    html! {
        section.card.tight data-key={ "metric-" (family.name) } {
            header.card-head {
                h2.mono { (family.name) }
                @match alone {
                    Some(only) => b { (value(only.value)) },
                    None => span.tag { (family.kind) },
                }
            }
            p.muted { bdi { (family.help) } }
            @if alone.is_none() { (samples(family, most)) }
            @if more > 0 {
                p { a href={ "?q=" (ui::encoded(&family.name)) } { "All " (counted(family.samples.len() as u64, "value")) } }
            }
        }
    }
}

fn samples(family: &MetricFamily, most: usize) -> Markup {
    let histogram = family.kind == "histogram";
    let headings: &[&str] = match histogram {
        true => &["Labels", "Count", "On average"],
        false => &["Labels", "Value"],
    };
    ui::table(
        &family.name,
        headings,
        html! {
            @for sample in family.samples.iter().take(most) {
                tr {
                    th scope="row" { (labels(sample)) }
                    @if histogram {
                        @let count = sample.count.unwrap_or_default();
                        td { (number(count)) }
                        td { @if count > 0 { (value(sample.value / count as f64)) } @else { "–" } }
                    } @else {
                        td { (value(sample.value)) }
                    }
                }
            }
        },
    )
}

fn labels(sample: &MetricSample) -> Markup {
    html! {
        @if sample.labels.is_empty() { span.muted { "in all" } }
        @for (name, value) in &sample.labels {
            span.label { span.muted { (name) "=" } bdi { (value) } } " "
        }
    }
}

/// A value with as many digits as say something.
fn value(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let size = value.abs();
    if value.fract() == 0.0 && size < 9e15 {
        let digits = number(size as u64);
        return if value < 0.0 {
            format!("-{digits}")
        } else {
            digits
        };
    }
    match size {
        100.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.3}"),
        0.001.. => format!("{value:.5}"),
        _ => format!("{value:.3e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_as_many_digits_as_say_something() {
        for (number, text) in [
            (0.0, "0"),
            (-3.0, "-3"),
            (1_234_567.0, "1,234,567"),
            (1_234.567, "1234.6"),
            (1.234_56, "1.235"),
            (0.012_345_6, "0.01235"),
            (0.000_012_3, "1.230e-5"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(value(number), text);
        }
    }

    #[test]
    fn metrics_are_found_by_name_words_and_labels_together() {
        let mut family = MetricFamily::default();
        family.name = "cogwright_plugin_panics".to_owned();
        family.help = "Panics of a plugin".to_owned();
        let mut sample = MetricSample::default();
        sample.labels = [("plugin".to_owned(), "Tea".to_owned())].into();
        family.samples.push(sample);
        let of = |text: &str| {
            let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            fits(&family, &words)
        };
        assert!(of("") && of("panics tea") && of("cogwright_"));
        assert!(!of("panics coffee"));
    }

    #[test]
    fn a_family_alone_is_shown_whole() {
        let mut family = MetricFamily::default();
        family.samples = vec![MetricSample::default(); SAMPLES + 1];
        let pager = ui::Pager {
            page: 1,
            size: PAGE as u64,
            total: 2,
        };
        let two = drawn(&[family.clone(), family.clone()], pager, &[]).into_string();
        assert!(two.contains("All 21 values"), "{two}");
        let alone = drawn(&[family], pager, &[]).into_string();
        assert!(!alone.contains("All 21 values"), "{alone}");
    }
}
