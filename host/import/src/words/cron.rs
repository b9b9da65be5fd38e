//! A cron expression with Monday as day 0, as one with days by their names.

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The same times, as schedules here have them.
///
/// # Errors
///
/// Why it has no such words.
pub(crate) fn cron(text: &str) -> Result<String, String> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = *fields else {
        return Err(format!(
            "its time has {} instead of five fields",
            fields.len()
        ));
    };
    for (field, least, most) in [(minute, 0, 59), (hour, 0, 23), (day, 1, 31), (month, 1, 12)] {
        numbers(field, least, most)?;
    }
    let days = numbers(weekday, 0, 6)?;
    if days.len() == 7 {
        return Ok(format!("{minute} {hour} {day} {month} *"));
    }
    if day != "*" {
        return Err(
            "it names days of the month and of the week: there both had to fit, elsewhere one does"
                .into(),
        );
    }
    let days: Vec<&str> = days.into_iter().map(|day| DAYS[day]).collect();
    Ok(format!("{minute} {hour} {day} {month} {}", days.join(",")))
}

/// What a field stands for: `*`, `*/N`, `N`, `N-M`, and lists of those.
fn numbers(field: &str, least: usize, most: usize) -> Result<Vec<usize>, String> {
    let wrong = || {
        format!(
            "`{}` is no part of a time",
            field.chars().take(40).collect::<String>()
        )
    };
    let number = |text: &str| {
        let digits =
            !text.is_empty() && text.len() < 4 && text.bytes().all(|it| it.is_ascii_digit());
        let number = digits
            .then(|| text.parse().ok())
            .flatten()
            .ok_or_else(wrong)?;
        match (least..=most).contains(&number) {
            true => Ok(number),
            false => Err(wrong()),
        }
    };
    let mut all = Vec::new();
    for part in field.split(',') {
        match (part, part.strip_prefix("*/"), part.split_once('-')) {
            ("*", _, _) => all.extend(least..=most),
            (_, Some(step), _) => {
                let step: usize = step.parse().map_err(|_| wrong())?;
                if step == 0 || step > most {
                    return Err(wrong());
                }
                all.extend((least..=most).filter(|it| it % step == 0));
            }
            (_, _, Some((from, to))) => match (number(from)?, number(to)?) {
                (from, to) if from <= to => all.extend(from..=to),
                _ => return Err(wrong()),
            },
            (one, ..) => all.push(number(one)?),
        }
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_the_week_have_names_and_the_rest_stays() {
        for (there, here) in [
            ("0 9 * * *", "0 9 * * *"),
            ("0 9 * * 0", "0 9 * * mon"),
            ("0 9 * * 6", "0 9 * * sun"),
            ("*/5 8-17 * 1,2 0-4", "*/5 8-17 * 1,2 mon,tue,wed,thu,fri"),
            ("0 0 * * */2", "0 0 * * mon,wed,fri,sun"),
            ("0 0 1 * 0-6", "0 0 1 * *"),
            ("  0  9 * *  5,6 ", "0 9 * * sat,sun"),
        ] {
            assert_eq!(cron(there).as_deref(), Ok(here), "{there}");
        }
    }

    #[test]
    fn what_is_no_time_is_told() {
        for (there, wanted) in [
            ("0 9 * *", "4 instead"),
            ("0 0 9 * * *", "6 instead"),
            ("", "0 instead"),
            ("60 9 * * *", "`60`"),
            ("0 9 0 * *", "`0`"),
            ("0 9 * * 7", "`7`"),
            ("0 9 * * mon", "`mon`"),
            ("*/0 9 * * *", "`*/0`"),
            ("0 5-3 * * *", "`5-3`"),
            ("0 9 13 * 4", "both had to fit"),
            ("99999999999999999999 * * * *", "no part"),
        ] {
            let why = cron(there).unwrap_err();
            assert!(why.contains(wanted), "{there}: {why}");
        }
    }
}
