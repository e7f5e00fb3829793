//! Which functions there are, by the names that they count under.

/// Functions that no HTTP request calls. Their runs say nothing of the API.
const EVENT_DRIVEN: [&str; 5] =
    ["cache-invalidator", "cache-warmer", "order-expirer", "payment-events", "release-check"];

/// Ours. Its own answers are a 503 while something else is unhealthy: counted as the
/// API's, they would keep it so.
const HEALTH: &str = "health";

/// Whether a function, by its short name, answers the shop's requests.
pub(crate) fn is_of_the_api(short: &str) -> bool {
    short != HEALTH && !EVENT_DRIVEN.contains(&short)
}

#[cfg(test)]
mod tests {
    use local::project::Project;

    use super::*;

    #[test]
    fn what_the_template_gives_no_route_is_not_of_the_api() {
        let template = Project::find().and_then(|project| project.template()).unwrap();
        for function in template.functions().unwrap() {
            let is_api = !function.routes.is_empty() && function.name != HEALTH;
            assert_eq!(is_of_the_api(&function.name), is_api, "{}", function.name);
        }
    }
}
