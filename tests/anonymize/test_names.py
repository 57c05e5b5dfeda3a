import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.anonymize.addresses import Addresses
from kubenetlab.anonymize.names import Names
from kubenetlab.anonymize.well_known import NAMES
from kubenetlab.dns.top_level_domains import TOP_LEVEL_DOMAINS

words = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=3, max_size=12)
dns_names = st.lists(words, min_size=1, max_size=4).map("-".join)


def names(*originals, key=b"key", top_level_domains=()):
    return Names(key, Addresses(key), originals, top_level_domains)


def test_name__keeps_the_relations_of_a_workloads_names():
    new = names()

    deployment, replica_set, pod = map(new.name, ("cart", "cart-7d9f8c5b4", "cart-7d9f8c5b4-x2k4p"))

    assert replica_set.startswith(f"{deployment}-")
    assert pod.startswith(f"{replica_set}-")
    assert deployment != "cart"


def test_name__keeps_ordinals():
    new = names()

    assert new.name("db-11") == f"{new.name('db')}-11"


def test_text__renames_the_parts_of_a_dns_name_like_the_objects():
    new = names()

    name = new.text("db-0.db.shop.svc.cluster.local")

    assert name == f"{new.name('db-0')}.{new.name('db')}.{new.name('shop')}.svc.cluster.local"


@given(texts=st.sets(dns_names, min_size=2, max_size=30))
def test_name__gives_different_names_different_replacements(texts):
    new = names(*(word for text in texts for word in text.split("-")))

    assert len({new.name(text) for text in texts}) == len(texts)


@given(texts=st.sets(dns_names, min_size=1, max_size=30))
def test_name__writes_no_original_name(texts):
    new = names(*(word for text in texts for word in text.split("-")))

    output = "\n".join(new.name(text) for text in sorted(texts - NAMES) if not _is_short_numbers(text))

    assert not [text for text in texts - NAMES if text in output and not _is_short_numbers(text)]


def _is_short_numbers(text):
    return all(part.isdecimal() and len(part) <= 5 for part in text.split("-"))


@pytest.mark.parametrize(
    "name", ["kube-system", "kube-dns", "default", "kubernetes", "coredns", "kube-proxy", "cluster.local"]
)
def test_name__keeps_what_kubernetes_names(name):
    assert names(name).name(name) == name


def test_name__keeps_the_component_of_a_system_pod():
    new = names()

    assert new.name("kube-apiserver-master-1") == f"kube-apiserver-{new.name('master-1')}"
    assert new.name("coredns-5d78c9869d-abcde").startswith("coredns-")


def test_name__replaces_the_address_in_a_nodes_name():
    new = Names(b"key", Addresses(b"key", grain=False))

    octets = Addresses(b"key", grain=False).address("10.0.1.12").replace(".", "-")

    assert f"-{octets}." in new.name("ip-10-0-1-12.ec2.internal")
    assert "10-0-1-12" not in new.name("ip-10-0-1-12.ec2.internal")


def test_name__replaces_a_mere_number():
    assert names().name("123") != "123"
    assert names().name("123").isdecimal()


def test_text__keeps_small_numbers_and_replaces_account_numbers():
    assert names().text("30 60") == "30 60"
    assert "123456789012" not in names().text("123456789012.dkr.ecr")


def test_text__replaces_reverse_zones_like_their_addresses():
    new = Names(b"key", Addresses(b"key", grain=False))
    first, second, third, _ = Addresses(b"key", grain=False).cidr("10.96.5.0/24").split(".")

    assert new.text("5.96.10.in-addr.arpa") == f"{third}.{second}.{first}.in-addr.arpa"
    assert new.text("in-addr.arpa ip6.arpa") == "in-addr.arpa ip6.arpa"


def test_text__replaces_the_nibbles_of_ip6_arpa():
    new = Names(b"key", Addresses(b"key", grain=False))
    image = Addresses(b"key", grain=False).cidr("2001:db8::/32")

    assert (
        new.text("8.b.d.0.1.0.0.2.ip6.arpa")
        == ".".join(reversed(f"{image[:4]}{image[5:9]:0>4}")) + ".ip6.arpa"
    )


def test_text__replaces_hardware_addresses():
    assert names().text("0a:58:0a:f4:01:05").startswith("02:")


def test_text__keeps_the_pattern_of_capitals():
    assert names().text("CART") == names().text("cart").upper()
    assert names().text("Cart") == names().text("cart").capitalize()


def test_word__turns_a_top_level_domain_into_another():
    new = names("dev", "com", top_level_domains=TOP_LEVEL_DOMAINS)

    assert {new.word("dev"), new.word("com")} < TOP_LEVEL_DOMAINS - {"dev", "com"}


@given(word=words.filter(lambda word: word not in TOP_LEVEL_DOMAINS))
def test_word__makes_no_top_level_domain(word):
    assert names(word, top_level_domains=TOP_LEVEL_DOMAINS).word(word) not in TOP_LEVEL_DOMAINS


def test_word__ends_although_the_sources_hold_every_short_word():
    every = {a + b + c for a in "bdfgklmnprstvz" for b in "aeio" for c in "bdfgklmnprstvz"}
    every |= {a + b + c for a in "aeio" for b in "bdfgklmnprstvz" for c in "aeio"}

    assert names(*every).word("bab") not in every


def test_name__depends_on_the_key():
    assert names(key=b"one").name("payments") != names(key=b"two").name("payments")


@given(text=st.text(max_size=60))
def test_text__takes_any_text(text):
    assert isinstance(names().text(text), str)


@pytest.mark.parametrize(
    "name", ["5.0.77.10.in-addr.arpa", "1.5.0.77.10.in-addr.arpa", "acme.5.0.77.10.in-addr.arpa"]
)
def test_text__replaces_a_reverse_name_as_its_address(name):
    names = Names(b"key", Addresses(b"key", grain=False))
    reverse = ".".join(reversed(names.text("10.77.0.5").split(".")))

    assert names.text(name).endswith(f"{reverse}.in-addr.arpa")
    assert "acme" not in names.text(name)


def test_text__leaves_numbers_that_are_no_octets():
    names = Names(b"key", Addresses(b"key"))

    assert names.text("999.10.in-addr.arpa") == "999.10.in-addr.arpa"
