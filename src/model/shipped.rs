//! The models that come with the program.

use super::error::nearest;

/// A model file in the program itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shipped {
    /// Its name, without folder and `.toml`.
    pub name: &'static str,
    /// The file, comments included.
    pub text: &'static str,
}

/// The model files of these names.
macro_rules! shipped {
    ($($name:literal,)*) => {
        [$(Shipped { name: $name, text: include_str!(concat!("../../models/", $name, ".toml")) }),*]
    };
}

/// All of them, the reference networks first, then their variants.
pub const MODELS: [Shipped; 25] = shipped![
    "g17-784-10",
    "g17-784-500-10",
    "g17-784-500-100-10",
    "g17-784-500-10-settled",
    "g17-784-500-100-10-settled",
    "g17-784-500-10-sparse",
    "g17-784-500-10-sparse-weak",
    "g17-784-500-10-symmetric",
    "g17-784-500-10-symmetric-noise",
    "g17-784-500-10-plateau-times",
    "g17-784-500-10-rate-feedback",
    "g17-784-500-10-learned-feedback",
    "g17-784-500-100-10-ga-005",
    "g17-784-500-100-10-ga-060",
    "g17-784-500-10-backprop",
    "threshold-784-500-10",
    "sparse-784-500-10",
    "g17-784-1000-10x5",
    "g17-1568-1000-10x5",
    "recurrent-lif",
    "brunel-2000",
    "potjans-diesmann-2014",
    "bac",
    "song-2000",
    "urbanczik-senn",
];

/// The shipped model of this name; a folder before it and `.toml` after it do not matter.
pub fn find(name: &str) -> Option<Shipped> {
    let name = bare(name);
    MODELS.into_iter().find(|model| model.name == name)
}

/// The shipped name most like this one.
pub fn like(name: &str) -> Option<Box<str>> {
    nearest(bare(name), MODELS.iter().map(|model| model.name))
}

fn bare(name: &str) -> &str {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    file.strip_suffix(".toml").unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_and_extension_do_not_matter() {
        for name in ["g17-784-10", "g17-784-10.toml", "models/g17-784-10", "/else/where/g17-784-10.toml"] {
            assert_eq!(find(name).map(|model| model.name), Some("g17-784-10"));
        }
        assert_eq!(find("g17"), None);
        assert_eq!(like("models/g17-784-50-10.toml").as_deref(), Some("g17-784-500-10"));
    }
}
