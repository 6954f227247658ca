//! Rates in words.

/// Renewals per second with two significant digits or one decimal, but at most four decimals: `41.3`, `0.29`, `0.0028`, `0`.
pub fn rate_in_words(per_second: f64) -> String {
    /// A smaller rate would be rounded to 0.
    const LEAST: f64 = 0.000_05;
    match per_second {
        rate if rate <= 0.0 => "0".to_owned(),
        rate if rate < LEAST => "<0.0001".to_owned(),
        rate => {
            // From this on, a rate is rounded to 1.0.
            let decimals = decimals(rate, 0.995);
            format!("{rate:.decimals$}")
        }
    }
}

/// The same, rounded down. `None` if that would be 0.
pub fn least_rate_in_words(per_second: f64) -> Option<String> {
    let decimals = decimals(per_second, 1.0);
    let scale = 10_f64.powi(decimals as i32);
    // A rate of 0.29 is 28.999... hundredths.
    let least = (per_second * scale + 1e-9).floor() / scale;
    if least > 0.0 { Some(format!("{least:.decimals$}")) } else { None }
}

fn decimals(per_second: f64, one: f64) -> usize {
    match per_second / one {
        rate if rate >= 1.0 => 1,
        rate if rate >= 0.1 => 2,
        rate if rate >= 0.01 => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_two_digits_and_at_most_four_decimals() {
        for (rate, text, least) in [
            (41.27, "41.3", Some("41.2")),
            (0.997, "1.0", Some("0.99")),
            (0.967, "0.97", Some("0.96")),
            (0.096, "0.096", Some("0.096")),
            (0.002_777, "0.0028", Some("0.0027")),
            (0.000_06, "0.0001", None),
            (0.000_03, "<0.0001", None),
            (0.29, "0.29", Some("0.29")),
            (0.0, "0", None),
        ] {
            assert_eq!(rate_in_words(rate), text);
            assert_eq!(least_rate_in_words(rate).as_deref(), least);
        }
    }
}
