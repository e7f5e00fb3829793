//! Variables for `sam local invoke --env-vars`, so that a function in a
//! container reaches the table and the cache of the running stack.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::lambda::Surroundings;
use crate::secret::write_for_owner;
use crate::template::Template;

/// One object for each function, by its logical id: its whole environment,
/// because `sam` knows no value for most of the template's references. Keys and webhook
/// secrets are among them.
pub(super) fn write_variables(file: &Path, template: &Template, surroundings: &Surroundings) -> Result<()> {
    let of_function = |function| {
        let environment = surroundings.of_template(template, function)?;
        Ok((function.logical_id.clone(), json!(environment)))
    };
    let functions = template.functions()?;
    let variables: Map<String, Value> = functions.iter().map(of_function).collect::<Result<_>>()?;
    let text = serde_json::to_string_pretty(&variables)?;
    write_for_owner(file, &(text + "\n")).with_context(|| format!("writing {}", file.display()))
}
