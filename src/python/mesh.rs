//! Binding of `mesh`.
