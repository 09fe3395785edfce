//! `/credit`: credit-assignment diagnostics of hidden populations.

use hdf5::{File, Result};

use super::rows::Rows;
use crate::model::{self, Model};
use crate::record::{Credit, Jacobians};

/// `/credit`, where it is measured.
#[derive(Debug)]
pub(super) struct Credits {
    index: Rows<u64>,
    output_loss: Rows<f64>,
    /// Loss and angle of each hidden population, by its place in the model.
    hidden: Vec<Option<[Rows<f64>; 2]>>,
    eigenvalues: Eigenvalues,
}

/// `/credit/eigenvalue`.
#[derive(Debug)]
struct Eigenvalues {
    examples_seen: Rows<u64>,
    of_means: Rows<f64>,
    mean: Rows<f64>,
    product: Rows<f64>,
}

impl Credits {
    pub(super) fn create(file: &File, model: &Model, rows: u64) -> Result<Option<Self>> {
        if model.recording.credit == model::CreditRecording::Unmeasured {
            return Ok(None);
        }
        let group = file.create_group("credit")?;
        let hidden = model.populations.iter().map(|population| {
            if !population.has_plateaus() {
                return Ok(None);
            }
            let group = group.create_group(&population.name)?;
            Ok(Some([Rows::column(&group, "loss", rows)?, Rows::column(&group, "angle", rows)?]))
        });
        let hidden = hidden.collect::<Result<_>>()?;
        let outputs = model.populations.last().map_or(0, |p| p.size);
        let (eigenvalue, reports) = (group.create_group("eigenvalue")?, rows / 100);
        let eigenvalues = Eigenvalues {
            examples_seen: Rows::column(&eigenvalue, "examples_seen", reports)?,
            of_means: Rows::column(&eigenvalue, "of_means", reports)?,
            mean: Rows::column(&eigenvalue, "mean", reports)?,
            product: Rows::matrix(&eigenvalue, "product", outputs * outputs, reports, model.recording.compression)?,
        };
        let index = Rows::column(&group, "index", rows)?;
        let output_loss = Rows::column(&group, "output_loss", rows)?;
        Ok(Some(Self { index, output_loss, hidden, eigenvalues }))
    }

    pub(super) fn push(&mut self, credit: &Credit) {
        self.index.waiting().push(credit.index);
        self.output_loss.waiting().push(credit.output_loss);
        for (place, columns) in self.hidden.iter_mut().enumerate() {
            let Some([loss, angle]) = columns else { continue };
            let found = credit.hidden.iter().find(|hidden| hidden.population.0 == place);
            loss.waiting().push(found.map_or(f64::NAN, |hidden| hidden.loss));
            angle.waiting().push(found.map_or(f64::NAN, |hidden| hidden.angle));
        }
        if let Some(Jacobians { eigenvalue_of_means, mean_eigenvalue, product }) = &credit.jacobians {
            let Eigenvalues { examples_seen, of_means, mean, product: products } = &mut self.eigenvalues;
            examples_seen.waiting().push(credit.index + 1);
            of_means.waiting().push(*eigenvalue_of_means);
            mean.waiting().push(*mean_eigenvalue);
            products.waiting().extend(product);
        }
    }

    pub(super) fn append(&mut self) -> Result<()> {
        self.index.append()?;
        self.output_loss.append()?;
        self.hidden.iter_mut().flatten().flatten().try_for_each(Rows::append)?;
        let Eigenvalues { examples_seen, of_means, mean, product } = &mut self.eigenvalues;
        examples_seen.append()?;
        [of_means, mean, product].into_iter().try_for_each(Rows::append)
    }
}
