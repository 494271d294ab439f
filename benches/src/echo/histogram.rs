//! A histogram of response times, with a resolution of 2 %.

/// Linear steps in each power of two.
const STEPS: usize = 32;

/// Counters in logarithmic steps. Counting takes a shift and an addition.
pub(super) struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    pub(super) fn new() -> Histogram {
        Histogram {
            counts: vec![0; 60 * STEPS],
            total: 0,
        }
    }

    #[inline]
    pub(super) fn count(&mut self, nanoseconds: u64) {
        self.counts[place(nanoseconds)] += 1;
        self.total += 1;
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Returns the time in nanoseconds within which `share` of the answers arrived.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        let wanted = share * self.total as f64;
        let mut seen = 0;
        for (place, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen as f64 >= wanted && *count > 0 {
                return middle(place);
            }
        }
        0.0
    }
}

/// Returns the step of a number: below `STEPS` one for each number, above `STEPS` for each power of two.
fn place(number: u64) -> usize {
    let power = (number | STEPS as u64).ilog2() - STEPS.ilog2();
    power as usize * STEPS + (number >> power) as usize
}

/// Returns the middle of a step.
fn middle(place: usize) -> f64 {
    if place < 2 * STEPS {
        return place as f64;
    }
    let power = place / STEPS - 1;
    let step = place - power * STEPS;
    (step as f64 + 0.5) * (1_u64 << power) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_falls_into_a_step_near_it() {
        let mut number = 1_u64;
        while number < 1 << 50 {
            let near = middle(place(number));
            assert!(
                (near - number as f64).abs() <= number as f64 * 0.02,
                "{number} {near}"
            );
            number += 1 + number / 7;
        }
    }

    #[test]
    fn quantiles_are_in_order() {
        let mut histogram = Histogram::new();
        for number in 1..=1000 {
            histogram.count(number * 1000);
        }
        assert_eq!(histogram.total(), 1000);
        for (share, expected) in [(0.5, 500e3), (0.99, 990e3), (0.999, 999e3)] {
            let found = histogram.quantile(share);
            assert!(
                (found - expected).abs() < expected * 0.02,
                "{share}: {found}"
            );
        }
    }
}
