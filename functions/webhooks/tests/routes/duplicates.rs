//! Each event is kept once, however often it comes.

use domain::Provider;
use futures::future::join_all;

use crate::intake::{BODY, BOTH, Intake, signer};

#[tokio::test]
async fn a_second_copy_is_said_to_be_one() {
    let intake = Intake::open().await;
    for provider in BOTH {
        for duplicate in [false, true, true] {
            let answer = intake.signed(provider, BODY).await;
            assert_eq!((answer.status, &answer.body["received"]), (200, &true.into()));
            assert_eq!(answer.body["duplicate"], duplicate);
        }
    }
    assert_eq!(intake.kept().await, 2);
}

#[tokio::test]
async fn an_event_sent_again_later_under_a_new_signature_is_a_duplicate() {
    let intake = Intake::open().await;
    for provider in BOTH {
        let first = intake.signed(provider, BODY).await;
        intake.hand.pass(jiff::SignedDuration::from_hours(1));
        let second = intake.signed(provider, BODY).await;
        assert_eq!((&first.body["duplicate"], &second.body["duplicate"]), (&false.into(), &true.into()));
    }
}

#[tokio::test]
async fn of_50_copies_at_once_one_is_kept() {
    let intake = Intake::open().await;
    for provider in BOTH {
        let copies = (0..50).map(|_| intake.signed(provider, BODY));
        let answers = join_all(copies).await;
        assert!(answers.iter().all(|answer| answer.status == 200));
        let new = answers.iter().filter(|answer| answer.body["duplicate"] == false).count();
        assert_eq!(new, 1, "{provider}");
    }
    assert_eq!(intake.kept().await, 2);
}

#[tokio::test]
async fn events_with_names_of_their_own_are_no_duplicates() {
    let intake = Intake::open().await;
    for id in ["msg_1", "msg_2", "MSG_1"] {
        let headers = signer(Provider::Standard).headers_of(id, BODY.as_bytes(), intake.hand.now());
        let answer = intake.post(Provider::Standard, &headers, BODY).await;
        assert_eq!(answer.body["duplicate"], false, "{id}");
    }
    assert_eq!(intake.signed(Provider::Stripe, BODY).await.body["duplicate"], false);
    assert_eq!(intake.kept().await, 4);
}
