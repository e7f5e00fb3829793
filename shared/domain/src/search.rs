//! How words are found: folding, tokens, and what matches what.
//!
//! Case and accents do not count. Words are runs of letters and digits. A
//! query matches a product when each of its words is one of the product's
//! tokens, and its last word begins one.

use std::collections::BTreeSet;
use std::ops::Bound;

use unicode_normalization::UnicodeNormalization;

/// Characters of a token that count; what is beyond is cut off, on both sides.
const TOKEN_CHARS: usize = 40;

/// The tokens of one product, and the keys they are indexed under.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    tokens: BTreeSet<String>,
    keys: BTreeSet<String>,
}

impl Terms {
    /// The most index keys of one product. Old and new keys of an edit, and
    /// the edit's other items, share one transaction of at most 100 items
    /// (AWS: `TransactWriteItems`).
    pub const MAX: usize = 45;

    /// Takes tokens from the texts, in order of importance, while they fit.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut terms = Self::default();
        texts.into_iter().flat_map(tokens).for_each(|token| terms.add(token));
        terms
    }

    /// A token is indexed by itself and by its first letter, so that a single
    /// letter finds it as a prefix without reading every partition.
    fn add(&mut self, token: String) {
        let new = [initial(&token), token.clone()].into_iter().filter(|key| !self.keys.contains(key));
        let new: BTreeSet<String> = new.collect();
        if self.keys.len() + new.len() <= Self::MAX {
            self.keys.extend(new);
            self.tokens.insert(token);
        }
    }

    /// The tokens themselves, in order.
    pub const fn tokens(&self) -> &BTreeSet<String> {
        &self.tokens
    }

    /// What the index has an entry for.
    pub const fn keys(&self) -> &BTreeSet<String> {
        &self.keys
    }
}

/// A search as a caller typed it, folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    words: Vec<String>,
    prefix: String,
}

impl Query {
    /// The longest query, in characters.
    pub const MAX_CHARS: usize = 200;
    /// The most words of a query.
    pub const MAX_WORDS: usize = 10;

    /// Folds a query; the error says which rule it breaks.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.chars().count() > Self::MAX_CHARS {
            return Err(format!("must have at most {} characters", Self::MAX_CHARS));
        }
        let mut words: Vec<String> = tokens(text).collect();
        if words.len() > Self::MAX_WORDS {
            return Err(format!("must have at most {} words", Self::MAX_WORDS));
        }
        let prefix = words.pop().ok_or("must hold a letter or a digit")?;
        words.sort_unstable();
        words.dedup();
        Ok(Self { words, prefix })
    }

    /// The token whose index entries are read: the longest word, which is the
    /// rarest as a rule; a whole one rather than the prefix.
    pub fn driver(&self) -> Driver<'_> {
        let length = |word: &str| word.chars().count();
        match self.words.iter().max_by_key(|word| length(word)) {
            Some(word) if length(word) >= length(&self.prefix) => Driver::Word(word),
            _ => Driver::Prefix(&self.prefix),
        }
    }

    /// Whether a product with these tokens is found.
    pub fn matches(&self, tokens: &BTreeSet<String>) -> bool {
        self.words.iter().all(|word| tokens.contains(word)) && self.first_match(tokens).is_some()
    }

    /// The first token that the last word begins.
    ///
    /// A walk along a prefix meets a product once for each such token; taking
    /// it only at this one yields every product exactly once, page after page,
    /// with no memory of the pages before.
    pub fn first_match<'a>(&self, tokens: &'a BTreeSet<String>) -> Option<&'a str> {
        let from =
            tokens.range::<str, _>((Bound::Included(self.prefix.as_str()), Bound::Unbounded)).next()?;
        from.starts_with(&self.prefix).then_some(from.as_str())
    }

    /// Every word, the last one included: what a cached page depends on.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().chain([&self.prefix]).map(String::as_str)
    }
}

impl std::fmt::Display for Query {
    /// The folded query: the same for all spellings that find the same.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.words.iter().try_for_each(|word| write!(f, "{word} "))?;
        f.write_str(&self.prefix)
    }
}

/// What a search reads from the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver<'a> {
    /// The entries of exactly this token.
    Word(&'a str),
    /// The entries of every token that begins so.
    Prefix(&'a str),
}

/// The first character of a token: the key under which one letter finds it.
fn initial(token: &str) -> String {
    token.chars().take(1).collect()
}

fn tokens(text: &str) -> impl Iterator<Item = String> {
    let folded = fold(text);
    let words: Vec<String> = folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(TOKEN_CHARS).collect())
        .collect();
    words.into_iter()
}

/// Lower case without accents: compatibility decomposition (Unicode UAX #15),
/// marks dropped, and the letters that do not decompose spelt out.
fn fold(text: &str) -> String {
    let decomposed = text.nfkd().filter(|c| !unicode_normalization::char::is_combining_mark(*c));
    let mut folded = String::with_capacity(text.len());
    for c in decomposed.flat_map(char::to_lowercase) {
        match spelt_out(c) {
            Some(letters) => folded.push_str(letters),
            None => folded.push(c),
        }
    }
    // Lower-casing can bring a mark back (İ becomes i with a dot above).
    folded.retain(|c| !unicode_normalization::char::is_combining_mark(c));
    folded
}

/// Letters that Unicode does not decompose and people type without.
const fn spelt_out(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ı' => "i",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn query(text: &str) -> Query {
        Query::new(text).expect("a valid query")
    }

    fn finds(text: &str, name: &str) -> bool {
        query(text).matches(Terms::of([name]).tokens())
    }

    #[test]
    fn case_and_accents_do_not_count() {
        for text in ["creme brulee", "CRÈME BRÛLÉE", "Crème brul"] {
            assert!(finds(text, "Crème Brûlée Torch"), "{text}");
        }
        assert!(finds("strasse", "Straße"));
        assert!(finds("smorrebrod", "Smørrebrød"));
    }

    #[test]
    fn all_words_must_match_and_the_last_one_by_prefix() {
        let name = "WHITE HANGING HEART T-LIGHT HOLDER";
        for hit in ["heart", "hea", "white hanging hea", "holder w", "t", "h"] {
            assert!(finds(hit, name), "{hit}");
        }
        for miss in ["hea white", "white black", "eart", "whites"] {
            assert!(!finds(miss, name), "{miss}");
        }
    }

    #[test]
    fn a_query_needs_a_word_and_is_bounded() {
        for bad in ["", "  ", "!?", &"a".repeat(201), &"a ".repeat(11)] {
            assert!(Query::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_longest_word_drives() {
        assert_eq!(query("red umbrella st").driver(), Driver::Word("umbrella"));
        assert_eq!(query("umb").driver(), Driver::Prefix("umb"));
        assert_eq!(query("a umb").driver(), Driver::Prefix("umb"));
    }

    proptest! {
        #[test]
        fn terms_always_fit_their_transaction(texts in prop::collection::vec(".{0,200}", 0..22)) {
            let terms = Terms::of(texts.iter().map(String::as_str));
            prop_assert!(terms.keys().len() <= Terms::MAX);
            prop_assert!(terms.tokens().iter().all(|token| terms.keys().contains(token)));
        }

        #[test]
        fn a_name_is_found_by_its_own_first_words(name in "[a-zA-Z]{1,12}( [a-zA-Zéü0-9]{1,12}){0,5}") {
            prop_assert!(finds(&name, &name));
        }

        #[test]
        fn folding_is_idempotent(text in ".{0,60}") {
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
        }
    }
}
