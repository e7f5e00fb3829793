//! Functions by their crates' names: on AWS the stack's name stands before them.

/// How the names of this stack's functions begin.
#[derive(Clone, Debug, Default)]
pub struct FunctionNames {
    prefix: String,
}

impl FunctionNames {
    /// Learns it from the name that AWS gives this very function
    /// (`AWS_LAMBDA_FUNCTION_NAME`), whose crate is `own`.
    pub fn read(variable: &impl Fn(&str) -> Option<String>, own: &str) -> Self {
        let name = variable("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
        Self { prefix: name.strip_suffix(own).unwrap_or_default().to_owned() }
    }

    /// A function's name without what all of them begin with.
    pub fn short<'a>(&self, name: &'a str) -> &'a str {
        name.strip_prefix(&self.prefix).unwrap_or(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stacks_name_is_left_out() {
        let names = FunctionNames::read(&|_| Some("shop-eu-health".to_owned()), "health");
        assert_eq!(names.short("shop-eu-order-expirer"), "order-expirer");
        assert_eq!(FunctionNames::default().short("products"), "products");
    }
}
