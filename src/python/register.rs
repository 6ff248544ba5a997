//! Binding of `register`.
