//! Which functions there are, by the names that they count under.

/// Functions that no HTTP request calls. Their runs say nothing of the API.
const EVENT_DRIVEN: [&str; 5] =
    ["cache-invalidator", "cache-warmer", "order-expirer", "payment-events", "release-check"];

/// Ours. Its own answers are a 503 while something else is unhealthy: counted as the
/// API's, they would keep it so.
const HEALTH: &str = "health";

/// How the functions' names begin: on AWS with the stack's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    prefix: String,
}

impl Names {
    /// Learns it from the name of this very function.
    pub(crate) fn read(variable: &impl Fn(&str) -> Option<String>) -> Self {
        let name = variable("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
        Self { prefix: name.strip_suffix(HEALTH).unwrap_or_default().to_owned() }
    }

    /// A function's name without what all of them begin with.
    pub(crate) fn short<'a>(&self, name: &'a str) -> &'a str {
        name.strip_prefix(&self.prefix).unwrap_or(name)
    }
}

/// Whether a function, by its short name, answers the shop's requests.
pub(crate) fn is_of_the_api(short: &str) -> bool {
    short != HEALTH && !EVENT_DRIVEN.contains(&short)
}

#[cfg(test)]
mod tests {
    use local::project::Project;

    use super::*;

    #[test]
    fn the_stacks_name_is_left_out() {
        let names = Names::read(&|_| Some("shop-eu-health".to_owned()));
        assert_eq!(names.short("shop-eu-order-expirer"), "order-expirer");
        assert_eq!(Names::default().short("products"), "products");
    }

    #[test]
    fn what_the_template_gives_no_route_is_not_of_the_api() {
        let template = Project::find().and_then(|project| project.template()).unwrap();
        for function in template.functions().unwrap() {
            let is_api = !function.routes.is_empty() && function.name != HEALTH;
            assert_eq!(is_of_the_api(&function.name), is_api, "{}", function.name);
        }
    }
}
