//! AWS X-Ray's trace of an invocation, as Sentry has traces.

use sentry_core::protocol::TraceId;

/// The root of a trace header (AWS: "Tracing header"): `1-58406520-a006649127e371903a2de979`.
pub(super) fn root(header: &str) -> Option<&str> {
    header.split(';').find_map(|part| part.trim().strip_prefix("Root=")).filter(|root| id(root).is_some())
}

/// The trace of that root: the same digits. Callers may send what they like, so
/// anything else is none.
pub(super) fn id(root: &str) -> Option<TraceId> {
    let mut parts = root.split('-');
    let (Some("1"), Some(seconds), Some(random), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    if seconds.len() != 8 || random.len() != 24 {
        return None;
    }
    format!("{seconds}{random}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_keeps_its_digits() {
        let header = "Root=1-58406520-a006649127e371903a2de979;Parent=53995c3f42cd8ad8;Sampled=1";
        let root = root(header).expect("a root");
        assert_eq!(root, "1-58406520-a006649127e371903a2de979");
        assert_eq!(id(root).expect("an id").to_string(), "58406520a006649127e371903a2de979");
    }

    #[test]
    fn what_is_no_trace_of_xray_is_none() {
        for header in [
            "",
            "Root=",
            "Parent=53995c3f42cd8ad8",
            "Root=2-58406520-a006649127e371903a2de979",
            "Root=1-5840652-0a006649127e371903a2de979",
            "Root=1-58406520-a006649127e371903a2de97x",
            "Root=1-58406520-a006649127e371903a2de979-1",
            "Root=ann@example.com",
        ] {
            assert_eq!(root(header), None, "{header}");
        }
    }
}
