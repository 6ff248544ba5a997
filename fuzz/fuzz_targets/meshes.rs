//! Any bytes as a mesh file of any format: no panic, no runaway memory, and what is read is a mesh.
//!
//! Input: the format, then the file. `seeds.py` makes a corpus of that form.

#![no_main]

use calvaria::mesh::MeshRef;
use calvaria::mesh::io::{Format, Given, read_bytes};
use calvaria::progress::Progress;
use libfuzzer_sys::fuzz_target;

const FORMATS: [Format; 5] = [Format::Stl, Format::Ply, Format::Obj, Format::ThreeMf, Format::Glb];

fuzz_target!(|data: &[u8]| {
    let Some((&format, bytes)) = data.split_first() else { return };
    let format = FORMATS[usize::from(format) % FORMATS.len()];
    let Ok(file) = read_bytes(bytes, format, Given::default(), &Progress::default()) else { return };
    let mesh = &file.mesh;
    assert!(!mesh.faces.is_empty());
    MeshRef::new(&mesh.vertices, &mesh.faces, &mesh.kinds).expect("what is read is a mesh");
});
