//! Floor 2: from voxels to triangles: where exactly the surface of a structure lies.
//!
//! The surface is that of the trilinear interpolant: within a cell the corners decide where an edge
//! is crossed, the faces' asymptotes how crossings are joined, and the interior whether two sheets
//! are one tunnel. No table of cases is typed in; `cases` works them out from the cube.
//!
//! Lorensen & Cline 1987 (doi 10.1145/37402.37422), Nielson & Hamann 1991 (the faces),
//! Chernyaev 1995 (the interior), Custodio et al. 2019 (doi 10.1186/s13173-019-0086-6; its tests).

mod band;
mod bits;
mod cases;
mod cube;
mod emit;
mod extract;
mod field;
mod inner;
mod layout;
mod nets;
mod seam;
mod slots;
mod tunnel;

pub use extract::{SurfaceError, SurfaceOptions, extract_surface};
pub use field::Sample;
pub use nets::{Label, LabelMesh, LabelOptions, extract_label_surfaces};
