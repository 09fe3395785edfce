//! Images and labels as arrays of numpy.

use std::path::Path;

use apical::data::{ImageSet, StimulusSet};
use apical::model::{ImageStimuli, Model, Stimuli};
use numpy::{PyArray1, PyArray3, PyArrayDescrMethods, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyAny};

use crate::errors::{DataError, raised};
use crate::hints::ArrayLike;
use crate::jobs;

/// Refuses images without labels, labels without images, and images beside a folder of others; `what` needs them.
pub(crate) fn check_paired(
    images: Option<&ArrayLike<'_>>,
    labels: Option<&ArrayLike<'_>>,
    folder: Option<&Path>,
    what: &str,
) -> PyResult<()> {
    if let (Some(_), Some(folder)) = (images, folder) {
        return Err(DataError::new_err(format!(
            "{what}: found images and `data`, the folder {} of those that the model names; give one of both",
            folder.display()
        )));
    }
    match (images, labels) {
        (Some(_), None) => {
            Err(DataError::new_err(format!("{what} needs a label of each image, an integer array of shape (n,)")))
        }
        (None, Some(_)) => Err(DataError::new_err(format!(
            "{what}: found labels without images; give both, or neither to show those that the model names"
        ))),
        _ => Ok(()),
    }
}

/// The stimuli of images, an array [n, h, w] or [n, k], with a label each, [n]; without labels, as of class 0.
pub(crate) fn stimuli(model: &Model, images: &ArrayLike<'_>, labels: Option<&ArrayLike<'_>>) -> PyResult<StimulusSet> {
    let pixels = pixels(images)?;
    let pixels = pixels.readonly();
    let pixels = pixels.as_array();
    let (count, rows, cols) = pixels.dim();
    let on_off = if let Stimuli::Idx(ImageStimuli { on_off, .. }) = model.stimuli { on_off } else { None };
    let maps = if on_off.is_some() { 2 } else { 1 };
    let source = model.populations.iter().find(|population| population.is_source());
    let (inputs, name) = source.map_or((0, "none"), |source| (source.size, &source.name));
    if maps * rows * cols != inputs {
        let of_maps = if maps == 2 { "ON and OFF maps of 2 x " } else { "" };
        return Err(DataError::new_err(format!(
            "the images have {of_maps}{rows} x {cols} = {} pixels, but the input population {name:?} has {inputs} neurons; set its \
             `size`, or show other images",
            maps * rows * cols
        )));
    }
    if count == 0 {
        return Err(DataError::new_err("expected at least one image, found none"));
    }
    let labels = labels.map_or_else(|| Ok(vec![0; count]), |labels| self::labels(labels, count, model.classes()))?;
    if on_off.is_some() && rows == 1 {
        return Err(without_height("ON and OFF maps are made of them"));
    }
    let set = ImageSet::from_views(pixels, apical::ndarray::ArrayView1::from(&labels[..])).map_err(raised)?;
    match on_off {
        Some(law) => Ok(jobs::install(images.0.py(), || set.on_off(law))?.into()),
        None => Ok(set.into()),
    }
}

/// Refuses training images that the model deforms or shifts, and of which the height is not known, and a model that sets some of its own
/// images aside.
pub(crate) fn check_training(model: &Model, images: &ArrayLike<'_>) -> PyResult<()> {
    let Stimuli::Idx(of) = &model.stimuli else { return Ok(()) };
    if of.validation > 0 {
        return Err(DataError::new_err(format!(
            "`stimuli.validation` = {} sets images of a file aside; of arrays, give those to train on, and the others as `test`, with \
             stimuli.validation = 0",
            of.validation
        )));
    }
    let moves = of.shift > 0 || of.deformation.is_some();
    if moves && as_array(images, "images")?.ndim() == 2 {
        return Err(without_height("the model shifts or deforms them"));
    }
    Ok(())
}

/// The error of images that are given as rows of pixels.
fn without_height(why: &str) -> PyErr {
    DataError::new_err(format!(
        "expected images of shape (n, h, w), for {why}; found rows of pixels, whose height and width are not known: \
         images.reshape(n, h, w)"
    ))
}

/// Images as pixels from 0 to 255, [n, h, w]; those of [n, k] are of one row.
fn pixels<'py>(images: &ArrayLike<'py>) -> PyResult<Bound<'py, PyArray3<u8>>> {
    let array = as_array(images, "images")?;
    let images = match array.ndim() {
        3 => array.into_any(),
        2 => {
            let [count, inputs] = array.shape() else { unreachable!("two dimensions") };
            let (count, inputs) = (*count, *inputs);
            array.call_method1("reshape", (count, 1, inputs))?
        }
        _ => {
            let shape = array.shape();
            return Err(DataError::new_err(format!(
                "expected images of shape (n, h, w) or (n, k), found {shape:?}; one image alone is `images[i:i + 1]`"
            )));
        }
    };
    let array = images.cast::<PyUntypedArray>()?;
    let kind = array.dtype();
    match (kind.kind(), kind.itemsize()) {
        (b'u', 1) => (),
        (b'f', _) => return brightness(array),
        (b'u' | b'i', _) => check_range(array, [0.0, 255.0], "pixels from 0 to 255")?,
        (b'b', _) => return of_bytes(&array.call_method1("__mul__", (255_u8.into_pyobject(array.py())?,))?),
        _ => {
            return Err(DataError::new_err(format!(
                "expected images of dtype uint8 (0 to 255) or float (0 to 1), found {kind}"
            )));
        }
    }
    of_bytes(array)
}

/// Brightness from 0 to 1 in steps of 1/255, as pixels.
fn brightness<'py>(images: &Bound<'py, PyUntypedArray>) -> PyResult<Bound<'py, PyArray3<u8>>> {
    check_range(images, [0.0, 1.0], "brightness from 0 to 1 in images of a float dtype")?;
    let numpy = images.py().import("numpy")?;
    // In double precision, whatever the images are in: those of one brightness are one pixel.
    let scaled = numpy.call_method1("multiply", (images.call_method1("astype", ("float64",))?, 255.0))?;
    of_bytes(&numpy.call_method1("rint", (scaled,))?)
}

fn of_bytes<'py>(images: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray3<u8>>> {
    // Pixels as they are already are copied once, into the set of images.
    let keys = [("copy", false)].into_py_dict(images.py())?;
    Ok(images.call_method("astype", ("uint8",), Some(&keys))?.cast_into()?)
}

/// Refuses numbers that are out of a range, or none.
fn check_range(array: &Bound<'_, PyUntypedArray>, [least, most]: [f64; 2], expected: &str) -> PyResult<()> {
    if array.is_empty() {
        return Ok(());
    }
    for extreme in ["min", "max"] {
        let found: f64 = array.call_method0(extreme)?.extract()?;
        if !(least..=most).contains(&found) {
            return Err(DataError::new_err(format!("expected {expected}, found {found}; scale the images before")));
        }
    }
    Ok(())
}

/// Labels of any integer dtype below the number of classes.
fn labels(labels: &ArrayLike<'_>, images: usize, classes: usize) -> PyResult<Vec<u8>> {
    let array = as_array(labels, "labels")?;
    let kind = array.dtype();
    if array.ndim() != 1 || array.len() != images {
        return Err(DataError::new_err(format!(
            "expected labels of shape ({images},), one of each image, found {:?}",
            array.shape()
        )));
    }
    if !matches!(kind.kind(), b'u' | b'i') {
        return Err(DataError::new_err(format!("expected labels of an integer dtype, found {kind}")));
    }
    let wide: Bound<'_, PyArray1<i64>> = array.call_method1("astype", ("int64",))?.cast_into()?;
    let wide = wide.readonly();
    let label = |(place, &label): (usize, &i64)| match u8::try_from(label) {
        Ok(small) if usize::from(small) < classes => Ok(small),
        _ => Err(DataError::new_err(format!(
            "the label at place {place} is {label}, but the output population has {classes} classes (0 to {}); see `size` and \
             `group` of the last population",
            classes.saturating_sub(1)
        ))),
    };
    wide.as_array().iter().enumerate().map(label).collect()
}

/// Whether it is an array with a mask, which is lost where it is taken as a plain one.
pub(crate) fn is_masked(given: &Bound<'_, PyAny>) -> PyResult<bool> {
    given.py().import("numpy.ma")?.call_method1("isMaskedArray", (given,))?.is_truthy()
}

/// What numpy makes an array of.
fn as_array<'py>(ArrayLike(given): &ArrayLike<'py>, what: &str) -> PyResult<Bound<'py, PyUntypedArray>> {
    if is_masked(given)? {
        return Err(DataError::new_err(format!(
            "expected {what} as an array, found a masked one, whose mask would be lost; fill it before, as by `.filled(0)`"
        )));
    }
    let made = given.py().import("numpy")?.call_method1("asarray", (given,));
    made.and_then(|array| Ok(array.cast_into::<PyUntypedArray>()?))
        .map_err(|error| DataError::new_err(format!("expected {what} as an array: {error}")))
}
