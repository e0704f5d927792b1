//! What a leaf counts: members per score, packed.
//!
//! Two forms, whichever is shorter: every count in its order, or only those that are not nothing, each behind the
//! number of slots that it leaps over. Numbers are LEB128.

use std::collections::BTreeMap;

use super::entry::{leb128, read_leb128};
use super::path::LEAF_SLOTS;
use super::tree::Count;

const EVERY: u8 = 0;
const SOME: u8 = 1;

/// Members per slot of a leaf; slots without any are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<u16, u64>);

/// Bytes that are no packed leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

impl Counts {
    /// How many members have the score of a slot.
    pub fn at(&self, slot: u16) -> u64 {
        self.0.get(&slot).copied().unwrap_or(0)
    }

    /// How many members there are, and how many different scores.
    pub fn sum(&self) -> Count {
        Count { members: self.0.values().sum::<u64>() as i64, scores: self.0.len() as i64 }
    }

    /// The slots that have members, the highest score first, with their members.
    pub fn best_first(&self) -> impl Iterator<Item = (u16, u64)> + '_ {
        self.0.iter().rev().map(|(slot, count)| (*slot, *count))
    }

    /// Changes a slot; refused where it would have fewer members than none.
    #[must_use]
    pub fn change(&mut self, slot: u16, by: i64) -> Option<()> {
        match self.at(slot).checked_add_signed(by)? {
            0 => self.0.remove(&slot),
            count => self.0.insert(slot, count),
        };
        Some(())
    }

    /// As bytes.
    pub fn pack(&self) -> Vec<u8> {
        let mut every = vec![EVERY];
        for slot in 0..LEAF_SLOTS {
            leb128(&mut every, self.at(slot));
        }
        let mut some = vec![SOME];
        let mut next = 0;
        for (slot, count) in &self.0 {
            leb128(&mut some, u64::from(slot - next));
            leb128(&mut some, *count);
            next = slot + 1;
        }
        if every.len() < some.len() { every } else { some }
    }

    /// From bytes.
    pub fn unpack(bytes: &[u8]) -> Result<Counts, Damaged> {
        let (form, mut rest) = bytes.split_first().ok_or(Damaged)?;
        let mut counts = BTreeMap::new();
        let mut slot = 0_u64;
        while !rest.is_empty() {
            slot += if *form == SOME { read_leb128(&mut rest).ok_or(Damaged)? } else { 0 };
            let count = read_leb128(&mut rest).ok_or(Damaged)?;
            let place = u16::try_from(slot).ok().filter(|slot| *slot < LEAF_SLOTS).ok_or(Damaged)?;
            if count > 0 {
                counts.insert(place, count);
            }
            slot += 1;
        }
        if *form <= SOME { Ok(Counts(counts)) } else { Err(Damaged) }
    }
}

impl FromIterator<(u16, u64)> for Counts {
    fn from_iter<T: IntoIterator<Item = (u16, u64)>>(counts: T) -> Counts {
        Counts(counts.into_iter().filter(|(_, count)| *count > 0).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_again() {
        let sparse: Counts = [(0, 1), (17, 300), (511, u64::MAX >> 1)].into_iter().collect();
        let dense: Counts = (0..LEAF_SLOTS).map(|slot| (slot, 1 + u64::from(slot) % 127)).collect();
        for counts in [Counts::default(), sparse.clone(), dense.clone()] {
            assert_eq!(Counts::unpack(&counts.pack()), Ok(counts));
        }
        assert!(sparse.pack().len() < 20);
        assert_eq!(dense.pack().len(), 513);
    }

    #[test]
    fn damage_is_noticed() {
        for bytes in [&[][..], &[2], &[SOME, 1], &[SOME, 0x80], &[SOME, 0xff, 0x7f, 1], &[EVERY, 0x80]] {
            assert_eq!(Counts::unpack(bytes), Err(Damaged), "{bytes:?}");
        }
    }

    #[test]
    fn nobody_is_taken_from_nothing() {
        let mut counts = Counts::default();
        assert_eq!(counts.change(3, -1), None);
        assert_eq!((counts.change(3, 2), counts.change(3, -2), counts), (Some(()), Some(()), Counts::default()));
    }
}
