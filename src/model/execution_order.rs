//! The graph of a model: in which order its populations advance within a window, and how long windows are.

/// A projection as the schedule sees it: one whose spikes influence firing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// [ms]
    pub(crate) delay: f64,
}

/// The order of execution.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ExecutionOrder {
    /// Populations in the order in which they advance: those that reach another without delay come before it.
    pub(crate) order: Vec<usize>,
    /// Smallest delay of the edges that go back in this order, or stay in a population [ms]; infinite if there is none.
    pub(crate) window: f64,
}

impl ExecutionOrder {
    /// Sorts populations by the edges without delay, sources first, their order in the model breaking ties (Kahn 1962,
    /// Communications of the ACM 5:558).
    ///
    /// # Errors
    /// The populations of a cycle of edges without delay, in which a spike could cause itself.
    pub(crate) fn new(is_source: &[bool], edges: &[Edge]) -> Result<Self, Vec<usize>> {
        let populations = is_source.len();
        let immediate: Vec<_> = edges.iter().filter(|edge| edge.delay == 0.0).collect();
        let mut order = Vec::with_capacity(populations);
        let mut place = vec![None; populations];
        while order.len() < populations {
            let waits = |p: usize| immediate.iter().any(|edge| edge.to == p && place[edge.from].is_none());
            let ready = |p: &usize| place[*p].is_none() && !waits(*p);
            let Some(next) = (0..populations).filter(ready).min_by_key(|&p| !is_source[p]) else {
                return Err(cycle(populations, &immediate, &place));
            };
            place[next] = Some(order.len());
            order.push(next);
        }
        let back = edges.iter().filter(|edge| place[edge.from] >= place[edge.to]);
        Ok(Self { order, window: back.map(|edge| edge.delay).fold(f64::INFINITY, f64::min) })
    }
}

/// A cycle among the populations that have no place: each waits for another of them.
fn cycle(populations: usize, immediate: &[&Edge], place: &[Option<usize>]) -> Vec<usize> {
    let waits_for = |p: usize| immediate.iter().find(|edge| edge.to == p && place[edge.from].is_none()).map(|e| e.from);
    let mut path: Vec<usize> = (0..populations).find(|&p| place[p].is_none()).into_iter().collect();
    while let Some(next) = path.last().and_then(|&p| waits_for(p)) {
        if let Some(start) = path.iter().position(|&p| p == next) {
            path.drain(..start);
            break;
        }
        path.push(next);
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(is_source: &[bool], edges: &[(usize, usize, f64)]) -> Result<ExecutionOrder, Vec<usize>> {
        let edges: Vec<_> = edges.iter().map(|&(from, to, delay)| Edge { from, to, delay }).collect();
        ExecutionOrder::new(is_source, &edges)
    }

    #[test]
    fn populations_come_after_those_that_reach_them_without_delay() {
        let sorted = schedule(&[false; 4], &[(3, 1, 0.0), (1, 0, 0.0), (0, 3, 2.0), (2, 2, 1.5)]).unwrap();
        assert_eq!(sorted, ExecutionOrder { order: vec![2, 3, 1, 0], window: 1.5 });
        let chain = schedule(&[true, false, false], &[(0, 1, 0.0), (1, 2, 5.0)]).unwrap();
        assert_eq!(chain, ExecutionOrder { order: vec![0, 1, 2], window: f64::INFINITY });
        let late_source = schedule(&[false, false, true], &[(2, 0, 0.5), (0, 1, 0.0)]).unwrap();
        assert_eq!(late_source, ExecutionOrder { order: vec![2, 0, 1], window: f64::INFINITY });
    }

    #[test]
    fn a_cycle_without_delay_is_named_in_its_order() {
        let cells = [false; 4];
        let cycle = schedule(&cells, &[(0, 1, 0.0), (1, 3, 0.0), (3, 2, 0.0), (2, 1, 0.0)]).unwrap_err();
        assert_eq!((cycle.len(), cycle.iter().max()), (3, Some(&3)));
        let follows = |a: usize, b: usize| [(1, 3), (3, 2), (2, 1)].contains(&(a, b));
        assert!((0..3).all(|k| follows(cycle[k], cycle[(k + 1) % 3])), "{cycle:?}");
        assert_eq!(schedule(&cells, &[(1, 1, 0.0)]), Err(vec![1]));
    }
}
