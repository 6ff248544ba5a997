//! Binding of `surface`.
