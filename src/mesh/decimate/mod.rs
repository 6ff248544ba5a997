//! Fewer triangles within a bound: quadric edge collapse that keeps closed what is closed.
//!
//! The mesh is divided into patches along a space-filling curve; which, depends on the mesh alone.
//! Patches are decimated side by side up to the same cost while the vertices they share stay. Then
//! what is left is one patch, whose seams are as dense as ever and therefore the first to go.
//!
//! Garland and Heckbert, Surface simplification using quadric error metrics, SIGGRAPH 1997,
//! doi:10.1145/258734.258849; the link condition: Dey, Edelsbrunner, Guha and Nekhayev, Topology
//! preserving edge contraction, Publ. Inst. Math. 66, 1999.

mod attach;
mod collapse;
mod comparison;
mod mend;
mod partition;
mod patch;
mod proof;
mod quadric;
mod queue;
mod reduce;
mod samples;
mod surface;
mod verified;

pub use reduce::Decimation;
pub use verified::{Verified, decimate_verified};
