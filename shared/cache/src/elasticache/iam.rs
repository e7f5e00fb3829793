//! The IAM authentication token: what `AUTH` takes for a password.
//!
//! It is the presigned URL of a request that is never sent,
//! `http://<cache>/?Action=connect&User=<user>`, without its scheme (ElastiCache
//! User Guide, "Authenticating with IAM"). ElastiCache checks the signature and
//! whether the signer may `elasticache:Connect` to both, cache and user. What is
//! signed is the cache's name, not its address.
//!
//! A token opens connections for [`LIFETIME`]. ElastiCache closes a connection
//! 12 hours after its last `AUTH`; one more with a new token prolongs it.

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningError, SigningSettings, sign,
};
use aws_sigv4::sign::v4;

use super::Managed;

/// How long a token lets in. AWS: 15 minutes, and no longer.
pub const LIFETIME: Duration = Duration::from_mins(15);

const SCHEME: &str = "http://";

/// Makes the tokens of one user of one cache.
pub struct IamToken {
    url: String,
    region: String,
    credentials: SharedCredentialsProvider,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum IamError {
    /// A name is empty or holds more than letters, digits and `-._~`, which no
    /// name in ElastiCache does.
    #[error("{name:?} cannot be the name of a cache or user in ElastiCache")]
    Name {
        /// The name, of the cache or the user.
        name: String,
    },
    /// The provider has no credentials.
    #[error("there are no AWS credentials to sign with")]
    Credentials(#[from] CredentialsError),
    /// The request could not be signed.
    #[error("the request cannot be signed")]
    Signing(#[from] SigningError),
}

impl IamToken {
    /// Tokens of a user with the authentication mode IAM, whose ID and name are
    /// the same (ElastiCache demands it), signed with these credentials.
    pub fn new(
        cache: &Managed,
        user: &str,
        region: impl Into<String>,
        credentials: SharedCredentialsProvider,
    ) -> Result<Self, IamError> {
        check_name(cache.name())?;
        check_name(user)?;
        Ok(Self { url: url(cache, user), region: region.into(), credentials })
    }

    /// A token that lets in for [`LIFETIME`] from `now` on, unless the credentials
    /// expire before. Signing is local, so it waits for their provider alone.
    pub async fn at(&self, now: SystemTime) -> Result<String, IamError> {
        let credentials = self.credentials.provide_credentials().await?;
        self.signed(credentials, now)
    }

    fn signed(&self, credentials: Credentials, now: SystemTime) -> Result<String, IamError> {
        let identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("elasticache")
            .time(now)
            .settings(settings())
            .build()
            .expect("every field is set")
            .into();
        let request = SignableRequest::new("GET", &self.url, std::iter::empty(), SignableBody::empty())?;
        let (instructions, _) = sign(request, &params)?.into_parts();
        let mut request = http::Request::get(&self.url).body(()).expect("it has just been parsed");
        instructions.apply_to_request_http1x(&mut request);
        Ok(without_scheme(&request.uri().to_string()))
    }
}

/// Shows what is signed, and nothing of what it is signed with.
impl fmt::Debug for IamToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, region, credentials: _ } = self;
        f.debug_struct("IamToken").field("url", url).field("region", region).finish_non_exhaustive()
    }
}

/// A session token, which Lambda's credentials have, is signed with the rest,
/// as it is by default.
fn settings() -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(LIFETIME);
    settings
}

/// ElastiCache stores a cache's name in lower case, and that is what it compares;
/// the case of a user's name counts.
fn url(cache: &Managed, user: &str) -> String {
    let host = cache.name().to_ascii_lowercase();
    let kind = match cache {
        Managed::ServerlessCache(_) => "&ResourceType=ServerlessCache",
        Managed::ReplicationGroup(_) => "",
    };
    format!("{SCHEME}{host}/?Action=connect&User={user}{kind}")
}

/// Only what a URL leaves as it is (RFC 3986, 2.3): so nothing is to be escaped,
/// and no name can add a parameter.
fn check_name(name: &str) -> Result<(), IamError> {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if !name.is_empty() && name.bytes().all(unreserved) {
        Ok(())
    } else {
        Err(IamError::Name { name: name.to_owned() })
    }
}

fn without_scheme(url: &str) -> String {
    url.strip_prefix(SCHEME).unwrap_or(url).to_owned()
}
