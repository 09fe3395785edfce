//! What must hold of the sources and documents themselves.

mod circles;
mod module_diagram;
mod pages;
mod reliability;
mod tokens;
mod vocabulary;
