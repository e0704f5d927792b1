//! Scores as a product has them: most members have a few thousand points, a few have millions.

use std::collections::BTreeMap;

/// One score per member, the same for the same number of members.
pub fn draw(members: u64) -> Vec<i64> {
    let mut random = fastrand::Rng::with_seed(members);
    (0..members).map(|_| one(&mut random)).collect()
}

/// One score: the logarithm is normal around that of 5,000.
pub fn one(random: &mut fastrand::Rng) -> i64 {
    // The sum of twelve even draws is as good as normal.
    let normal: f64 = (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
    (5_000.0_f64.ln() + 1.5 * normal).exp() as i64
}

/// How many have each score.
pub fn counted(scores: &[i64]) -> BTreeMap<i64, u64> {
    let mut counts = BTreeMap::new();
    for score in scores {
        *counts.entry(*score).or_default() += 1;
    }
    counts
}
