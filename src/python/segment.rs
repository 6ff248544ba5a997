//! Binding of `segment`.
