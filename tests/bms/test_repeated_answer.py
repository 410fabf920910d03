"""An answer counts if it was given twice, was known, or was just written."""

from custom_components.smart_bms.bms.repeated_answer import RepeatedAnswer

OLD, NEW, OTHER = {"limit": 3.6, "cells": 8}, {"limit": 3.5, "cells": 8}, {"limit": 9.9, "cells": 8}


def test_an_answer_counts_when_it_was_given_twice_in_a_row() -> None:
    agreement = RepeatedAnswer()
    assert not agreement.believes("a", OLD)
    assert agreement.is_in_doubt("a")
    assert agreement.believes("a", dict(OLD))
    assert not agreement.is_in_doubt("a")
    assert agreement.believes("a", OLD)
    assert not agreement.believes("a", OTHER)
    assert not agreement.believes("a", NEW)
    assert not agreement.believes("a", OTHER)
    assert agreement.believes("a", OLD)
    assert not agreement.is_in_doubt("a")


def test_questions_do_not_vouch_for_each_other() -> None:
    agreement = RepeatedAnswer()
    assert not agreement.believes("a", OLD)
    assert not agreement.believes("b", OLD)


def test_what_was_written_is_no_surprise() -> None:
    agreement = RepeatedAnswer({"a": OLD})
    agreement.expect("a", "limit", 3.5)
    assert not agreement.believes("a", OTHER)
    assert agreement.believes("a", NEW)
    assert not agreement.believes("a", OTHER)


def test_nothing_is_expected_of_what_is_not_known() -> None:
    agreement = RepeatedAnswer()
    agreement.expect("a", "limit", 3.5)
    assert not agreement.believes("a", NEW)


def test_what_is_believed_outlives_a_session() -> None:
    kept: dict = {}
    first = RepeatedAnswer(kept)
    first.believes("a", OLD)
    first.believes("a", OLD)
    assert RepeatedAnswer(kept).believes("a", dict(OLD))


def test_what_moves_in_each_answer_counts_when_patience_is_at_its_end() -> None:
    agreement = RepeatedAnswer()
    reported = [agreement.believes("a", {"uptime": uptime}, patience=4) for uptime in range(5)]
    assert reported == [False, False, False, True, False]
