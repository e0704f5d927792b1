//! Levels: what a number of points amounts to (contract of Sukuwatto, section 4.9).

/// Beyond this level no number of points leads.
const HIGHEST: u64 = 45_000_000_000;

/// The points with which a level begins: 1000 for the first, ⌊1000 · n^1.5⌋ for the n-th.
pub fn threshold(level: u64) -> u64 {
    let level = u128::from(level.min(HIGHEST));
    // The root of 1000² · n³, so that no fraction is ever rounded the wrong way.
    u64::try_from((1_000_000 * level * level * level).isqrt()).unwrap_or(u64::MAX)
}

/// The highest level that these points reach; never less than the first.
pub fn level(points: i64) -> u64 {
    let points = u64::try_from(points).unwrap_or(0);
    let (mut reached, mut beyond) = (1, HIGHEST);
    while beyond - reached > 1 {
        let middle = reached + (beyond - reached) / 2;
        if threshold(middle) <= points {
            reached = middle;
        } else {
            beyond = middle;
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_rounded_down() {
        assert_eq!([1, 2, 3, 4, 9, 10].map(threshold), [1000, 2828, 5196, 8000, 27_000, 31_622]);
    }

    #[test]
    fn a_level_begins_with_its_threshold_and_not_before() {
        for number in 2..2_000 {
            let points = threshold(number) as i64;
            assert_eq!((level(points - 1), level(points)), (number - 1, number));
        }
    }

    #[test]
    fn there_is_no_level_below_the_first_and_an_end_above() {
        assert_eq!([i64::MIN, -1, 0, 999, 1000, 2827].map(level), [1; 6]);
        let highest = level(i64::MAX);
        assert!(threshold(highest) <= i64::MAX as u64 && threshold(highest + 1) > i64::MAX as u64);
    }
}
