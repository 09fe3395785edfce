//! How many threads a run is given by its surroundings.

/// Names of the variables that give the number of threads, in order of precedence: that of rayon, and the cores that Slurm gives a
/// task.
const VARIABLES: [&str; 2] = ["RAYON_NUM_THREADS", "SLURM_CPUS_PER_TASK"];

/// The number of threads that the environment asks for, of which `value` returns the value of a variable; none where it asks for
/// none, or for what is no number from 1 to 1024.
pub fn threads_of_environment(value: impl Fn(&str) -> Option<String>) -> Option<usize> {
    let asked = |name: &str| value(name)?.trim().parse().ok().filter(|threads| (1..=1024).contains(threads));
    VARIABLES.into_iter().find_map(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rayon_comes_before_slurm_and_what_is_no_number_asks_for_nothing() {
        let of = |rayon: Option<&str>, slurm: Option<&str>| {
            let value = |name: &str| if name.starts_with("RAYON") { rayon } else { slurm };
            threads_of_environment(|name| value(name).map(str::to_owned))
        };
        assert_eq!(of(Some("3"), Some("5")), Some(3));
        assert_eq!(of(None, Some(" 5 ")), Some(5));
        assert_eq!(of(Some("0"), Some("5")), Some(5), "0 leaves it to rayon");
        assert_eq!(of(Some("many"), Some("-1")), None);
        assert_eq!(of(None, None), None);
    }
}
