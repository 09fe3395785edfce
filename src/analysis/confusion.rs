//! Which class was answered for which.

/// Counts of answers [classes, classes]: row by label, column by answer. Pairs of label and answer beyond the classes are
/// left out.
pub fn confusion(answers: impl IntoIterator<Item = (u8, u8)>, classes: usize) -> Vec<Vec<u64>> {
    let mut counts = vec![vec![0; classes]; classes];
    for (label, answer) in answers {
        if let Some(count) = counts.get_mut(usize::from(label)).and_then(|row| row.get_mut(usize::from(answer))) {
            *count += 1;
        }
    }
    counts
}

/// Share of the answers off the diagonal [%]; NaN without answers.
pub fn percent_wrong(counts: &[Vec<u64>]) -> f64 {
    let all: u64 = counts.iter().flatten().sum();
    let right: u64 = counts.iter().enumerate().map(|(class, row)| row[class]).sum();
    100.0 * (all - right) as f64 / all as f64
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "quarters are exact")]
mod tests {
    use super::*;

    #[test]
    fn rows_are_labels_and_columns_answers() {
        let counts = confusion([(0, 0), (0, 2), (2, 1), (1, 1), (3, 0), (0, 3)], 3);
        assert_eq!(counts, [[1, 0, 1], [0, 1, 0], [0, 1, 0]]);
        assert_eq!(percent_wrong(&counts), 50.0);
        assert!(percent_wrong(&confusion([], 3)).is_nan());
    }
}
