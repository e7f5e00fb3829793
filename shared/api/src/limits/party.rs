//! Whom a request counts for: a verified user, else where the request came from
//! as the gateway saw it. Never a header: a caller writes those.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::request::Parts;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::UserId;
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;
use sha2::{Digest, Sha256};

/// Bytes of a hash in a name: two callers have the same by no chance.
const HASH: usize = 16;

/// One who is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Party {
    User(UserId),
    /// The network, if it is known: all who have none are one.
    Address(Option<IpAddr>),
}

impl Party {
    /// Where a request came from.
    pub(crate) fn of_source(parts: &Parts) -> Self {
        let source = match parts.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.as_deref(),
            Some(_) | None => None,
        };
        Self::of_address(source.and_then(|source| source.parse().ok()))
    }

    /// A subscriber has a whole network of IPv6 addresses, of 64 bits or more (RFC
    /// 6177): who could count as another with each of them would have no limit.
    pub(crate) fn of_address(address: Option<IpAddr>) -> Self {
        Self::Address(address.map(|address| match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (!0 << 64)).into(),
            address @ IpAddr::V4(_) => address,
        }))
    }

    /// The name in L2. It tells nobody who it is, as long as he cannot try them all;
    /// for addresses he can, and L2 forgets them within the policy's seconds.
    pub(crate) fn name(&self, policy: &str) -> String {
        let who = match self {
            Self::User(user) => format!("user {user}"),
            Self::Address(Some(address)) => format!("address {address}"),
            Self::Address(None) => "nobody".to_owned(),
        };
        let hash = Sha256::new().chain_update(policy).chain_update([0]).chain_update(who).finalize();
        format!("limit:{policy}:{}", BASE64_URL_SAFE_NO_PAD.encode(&hash[..HASH]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Party {
        Party::of_address(Some(text.parse().expect("an address")))
    }

    fn user(id: &str) -> Party {
        Party::User(UserId::new(id).expect("a user"))
    }

    #[test]
    fn addresses_of_one_subscriber_are_one() {
        assert_eq!(address("2001:db8:0:7::1"), address("2001:db8:0:7:ffff::2"));
        assert_ne!(address("2001:db8:0:7::1"), address("2001:db8:0:8::1"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
        assert_ne!(address("192.0.2.1"), address("192.0.2.2"));
    }

    #[test]
    fn names_in_l2_tell_apart_and_tell_nothing() {
        let parties = [user("ann"), user("192.0.2.1"), address("192.0.2.1"), Party::Address(None)];
        let names: Vec<_> = ["checkout", "search"]
            .iter()
            .flat_map(|policy| parties.iter().map(|party| party.name(policy)))
            .collect();
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
        for name in names {
            assert!(!name.contains("ann") && !name.contains("192") && name.len() < 40, "{name}");
        }
    }
}
