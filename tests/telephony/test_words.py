from telephony.words import (
    LEG_ONLY_MEANINGS,
    OUTCOME_MEANINGS,
    ROLE_MEANINGS,
    LegRole,
    LegStatus,
    Outcome,
)

PROMISED_OUTCOMES = (
    "answered voicemail missed no_answer busy abandoned cancelled rejected blocked failed replied callback_requested "
    "answered_elsewhere emergency fax_sent fax_received fax_partial fax_failed unresolved unknown"
)
PROMISED_ROLES = "caller callee agent queue voicemail fax park transfer conference monitor other"


def test_the_outcomes_are_the_promised_ones() -> None:
    assert {str(word) for word in Outcome} == set(PROMISED_OUTCOMES.split())


def test_a_leg_adds_three_words() -> None:
    added = {str(word) for word in LegStatus} - {str(word) for word in Outcome}

    assert added == {"in_progress", "stopped", "not_attempted"}
    assert {str(word) for word in Outcome} <= {str(word) for word in LegStatus}


def test_the_roles_are_the_promised_ones() -> None:
    assert {str(word) for word in LegRole} == set(PROMISED_ROLES.split())


def test_every_word_has_a_meaning() -> None:
    assert set(OUTCOME_MEANINGS) == set(Outcome)
    assert set(ROLE_MEANINGS) == set(LegRole)
    assert {str(word) for word in LEG_ONLY_MEANINGS} == {"in_progress", "stopped", "not_attempted"}
