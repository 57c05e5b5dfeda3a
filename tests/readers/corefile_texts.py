"""Corefiles and resolv.conf files as they are shipped, and what somebody makes of them who edits them badly: seeded.

Sources: kubernetes v1.34 cmd/kubeadm/app/phases/addons/dns/manifests.go (kubeadm); coredns/deployment
kubernetes/coredns.yaml.sed; kubernetes cluster/addons/dns/nodelocaldns/nodelocaldns.yaml (its placeholders filled in);
openshift/cluster-dns-operator pkg/operator/controller/controller_dns_configmap.go; k3s manifests/coredns.yaml; what EKS
and AKS print for ``kubectl get configmap coredns``.
"""

import gzip
import json
import random
import re
from functools import cache
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "golden" / "coredns"

KUBEADM = """.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
"""
DEPLOYMENT = """.:53 {
    errors
    health {
      lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      fallthrough in-addr.arpa ip6.arpa
    }
    prometheus :9153
    forward . /etc/resolv.conf {
      max_concurrent 1000
    }
    cache 30
    loop
    reload
    loadbalance
}
"""
NODE_LOCAL = """cluster.local:53 {
    errors
    cache {
            success 9984 30
            denial 9984 5
    }
    reload
    loop
    bind 169.254.20.10 10.96.0.10
    forward . 10.96.100.3 {
            force_tcp
    }
    prometheus :9253
    health 169.254.20.10:8080
    }
in-addr.arpa:53 {
    errors
    cache 30
    reload
    loop
    bind 169.254.20.10 10.96.0.10
    forward . 10.96.100.3 {
            force_tcp
    }
    prometheus :9253
    }
.:53 {
    errors
    cache 30
    reload
    loop
    bind 169.254.20.10 10.96.0.10
    forward . /etc/resolv.conf
    prometheus :9253
    }
"""
OPENSHIFT = """# foo
foo.com:5353 {
    prometheus 127.0.0.1:9153
    forward . 1.1.1.1 2.2.2.2:5353 {
        policy random
    }
    errors
    log . {
        class error
    }
    bufsize 1232
    cache 900 {
        denial 9984 30
    }
}
.:5353 {
    bufsize 1232
    errors
    log . {
        class error
    }
    health {
        lameduck 20s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
    }
    prometheus 127.0.0.1:9153
    forward . /etc/resolv.conf {
        policy sequential
    }
    cache 900 {
        denial 9984 30
    }
    reload
}
hostname.bind:5353 {
    chaos
}
"""
K3S = """.:53 {
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
    }
    hosts /etc/coredns/NodeHosts {
      ttl 60
      reload 15s
      fallthrough
    }
    prometheus :9153
    cache 30
    loop
    reload
    loadbalance
    import /etc/coredns/custom/*.override
    forward . /etc/resolv.conf
}
import /etc/coredns/custom/*.server
"""
EKS = """.:53 {
    errors
    health {
        lameduck 5s
      }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
"""
AKS = """.:53 {
    errors
    ready
    health {
      lameduck 5s
    }
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
      ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
    import custom/*.override
    template ANY ANY internal.cloudapp.net {
      match "^(?:[^.]+\\.){4,}internal\\.cloudapp\\.net\\.$"
      rcode NXDOMAIN
      fallthrough
    }
    template ANY ANY reddog.microsoft.com {
      rcode NXDOMAIN
    }
}
import custom/*.server
"""
SNIPPETS = """(watched) {
    errors
    log
}
tls://example.org, 10.0.0.0/24:1053,
    dns://example.net {
    import watched
    rewrite stop {
        name regex (.*)\\.a\\.test {1}.b.test
        answer name "(.*)\\.b\\.test" "{1}.a.test" # and back
    }
    template IN A a.test {
        answer "{{ .Name }} 60 IN A 127.0.0.1"
        additional "say \\"hello\\" #1
two lines"
    }
}
"""
SHIPPED = {
    "kubeadm": KUBEADM, "deployment": DEPLOYMENT, "node-local": NODE_LOCAL, "openshift": OPENSHIFT, "k3s": K3S,
    "eks": EKS, "aks": AKS, "snippets": SNIPPETS,
}  # fmt: skip
#: The ConfigMap coredns-custom that K3S and AKS import.
CUSTOM = {
    "log.override": "log {\n    class denial\n}\n",
    "corp.server": "corp.example:53 {\n    errors\n    forward . 10.1.2.3\n}\n",
}
RESOLV_CONFS = (
    "search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n",
    "# by hand\nnameserver 8.8.8.8\nnameserver 2001:4860:4860::8888\ndomain example.org\noptions rotate timeout:1 attempts:2\n",
    "; resolv.conf\nsearch a.test b.test # c\nsortlist 130.155.160.0/255.255.240.0\nnameserver 127.0.0.53\noptions edns0 trust-ad\n",
    "",
)
ODD_WORDS = (
    "{", "}", '"', "\\", "#", ",", "import", "import watched", "import *.server", "(a)", "{$HOME}", "{%HOME%}", "{$}", "\x00",
    "\u202e", "\x85", "\r", "٣", "", " ", "\t", "cache", "kubernetes", "forward . 1.1.1.1", "nosuchplugin", "99999999999", ".:53",
    ":", "::", "..", "a" * 300, "tls://", "10.0.0.0/33", "nameserver", "options", "search", "\n", "\n\n", "{\n", "}\n", "import a\n",
)  # fmt: skip


@cache
def corefile_texts():
    """The shipped Corefiles, and the stanzas of the recordings in a server block."""
    return (*SHIPPED.values(), *dict.fromkeys(f".:53 {{\n{stanza}\n}}\n" for stanza in recorded_stanzas()))


def recorded_stanzas():
    for path in sorted(GOLDEN.glob("*.json*")):
        data = path.read_bytes()
        yield json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)["corefile"]


def mutated(seed, texts):
    """Return one of the texts with one to four edits: words dropped, doubled, swapped, put in, broken or cut off."""
    rng = random.Random(seed)
    words = re.split(r"(\s)", rng.choice(texts))
    for _ in range(rng.randint(1, 4)):
        rng.choice(EDITS)(rng, words, rng.randrange(len(words)))
        words = words or [""]
    return "".join(words)


def _drop(rng, words, place):
    del words[place : place + rng.choice((1, 1, 2, 9))]


def _double(rng, words, place):
    words[place:place] = words[place : place + rng.choice((2, 4, 30))]


def _swap(rng, words, place):
    other = rng.randrange(len(words))
    words[place], words[other] = words[other], words[place]


def _put_in(rng, words, place):
    words[place:place] = [rng.choice(ODD_WORDS), rng.choice((" ", "\n", ""))]


def _replace(rng, words, place):
    words[place] = rng.choice(ODD_WORDS)


def _break(rng, words, place):
    word, at = words[place], rng.randrange(len(words[place]) + 1)
    words[place] = word[:at] + chr(rng.choice((0, 9, 10, 34, 35, 92, 123, 125, 0x2028, 0x10FFFF))) + word[at:]


def _cut(rng, words, place):
    if rng.random() < 0.2:
        del words[place:]


EDITS = (_drop, _double, _swap, _put_in, _replace, _break, _cut)
