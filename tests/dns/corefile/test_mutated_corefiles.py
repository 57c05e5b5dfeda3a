import random

import pytest

from kubenetlab.errors import KubenetlabError
from kubenetlab.objects.dns_message import Sent
from tests.dns.corefile.servers import block, server
from tests.dns.corefile.test_file import ZONE

COREFILE = block(
    "rewrite continue name regex (.*)[.]my[.]example {1}.shop.svc.cluster.local answer auto",
    "rewrite ttl example. 5-10",
    "autopath @kubernetes",
    'template IN A example {\n match ^ip-(?P<a>[0-9]*)[.]example[.]$\n answer "{{ .Name }} 60 IN A 10.1.1.{{ .Group.a }}"\n}',
    "hosts /my example.org {\n 192.0.2.1 a.example.org\n ttl 60\n fallthrough\n}",
    "kubernetes cluster.local 10.96.0.0/12 {\n pods verified\n fallthrough\n}",
    "file /zone example.org {\n fallthrough\n}",
    "forward . 10.96.0.10 {\n except example.net\n}",
)
NAMES = (
    "web.my.example.",
    "ip-7.example.",
    "a.example.org.",
    "mail.example.org.",
    "web.shop.shop.svc.cluster.local.",
    ".",
)
WORDS = [
    *COREFILE.split(),
    "{",
    "}",
    "\n",
    '"',
    "*",
    "(",
    "-1",
    "9" * 20,
    "\\",
    "é",
    "{{",
    "$",
    "@",
    "::1",
    "\x00",
]


def mutated(rng, text):
    words = text.replace("\n", " \n ").split(" ")
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(words))
        words[place : place + rng.randint(0, 1)] = rng.choices(WORDS, k=rng.randint(0, 1))
    return " ".join(words)


@pytest.mark.parametrize("seed", range(5))
def test_ask__mutated_corefiles_and_zone_files_give_a_reply_or_one_clean_error(seed):
    rng, n_replies, errors = random.Random(seed), 0, []
    for _ in range(40):
        text, zone = mutated(rng, COREFILE), mutated(rng, ZONE)
        for name in NAMES:
            try:
                core = server(text, files={"/zone": zone, "/my": "192.0.2.3 b.example.org"})
                n_replies += core.ask(Sent(name, "A", source="10.244.1.5")) is not None
            except KubenetlabError as error:
                errors.append(str(error))

    assert n_replies > 20
    assert len(errors) > 20
    assert not any("\n" in error for error in errors)
