//! The key by which a caller may repeat a write safely.

use crate::text::text_type;

const MAX: usize = 255;

text_type! {
    /// An `Idempotency-Key` (IETF draft idempotency-key-header): 1 to 255
    /// visible ASCII characters, chosen by the caller, unique for each request
    /// that it means to happen once.
    #[schema(value_type = String, min_length = 1, max_length = 255, pattern = "^[!-~](?:[ -~]*[!-~])?$", example = "checkout-17")]
    IdempotencyKey, |text| {
        let visible = text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        if !visible || text.trim().is_empty() || text.len() > MAX {
            return Err(format!("must be 1 to {MAX} visible ASCII characters"));
        }
        Ok(text.to_owned())
    }
}
