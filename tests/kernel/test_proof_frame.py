from collections import Counter
from fractions import Fraction

import pytest

from kubenetlab.kernel.proof_frame import agrees, conclusion, proof_frame
from kubenetlab.kernel.questions import Outcome, Question, Target
from kubenetlab.kernel.sources import Source
from kubenetlab.load_balancing.packet import Fate

A, B = (Outcome(Fate.DELIVERED, f"10.244.0.{i}:80") for i in (1, 2))
UNTOUCHED = Outcome(Fate.DELIVERED, "10.96.0.1:80")


def question(name, shares):
    target = Target("shop/cart:http", "10.96.0.1:80/TCP", "tcp", 0x0A600001, 80)
    return Question(target, Source(name, "eth0", 0x0AF40001), shares)


HALVES = question("pod", {A: Fraction(1, 2), B: Fraction(1, 2)})
OTHERS = question("node", {A: Fraction(1, 2), B: Fraction(1, 2)})


def test_proof_frame__has_the_plain_p_value_beside_the_corrected_one():
    frame = proof_frame([HALVES, OTHERS], [Counter({A: 60, B: 40}), Counter({A: 50, B: 50})])

    assert frame["p_value_plain"].tolist() == pytest.approx([0.0455, 0.0455, 1, 1], abs=1e-4)
    assert frame["p_value"].tolist() == pytest.approx([0.091, 0.091, 1, 1], abs=1e-4)


def test_proof_frame__says_in_words_what_no_rule_translated():
    frame = proof_frame([question("node", {UNTOUCHED: Fraction(1)})], [Counter({UNTOUCHED: 10})])

    assert frame["outcome"].tolist() == ["not translated (10.96.0.1:80)"]


def test_conclusion__of_agreement_says_by_how_much():
    frame = proof_frame([HALVES, OTHERS], [Counter({A: 1000, B: 1001}), Counter({A: 5, B: 5})])

    assert agrees(frame)
    assert conclusion(frame) == (
        "the kernel agrees with the model on all 2 questions (who asks which destination), by 2,011 connections; "
        "p-values corrected for their number leave 0.1% chance of a false alarm in all"
    )


def test_conclusion__of_disagreement_says_on_how_many():
    frame = proof_frame([HALVES, OTHERS], [Counter({A: 100}), Counter({A: 5, B: 5})])

    assert not agrees(frame)
    assert conclusion(frame).startswith("the kernel disagrees with the model on 1 of 2 questions ")


def test_conclusion__of_nothing_compared_says_so():
    frame = proof_frame([question("pod", {})], [Counter()])

    assert conclusion(frame) == "nothing that the rules do was compared"
    assert agrees(frame) is None


def test_conclusion__says_how_many_questions_got_no_flows():
    frame = proof_frame([HALVES, OTHERS], [Counter({A: 50, B: 50}), Counter()])

    assert conclusion(frame).startswith(
        "1 of 2 questions compared: the kernel agrees with the model on 1 question (who asks which destination), by 100 "
    )
