//! Chance from a seed.

/// A small generator of random numbers (SplitMix64): one seed, one run.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// A generator that starts from `seed`.
    pub const fn new(seed: u64) -> Self {
        Dice(seed)
    }

    /// The next number.
    pub const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// The next number, as an id that etcd picks: positive and 63 bits wide.
    pub fn id(&mut self) -> i64 {
        (self.roll() >> 1).max(1).cast_signed()
    }
}
