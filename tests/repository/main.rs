//! What must hold of the sources and documents themselves.

mod module_diagram;
mod reliability;
