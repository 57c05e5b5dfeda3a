import json
import re

import pytest
from click.testing import CliRunner

from kubenetlab.cli import luck_text, main
from kubenetlab.samples import shipped_folder
from tests.cli.command_line import NODE, SERVICE, dump, run

SAMPLE = "sample:counted-connections"
SEVEN = "pod,requests\na,60\nb,10\nc,7\nd,3\ne,6\nf,4\ng,10\n"  # kubernetes issue 37932, a comment of 2018
DEAD = shipped_folder("data") / "counts" / "003-dead-endpoint.conntrack"
DAY = shipped_folder("data") / "rules" / "003-node-after-a-day.rules"
RULES = shipped_folder("data") / "rules" / "002-counted-connections.rules"


def luck(*arguments, stdin=""):
    return CliRunner().invoke(main, ["luck", *map(str, arguments)], input=stdin, prog_name="kubenetlab")


def text_of(*arguments, stdin=""):
    result = luck(*arguments, stdin=stdin)
    assert result.exit_code == 0, result.output
    return result.stdout


def words_of(*arguments, stdin=""):
    """The output as one line: sentences are wrapped."""
    return " ".join(text_of(*arguments, stdin=stdin).split())


def document_of(*arguments, stdin=""):
    return json.loads(text_of(*arguments, "--format", "json", stdin=stdin))


def test_luck__help_has_examples():
    assert "sudo iptables-save -c | kubenetlab luck -" in text_of("--help")


def test_luck__ranks_every_service_of_a_node():
    found = words_of("-", stdin=RULES.read_text("utf-8"))

    assert found.startswith("2 Services: 2 consistent with chance.")
    assert found.index("lottery/thirds:http 3 12000") < found.index("lottery/slip:http 3 12000")
    assert "packets of the nat table" in found


def test_luck__names_services_that_are_uneven_by_their_rules():
    found = words_of(SAMPLE)

    assert "Not even by their own rules, which is no chance: lottery/slip:http (1.47 times fair)." in found
    assert "lottery/slip:http: CONSISTENT WITH CHANCE." in found
    assert "The rules themselves are uneven: one share is 1.47 times a fair one." in found


def test_luck__shares_that_somebody_expects_are_no_uneven_rules():
    assert "uneven" not in text_of("-", "--expected", "a=2,b=1", stdin="6700 a\n3300 b\n")


def test_luck__of_a_published_case_is_no_chance():
    found = words_of("-", stdin=SEVEN)

    assert "NOT CHANCE. Of 100 counts, a got 4.2 times its share." in found
    assert "Outside the band: a (60 for 14.3), d (3 for 14.3), f (4 for 14.3)." in found
    assert "Equal shares are assumed" in found


def test_luck__draws_each_endpoint_over_the_band_of_luck():
    lines = text_of("-", stdin=SEVEN).splitlines()

    (first,) = [line for line in lines if line.startswith("  a ")]
    (second,) = [line for line in lines if line.startswith("  b ")]
    assert re.fullmatch(r"  a +60  +\.+\|\.+ +X  4\.20 times", first)
    assert re.fullmatch(r"  b +10  +\.+o\.+\|\.+ +0\.70 times", second)


def test_luck__says_likely_causes_and_what_to_look_at():
    found = text_of("-", stdin=SEVEN)

    assert "What it may be:" in found
    assert "    -> " in found


def test_luck__of_what_is_chance_names_no_cause():
    assert "What it may be" not in text_of(SAMPLE, "--service", "thirds")


def test_luck__too_few_connections_say_how_many_more():
    found = words_of("-", stdin="6 a\n4 b\n")

    assert re.search(
        r"CANNOT TELL YET\. Of 10 counts, a got 1\.2 times its share\. About \d+ more would show, in 4 of 5 cases, "
        r"an endpoint with 1\.5 times its share\.",
        found,
    )


def test_luck__the_level_that_the_test_attains_is_printed():
    assert re.search(r"by the exact test of level [0-4]\.\d\d %", words_of("-", stdin="6 a\n4 b\n"))


def test_luck__as_json_has_its_schema():
    found = document_of(SAMPLE, "--service", "slip")

    assert list(found) == [
        "schema",
        "kubenetlab",
        "alpha",
        "service",
        "services",
        "endpoints",
        "causes",
        "notes",
    ]
    assert found["schema"] == "kubenetlab/luck/v1"
    assert found["service"] == "lottery/slip:http"
    assert [row["verdict"] for row in found["services"]] == ["consistent with chance"] * 2
    assert [row["counted"] for row in found["endpoints"]] == [3597, 2426, 5977]


def test_luck__expected_ratios_replace_equal_shares():
    assert "CONSISTENT" in text_of("-", "--expected", "a=2,b=1", stdin="6700 a\n3300 b\n")
    assert "NOT CHANCE" in text_of("-", stdin="6700 a\n3300 b\n")


def cart(*addresses):
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "cart-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "cart"}},
        "addressType": "IPv6" if ":" in addresses[0] else "IPv4",
        "endpoints": [
            {
                "addresses": [address],
                "conditions": {"ready": True},
                "targetRef": {"kind": "Pod", "name": f"cart-{number}"},
            }
            for number, address in enumerate(addresses)
        ],
        "ports": [{"port": 8080, "protocol": "TCP"}],
    }


@pytest.mark.parametrize(
    ("addresses", "names"),
    [
        (["10.244.1.7", "10.244.2.7", "10.244.3.7"], ["10.244.1.7:8080", "10.244.2.7:8080"]),
        (["10.244.1.7", "10.244.2.7", "10.244.3.7"], ["10.244.1.7", "10.244.2.7"]),
        (["10.244.1.7", "10.244.2.7", "10.244.3.7"], ["cart-0", "cart-1"]),
        (["10.244.1.7", "10.244.2.7", "10.244.3.7"], ["shop/cart-0", "shop/cart-1"]),
        (["fd00::1", "fd00::2", "fd00::3"], ["[fd00::1]:8080", "[fd00::2]:8080"]),
    ],
)
def test_luck__expected_by_a_dump_are_its_ready_endpoints(tmp_path, addresses, names):
    (tmp_path / "dump.json").write_text(dump(NODE, SERVICE, cart(*addresses)), encoding="utf-8")

    found = document_of(
        "-", "--expected", tmp_path / "dump.json", stdin="".join(f"50 {name}\n" for name in names)
    )

    assert [row["counted"] for row in found["endpoints"]] == [50, 50, 0]
    assert found["services"][0]["verdict"] == "not chance"


def test_luck__a_dump_without_the_endpoints_is_refused(tmp_path):
    (tmp_path / "dump.json").write_text(dump(NODE, SERVICE, cart("10.244.1.7")), encoding="utf-8")

    result = luck("-", "--expected", tmp_path / "dump.json", stdin="50 x\n50 y\n")

    assert result.exit_code == 2
    assert "has an endpoint that was counted" in result.stderr


def test_luck__of_two_saves_is_about_what_came_between(tmp_path):
    before, after = RULES.read_text("utf-8"), tmp_path / "after.rules"
    counts = re.search(r"\[4110:(\d+)\]", before)
    after.write_text(before.replace(counts[0], f"[4810:{counts[1]}]"), encoding="utf-8")

    found = document_of(RULES, after, "--service", "thirds")

    assert [row["counted"] for row in found["endpoints"]] == [700, 0, 0]


@pytest.mark.parametrize(("stdin", "exit_code"), [(SEVEN, 1), ("5020 a\n4980 b\n", 0), ("1 a\n0 b\n", 0)])
def test_luck__as_a_gate_fails_on_what_is_no_chance(stdin, exit_code):
    assert luck("-", "--gate", stdin=stdin).exit_code == exit_code
    assert luck("-", stdin=stdin).exit_code == 0


def test_luck__as_a_gate_fails_on_rules_that_are_uneven():
    result = luck(SAMPLE, "--gate")

    assert result.exit_code == 1
    assert "the gate fails: 0 not chance, 1 uneven by their own rules, 0 cannot tell yet" in result.stderr


def test_luck__a_gate_says_that_it_cannot_tell_is_not_fair():
    found = luck("-", "--gate", stdin="1 a\n0 b\n").stderr

    assert "the gate lets pass" in found
    assert "1 cannot tell yet (which passes, and does not mean fair)" in found


def test_luck__of_two_equal_saves_says_that_nothing_was_counted():
    assert (
        words_of(RULES, RULES)
        == "Nothing was counted, so nothing can be said: lottery/slip:http, lottery/thirds:http."
    )
    found = document_of(RULES, RULES)
    assert (found["services"], found["notes"][0][:19]) == ([], "Nothing was counted")


def test_luck__of_a_service_without_connections_says_so():
    found = words_of(DAY, "--service", "shop/reviews")

    assert (
        "shop/reviews:http: CANNOT TELL YET, nothing was counted for 10.244.3.50:8080, 10.244.3.51:8080."
        in found
    )


def test_luck__of_one_endpoint_says_how_to_name_the_others():
    found = words_of(DEAD, "--service", "10.96.0.10")

    assert re.search(r"CANNOT TELL YET, all \d+ \w+ are of", found)
    assert (
        "the only endpoint that was seen; with --expected and a dump of the cluster it is compared" in found
    )


def test_luck__names_the_endpoint_that_is_outside_the_band_also_if_it_gets_too_little():
    found = words_of("-", stdin="13 a\n2 b\n12 c\n")

    assert "NOT CHANCE. Of 27 counts, b got 0.222 times its share. Outside the band: b (2 for 9.0)." in found


def test_luck__ranks_an_endpoint_that_gets_nothing_as_the_worst():
    assert re.search(r"10\.96\.3\.3:80/TCP 3 40 10\.244\.1\.5:8080 0\.0 \S+ not chance", words_of(DEAD))


def test_luck__an_endpoint_outside_the_band_without_a_verdict_is_explained():
    found = words_of("-", stdin="58 a\n47 b\n63 c\n57 d\n33 e\n55 f\n")

    assert "CONSISTENT WITH CHANCE" in found
    assert "An X alone is no verdict" in found
    assert "An X alone" not in words_of("-", stdin=SEVEN)


def test_luck__marks_services_whose_clients_are_remembered():
    found = words_of(DAY, "--service", "shop/session")

    assert "cannot tell yet * 117" in found
    assert "* Session affinity loads endpoints, too, which is no chance: shop/session:http." in found
    assert "affinity, not chance; the verdict is on the others." in found


def test_luck__prints_the_published_probability_beside_its_own():
    assert re.search(r"p is at most 4\.5e-24 by the exact test of level 3\.92 %; by the chi-square distribution, "
                     r"as often published, p is 7e-35", words_of("-", stdin=SEVEN))  # fmt: skip


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_luck__on_a_terminal_names_and_verdicts_stay_whole(monkeypatch, columns):
    monkeypatch.setattr(luck_text, "_columns", lambda: columns)

    lines = text_of(DAY).splitlines()

    assert "…" not in "".join(lines)
    assert max(map(len, lines)) <= columns
    assert any("monitoring/prometheus:web" in line for line in lines)
    assert any("consistent with chance" in line for line in lines)


def test_luck__says_that_several_services_fit():
    assert (
        "--service shop/c fits 3 Services, this is the first: shop/checkout:https, shop/cart:http,"
        in luck(DAY, "--service", "shop/c").stderr
    )


def test_luck__a_wrong_name_is_answered_by_the_nearest():
    assert "expected one of those counted: shop/checkout:https," in luck(DAY, "--service", "checkot").stderr


def test_luck__of_saves_in_the_wrong_order_gives_a_hint(tmp_path):
    earlier = tmp_path / "earlier.rules"
    earlier.write_text(
        re.sub(r"\[(\d+):(\d+)\]", lambda n: f"[{int(n[1]) // 2}:{n[2]}]", DAY.read_text("utf-8")), "utf-8"
    )

    assert "are they in the wrong order" in luck(DAY, earlier).stderr
    assert "are they in the wrong order" not in luck(earlier, DAY).stderr


def test_luck__leaves_out_endpoints_that_a_dump_no_longer_has(tmp_path):
    (tmp_path / "dump.json").write_text(dump(NODE, SERVICE, cart("10.0.0.1", "10.0.0.2")), encoding="utf-8")

    found = document_of(
        "-", "--expected", tmp_path / "dump.json", stdin="50 10.0.0.1\n50 10.0.0.2\n2 10.0.0.9\n"
    )

    assert [row["counted"] for row in found["endpoints"]] == [50, 50]
    assert "2 for endpoints that are not ready in the dump, or gone, are left out: 10.0.0.9" in found["notes"]


def test_luck__a_log_is_read_by_its_column():
    log = "".join(f"GET / 200 10.0.0.{n % 2}:80\n" for n in range(1000))

    assert "Of 1,000 requests" in text_of("-", "--endpoint", "-1", stdin=log)


def test_luck__of_many_endpoints_shows_the_farthest_unless_all_are_asked_for():
    stdin = "".join(f"{99 if n == 40 else 10} pod-{n}\n" for n in range(100))

    assert text_of("-", stdin=stdin).count("  pod-") == 30
    assert "  pod-40 " in text_of("-", stdin=stdin)
    assert "and 70 more endpoints (--all shows them)" in text_of("-", stdin=stdin)
    assert text_of("-", "--all", stdin=stdin).count("  pod-") == 100


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        (["-", "-"], "", "standard input can be read once"),
        (["-", "--service", "cart"], SEVEN, "found no Service 'cart', expected one of those counted"),
        (["-", "--alpha", "2"], SEVEN, "alpha"),
        (["-", "--form", "log"], SEVEN, "--endpoint"),
        (["-"], "x,pod,n\n1,a,30\n2,b,14\n", "--count"),
        (["-", "--expected", "a=2,b=0"], "1 a\n2 b\n", "a number above 0"),
        (["-", "--expected", "a=2,b=1"], "1 a\n2 c\n", "found a count of 'c', expected one of a, b"),
        (["-", "--expected", "a=1", "--expected", "a=2"], SEVEN, "found 2 of them"),
        (["-"], "pod,requests\na,-1\nb,2\n", "expected a whole number"),
        (["-"], "pod,requests\na,1.5\nb,2\n", "expected a whole number"),
        (["-"], "pod,requests\na,nan\nb,2\n", "expected a whole number"),
        (["-"], "pod,requests\na,0\nb,0\n", "only zeros"),
        (["-"], "pod,requests\na,7\n", "nothing to compare"),
        (["-"], "pod\na\nb\n", "expected"),
        (["-"], "", "found"),
        (["/nowhere/node.rules"], "", "No such file"),
        (["sample:nothing"], "", "there is no sample of rules"),
    ],
)
def test_luck__refuses_with_one_line(arguments, stdin, words):
    result = luck(*arguments, stdin=stdin)

    assert result.exit_code == 2
    assert words in result.stderr
    assert len([line for line in result.stderr.splitlines() if line.startswith("Error: ")]) == 1
    assert "Traceback" not in result.output


def test_luck__hostile_names_do_not_reach_the_terminal():
    result = luck("-", stdin="pod,requests\n\x1b[31ma\u202e,50\nb,1\n")

    assert "\x1b" not in result.output
    assert "\u202e" not in result.output


def test_luck__works_in_a_pipe():
    result = run("luck", "-", stdin=RULES.read_text("utf-8"))

    assert (result.returncode, result.stderr) == (0, "")
    assert "2 Services" in result.stdout
