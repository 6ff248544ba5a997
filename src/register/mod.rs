//! Floor 2: one mesh laid on another.
