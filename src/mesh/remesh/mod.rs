//! The same surface in triangles of one size, nearly equilateral.
//!
//! Pass by pass edges longer than 4/3 of what is asked are halved, those shorter than 4/5 collapsed,
//! edges flipped towards six at a vertex, and vertices moved along the surface towards the middle of
//! their neighbours and back on to the original surface. Boundaries, rims where kinds of faces meet, and
//! creases are lines: their vertices move along them only, and corners of lines not at all.
//!
//! Botsch and Kobbelt, A remeshing approach to multiresolution modeling, SGP 2004,
//! doi:10.2312/SGP/SGP04/189-196; the link condition: Dey, Edelsbrunner, Guha and Nekhayev, Topology
//! preserving edge contraction, Publ. Inst. Math. 66, 1999.
//!
//! What changes faces goes one after the other in an order of lengths and numbers; what moves vertices is
//! one vertex, one result. So the mesh is the same for any number of threads.

mod collapse;
mod facts;
mod flip;
mod lines;
mod net;
mod relax;
mod run;
mod sizes;
mod split;

pub use facts::Shape;
pub use run::{RemeshError, Remeshed, Remeshing, remesh};
