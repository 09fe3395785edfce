//! Enums as HDF5 stores them, each a `u8` with named values.
#![allow(
    unsafe_code,
    reason = "the derive implements H5Type, whose descriptor HDF5 trusts with raw memory; it is \
                                 made from the enum itself"
)]

/// Order of a list of spikes, as SONATA names it.
#[derive(hdf5::H5Type, Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[expect(dead_code, reason = "readers want the whole enumeration; ours are always sorted by time")]
pub(super) enum Sorting {
    /// None.
    #[hdf5(rename = "none")]
    None = 0,
    /// By neuron.
    #[hdf5(rename = "by_id")]
    ById = 1,
    /// By time.
    #[hdf5(rename = "by_time")]
    ByTime = 2,
}

/// The phase that a plateau ends.
#[derive(hdf5::H5Type, Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum PhaseCode {
    /// Stimulus alone.
    #[hdf5(rename = "forward")]
    Forward = 0,
    /// Stimulus and teaching conductances.
    #[hdf5(rename = "target")]
    Target = 1,
}

/// Kind of a presentation.
#[derive(hdf5::H5Type, Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum KindCode {
    /// Training.
    #[hdf5(rename = "train")]
    Train = 0,
    /// Test.
    #[hdf5(rename = "test")]
    Test = 1,
}

impl TryFrom<u8> for PhaseCode {
    type Error = u8;

    fn try_from(code: u8) -> Result<Self, u8> {
        [Self::Forward, Self::Target].into_iter().find(|&known| known as u8 == code).ok_or(code)
    }
}

impl TryFrom<u8> for KindCode {
    type Error = u8;

    fn try_from(code: u8) -> Result<Self, u8> {
        [Self::Train, Self::Test].into_iter().find(|&known| known as u8 == code).ok_or(code)
    }
}

impl From<super::PresentationKind> for KindCode {
    fn from(kind: super::PresentationKind) -> Self {
        match kind {
            super::PresentationKind::Train => Self::Train,
            super::PresentationKind::Test => Self::Test,
        }
    }
}
