//! Profiles: what users say of themselves.
//!
//! Nobody but the user reads a profile, and after a change the user looks for
//! it at once: so it has no L1, which other processes' writes do not reach, and
//! is never served stale.

use std::time::Duration;

use cache::{Key, Kind, Policy};
use domain::{Email, Error, PersonName, Profile, Result, UserId, Version};

use crate::Store;
use crate::changes::Outdated;
use crate::item::{from_item, to_item};
use crate::keys;
use crate::load::{LOADED, LoadError, part_of_work};
use crate::table::{Condition, Table, Transaction, Write, undisturbed};

const USER: Kind<Profile> = Kind::new(
    "user",
    1,
    Policy { fresh: Duration::from_mins(10), negative: Some(Duration::from_secs(30)), ..LOADED },
);

/// What a user can say of herself.
#[derive(Clone, Debug)]
pub struct Person {
    /// What to call her.
    pub name: PersonName,
    /// Where to write to.
    pub email: Email,
}

impl Person {
    fn profile(self, id: UserId, version: Version) -> Profile {
        Profile { id, name: self.name, email: self.email, version }
    }
}

impl Store {
    /// The profile of a user.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none yet.
    pub async fn profile(&self, user: &UserId) -> Result<Profile> {
        let (table, owner) = (self.table.clone(), user.clone());
        let load = async move { Ok::<_, LoadError>(read(&table, &owner).await?) };
        let load = part_of_work(load);
        let profile = self.cache.get_or_load(&cache_key(user), || load).await?;
        profile.as_deref().cloned().ok_or(Error::NotFound("profile"))
    }

    /// A user's first profile.
    ///
    /// # Errors
    /// [`Error::Taken`] when there is one; [`Error::Busy`] and
    /// [`Error::Unavailable`] as for every write.
    pub async fn create_profile(&self, user: &UserId, person: Person) -> Result<Profile> {
        let profile = person.profile(user.clone(), Version::FIRST);
        let write = Write::Put(to_item(keys::profile(user), &profile), Condition::ABSENT);
        let outcome = self.table.transact("create profile", vec![write]).await;
        // Also when it is refused: the twin that came first may have been cut
        // off before the cache forgot.
        self.forget_profile(user).await;
        match outcome? {
            Transaction::Committed => Ok(profile),
            Transaction::Refused(_) => Err(Error::Taken("profile")),
        }
    }

    /// Replaces what a user says of herself, if the caller has seen the
    /// profile's current version.
    ///
    /// # Errors
    /// [`Error::NotFound`] and [`Error::Stale`] when there is no profile, or
    /// not of that version; [`Error::Busy`] and [`Error::Unavailable`] as for
    /// every write.
    pub async fn edit_profile(&self, user: &UserId, seen: Version, person: Person) -> Result<Profile> {
        undisturbed(|| self.try_edit_profile(user, seen, person.clone())).await
    }

    async fn try_edit_profile(
        &self,
        user: &UserId,
        seen: Version,
        person: Person,
    ) -> Result<Option<Profile>> {
        self.check_version(user, seen).await?;
        let new = person.profile(user.clone(), seen.next());
        let write = Write::Put(to_item(keys::profile(user), &new), Condition::version(seen));
        let outcome = self.table.transact("edit profile", vec![write]).await;
        if !matches!(outcome, Ok(Transaction::Refused(_))) {
            self.forget_profile(user).await;
        }
        Ok(matches!(outcome?, Transaction::Committed).then_some(new))
    }

    /// Refuses a version that is not the one in the table now.
    ///
    /// The caller may have read an old copy, or repeats a write whose answer,
    /// and whose invalidation, were lost: either way the cache forgets, so that
    /// the next read shows what stands.
    async fn check_version(&self, user: &UserId, seen: Version) -> Result<()> {
        let current = read(&self.table, user).await?.map(|profile| profile.version);
        if current == Some(seen) {
            return Ok(());
        }
        self.forget_profile(user).await;
        Err(current.map_or(Error::NotFound("profile"), |current| Error::Stale { current }))
    }

    async fn forget_profile(&self, user: &UserId) {
        self.cache.invalidate(&[cache_key(user).erase()], &[]).await;
    }
}

/// What a change of a profile outdates.
pub(crate) fn outdated(key: &keys::Key) -> Outdated {
    let key = keys::user_of(key).map(|user| cache_key(&user).erase());
    Outdated { keys: key.into_iter().collect(), tags: Vec::new() }
}

fn cache_key(user: &UserId) -> Key<Profile> {
    USER.key(user.as_str())
}

async fn read(table: &Table, user: &UserId) -> Result<Option<Profile>> {
    let item = table.get("read profile", keys::profile(user)).await?;
    item.map(|item| from_item("profile", item)).transpose()
}
