//! Liveness, detailed health, and 404 for unknown paths.
