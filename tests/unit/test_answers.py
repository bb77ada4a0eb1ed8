"""Answers that are kept: of one state, within a number of bytes."""

from threatweaver.http.answers import Answers


def test_an_answer_is_of_its_state():
    answers = Answers()
    answers.keep("kpis", 1, b"one")
    assert answers.get("kpis", 1) == b"one"
    assert answers.get("kpis", 2) is None
    assert answers.get("others", 1) is None
    answers.keep("kpis", 2, b"two")
    assert (answers.get("kpis", 1), answers.get("kpis", 2)) == (None, b"two")


def test_what_was_not_asked_for_makes_room():
    answers = Answers(most=10)
    for name in "abc":
        answers.keep(name, 0, b"four")
        answers.get("a", 0)
    assert [answers.get(name, 0) for name in "abc"] == [b"four", None, b"four"]
    answers.keep("a", 1, b"more than there is room for")
    assert [answers.get(name, 1) for name in "abc"] == [None, None, None]
    assert answers.get("c", 0) == b"four"
