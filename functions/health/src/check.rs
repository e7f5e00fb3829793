//! A value, its limits, and what they make of it.

use serde::ser::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::number::Number;

/// A verdict, from worst to best, so that the worst of several is their minimum.
/// Of what nothing is known counts as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = HealthStatus)]
pub(crate) enum Status {
    Unhealthy,
    Degraded,
    Healthy,
    Unknown,
}

impl Status {
    /// The worst of them; unknown if all are.
    pub(crate) fn worst(of: impl IntoIterator<Item = Self>) -> Self {
        of.into_iter().min().unwrap_or(Self::Unknown)
    }
}

/// Where a value stops to be healthy, and where it begins to be unhealthy.
/// Between the two it is degraded.
#[derive(Clone, Copy, Debug, serde::Serialize, ToSchema)]
#[schema(as = HealthLimits)]
pub(crate) struct Limits {
    unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    healthy_below: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    healthy_above: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    unhealthy_from: Option<Number>,
    /// The worst verdict that there can be, also for no answer at all.
    at_worst: Status,
}

impl Limits {
    const fn none(unit: &'static str) -> Self {
        let at_worst = Status::Degraded;
        Self { unit, healthy_below: None, healthy_above: None, unhealthy_from: None, at_worst }
    }

    pub(crate) const fn below(limit: Number, unit: &'static str) -> Self {
        Self { healthy_below: Some(limit), ..Self::none(unit) }
    }

    pub(crate) const fn above(limit: Number, unit: &'static str) -> Self {
        Self { healthy_above: Some(limit), ..Self::none(unit) }
    }

    pub(crate) const fn unhealthy_from(self, limit: Number) -> Self {
        Self { unhealthy_from: Some(limit), at_worst: Status::Unhealthy, ..self }
    }

    /// What only costs speed makes nothing unhealthy.
    pub(crate) const fn at_worst_degraded(self) -> Self {
        Self { at_worst: Status::Degraded, ..self }
    }

    /// The verdict on a value that `samples` things came to.
    pub(crate) fn judge(self, value: Option<Number>, samples: u64) -> Check {
        let status = value.map_or(Status::Unknown, |value| self.verdict(value));
        Check { status, value, samples, limits: self, detail: None }
    }

    /// The verdict on what gave no value, and should have.
    pub(crate) fn fail(self, detail: &'static str) -> Check {
        Check { status: self.at_worst, value: None, samples: 0, limits: self, detail: Some(detail) }
    }

    /// No verdict, because there is nothing to judge.
    pub(crate) fn excuse(self, detail: &'static str) -> Check {
        Check { status: Status::Healthy, value: None, samples: 0, limits: self, detail: Some(detail) }
    }

    fn verdict(&self, value: Number) -> Status {
        let is_low = self.healthy_below.is_none_or(|limit| value < limit);
        let is_high = self.healthy_above.is_none_or(|limit| value > limit);
        if is_low && is_high {
            Status::Healthy
        } else if self.unhealthy_from.is_some_and(|limit| value >= limit) {
            self.at_worst
        } else {
            Status::Degraded
        }
    }
}

/// One value, judged.
#[derive(Clone, Copy, Debug, serde::Serialize, ToSchema)]
#[schema(as = HealthCheck)]
pub(crate) struct Check {
    pub(crate) status: Status,
    value: Option<Number>,
    /// How many things were counted or measured for it.
    samples: u64,
    #[serde(flatten)]
    limits: Limits,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<&'static str>,
}

/// Checks by name, in the order in which people read them.
#[derive(Clone, Debug)]
pub(crate) struct Checks(Vec<(&'static str, Check)>);

impl Checks {
    pub(crate) fn new<const N: usize>(checks: [(&'static str, Check); N]) -> Self {
        Self(checks.into())
    }

    pub(crate) fn status(&self) -> Status {
        Status::worst(self.0.iter().map(|(_, check)| check.status))
    }
}

impl Serialize for Checks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, check)| (name, check)))
    }
}
