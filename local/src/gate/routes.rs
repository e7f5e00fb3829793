//! Which function a path belongs to. The emulator has the same routes in the
//! root manifest; the gate knows them to say whose process has died.

use anyhow::{Context, Result};
use matchit::Router;

use super::Backend;
use crate::template::Route;

/// The paths of every function.
#[derive(Clone)]
pub struct Routes {
    paths: Router<Backend>,
    default: Backend,
}

impl std::fmt::Debug for Routes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Routes").field("default", &self.default.name).finish_non_exhaustive()
    }
}

impl Routes {
    /// Routes of these functions; one of them has the default route.
    pub fn new<'a>(functions: impl IntoIterator<Item = (&'a [Route], Backend)>) -> Result<Self> {
        let (mut paths, mut default) = (Router::new(), None);
        for (routes, backend) in functions {
            for route in routes {
                match route {
                    Route::Path(path) => paths.insert(to_matchit(path), backend.clone())?,
                    Route::Default => default = Some(backend.clone()),
                }
            }
        }
        Ok(Self { paths, default: default.context("no function has the $default route")? })
    }

    /// Every path goes to this one.
    pub fn all_to(default: Backend) -> Self {
        Self { paths: Router::new(), default }
    }

    pub(super) fn backend(&self, path: &str) -> &Backend {
        self.paths.at(path).map_or(&self.default, |found| found.value)
    }
}

/// A path as API Gateway writes it (`/a/{proxy+}`), as matchit and so the
/// emulator do (`/a/{*rest}`).
pub fn to_matchit(path: &str) -> String {
    path.replace("{proxy+}", "{*rest}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::lambda::StatusReceiver;

    fn backend(name: &str) -> Backend {
        Backend {
            name: name.into(),
            deadline: Duration::from_secs(1),
            status: StatusReceiver::immortal(),
            out_of_time: Arc::default(),
        }
    }

    #[test]
    fn a_path_finds_its_function_and_the_rest_the_default() {
        let shop = [Route::Path("/shop".into()), Route::Path("/shop/{proxy+}".into())];
        let rest = [Route::Default];
        let unrouted = (&[][..], backend("unrouted"));
        let routes =
            Routes::new([unrouted, (&shop[..], backend("shop")), (&rest[..], backend("rest"))]).unwrap();
        for (path, name) in
            [("/shop", "shop"), ("/shop/a/b", "shop"), ("/", "rest"), ("/shop/", "rest"), ("/x", "rest")]
        {
            assert_eq!(routes.backend(path).name, name, "{path}");
        }
    }

    #[test]
    fn without_a_default_there_is_no_gate() {
        let shop = [Route::Path("/shop".into())];
        assert!(Routes::new([(&shop[..], backend("shop"))]).is_err());
    }
}
