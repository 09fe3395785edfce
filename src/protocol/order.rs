//! The order in which stimuli come.

use crate::numeric::order;

/// The order of stimuli in one epoch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Order {
    epoch: Option<u64>,
    stimuli: Vec<u32>,
}

impl Order {
    /// The stimulus of training presentation `n`, of `stimuli` in an epoch; reshuffled every epoch.
    pub fn stimulus(&mut self, seed: u64, n: u64, stimuli: usize) -> usize {
        let epoch = n / stimuli as u64;
        if self.epoch != Some(epoch) {
            self.epoch = Some(epoch);
            self.stimuli = order(seed, epoch, stimuli);
        }
        self.stimuli[(n % stimuli as u64) as usize] as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_epoch_has_every_stimulus_once_in_another_order() {
        let mut order = Order::default();
        let epochs: Vec<Vec<usize>> =
            (0..2).map(|epoch| (0..50).map(|n| order.stimulus(1, epoch * 50 + n, 50)).collect()).collect();
        assert_ne!(epochs[0], epochs[1]);
        for mut stimuli in epochs {
            stimuli.sort_unstable();
            assert_eq!(stimuli, (0..50).collect::<Vec<_>>());
        }
    }
}
