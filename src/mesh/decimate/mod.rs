//! Fewer triangles within a bound: quadric edge collapse that keeps closed what is closed.
//!
//! The mesh is divided into patches along a space-filling curve; which, depends on the mesh alone.
//! Patches are decimated side by side up to the same cost while the vertices they share stay. Then
//! what is left is one patch, whose seams are as dense as ever and therefore the first to go.
//!
//! Every original vertex is attached to a live face. With a bound, a collapse is done only if all that are
//! attached around it stay near the new faces, and the new vertex and edges near the original surface.
//! Then both surfaces are held against each other, face by face, from what is attached; where the bound
//! is broken, or faces cross, vertices are put back.
//!
//! Garland and Heckbert, Surface simplification using quadric error metrics, SIGGRAPH 1997,
//! doi:10.1145/258734.258849; the link condition: Dey, Edelsbrunner, Guha and Nekhayev, Topology
//! preserving edge contraction, Publ. Inst. Math. 66, 1999.

mod attach;
mod collapse;
mod comparison;
mod join;
mod mend;
mod order;
mod partition;
mod patch;
mod place;
mod proof;
mod quadric;
mod queue;
mod reduce;
mod samples;
mod steps;
mod surface;
mod verified;
mod vertex;

pub use reduce::Decimation;
pub use verified::{Verified, decimate_verified};
