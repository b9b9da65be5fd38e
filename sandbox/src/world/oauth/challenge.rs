//! Proof key for code exchange (PKCE) by SHA-256: <https://www.rfc-editor.org/rfc/rfc7636>.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::Denied;

/// Whether a verifier fits the challenge that a code was asked for with.
///
/// One that comes without a challenge is refused, too, as Discord and
/// <https://www.rfc-editor.org/rfc/rfc9700#section-2.1.1> have it: somebody has taken the challenge out.
pub(super) fn check(challenge: Option<&str>, verifier: Option<&str>) -> Result<(), Denied> {
    let Some(verifier) = verifier else {
        return match challenge {
            None => Ok(()),
            Some(_) => Err(Denied::VerifierMissing),
        };
    };
    let fits = |c: u8| c.is_ascii_alphanumeric() || b"-._~".contains(&c);
    if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(fits) {
        return Err(Denied::VerifierMalformed);
    }
    if challenge == Some(of(verifier).as_str()) {
        Ok(())
    } else {
        Err(Denied::VerifierWrong)
    }
}

/// The challenge that a verifier fits.
fn of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    // https://www.rfc-editor.org/rfc/rfc7636#appendix-B
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_verifier_of_the_rfc_fits_its_challenge() {
        let check = |challenge, verifier| check(challenge, verifier);
        assert_eq!(check(Some(CHALLENGE), Some(VERIFIER)), Ok(()));
        assert_eq!(check(None, None), Ok(()));
        assert_eq!(check(Some(CHALLENGE), None), Err(Denied::VerifierMissing));
        let other = VERIFIER.replace('d', "e");
        assert_eq!(
            check(Some(CHALLENGE), Some(&other)),
            Err(Denied::VerifierWrong)
        );
        assert_eq!(check(None, Some(VERIFIER)), Err(Denied::VerifierWrong));
        // The challenge itself is not the plain method's verifier.
        assert_eq!(
            check(Some(CHALLENGE), Some(CHALLENGE)),
            Err(Denied::VerifierWrong)
        );
    }

    #[test]
    fn verifiers_have_their_length_and_letters() {
        let long = "a".repeat(129);
        let with_blank = format!("{} {VERIFIER}", "a");
        for wrong in [
            "",
            &VERIFIER[1..],
            &long,
            &with_blank,
            "ä".repeat(43).as_str(),
        ] {
            let result = check(Some(CHALLENGE), Some(wrong));
            assert_eq!(result, Err(Denied::VerifierMalformed), "{wrong}");
        }
    }
}
