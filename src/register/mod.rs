//! Floor 2: one mesh laid on another.

pub mod icp;
pub mod starts;
