//! The cache-aside client.
