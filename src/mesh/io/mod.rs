//! Files: the one place of this room that touches the disk.
//!
//! A length or a count in a file is a claim. Nothing is allocated on its word; what the length of the
//! file proves is read, what it disproves is refused by name or read with a remark.

pub mod comment;
mod error;
mod glb;
mod indexed;
pub mod input;
mod note;
mod obj;
mod other_write;
pub mod output;
mod ply;
mod read;
mod single;
mod stl;
mod stl_ascii;
mod stl_binary;
mod stl_write;
mod three_mf;
mod three_mf_model;
mod three_mf_write;
mod unit;
mod write;
mod xml;

pub use error::{Fault, MeshFileError};
pub use note::Note;
pub use read::{Format, Given, MeshFile, read_bytes, read_mesh};
pub use three_mf_write::Extras;
pub use unit::{Space, Unit};
pub use write::write_mesh;
