//! The core as another crate sees it: public names only.

mod codec;
mod geometry;
