//! Prints the digest of a model, by which results tell of what they are.
//!
//! cargo run --example model_digest -- models/g17-784-500-10.toml learning.epochs=10

use apical::model::Model;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().unwrap_or_else(|| "g17-784-500-10".to_owned());
    println!("{}", Model::load(file.as_ref(), &arguments.collect::<Vec<_>>())?.sha256());
    Ok(())
}
