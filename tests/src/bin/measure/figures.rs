//! Figures from samples: percentiles, and numbers as people read them.

use std::time::Duration;

/// Samples of a duration, in the order of their length.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<Duration>);

impl Samples {
    /// These samples.
    pub fn of(mut samples: Vec<Duration>) -> Samples {
        samples.sort_unstable();
        Samples(samples)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The smallest sample that at least `percent` of them do not exceed (the nearest rank).
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }

    /// The middle one.
    pub fn median(&self) -> Duration {
        self.percentile(50)
    }

    /// The longest.
    pub fn longest(&self) -> Duration {
        self.percentile(100)
    }
}

/// A duration in milliseconds.
pub fn milliseconds(duration: Duration) -> String {
    let milliseconds = duration.as_secs_f64() * 1000.0;
    if milliseconds < 10.0 { format!("{milliseconds:.2}") } else { format!("{milliseconds:.1}") }
}

/// Bytes in units of 1,048,576.
pub fn mebibytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / MEBIBYTE as f64)
}

/// 1,048,576 bytes.
pub const MEBIBYTE: u64 = 1024 * 1024;

/// A number with a comma before every third digit.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples() {
        let samples = Samples::of((1..=200).rev().map(Duration::from_millis).collect());
        let shown = [50, 99, 100].map(|percent| samples.percentile(percent).as_millis());
        assert_eq!(shown, [100, 198, 200]);
        assert_eq!(Samples::of(vec![Duration::from_secs(7)]).median(), Duration::from_secs(7));
        assert_eq!(Samples::default().longest(), Duration::ZERO);
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }
}
