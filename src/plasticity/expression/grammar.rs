//! The grammar of expressions: from text to tokens in postfix order, whose names are as yet unread.

use winnow::ascii::{digit0, digit1, multispace0};
use winnow::combinator::{Infix, Prefix, alt, cut_err, delimited, dispatch, empty, expression, fail, opt, separated};
use winnow::error::{ContextError, ErrMode};
use winnow::prelude::*;
use winnow::stream::{LocatingSlice, Location};
use winnow::token::{one_of, take_while};

/// An operation on one value.
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

/// An operation on two values.
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

/// A step whose names are as yet unread, with the bytes before it.
#[derive(Clone, Debug)]
pub(super) enum Token {
    Number(f64),
    Name { at: usize, name: String },
    Call { at: usize, name: String, arguments: usize },
    Unary(Unary),
    Binary(Binary),
}

/// What was read of a text.
pub(super) struct ReadTokens {
    /// The tokens, if it begins with an expression.
    pub(super) tokens: Option<Vec<Token>>,
    /// Bytes before the place where reading stopped.
    pub(super) end: usize,
}

/// Reads the expression that a text begins with.
pub(super) fn read(text: &str) -> ReadTokens {
    let mut input = LocatingSlice::new(text);
    let tokens = delimited(multispace0, sum, multispace0).parse_next(&mut input).ok();
    ReadTokens { tokens, end: input.current_token_start() }
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
