import json
import re
import time
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubenetlab.errors import KubenetlabError, ManifestError, UnreadableError
from kubenetlab.objects.corefile import Corefile, Directive, ServerBlock
from kubenetlab.readers.corefile import DIRECTIVES, corefile_from_text, format_corefile, read_corefile
from kubenetlab.readers.corefile.parse import MAX_DEPTH
from kubenetlab.readers.corefile.tokens import quoted, tokens_of
from tests.readers import caddy_reference
from tests.readers.corefile_texts import (
    CUSTOM,
    K3S,
    KUBEADM,
    NODE_LOCAL,
    SHIPPED,
    SNIPPETS,
    corefile_texts,
    mutated,
)

BLOCK = 2_500
SLOWEST_S = 5


def without_lines(corefile):
    """A Corefile whose directives and blocks have no line numbers."""
    blocks = (ServerBlock(block.keys, stripped(block.directives)) for block in corefile.blocks)
    return Corefile(tuple(blocks), corefile.source)


def stripped(directives):
    return tuple(Directive(one.name, one.args, stripped(one.block)) for one in directives)


def named(corefile, name):
    return [
        directive for block in corefile.blocks for directive in block.directives if directive.name == name
    ]


def words_of(directive):
    """The words of a directive as Caddy keeps them."""
    words = [directive.name, *directive.args]
    if directive.block:
        words += ["{", *(word for option in directive.block for word in words_of(option)), "}"]
    return words


def without_empty_braces(words):
    empty = next((place for place, pair in enumerate(pairwise(words)) if pair == ("{", "}")), None)
    return words if empty is None else without_empty_braces(words[:empty] + words[empty + 2 :])


# --- what is read ---------------------------------------------------------------------------------------------------


def test_corefile_from_text__directives_options_and_lines():
    corefile = corefile_from_text(KUBEADM, "Corefile")

    kubernetes = named(corefile, "kubernetes")[0]
    assert corefile.source == "Corefile"
    assert corefile.blocks[0].keys == (".:53",)
    assert kubernetes.args == ("cluster.local", "in-addr.arpa", "ip6.arpa")
    assert kubernetes.line == 7
    assert kubernetes.option("ttl") == Directive("ttl", ("30",), (), 10)
    assert [directive.name for directive in corefile.blocks[0].directives][-3:] == [
        "loop",
        "reload",
        "loadbalance",
    ]


def test_corefile_from_text__several_blocks_with_their_binds():
    corefile = corefile_from_text(NODE_LOCAL)

    assert [block.keys for block in corefile.blocks] == [
        ("cluster.local:53",),
        ("in-addr.arpa:53",),
        (".:53",),
    ]
    assert {directive.args for directive in named(corefile, "bind")} == {("169.254.20.10", "10.96.0.10")}


def test_corefile_from_text__keys_on_several_lines_quotes_nested_braces_and_snippets():
    corefile = corefile_from_text(SNIPPETS)

    block = corefile.blocks[0]
    rewrite, template = named(corefile, "rewrite")[0], named(corefile, "template")[0]
    assert block.keys == ("tls://example.org", "10.0.0.0/24:1053", "dns://example.net")
    assert [directive.name for directive in block.directives] == ["errors", "log", "rewrite", "template"]
    assert rewrite.block[1].args == ("name", "(.*)\\.b\\.test", "{1}.a.test")
    assert template.block[1].args == ('say "hello" #1\ntwo lines',)


@pytest.mark.parametrize(
    ("text", "keys", "names"),
    [
        ("example.org\nwhoami\nlog", ("example.org",), ["whoami", "log"]),  # no braces
        ("a b\n{\nwhoami\n}", ("a", "b"), ["whoami"]),  # the brace on the next line
        ("a,\nb {\n}", ("a", "b"), []),
        ("a", ("a",), []),
        (". { errors\n}", (".",), ["errors"]),
        (". {\ncache {\n}", (".",), ["cache"]),  # Caddy takes the brace of the directive for that of the block
        (". {\nhosts { }\n}", (".",), ["hosts"]),
        ("\ufeff. {\r\n  errors # here\r\n}\r\n", (".",), ["errors"]),
    ],
)  # fmt: skip
def test_corefile_from_text__forms_that_caddy_takes(text, keys, names):
    (block,) = corefile_from_text(text).blocks

    assert block.keys == keys
    assert [directive.name for directive in block.directives] == names


def test_corefile_from_text__a_comment_inside_a_word_ends_at_the_next_space():
    corefile = corefile_from_text(". {\nforward . 8.8.8.8#53 9.9.9.9\n}")

    assert named(corefile, "forward")[0].args == (".", "8.8.8.8", "9.9.9.9")


def test_corefile_from_text__nothing_is_no_block():
    assert corefile_from_text("# nothing\n").blocks == ()


# --- imports --------------------------------------------------------------------------------------------------------


def test_corefile_from_text__imports_stand_where_they_are_imported():
    corefile = corefile_from_text(K3S, imports=CUSTOM)

    assert [block.keys for block in corefile.blocks] == [(".:53",), ("corp.example:53",)]
    assert named(corefile, "log")[0] == Directive("log", (), (Directive("class", ("denial",), (), 19),), 19)
    assert corefile.blocks[1].line == 22


def test_corefile_from_text__a_glob_that_matches_nothing_is_fine():
    assert [block.keys for block in corefile_from_text(K3S).blocks] == [(".:53",)]


def test_corefile_from_text__imports_inside_a_directive():
    text = "(opts) {\n max_concurrent 9\n}\n. {\n forward . 1.1.1.1 {\n  import opts\n  import /etc/*.more\n }\n}"

    forward = named(corefile_from_text(text, imports={"etc/a.more": "prefer_udp", "b.txt": "x"}), "forward")[
        0
    ]

    assert [option.name for option in forward.block] == ["max_concurrent", "prefer_udp"]
    assert forward.option("max_concurrent").line == 2


# --- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        (".:53 {\n nosuch\n}", 2, "Unknown directive 'nosuch'"),
        (".:53 {\n cache {\n  success 5\n", 4, "Unexpected EOF"),
        (".:53 {\n cache\n", 3, "Unexpected EOF"),
        (".:53 {\n errors }\n}", 2, "Unexpected token"),
        (". {\n cache { success 5 }\n}", 2, "Unexpected token"),
        (". {\n cache\n {\n }\n}", 3, "Unknown directive '{'"),
        (". {\n cache {\n } log\n}", 3, "Unexpected token"),
        ("a, {\n}", 1, "Expected another address"),
        ("a,", 1, "Expected another address"),
        ("{$ZONE} {\n}", 1, "an environment variable"),
        (". {\n log {%LOG%}\n}", 2, "an environment variable"),
        (". {\n import gone\n}", 2, "File to import not found: gone"),
        ("import /*/*.txt", 1, "Glob pattern may only contain one wildcard"),
        ("import a b", 1, "2 words after it"),
        ("import", 1, "0 words after it"),
        ("(a) {\n import a\n}\n. {\n import a\n}", 2, "1 words after it, import 1,001"),
        ("(a) {\n}\n(a) {\n}", 3, "a snippet again"),
        ("(a)\n. {\n}", 1, "a snippet again, or without its braces"),
        ("(a) {\n log", 1, "a snippet again, or without its braces"),
        ("a..b {\n}", 1, "zone is not a valid domain name"),
        ("a {\n}\n:53 {\n}", 3, "zone is not a valid domain name"),
        ("a:70000 {\n}", 1, "zone is not a valid domain name"),
        ("a: {\n}", 1, "zone is not a valid domain name"),
        (f"{'a' * 64}.b {{\n}}", 1, "zone is not a valid domain name"),
        (".:53 {\n}\n. {\n}", 3, "cannot serve dns://.:53 - it is already defined"),
        ("a a.:53 {\n}", 1, "cannot serve dns://a.:53"),
        (". {\n bind 10.0.0.1\n}\n. {\n}", 4, "cannot serve dns://.:53"),
    ],
)  # fmt: skip
def test_corefile_from_text__refuses_with_line_and_words(text, line, found):
    with pytest.raises(ManifestError) as caught:
        corefile_from_text(text, "Corefile")

    refusal = caught.value.refusal
    assert (refusal.file, refusal.object) == ("Corefile", f"line {line}")
    assert refusal.found.startswith(found)


@pytest.mark.parametrize(
    "text",
    [
        ". {\n bind 10.0.0.1\n}\n. {\n bind 10.0.0.2\n}",
        ". {\n view a {\n  expr true\n }\n}\n. {\n}",
        ". {\n}\ntls://. {\n}\n.:54 {\n}",
    ],
)
def test_corefile_from_text__zones_that_do_not_meet(text):
    assert len(corefile_from_text(text).blocks) > 1


def test_corefile_from_text__refuses_braces_that_are_too_deep():
    deep = ". {\ncache {\n" + "a {\n" * MAX_DEPTH + "}\n" * (MAX_DEPTH + 2)

    with pytest.raises(ManifestError, match="braces at most 16 deep"):
        corefile_from_text(deep)


def test_corefile_from_text__refuses_snippets_that_multiply():
    snippets = "".join(f"(s{n}) {{\n" + f"import s{n - 1}\n" * 10 + "}\n" for n in range(1, 9))
    bomb = "(s0) {\n" + "log\n" * 1000 + "}\n" + snippets + ". {\n import s8\n}"

    with pytest.raises(ManifestError, match=r"at most 100,000|at most 1,000 imports"):
        corefile_from_text(bomb)


@pytest.mark.parametrize("piece", ["{%", "{$", "\\", '"', "a:", "\n", "#", "a,", "{\n", "import x\n", "."])
def test_corefile_from_text__long_runs_are_no_long_wait(piece):
    start = time.perf_counter()

    with suppress(KubenetlabError):
        corefile_from_text(piece * 90_000)

    assert time.perf_counter() - start < SLOWEST_S


# --- sources --------------------------------------------------------------------------------------------------------


@pytest.fixture
def dump(tmp_path):
    """Write ConfigMaps as kubectl prints them, and return the file."""

    def written(**maps):
        items = [
            {
                "kind": "ConfigMap",
                "apiVersion": "v1",
                "metadata": {"name": name, "namespace": "kube-system"},
                "data": data,
            }
            for name, data in maps.items()
        ]
        path = tmp_path / "dump.json"
        path.write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": items}))
        return path

    return written


def test_read_corefile__a_file(tmp_path):
    path = tmp_path / "Corefile"
    path.write_text(KUBEADM)

    assert read_corefile(path).blocks == corefile_from_text(KUBEADM).blocks


def test_read_corefile__a_dump_with_its_custom_config_map(dump):
    corefile = read_corefile(dump(coredns={"Corefile": K3S}, **{"coredns-custom": CUSTOM}))

    assert corefile.source == "ConfigMap kube-system/coredns"
    assert [block.keys for block in corefile.blocks] == [(".:53",), ("corp.example:53",)]


def test_read_corefile__refuses_a_dump_with_two(dump):
    with pytest.raises(UnreadableError, match="found 2 ConfigMaps with a Corefile"):
        read_corefile(dump(coredns={"Corefile": K3S}, other={"Corefile": K3S}))


def test_read_corefile__refuses_what_is_too_large(tmp_path):
    path = tmp_path / "Corefile"
    path.write_text("#" * (5 << 20))

    with pytest.raises(UnreadableError, match="a Corefile of at most"):
        read_corefile(path)


# --- laws -----------------------------------------------------------------------------------------------------------


def can_be_quoted(word):
    try:
        quoted(word)
    except ValueError:
        return False
    return True


WORDS = st.text(st.characters(codec="utf-8") | st.sampled_from('"\\ #{}\n$%,'), max_size=8).filter(
    can_be_quoted
)
NAMES = WORDS.filter(lambda word: word != "import")
ARGS, NO_LINE = st.lists(WORDS, max_size=3).map(tuple), st.just(0)
OPTIONS = st.recursive(
    st.builds(Directive, NAMES, ARGS, st.just(()), NO_LINE),
    lambda inner: st.builds(Directive, NAMES, ARGS, st.lists(inner, max_size=3).map(tuple), NO_LINE),
    max_leaves=5,
)
DIRECTIVE = st.builds(
    Directive, st.sampled_from(DIRECTIVES), ARGS, st.lists(OPTIONS, max_size=3).map(tuple), NO_LINE
)


@given(st.lists(DIRECTIVE, max_size=4).map(tuple), st.lists(DIRECTIVE, max_size=2).map(tuple))
def test_format_corefile__is_read_back_the_same(one, other):
    blocks = (ServerBlock((".:53", "tls://a.test"), one), ServerBlock(("b.test",), other))

    text = format_corefile(Corefile(blocks))

    assert without_lines(corefile_from_text(text)) == without_lines(Corefile(blocks))
    assert format_corefile(corefile_from_text(text)) == text


@pytest.mark.parametrize("word", ["{", "}", "{$HOME}", "{%HOME%}", "a b\\", ' \\"'])
def test_format_corefile__refuses_a_word_that_no_corefile_holds(word):
    with pytest.raises(ValueError, match="cannot be a word of a Corefile"):
        format_corefile(Corefile((ServerBlock((".",), (Directive("log", (word,)),)),)))


@pytest.mark.parametrize("name", SHIPPED)
def test_format_corefile__a_shipped_corefile_keeps_its_meaning(name):
    corefile = corefile_from_text(SHIPPED[name])

    assert without_lines(corefile_from_text(format_corefile(corefile))) == without_lines(corefile)


def test_corefile_from_text__reads_every_recorded_stanza():
    assert all(corefile_from_text(text).blocks for text in corefile_texts())


# --- against Caddy's own way, and hostile ---------------------------------------------------------------------------


@given(st.text(st.characters(codec="utf-8") | st.sampled_from('"\\ #\n\r\x85'), max_size=30))
def test_tokens_of__agrees_with_caddys_lexer(text):
    assert [(token.text, token.line) for token in tokens_of(text, "-")] == caddy_reference.all_tokens(text)


def outcome(seed):
    """Read a broken Corefile; returns None if it was read, the message if it was refused."""
    text = mutated(seed, corefile_texts())
    start, said = time.perf_counter(), None
    try:
        corefile = corefile_from_text(text, "Corefile", imports=CUSTOM)
    except ManifestError as error:
        said = str(error)
        assert re.match(r"(Corefile|[a-z]+\.(override|server)): line \d+: ", said), said
        assert said.isprintable(), said
    else:
        again = corefile_from_text(format_corefile(corefile), "Corefile")
        assert without_lines(again) == without_lines(corefile), text
    assert time.perf_counter() - start < SLOWEST_S
    return said


@pytest.mark.parametrize("first", range(0, 4 * BLOCK, BLOCK))
def test_corefile_from_text__a_broken_file_is_read_or_refused_in_one_line(first):
    said = [outcome(seed) for seed in range(first, first + BLOCK)]

    assert 0.2 < said.count(None) / BLOCK < 0.8
    assert len(set(said)) > BLOCK / 20


@given(seed=st.integers(4 * BLOCK, 2**62))
def test_corefile_from_text__other_broken_files_too(seed):
    for number in range(50 if settings.default.max_examples > 1000 else 1):  # half a million with `make fuzz`
        outcome(seed + number)


def test_corefile_from_text__a_broken_file_has_the_words_that_caddy_keeps():
    n_read = 0
    for seed in range(2_000):
        text = mutated(seed, corefile_texts()).replace("import", "log").replace("{$", "").replace("{%", "")
        try:
            corefile = corefile_from_text(text)
        except ManifestError:
            continue
        n_read += 1
        expected = caddy_reference.Parser(text, DIRECTIVES).parse_all()
        found = [([*block.keys], [words_of(one) for one in block.directives]) for block in corefile.blocks]
        assert found == [
            (keys, [without_empty_braces(words) for words in all_words]) for keys, all_words in expected
        ]
    assert n_read > 200
