//! Logs in Lambda's own format.
