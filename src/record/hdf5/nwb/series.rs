//! Potentials as series of samples.

use hdf5::{Group, Result};
use ndarray::{Array2, ArrayView2, Axis};

use super::super::attribute::variable as attribute;
use super::super::recorded_data::TraceBlock;
use super::object::{self, Maker};
use super::{Export, Trouble, seconds};
use crate::cells::{CompartmentInfo, PotentialUnit};

/// Potentials of a compartment of a population, [samples, n].
struct SeriesData {
    values: Array2<f32>,
    unit: PotentialUnit,
}

impl Export {
    /// Potentials of a population, one series for each compartment and stretch.
    pub(super) fn traces(&self, acquisition: &Group, maker: &Maker, name: &str) -> std::result::Result<(), Trouble> {
        let blocks = self.reader.traces(name, 0..usize::MAX, f64::MIN..f64::MAX)?.unwrap_or_default();
        for (i, block) in blocks.iter().enumerate() {
            let width = block.columns.len();
            let all = ArrayView2::from_shape((block.values.len() / width.max(1), width), &block.values)
                .map_err(|e| hdf5::Error::from(e.to_string()))?;
            for (element, CompartmentInfo { name: compartment, unit }) in
                self.compartments(name).into_iter().enumerate()
            {
                let own: Vec<usize> = (0..width).filter(|&c| block.columns[c].1 == element as u32).collect();
                if own.is_empty() {
                    continue;
                }
                let stretch = if i == 0 { String::new() } else { format!("_{}", i + 1) };
                let series = acquisition.create_group(&format!("{name}_{compartment}{stretch}"))?;
                let what = format!("potential of the {compartment} of {name}, a column for each neuron in order");
                // HDF5 wants rows one after the other, which a selection of columns does not keep.
                let values: Array2<f32> = all.select(Axis(1), &own).as_standard_layout().into_owned();
                self.series(&series, maker, &what, SeriesData { values, unit }, block)?;
            }
        }
        Ok(())
    }

    fn series(&self, series: &Group, maker: &Maker, what: &str, of: SeriesData, block: &TraceBlock) -> Result<()> {
        let SeriesData { values, unit } = of;
        maker.mark(series, "core", "TimeSeries")?;
        attribute::put_text(series, "description", what)?;
        let at = seconds(block.start_ms + block.dt_ms);
        let stretch = self.stretches.iter().rfind(|stretch| stretch.span[0] <= at);
        let segment = stretch.map_or("", |stretch| &stretch.name);
        let place =
            format!("{{\"block\": {}, \"segment\": {}}}", object::json(&self.summary.name), object::json(segment));
        attribute::put_text(series, "comments", &place)?;
        let data = series.new_dataset_builder().with_data(&values).create("data")?;
        // Units are those of SI, and `conversion` leads to them.
        let (unit, conversion) = match unit {
            PotentialUnit::Dimensionless => ("dimensionless", 1.0_f32),
            PotentialUnit::Millivolts => ("volts", 1e-3),
        };
        attribute::put_text(&data, "unit", unit)?;
        for (key, value) in [("conversion", conversion), ("offset", 0.0), ("resolution", -1.0)] {
            attribute::put(&data, key, &value)?;
        }
        let start = series.new_dataset::<f64>().create("starting_time")?;
        start.write_scalar(&seconds(block.start_ms))?;
        attribute::put(&start, "rate", &((1e3 / block.dt_ms) as f32))?;
        attribute::put_text(&start, "unit", "seconds")
    }
}
