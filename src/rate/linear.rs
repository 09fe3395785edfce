//! Small linear systems.

use ndarray::Array2;

/// Solves A X = B by elimination with the largest pivot of each column.
///
/// # Panics
/// If A is not square, B has another number of rows, or A is singular.
pub(super) fn solve(a: &Array2<f64>, b: &Array2<f64>) -> Array2<f64> {
    let n = a.nrows();
    assert!(a.ncols() == n && b.nrows() == n, "{:?} X = {:?}", a.dim(), b.dim());
    let (mut a, mut x) = (a.clone(), b.clone());
    for k in 0..n {
        let pivot = (k..n).fold(k, |best, i| if a[[i, k]].abs() > a[[best, k]].abs() { i } else { best });
        assert!(a[[pivot, k]] != 0.0, "a singular matrix");
        for m in [&mut a, &mut x] {
            (0..m.ncols()).for_each(|j| m.swap([k, j], [pivot, j]));
        }
        let (row, right) = (a.row(k).to_owned(), x.row(k).to_owned());
        for i in (0..n).filter(|&i| i != k) {
            let factor = a[[i, k]] / row[k];
            a.row_mut(i).scaled_add(-factor, &row);
            x.row_mut(i).scaled_add(-factor, &right);
        }
    }
    (0..n).for_each(|k| x.row_mut(k).map_inplace(|x| *x /= a[[k, k]]));
    x
}

/// The pseudoinverse A⁺ of a matrix of full rank: Aᵀ (A Aᵀ)⁻¹ if it is wide, (Aᵀ A)⁻¹ Aᵀ if it is tall.
pub(super) fn pseudo_inverse(a: &Array2<f64>) -> Array2<f64> {
    if a.nrows() <= a.ncols() {
        solve(&a.dot(&a.t()), a).t().to_owned()
    } else {
        solve(&a.t().dot(a), &a.t().to_owned())
    }
}

/// The matrix with the same rows made orthonormal, one after the other (Gram and Schmidt, twice for accuracy).
pub(super) fn orthogonal(a: &Array2<f64>) -> Array2<f64> {
    let mut q = a.clone();
    for i in 0..q.nrows() {
        let mut row = q.row(i).to_owned();
        for j in (0..i).chain(0..i) {
            let along = row.dot(&q.row(j));
            row.scaled_add(-along, &q.row(j));
        }
        row /= row.dot(&row).sqrt();
        q.row_mut(i).assign(&row);
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::fixtures::matrix;

    #[test]
    fn solutions_solve() {
        let (a, b) = (matrix((6, 6), 1), matrix((6, 2), 2));
        assert!((a.dot(&solve(&a, &b)) - b).iter().all(|x| x.abs() < 1e-12));
    }

    /// The four conditions of Penrose.
    #[test]
    fn a_pseudoinverse_meets_its_conditions() {
        for shape in [(3, 7), (7, 3), (4, 4)] {
            let a = matrix(shape, 3);
            let p = pseudo_inverse(&a);
            let (left, right) = (a.dot(&p), p.dot(&a));
            for zero in [left.dot(&a) - &a, right.dot(&p) - &p, &left - &left.t(), &right - &right.t()] {
                assert!(zero.iter().all(|x| x.abs() < 1e-10), "{shape:?}");
            }
        }
    }

    #[test]
    fn orthogonal_rows_are_orthonormal() {
        let q = orthogonal(&matrix((6, 8), 4));
        assert!((q.dot(&q.t()) - Array2::<f64>::eye(6)).iter().all(|x| x.abs() < 1e-14));
    }
}
