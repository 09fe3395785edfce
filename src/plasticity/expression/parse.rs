//! From the text of an expression to steps in postfix order.

use winnow::ascii::{digit0, digit1, multispace0};
use winnow::combinator::{Infix, Prefix, alt, cut_err, delimited, dispatch, empty, expression, fail, opt, separated};
use winnow::error::{ContextError, ErrMode};
use winnow::prelude::*;
use winnow::stream::{LocatingSlice, Location};
use winnow::token::{one_of, take_while};

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

/// An expression whose names are signals.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    pub(super) steps: Vec<Step>,
    /// The measurements, each with the characters before its first use.
    measurements: Vec<(Measurement, usize)>,
    /// Values that wait at most, the result included.
    pub(super) depth: usize,
}

/// One step of an evaluation on a stack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    Number(f64),
    Signal(Measurement),
    Gain,
    PhiMax,
    Unary(Unary),
    Binary(Binary),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unary {
    Negate,
    Exp,
    Ln,
    Sqrt,
    Abs,
    Sign,
    Tanh,
    Sigmoid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Min,
    Max,
}

/// The functions, by name and number of arguments.
const FUNCTIONS: [(&str, usize, Step); 9] = [
    ("exp", 1, Step::Unary(Unary::Exp)),
    ("ln", 1, Step::Unary(Unary::Ln)),
    ("sqrt", 1, Step::Unary(Unary::Sqrt)),
    ("abs", 1, Step::Unary(Unary::Abs)),
    ("sign", 1, Step::Unary(Unary::Sign)),
    ("tanh", 1, Step::Unary(Unary::Tanh)),
    ("sigmoid", 1, Step::Unary(Unary::Sigmoid)),
    ("min", 2, Step::Binary(Binary::Min)),
    ("max", 2, Step::Binary(Binary::Max)),
];

impl Formula {
    /// Parses an expression of the signals of a trial with these phases.
    ///
    /// # Errors
    /// If it is not an expression, or a name is neither signal nor function.
    pub fn parse(text: &str, phases: &[&str]) -> Result<Self, ExpressionError> {
        let characters = |bytes: usize| text.get(..bytes).map_or(0, |before| before.chars().count());
        check_size(text)?;
        let mut input = LocatingSlice::new(text);
        let parsed = delimited(multispace0, sum, multispace0).parse_next(&mut input);
        let end = input.current_token_start();
        let tokens = match parsed {
            Ok(tokens) if end == text.len() => tokens,
            _ => return Err(ExpressionError { offset: characters(end), message: expected(&text[end..]) }),
        };
        let mut formula = Self { steps: Vec::new(), measurements: Vec::new(), depth: 0 };
        let mut waiting = 0;
        for token in tokens {
            let error = |(at, message)| ExpressionError { offset: characters(at), message };
            let step = token.step(phases).map_err(error)?;
            if let (Step::Signal(measurement), Token::Name { at, .. }) = (step, &token)
                && formula.measurements.iter().all(|(other, _)| *other != measurement)
            {
                formula.measurements.push((measurement, characters(*at)));
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

    /// The measurements that it reads, each with the number of characters before its first use.
    pub fn measurements(&self) -> &[(Measurement, usize)] {
        &self.measurements
    }
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

/// A step whose names are as yet unread, with the bytes before it.
#[derive(Clone, Debug)]
enum Token {
    Number(f64),
    Name { at: usize, name: String },
    Call { at: usize, name: String, arguments: usize },
    Unary(Unary),
    Binary(Binary),
}

impl Token {
    /// The step, or what is wrong at which byte.
    fn step(&self, phases: &[&str]) -> Result<Step, (usize, String)> {
        match self {
            Self::Number(number) => Ok(Step::Number(*number)),
            Self::Unary(operation) => Ok(Step::Unary(*operation)),
            Self::Binary(operation) => Ok(Step::Binary(*operation)),
            Self::Name { at, name } => signal(name, phases).ok_or_else(|| {
                let known: Vec<String> = names(phases).map(|(name, _)| name).collect();
                (*at, unknown("signal", name, &known))
            }),
            Self::Call { at, name, arguments } => {
                let Some((_, taken, step)) = FUNCTIONS.iter().find(|(known, ..)| known == name) else {
                    return Err((*at, unknown("function", name, &FUNCTIONS.map(|(name, ..)| name.to_owned()))));
                };
                if taken != arguments {
                    return Err((*at, format!("expected `{name}` with {taken} arguments, found {arguments}")));
                }
                Ok(*step)
            }
        }
    }
}

/// The signals of a trial with these phases, by name.
fn names<'a>(phases: &'a [&str]) -> impl Iterator<Item = (String, Step)> + 'a {
    let of_phase = |quantity| (0..phases.len()).map(move |phase| Measurement::Phase(quantity, phase));
    let measured = Quantity::ALL.into_iter().flat_map(of_phase).chain([Measurement::BackpropError]);
    let measured = measured.map(|measurement| (measurement.name(phases), Step::Signal(measurement)));
    measured.chain([("gain".to_owned(), Step::Gain), ("phi_max".to_owned(), Step::PhiMax)])
}

fn signal(name: &str, phases: &[&str]) -> Option<Step> {
    names(phases).find(|(known, _)| known == name).map(|(_, step)| step)
}

fn unknown(what: &str, name: &str, known: &[String]) -> String {
    let likeness = |known: &String| strsim::jaro_winkler(name, known);
    match known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b))).filter(|known| likeness(known) >= 0.8) {
        Some(nearest) => format!("there is no {what} `{name}`; did you mean `{nearest}`?"),
        None => format!("there is no {what} `{name}`; there are {}", known.join(", ")),
    }
}

type Input<'a> = LocatingSlice<&'a str>;
type ParseFailure = ErrMode<ContextError>;
type Postfix = Vec<Token>;

/// Sums, products and powers, by the strength with which they bind.
fn sum(input: &mut Input<'_>) -> Result<Postfix, ParseFailure> {
    let spaced = |operator| delimited(multispace0, one_of(operator), multispace0);
    expression(operand)
        .prefix(dispatch! { (one_of(['-', '+']), multispace0).map(|(sign, _)| sign);
            '-' => empty.value(Prefix(15, |_: &mut _, a| Ok(unary(a, Unary::Negate)))),
            '+' => empty.value(Prefix(15, |_: &mut _, a| Ok(a))),
            _ => fail,
        })
        .infix(dispatch! { spaced(['+', '-', '*', '/', '^']);
            '+' => empty.value(Infix::Left(5, |_: &mut _, a, b| Ok(binary(a, b, Binary::Add)))),
            '-' => empty.value(Infix::Left(5, |_: &mut _, a, b| Ok(binary(a, b, Binary::Subtract)))),
            '*' => empty.value(Infix::Left(10, |_: &mut _, a, b| Ok(binary(a, b, Binary::Multiply)))),
            '/' => empty.value(Infix::Left(10, |_: &mut _, a, b| Ok(binary(a, b, Binary::Divide)))),
            '^' => empty.value(Infix::Right(20, |_: &mut _, a, b| Ok(binary(a, b, Binary::Power)))),
            _ => fail,
        })
        .parse_next(input)
}

fn unary(mut a: Postfix, operation: Unary) -> Postfix {
    a.push(Token::Unary(operation));
    a
}

fn binary(mut a: Postfix, b: Postfix, operation: Binary) -> Postfix {
    a.extend(b);
    a.push(Token::Binary(operation));
    a
}

fn operand(input: &mut Input<'_>) -> Result<Postfix, ParseFailure> {
    let inner = delimited(('(', multispace0), cut_err(sum), cut_err((multispace0, ')')));
    alt((inner, number, name)).parse_next(input)
}

/// Digits, a point, an exponent: no sign, `inf` or `nan`.
fn number(input: &mut Input<'_>) -> Result<Postfix, ParseFailure> {
    let exponent = (one_of(['e', 'E']), opt(one_of(['+', '-'])), digit1);
    let digits = alt((('.', digit1).void(), (digit1, opt(('.', digit0))).void()));
    let number =
        (digits, opt(exponent)).take().verify_map(|text: &str| text.parse().ok().filter(|x: &f64| x.is_finite()));
    number.map(|number| vec![Token::Number(number)]).parse_next(input)
}

/// A signal, or a function with its arguments in parentheses.
fn name(input: &mut Input<'_>) -> Result<Postfix, ParseFailure> {
    let at = input.current_token_start();
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    let word = (one_of(letter), take_while(0.., (letter, '0'..='9'))).take().parse_next(input)?;
    let list = separated::<_, _, Vec<Postfix>, _, _, _, _>(1.., cut_err(sum), (multispace0, ',', multispace0));
    let arguments = delimited((multispace0, '(', multispace0), list, cut_err((multispace0, ')')));
    let name = word.to_owned();
    Ok(match opt(arguments).parse_next(input)? {
        None => vec![Token::Name { at, name }],
        Some(arguments) => {
            let call = Token::Call { at, name, arguments: arguments.len() };
            arguments.into_iter().flatten().chain([call]).collect()
        }
    })
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
        assert_eq!(formula.measurements(), measured);
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
