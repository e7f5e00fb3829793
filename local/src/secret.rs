//! Random secrets, some of them kept in a file that only its owner reads.

use std::{
    fmt,
    fs::{self, OpenOptions, Permissions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use anyhow::{Context, Result, anyhow};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};

const BYTES: usize = 32;
const OWNER_ONLY: u32 = 0o600;

/// 32 random bytes.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret([u8; BYTES]);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

impl Secret {
    /// A new one from the system's random source.
    pub fn random() -> Result<Self> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).context("the system has no random numbers")?;
        Ok(Self(bytes))
    }

    /// The one in this file, which is made at its first use.
    pub fn kept(file: &Path) -> Result<Self> {
        if !file.exists() {
            Self::random()?.keep(file)?;
        }
        Self::read(file).with_context(|| format!("{} (delete it for a new one)", file.display()))
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as 43 characters that are safe anywhere.
    pub fn text(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0)
    }

    fn read(file: &Path) -> Result<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(fs::read_to_string(file)?.trim())?;
        let bytes = bytes.try_into().map_err(|_other_length| anyhow!("it holds no secret"))?;
        Ok(Self(bytes))
    }

    /// Whole or not at all: two processes that start at once (`make run` and
    /// `make token`) must end up with one secret, so the first to link wins.
    fn keep(&self, file: &Path) -> Result<()> {
        let folder = file.parent().context("a secret's file has a folder")?;
        fs::create_dir_all(folder)?;
        let draft = file.with_extension(uuid::Uuid::new_v4().to_string());
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(OWNER_ONLY)
            .open(&draft)?
            .write_all(self.text().as_bytes())?;
        let linked = fs::hard_link(&draft, file);
        fs::remove_file(&draft)?;
        match linked {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// Writes a file with secrets in it, which only its owner reads, also where an
/// older one was everyone's.
pub(crate) fn write_for_owner(file: &Path, text: &str) -> io::Result<()> {
    let options = OpenOptions::new().write(true).create(true).truncate(true).mode(OWNER_ONLY).to_owned();
    let mut written = options.open(file)?;
    written.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
    written.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_secret_is_the_same_at_every_use_and_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/key");
        let first = Secret::kept(&file).unwrap();
        assert!(first == Secret::kept(&file).unwrap());
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, OWNER_ONLY);
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn two_first_uses_at_once_agree() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let secrets = std::thread::scope(|scope| {
            let uses = [(); 8].map(|()| scope.spawn(|| Secret::kept(&file).unwrap().text()));
            uses.map(|it| it.join().unwrap())
        });
        assert!(secrets.iter().all(|secret| *secret == secrets[0]));
    }

    #[test]
    fn a_damaged_file_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        fs::write(&file, "not a secret").unwrap();
        let error = Secret::kept(&file).err().unwrap();
        assert!(error.to_string().ends_with("(delete it for a new one)"));
    }

    #[test]
    fn a_file_with_secrets_is_its_owners_alone_whatever_it_was_before() {
        let folder = tempfile::tempdir().unwrap();
        let (new, old) = (folder.path().join("new"), folder.path().join("old"));
        fs::write(&old, "a longer text than what follows").unwrap();
        fs::set_permissions(&old, Permissions::from_mode(0o644)).unwrap();
        for file in [new, old] {
            write_for_owner(&file, "secret").unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), "secret");
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, OWNER_ONLY);
        }
    }
}
