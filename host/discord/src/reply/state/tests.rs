//! Tests of the response state machine, case by case.

use super::*;

/// The steps that follow from what Discord says, one after the other; `Err` for what `@original` is.
fn check(first: First, says: &[Result<Heard, Original>]) -> (Vec<Step>, State) {
    let mut progress = Progress::new();
    let (mut attempt, step) = progress.begin(first);
    let mut steps = vec![step];
    for said in says {
        steps.push(match *said {
            Ok(heard) => progress.heard(&mut attempt, heard),
            Err(original) => progress.asked(&attempt, original),
        });
    }
    (steps, progress.state())
}

const THINKING: First = First::Thinking { ephemeral: true };

#[test]
fn forty_thousand_and_sixty_is_final() {
    let already = Ok(Heard::AlreadyAcknowledged);
    for (original, state) in [
        (
            Original::Thinking { ephemeral: true },
            State::Deferred { ephemeral: true },
        ),
        (Original::Message, State::Acknowledged),
        (Original::OfComponent, State::Acknowledged),
        (Original::Gone, State::Acknowledged),
        (Original::NotThere, State::Acknowledged),
    ] {
        let seen = check(First::Message, &[already, Err(original)]);
        assert_eq!(
            seen,
            (vec![Step::Send, Step::Ask, Step::GoOn], state),
            "{original:?}"
        );
    }
    let modal = check(First::Modal, &[already, Err(Original::Gone)]);
    assert_eq!(modal.0.last(), Some(&Step::Fail(Why::NotFirst)));
}

#[test]
fn ten_thousand_and_sixty_two_is_final() {
    for first in [First::Message, THINKING, First::Modal, First::Choices] {
        let (steps, state) = check(first, &[Ok(Heard::TooLate)]);
        assert_eq!(steps.last(), Some(&Step::Fail(Why::TooLate)));
        assert_eq!(state, State::Over);
        let mut over = Progress::new();
        over.state = state;
        assert_eq!(over.begin(first).1, Step::Fail(Why::TooLate));
    }
}

#[test]
fn what_became_of_a_lost_response_is_asked_and_it_is_sent_twice_at_most() {
    let lost = Ok(Heard::Lost);
    let there = check(First::Message, &[lost, Err(Original::Message)]);
    let answered = State::Answered(Own::Original);
    assert_eq!(there, (vec![Step::Send, Step::Ask, Step::Given], answered));
    let not_there = Err(Original::NotThere);
    let twice = check(First::Message, &[lost, not_there, lost, not_there]);
    let expected = vec![
        Step::Send,
        Step::Ask,
        Step::Send,
        Step::Ask,
        Step::Fail(Why::Lost),
    ];
    assert_eq!(twice, (expected, State::Unknown));
    // The first one was late, and the second found it there.
    let already = Ok(Heard::AlreadyAcknowledged);
    let found = [lost, not_there, already, Err(Original::Message)];
    let (steps, state) = check(First::Message, &found);
    assert_eq!((steps.last(), state), (Some(&Step::Given), answered));
}

#[test]
fn nothing_tells_of_a_modal_but_another_one() {
    let (lost, already) = (Ok(Heard::Lost), Ok(Heard::AlreadyAcknowledged));
    let choices = check(First::Choices, &[lost, already]);
    let expected = vec![Step::Send, Step::Send, Step::Given];
    assert_eq!(choices, (expected, State::Acknowledged));
    for original in [Original::Gone, Original::OfComponent] {
        let (steps, state) = check(First::Modal, &[lost, already, Err(original)]);
        let expected = vec![Step::Send, Step::Send, Step::Ask, Step::Given];
        assert_eq!((steps, state), (expected, State::Acknowledged));
    }
    let (steps, _) = check(First::Modal, &[lost, already, Err(Original::Message)]);
    assert_eq!(steps.last(), Some(&Step::Fail(Why::NotFirst)));
    for first in [First::Modal, First::Choices] {
        let (steps, _) = check(first, &[lost, lost]);
        assert_eq!(steps.last(), Some(&Step::Fail(Why::Lost)));
    }
}

#[test]
fn an_update_never_writes_over_an_answer() {
    for (original, step) in [
        (Original::OfComponent, Step::GoOn),
        (Original::Message, Step::Fail(Why::NotFirst)),
        (
            Original::Thinking { ephemeral: false },
            Step::Fail(Why::NotFirst),
        ),
    ] {
        let (steps, _) = check(
            First::Update,
            &[Ok(Heard::AlreadyAcknowledged), Err(original)],
        );
        assert_eq!(steps.last(), Some(&step), "{original:?}");
    }
}

#[test]
fn later_answers_find_their_message() {
    let of = |state| Progress {
        state,
        ..Progress::new()
    };
    let (original, seven) = (Own::Original, Own::Message(7));
    let mut deferred = of(State::Deferred { ephemeral: false });
    assert_eq!(
        deferred.way(ReplyMode::Reply, None),
        Some(Way::Edit(original))
    );
    deferred.given(Way::Edit(original), Some(1));
    assert_eq!(deferred.way(ReplyMode::Reply, None), Some(Way::FollowUp));
    assert_eq!(
        deferred.way(ReplyMode::Edit, None),
        Some(Way::Edit(original))
    );
    // The message of a component is no answer of ours.
    let mut updated = of(State::Acknowledged);
    assert_eq!(updated.way(ReplyMode::Delete, None), None);
    assert_eq!(updated.way(ReplyMode::Edit, None), Some(Way::FollowUp));
    updated.given(Way::FollowUp, Some(7));
    assert_eq!(updated.way(ReplyMode::Edit, None), Some(Way::Edit(seven)));
    assert_eq!(
        updated.way(ReplyMode::Update, None),
        Some(Way::Edit(original))
    );
    updated.given(Way::Delete(seven), None);
    assert_eq!(updated.way(ReplyMode::Delete, None), None);
}
