//! Binding of `mesh::io`: files.
