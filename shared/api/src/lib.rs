//! The HTTP edge: errors, auth, pagination, serve().
