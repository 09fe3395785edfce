//! Numbers: elementary functions with stated error bounds, and random streams keyed by what they are for.
//!
//! The platform's exp and ln differ between machines in their last bits; those here are the same everywhere, and so are all
//! spikes and weights computed from them. A stream depends on its [`StreamKey`] alone, never on threads or call order.

mod distribution;
mod elementary;
mod keys;
mod sigmoid;
mod stream;
mod vectors;
mod wide;

pub(crate) use distribution::{Distribution, Truncation};
pub use elementary::{Real, exp, ln, logit};
pub use keys::{PresentationKey, Purpose, STREAM_BLOCK, StreamKey, order};
pub use sigmoid::{sigmoid, sigmoid_all, sigmoid_slope};
pub use stream::{Stream, unit};
pub use vectors::{angle_from_products, largest};
pub use wide::{WIDTH, WideStream};
