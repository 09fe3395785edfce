//! From the text of an expression to steps in postfix order.

use super::grammar::{Binary, ReadTokens, Token, Unary, read};
use crate::plasticity::{Measurement, Quantity};

/// The longest expression [characters].
const LONGEST: usize = 1000;
/// The most parentheses around each other.
const DEEPEST: usize = 32;
/// The most values that wait for their operator at once.
pub(super) const STACK: usize = 16;

/// What is wrong with an expression, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// Characters before the place.
    pub offset: usize,
    /// What was expected there and what was found.
    pub message: String,
}

/// An expression of signals `N`.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula<N = FactorSignal> {
    pub(super) steps: Vec<Step<N>>,
    /// Signals, each with the characters before its first use.
    signals: Vec<(N, usize)>,
    /// Values that wait at most, the result included.
    pub(super) depth: usize,
}

/// What an expression of a rule at the end of trials reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FactorSignal {
    /// What is measured in a trial.
    Measured(Measurement),
    /// The gain of the population.
    Gain,
    /// The largest firing rate of the population.
    PhiMax,
}

/// One step of an evaluation on a stack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step<N> {
    Number(f64),
    Signal(N),
    Unary(Unary),
    Binary(Binary),
}

/// What a function does.
#[derive(Clone, Copy, Debug)]
enum MathFunction {
    Unary(Unary),
    Binary(Binary),
}

impl MathFunction {
    fn arguments(self) -> usize {
        match self {
            Self::Unary(_) => 1,
            Self::Binary(_) => 2,
        }
    }
}

/// The functions, by name.
const FUNCTIONS: [(&str, MathFunction); 9] = [
    ("exp", MathFunction::Unary(Unary::Exp)),
    ("ln", MathFunction::Unary(Unary::Ln)),
    ("sqrt", MathFunction::Unary(Unary::Sqrt)),
    ("abs", MathFunction::Unary(Unary::Abs)),
    ("sign", MathFunction::Unary(Unary::Sign)),
    ("tanh", MathFunction::Unary(Unary::Tanh)),
    ("sigmoid", MathFunction::Unary(Unary::Sigmoid)),
    ("min", MathFunction::Binary(Binary::Min)),
    ("max", MathFunction::Binary(Binary::Max)),
];

impl Formula {
    /// Parses an expression of the signals of a trial with these phases.
    ///
    /// # Errors
    /// If it is not an expression, or a name is neither signal nor function.
    pub fn parse(text: &str, phases: &[&str]) -> Result<Self, ExpressionError> {
        Self::of_signals(text, &trial_signals(phases))
    }

    /// The measurements that it reads, each with the number of characters before its first use.
    pub fn measurements(&self) -> impl Iterator<Item = (Measurement, usize)> {
        self.signals.iter().filter_map(|&(signal, offset)| match signal {
            FactorSignal::Measured(measurement) => Some((measurement, offset)),
            FactorSignal::Gain | FactorSignal::PhiMax => None,
        })
    }
}

impl<N: Copy + PartialEq> Formula<N> {
    /// Parses an expression of signals by their names.
    ///
    /// # Errors
    /// If it is not an expression, or a name is neither signal nor function.
    pub(in crate::plasticity) fn of_signals(text: &str, known: &[(String, N)]) -> Result<Self, ExpressionError> {
        let characters = |bytes: usize| text.get(..bytes).map_or(0, |before| before.chars().count());
        check_size(text)?;
        let ReadTokens { tokens, end } = read(text);
        let Some(tokens) = tokens.filter(|_| end == text.len()) else {
            return Err(ExpressionError { offset: characters(end), message: expected(&text[end..]) });
        };
        let mut formula = Self { steps: Vec::new(), signals: Vec::new(), depth: 0 };
        let mut waiting = 0;
        for token in tokens {
            let error = |(at, message)| ExpressionError { offset: characters(at), message };
            let step = token.step(known).map_err(error)?;
            if let (Step::Signal(signal), Token::Name { at, .. }) = (step, &token)
                && formula.signals.iter().all(|(other, _)| *other != signal)
            {
                formula.signals.push((signal, characters(*at)));
            }
            waiting = match step {
                Step::Unary(_) => waiting,
                Step::Binary(_) => waiting - 1,
                _ => waiting + 1,
            };
            formula.depth = formula.depth.max(waiting);
            formula.steps.push(step);
        }
        if formula.depth > STACK {
            let message =
                format!("expected at most {STACK} values that wait for their operator, found {}", formula.depth);
            return Err(ExpressionError { offset: 0, message });
        }
        Ok(formula)
    }

    /// Whether it reads a signal.
    pub(in crate::plasticity) fn reads(&self, signal: N) -> bool {
        self.signals.iter().any(|(other, _)| *other == signal)
    }
}

/// Whether a signal may have a name: a letter or `_`, then letters, digits and `_`, other than that of a function.
pub(in crate::plasticity) fn is_name(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(letter)
        && name.chars().all(|c| letter(c) || c.is_ascii_digit())
        && FUNCTIONS.iter().all(|(function, _)| *function != name)
}

/// Bounds what the parser, which calls itself, may go into.
fn check_size(text: &str) -> Result<(), ExpressionError> {
    let (mut depth, mut operators) = (0_usize, 0_usize);
    for (offset, c) in text.chars().enumerate() {
        // Of the operators that follow one another, or group to the right, as many are fine as parentheses.
        (depth, operators) = match c {
            '(' => (depth + 1, 0),
            ')' => (depth.saturating_sub(1), 0),
            '-' | '^' => (depth, operators + 1),
            '+' | '*' | '/' | ',' => (depth, 0),
            _ => (depth, operators),
        };
        let message = if offset >= LONGEST {
            format!("expected at most {LONGEST} characters")
        } else if depth > DEEPEST || operators > DEEPEST {
            format!("expected at most {DEEPEST} parentheses, signs or powers within each other")
        } else {
            continue;
        };
        return Err(ExpressionError { offset, message });
    }
    Ok(())
}

/// What is to be said where parsing stops.
fn expected(rest: &str) -> String {
    let what = "expected a number, a signal, a function, an operator or a parenthesis";
    match rest.chars().next() {
        None => format!("{what}, found the end of the expression"),
        Some(c) => format!("{what}, found `{c}`"),
    }
}

impl Token {
    /// The step, or what is wrong at which byte.
    fn step<N: Copy>(&self, signals: &[(String, N)]) -> Result<Step<N>, (usize, String)> {
        match self {
            Self::Number(number) => Ok(Step::Number(*number)),
            Self::Unary(operation) => Ok(Step::Unary(*operation)),
            Self::Binary(operation) => Ok(Step::Binary(*operation)),
            Self::Name { at, name } => match signals.iter().find(|(known, _)| known == name) {
                Some((_, signal)) => Ok(Step::Signal(*signal)),
                None => Err((*at, unknown("signal", name, signals.iter().map(|(known, _)| known.as_str())))),
            },
            Self::Call { at, name, arguments } => {
                let Some((_, function)) = FUNCTIONS.iter().find(|(known, _)| known == name) else {
                    return Err((*at, unknown("function", name, FUNCTIONS.iter().map(|(known, _)| *known))));
                };
                let taken = function.arguments();
                if taken != *arguments {
                    return Err((*at, format!("expected `{name}` with {taken} arguments, found {arguments}")));
                }
                Ok(match *function {
                    MathFunction::Unary(operation) => Step::Unary(operation),
                    MathFunction::Binary(operation) => Step::Binary(operation),
                })
            }
        }
    }
}

/// The signals of a trial with these phases, by name.
fn trial_signals(phases: &[&str]) -> Vec<(String, FactorSignal)> {
    let of_phase = |quantity| (0..phases.len()).map(move |phase| Measurement::Phase(quantity, phase));
    let measured = Quantity::ALL.into_iter().flat_map(of_phase).chain([Measurement::BackpropError]);
    let measured = measured.map(|measurement| (measurement.name(phases), FactorSignal::Measured(measurement)));
    measured.chain([("gain".to_owned(), FactorSignal::Gain), ("phi_max".to_owned(), FactorSignal::PhiMax)]).collect()
}

fn unknown<'k>(what: &str, name: &str, known: impl Iterator<Item = &'k str> + Clone) -> String {
    let likeness = |known: &str| strsim::jaro_winkler(name, known);
    let nearest = known.clone().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match nearest.filter(|known| likeness(known) >= 0.8) {
        Some(nearest) => format!("there is no {what} `{name}`; did you mean `{nearest}`?"),
        None => format!("there is no {what} `{name}`; there are {}", known.collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHASES: [&str; 2] = ["forward", "target"];

    #[test]
    fn operators_bind_as_in_mathematics() {
        let steps = |text: &str| Formula::parse(text, &PHASES).unwrap().steps;
        for (text, bracketed) in [
            ("1 + 2 * 3", "1 + (2 * 3)"),
            ("1 - 2 - 3", "(1 - 2) - 3"),
            ("8 / 4 * 2", "(8 / 4) * 2"),
            ("-2 ^ 2", "-(2 ^ 2)"),
            ("-gain * 2", "(-gain) * 2"),
            ("2 ^ 3 ^ 2", "2 ^ (3 ^ 2)"),
            ("2 ^ -1", "2 ^ (-1)"),
            (" 1+-gain ", "1 + (-gain)"),
            ("max(1, min(2, gain)) * 3", "(max((1), (min(2, gain)))) * 3"),
            ("exp ( 1 )\n+ .5", "exp(1) + 0.5"),
            ("1.5e-3 + 2E2 + 3.", "0.0015 + 200 + 3"),
        ] {
            assert_eq!(steps(text), steps(bracketed), "{text}");
        }
        assert_eq!(steps("2 ^ 3 ^ 2").len(), 5);
        let formula = Formula::parse("plateau_target - v_forward * plateau_target", &PHASES).unwrap();
        let measured = [(Quantity::Plateau, 1, 0), (Quantity::Potential, 0, 17)];
        let measured = measured.map(|(quantity, phase, at)| (Measurement::Phase(quantity, phase), at));
        assert_eq!(formula.measurements().collect::<Vec<_>>(), measured);
        assert_eq!(formula.depth, 3);
    }

    #[test]
    fn what_is_no_expression_is_refused_where_it_stands() {
        for (text, offset, words) in [
            ("", 0, "found the end"),
            ("1 +", 3, "found the end"),
            ("1 + * 2", 4, "found `*`"),
            ("(1 + 2", 6, "found the end"),
            ("1 + 2)", 5, "found `)`"),
            ("1 2", 2, "found `2`"),
            ("1 % 2", 2, "found `%`"),
            ("é", 0, "found `é`"),
            ("exp()", 4, "found `)`"),
            ("max(1, )", 7, "found `)`"),
            ("2 * plateu_target", 4, "there is no signal `plateu_target`; did you mean `plateau_target`?"),
            ("inf", 0, "there is no signal `inf`; there are v_forward, v_target"),
            ("1 + sigmod(1)", 4, "there is no function `sigmod`; did you mean `sigmoid`?"),
            ("max(1)", 0, "expected `max` with 2 arguments, found 1"),
            ("exp", 0, "there is no signal `exp`"),
        ] {
            let error = Formula::parse(text, &PHASES).unwrap_err();
            assert!(error.message.contains(words), "{text}: {error}");
            assert_eq!(error.offset, offset, "{text}: {error}");
        }
    }

    /// On a thread of 2 MB, as tests and rayon have.
    #[test]
    fn texts_that_would_take_a_deep_stack_are_refused_or_read() {
        for text in [
            format!("{}1{}", "(".repeat(DEEPEST), ")".repeat(DEEPEST)),
            format!("{}1", "-".repeat(DEEPEST)),
            format!("1{}", "+1".repeat(490)),
            format!("{}1{}", "exp(".repeat(DEEPEST), ")".repeat(DEEPEST)),
        ] {
            assert!(Formula::parse(&text, &PHASES).is_ok(), "{text}");
        }
        for text in [
            format!("{}1{}", "(".repeat(400), ")".repeat(400)),
            "-".repeat(900),
            format!("1{}", "^1".repeat(400)),
            format!("1{}", "^(1".repeat(300)),
            "1+".repeat(100_000),
            format!("{}1{}", "1-(".repeat(20), ")".repeat(20)),
        ] {
            assert!(Formula::parse(&text, &PHASES).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_stops_the_program(text in "[-+*/^(),. a-e0-9é]{0,80}") {
            if let Err(error) = Formula::parse(&text, &PHASES) {
                proptest::prop_assert!(error.offset <= text.chars().count());
            }
        }
    }
}
