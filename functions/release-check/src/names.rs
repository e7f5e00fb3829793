//! Functions by their crates' names: on AWS the stack's name stands before them.

const OWN: &str = "release-check";

/// How the functions' names begin.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    prefix: String,
}

impl Names {
    /// Learns it from the name of this very function.
    pub(crate) fn read(variable: &impl Fn(&str) -> Option<String>) -> Self {
        let name = variable("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
        Self { prefix: name.strip_suffix(OWN).unwrap_or_default().to_owned() }
    }

    /// A function's name without what all of them begin with.
    pub(crate) fn short<'a>(&self, name: &'a str) -> &'a str {
        name.strip_prefix(&self.prefix).unwrap_or(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stacks_name_is_left_out() {
        let names = Names::read(&|_| Some("shop-eu-release-check".to_owned()));
        assert_eq!(names.short("shop-eu-order-expirer"), "order-expirer");
        assert_eq!(Names::default().short("products"), "products");
    }
}
