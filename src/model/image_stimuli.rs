//! Images as stimuli, and how training images are varied.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{Displacement, Gain, Momentum, PathText, Pixels, Rotation, Share, Whole};

/// Images and labels in a folder of IDX files; `--data` overrides the folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageStimuli {
    /// The folder; without it: `data/mnist`.
    #[serde(default, with = "PathText", skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// Images at the end of the training set that are set aside, and tested on in place of the test set.
    #[serde(default, with = "Whole::<0, 1_000_000_000>")]
    pub validation: usize,
    /// Pixels by which a training image is shifted at most, in either direction, drawn anew at each presentation.
    #[serde(default, rename = "shift_pixels", with = "Whole::<0, 1000>")]
    pub shift: usize,
    /// Share of the training presentations that are shifted.
    #[serde(default = "all", with = "Share")]
    pub shift_share: f64,
    /// Training images are deformed, by a draw of its own at each presentation; without it: they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deformation: Option<Deformation>,
    /// Images are shown as ON and OFF maps of two input neurons a pixel; without it: as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_off: Option<OnOff>,
}

/// How training images are deformed: by a random displacement of each pixel, smoothed over its neighbourhood, and by a random affine map.
///
/// Simard, Steinkraus & Platt (2003), ICDAR, 958: displacements uniform between −1 and 1 pixels, smoothed by a Gaussian and multiplied by a
/// factor; for MNIST a Gaussian of 4 pixels and a factor of 34.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deformation {
    /// Share of the training presentations that are deformed.
    #[serde(default = "all", with = "Share")]
    pub share: f64,
    /// The factor on displacements, once they are smoothed; 0: none.
    #[serde(default, rename = "displacement_pixels", with = "Displacement")]
    pub displacement: f64,
    /// Standard deviation of the Gaussian that smooths displacements [pixels].
    #[serde(default = "simard", rename = "smoothing_pixels", with = "Pixels")]
    pub smoothing: f64,
    /// Largest rotation about the centre, in either direction [degrees].
    #[serde(default, rename = "rotation_deg", with = "Rotation")]
    pub rotation: f64,
    /// Largest part by which height and width grow or shrink, each by a draw of its own.
    #[serde(default, with = "Momentum")]
    pub scaling: f64,
    /// Largest displacement of a row to the side, over its distance from the centre.
    #[serde(default, with = "Share")]
    pub shear: f64,
}

/// How ON and OFF maps are made of an image: as the difference of each pixel to its surround, times a gain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnOff {
    /// Standard deviation of the Gaussian surround [pixels].
    #[serde(rename = "surround_pixels", with = "Pixels")]
    pub surround: f64,
    /// Rate over that of a white pixel, per contrast of 1.
    #[serde(with = "Gain")]
    pub gain: f64,
}

/// All of the presentations.
fn all() -> f64 {
    1.0
}

/// The smoothing of Simard, Steinkraus & Platt (2003) [pixels].
fn simard() -> f64 {
    4.0
}

impl Default for ImageStimuli {
    fn default() -> Self {
        Self { path: None, validation: 0, shift: 0, shift_share: all(), deformation: None, on_off: None }
    }
}

impl Deformation {
    /// Whether it changes images.
    pub fn deforms(&self) -> bool {
        [self.displacement, self.rotation, self.scaling, self.shear].iter().any(|&most| most > 0.0)
    }
}

impl Default for Deformation {
    fn default() -> Self {
        Self { share: all(), displacement: 0.0, smoothing: simard(), rotation: 0.0, scaling: 0.0, shear: 0.0 }
    }
}
