import numpy as np
import pytest

from kubenetlab.load_balancing.affinity.client_connections import (
    ClientConnections,
    client_sequence,
    zipf_weights,
)


@pytest.mark.parametrize("order", ["cyclic", "shuffled rounds"])
def test_client_sequence__has_everybody_once_a_round(order):
    rounds = client_sequence(70, 210, order=order).reshape(3, 70)

    assert (np.sort(rounds, axis=1) == np.arange(70)).all()
    assert (rounds[0] == rounds[1]).all() == (order == "cyclic")


def test_client_sequence__stops_within_a_round():
    assert client_sequence(4, 6, order="cyclic").tolist() == [0, 1, 2, 3, 0, 1]


@pytest.mark.parametrize(("order", "skew"), [("uniform", 0.0), ("zipf", 1.0), ("zipf", 2.0)])
def test_client_sequence__draws_by_weight(order, skew):
    n = 200_000
    expected = n * zipf_weights(20, skew)

    counts = np.bincount(client_sequence(20, n, order=order, skew=skew), minlength=20)

    assert (abs(counts - expected) < 4.5 * np.sqrt(expected)).all()


def test_client_sequence__same_seed_same_clients():
    assert (client_sequence(90, 500, seed=5) == client_sequence(90, 500, seed=5)).all()
    assert (client_sequence(90, 500, seed=5) != client_sequence(90, 500, seed=6)).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 10), "n_clients is 0, expected a whole number from 1"),
        ((10, 2.5), r"n_connections is 2\.5, expected a whole number"),
        ((True, 10), "n_clients is True"),
    ],
)
def test_client_sequence__refuses_bad_numbers(arguments, message):
    with pytest.raises(ValueError, match=message):
        client_sequence(*arguments)


@pytest.mark.parametrize(("order", "skew"), [("sorted", 1.0), ("zipf", -1), ("zipf", float("nan"))])
def test_client_sequence__refuses_unknown_orders_and_skews(order, skew):
    with pytest.raises(
        ValueError, match=r"order is 'sorted', expected one of cyclic|skew is .*, expected a number"
    ):
        client_sequence(5, 5, order=order, skew=skew)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 1], [0, 1], 0), "n_endpoints is 0"),
        (([], [], 2), "the number of connections is 0"),
        (([0, -1], [0, 1], 2), "clients: expected whole numbers from 0"),
        (([0.5, 1], [0, 1], 2), "clients: expected whole numbers from 0"),
        (([[0], [1]], [0, 1], 2), "clients: expected whole numbers from 0"),
        (([0, 1], [0], 2), "times_s: expected finite numbers, one a connection, that never fall"),
        (([0, 1], [1, 0], 2), "times_s: .* never fall"),
        (([0, 1], [0, float("nan")], 2), "times_s: expected finite"),
        (([0, 1], [0, 1], 2, [(0.5, 2, True)]), "changes: expected whole numbers from 0 to 1"),
        (([0, 1], [0, 1], 2, [(float("inf"), 1, True)]), "times_s: expected finite"),
        (([0, 1], [0, 1], 2, (), 0), "timeout_s is 0, expected a number from 1e-09"),
        (([0, 1], [0, 1], 2, (), float("nan")), "timeout_s is nan"),
    ],
)
def test_client_connections__refuses_what_is_no_story(arguments, message):
    with pytest.raises(ValueError, match=message):
        ClientConnections(*arguments)


def test_client_connections__sorts_changes_by_time():
    story = ClientConnections([0], [0], 2, [(5.0, 1, False), (2.0, 0, False)])

    assert story.changes == [(2.0, 0, False), (5.0, 1, False)]
