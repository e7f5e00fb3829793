//! Who logs in to L2.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use futures::future::BoxFuture;
use futures::{FutureExt, Stream};
use redis::auth::{BasicAuth, StreamingCredentialsProvider};
use redis::{ErrorKind, RedisError, RedisResult};

use crate::elasticache::iam::IamToken;

/// A user and what proves it. Its `Debug` shows nothing of the password.
#[derive(Clone)]
pub struct Login {
    /// The ACL user; `default` where there is none.
    pub user: String,
    /// Its password or token.
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// There is no login now; the next connect asks again.
#[derive(Clone, Debug, thiserror::Error)]
#[error("there are no credentials for the cache: {0}")]
pub struct NoLogin(
    /// Why, in words that may be logged.
    pub String,
);

type Answer = BoxFuture<'static, Result<Login, NoLogin>>;

/// Who logs in, made anew at each connect (and, in a cluster, at each node's),
/// because tokens expire and passwords rotate while a process is frozen.
#[derive(Clone)]
pub struct Credentials(Arc<dyn Fn() -> Answer + Send + Sync>);

impl Credentials {
    /// Asks `login` at each connect.
    pub fn new<F, Fut>(login: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Login, NoLogin>> + Send + 'static,
    {
        Self(Arc::new(move || login().boxed()))
    }

    /// Signs in to ElastiCache with an IAM token, a new one each time.
    pub fn iam(user: impl Into<String>, token: IamToken) -> Self {
        let (user, token) = (user.into(), Arc::new(token));
        Self::new(move || {
            let (user, token) = (user.clone(), Arc::clone(&token));
            async move {
                let password = token.at(SystemTime::now()).await;
                password.map(|password| Login { user, password }).map_err(|error| NoLogin(error.to_string()))
            }
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

/// What the Redis client asks when it connects: one login each time. It asks
/// twice, for the second answer would renew the login if it went on.
impl StreamingCredentialsProvider for Credentials {
    fn subscribe(&self) -> Pin<Box<dyn Stream<Item = RedisResult<BasicAuth>> + Send + 'static>> {
        let login = (self.0)();
        Box::pin(futures::stream::once(async { basic(login.await) }))
    }
}

fn basic(login: Result<Login, NoLogin>) -> RedisResult<BasicAuth> {
    match login {
        Ok(login) => Ok(BasicAuth::new(login.user, login.password)),
        Err(none) => {
            Err(RedisError::from((ErrorKind::AuthenticationFailed, "no credentials", none.to_string())))
        }
    }
}
