//! Small charts: bars by day, drawn here, with a table of the same numbers for whoever cannot see them.

use chrono::{Days, NaiveDate};
use shared::model::figures::Day;

/// Days on a chart.
pub const DAYS: usize = 30;

const WIDTH: usize = 360;
const HEIGHT: i64 = 90;
const STEP: usize = WIDTH / DAYS;

/// One kind of thing that is counted.
pub struct Series {
    /// What is counted, for the legend and the table.
    pub name: &'static str,
    /// How it is drawn: a class of the stylesheet.
    pub class: &'static str,
    /// Reads it from a day's figures.
    pub of: fn(&Day) -> i64,
}

/// A bar, in the chart's own units.
pub struct Bar {
    /// From the left.
    pub x: usize,
    /// From the top.
    pub y: i64,
    /// How wide.
    pub width: usize,
    /// How high.
    pub height: i64,
    /// How it is drawn.
    pub class: &'static str,
    /// What it says.
    pub title: String,
}

/// A chart.
pub struct Chart {
    /// Names it on its page.
    pub id: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// What is counted.
    pub series: &'static [Series],
    /// The bars, later series upon earlier ones.
    pub bars: Vec<Bar>,
    /// How often all of it happened, for each series.
    pub sums: Vec<(&'static str, i64)>,
    /// The most that happened on a day.
    pub most: i64,
    /// The days on which anything happened, the latest first, with a number for each series.
    pub rows: Vec<(NaiveDate, Vec<i64>)>,
    /// The first day and the last.
    pub first: NaiveDate,
    /// The last day.
    pub last: NaiveDate,
}

impl Chart {
    /// Draws the days before and up to `last`.
    pub fn new(
        id: &'static str,
        title: &'static str,
        series: &'static [Series],
        figures: &[Day],
        last: NaiveDate,
    ) -> Chart {
        let days = days(last);
        let numbers: Vec<Vec<i64>> = days
            .iter()
            .map(|day| {
                let found = figures.iter().find(|figures| figures.day == *day).cloned().unwrap_or_default();
                series.iter().map(|series| (series.of)(&found).max(0)).collect()
            })
            .collect();
        let most = numbers.iter().map(|numbers| numbers.iter().sum::<i64>()).max().unwrap_or_default();
        let mut bars = Vec::new();
        for (place, (day, numbers)) in days.iter().zip(&numbers).enumerate() {
            let mut top = HEIGHT;
            for (series, number) in series.iter().zip(numbers).filter(|(_, number)| **number > 0) {
                // What happened at all can be seen.
                let height = (number * HEIGHT / most.max(1)).max(2).min(top);
                top -= height;
                let title = format!("{}, {}: {number}", day.format("%-d %b"), series.name);
                bars.push(Bar { x: place * STEP + 1, y: top, width: STEP - 2, height, class: series.class, title });
            }
        }
        let sum = |place: usize| numbers.iter().map(|numbers| numbers[place]).sum();
        let sums = series.iter().enumerate().map(|(place, series)| (series.name, sum(place))).collect();
        let rows = days.iter().copied().zip(numbers).rev();
        let rows = rows.filter(|(_, numbers)| numbers.iter().any(|number| *number > 0)).collect();
        Chart { id, title, series, bars, sums, most, rows, first: days[0], last }
    }

    /// The chart in a sentence.
    pub fn in_words(&self) -> String {
        if let [(_, sum)] = self.sums[..] {
            return format!("{sum} in {DAYS} days");
        }
        let sums: Vec<_> = self.sums.iter().map(|(name, sum)| format!("{name}: {sum}")).collect();
        format!("{} in {DAYS} days", sums.join(", "))
    }
}

/// The days of a chart that ends with `last`, the first first.
pub fn days(last: NaiveDate) -> Vec<NaiveDate> {
    (0..DAYS as u64).rev().map(|ago| last.checked_sub_days(Days::new(ago)).unwrap_or(last)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERIES: &[Series] = &[
        Series { name: "sent", class: "a", of: |day| day.letters_sent },
        Series { name: "failed", class: "b", of: |day| day.letters_failed },
    ];

    #[test]
    fn bars_stand_on_each_other_and_stay_inside() {
        let last = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
        let figures = vec![
            Day { day: last, letters_sent: 9_999, letters_failed: 1, ..Day::default() },
            Day { day: last.pred_opt().unwrap(), letters_failed: 5_000, ..Day::default() },
            Day { day: NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(), letters_sent: 7, ..Day::default() },
        ];
        let chart = Chart::new("letters", "Letters", SERIES, &figures, last);
        assert_eq!(chart.first, NaiveDate::from_ymd_opt(2026, 1, 31).unwrap());
        assert_eq!(chart.in_words(), "sent: 9999, failed: 5001 in 30 days");
        assert_eq!((chart.bars.len(), chart.rows.len(), chart.most), (3, 2, 10_000));
        for bar in &chart.bars {
            assert!(bar.y >= 0 && bar.height > 0 && bar.y + bar.height <= HEIGHT && bar.x + bar.width <= WIDTH);
        }
        let [.., sent, failed] = &chart.bars[..] else { panic!("no bars") };
        assert_eq!(failed.y + failed.height, sent.y);
    }

    #[test]
    fn nothing_is_an_empty_chart() {
        let chart = Chart::new("letters", "Letters", SERIES, &[], NaiveDate::default());
        assert!(chart.bars.is_empty() && chart.rows.is_empty());
    }
}
