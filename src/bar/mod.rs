//! Floor 3: the reference bar. Finds what is flat on a scanned print.

pub mod patches;
