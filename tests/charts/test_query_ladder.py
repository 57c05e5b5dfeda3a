import pytest
from matplotlib.figure import Figure

from kubenetlab import charts
from kubenetlab.charts.query_ladder import MAX_QUERIES
from kubenetlab.dns.resolvers import lookup
from kubenetlab.objects.dns_message import Answer, Rcode, Record, Reply

CONF = "search a.test b.test\nnameserver 192.0.2.53\noptions ndots:5\n"


def answers(**by_name):
    """A server: by first label after the typed one what it answers; every other name is NXDOMAIN."""

    def ask(sent):
        verdict = by_name.get(sent.name.split(".")[1], "NXDOMAIN")
        if verdict == "LOST":
            return None
        if verdict == "OK":
            record = Record(sent.name, sent.type, 30, "192.0.2.1" if sent.type == "A" else "2001:db8::1")
            return Reply(Answer(Rcode.NOERROR, (record,)), 0.001, "fake")
        return Reply(Answer(Rcode.NOERROR if verdict == "NODATA" else Rcode[verdict]), 0.001, "fake")

    return ask


def ladder(resolver="glibc", name="web", **by_name):
    return lookup(name, CONF, resolver=resolver, ask=answers(**by_name))


def marks(axes):
    return [(*line.get_xydata()[0], line.get_label()) for line in axes.lines if line.get_marker() != "None"]


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_query_ladder__a_mark_a_query_with_its_verdict():
    axes = charts.query_ladder(ladder(b="OK"))

    assert marks(axes) == [
        (0, -0.2, "NXDOMAIN: no such name"),
        (0, 0.2, "NXDOMAIN: no such name"),
        (1, 0.8, "address"),
        (1, 1.2, "address"),
    ]


def test_query_ladder__a_row_a_candidate_with_what_answered():
    axes = charts.query_ladder(ladder())

    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "web.a.test.\nfake",
        "web.b.test.\nfake",
        "web.\nfake",
    ]


def test_query_ladder__resolvers_stand_side_by_side():
    """NODATA ends the search of musl and not that of glibc."""
    axes = charts.query_ladder([ladder("glibc", a="NODATA"), ladder("musl", a="NODATA")])

    assert texts(axes)[:2] == ["glibc\n6 queries\nEAI_NODATA", "musl\n2 queries\nEAI_NODATA"]
    assert max(x for x, *_ in marks(axes)[:6]) < min(x for x, *_ in marks(axes)[6:])


def test_query_ladder__signs_differ_as_colours_do():
    axes = charts.query_ladder(ladder("go", a="NODATA", b="SERVFAIL"))

    looks = {
        line.get_label(): (line.get_marker(), line.get_color())
        for line in axes.lines
        if line.get_xydata().size == 2
    }
    assert (
        len({marker for marker, _ in looks.values()})
        == len({color for _, color in looks.values()})
        == len(looks)
        == 3
    )
    assert "error of the server" in looks


def test_query_ladder__every_wait_says_how_long_it_is():
    """musl asks again after half of its 5 s, and gives up after the other half."""
    axes = charts.query_ladder(ladder("musl", a="LOST"))

    assert [text for text in texts(axes) if text.startswith("waits")] == ["waits 2.5 s", "waits 2.5 s"]
    assert [x for x, *_ in marks(axes)] == [0, 0, 2, 2]
    assert texts(axes)[0].endswith("EAI_AGAIN after 5 s")


def test_query_ladder__short_waits_are_none():
    assert not [text for text in texts(charts.query_ladder(ladder())) if text.startswith("waits")]


def test_query_ladder__says_what_left_to_right_is():
    assert "in the order in which they are sent" in charts.query_ladder(ladder()).get_xlabel()


def test_query_ladder__a_dash_stands_where_a_resolver_does_not_ask():
    """NODATA at the first candidate: musl asks for neither of the other two."""
    axes = charts.query_ladder([ladder("glibc", a="NODATA"), ladder("musl", a="NODATA")])

    assert [y for _, y, label in marks(axes) if label == "not asked"] == [1, 2]
    assert "not asked" in [text.get_text() for text in axes.figure.legends[0].texts]


@pytest.mark.parametrize(
    ("resolvers", "verdict"),
    [
        (("glibc", "musl", "go", "cares"), "web: found with glibc, Go, c-ares; not with musl"),
        (("glibc", "go"), "web: found with glibc, Go"),
        (("musl",), "web: not found with musl"),
    ],
)
def test_query_ladder__its_title_is_the_verdict(resolvers, verdict):
    axes = charts.query_ladder([ladder(resolver, a="NODATA", b="OK") for resolver in resolvers])

    assert axes.get_title(loc="left").strip() == verdict
    assert axes.alt_text.startswith(verdict)


def test_query_ladder__long_candidates_keep_the_part_that_differs():
    axes = charts.query_ladder(ladder(name="postgres.data.svc.cluster.local.of.the.shop"))

    names = [label.get_text().split("\n")[0] for label in axes.get_yticklabels()]
    assert names == [
        "postgres.data.svc.cluster.local.of.the.shop.",  # as it is first: it has five dots and more
        "postgres.data.svc.…local.of.the.shop.a.test.",
        "postgres.data.svc.…local.of.the.shop.b.test.",
    ]


def test_query_ladder__a_lookup_without_queries_is_drawn_too():
    axes = charts.query_ladder(ladder(name="-web"))

    assert marks(axes) == []
    assert axes.alt_text == "-web: not found with glibc. glibc, 0 queries, EAI_NONAME; asked are no servers"


def test_query_ladder__one_query_is_singular():
    axes = charts.query_ladder(lookup("web.", CONF, ask=answers(), family="inet"))

    assert texts(axes)[0].startswith("glibc\n1 query\n")


def test_query_ladder__draws_the_first_queries_of_very_many():
    conf = f"search {' '.join(f'd{n}.test' for n in range(40))}\nnameserver 192.0.2.53\noptions ndots:5\n"

    axes = charts.query_ladder(lookup("web", conf, ask=answers()))

    assert len(marks(axes)) == MAX_QUERIES
    assert f"82 queries (here {MAX_QUERIES})" in texts(axes)[0]


def test_query_ladder__its_words_tell_the_outcome_of_each():
    alt = charts.query_ladder([ladder("glibc", b="OK"), ladder("cares", b="OK")]).alt_text

    assert alt == (
        "web: found with glibc, c-ares. glibc, 4 queries, found; c-ares, 4 queries, found; asked are web.a.test., web.b.test."
    )


def test_query_ladder__hostile_names_are_drawn_as_text():
    axes = charts.query_ladder(ladder("musl", name="x\x1b[31m$a$" + "y" * 40))

    assert axes.get_yticklabels()[0].get_text().startswith("x?[31m$a$")
    assert max(len(line) for label in axes.get_yticklabels() for line in label.get_text().split("\n")) <= 44


def test_query_ladder__draws_on_given_axes():
    axes = Figure().add_subplot()

    assert charts.query_ladder(ladder(), ax=axes) is axes


@pytest.mark.parametrize("wrong", [[], None, ["web"], [ladder(), ladder(name="db")]])
def test_query_ladder__refuses_what_is_no_lookup_of_one_name(wrong):
    with pytest.raises((ValueError, TypeError), match=r"expected the Lookup of a name|not iterable"):
        charts.query_ladder(wrong)
