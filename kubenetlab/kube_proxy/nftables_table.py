"""A table of nftables as a transaction builds it: the commands given so far, and what the kernel holds after them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_KINDS = ("chain", "set", "map")


class NftablesTable:
    """One table: its chains, rules, sets and maps, and the commands of the transaction that is being written.

    kube-proxy keeps the elements of its sets in memory too, and writes only what differs from them.
    """

    def __init__(self, name: str, comment: str) -> None:
        self.name = name
        self._head = f'add table {name} {{ comment "{comment}" ; }}'
        self._properties: dict[str, dict[str, str]] = {kind: {} for kind in _KINDS}
        self._rules: dict[str, list[str]] = {}
        self._elements: dict[str, dict[str, tuple[str, str]]] = {}  # value and whole text, by set and key
        self._commands: list[str] = []
        self._wanted: set[str] = set()  # chains and sets of service ports
        self._asked: dict[str, set[str]] = {}  # keys of elements, by set
        self.is_rewriting = True  # False for a service port that did not change: its rules stay as they are

    def create(self) -> None:
        """Make the table, or leave it as it is."""
        self._commands.append(self._head)

    def add(self, kind: str, name: str, properties: str = "") -> None:
        """Add a chain, set or map; one that exists keeps its properties."""
        self._commands.append(f"add {kind} {self.name} {name}{' ' * bool(properties)}{properties}")
        self._properties[kind].setdefault(name, properties)
        if kind == "chain":
            self._rules.setdefault(name, [])
        else:
            self._elements.setdefault(name, {})

    def flush(self, kind: str, name: str) -> None:
        """Remove the rules of a chain, or the elements of a set or map."""
        self._commands.append(f"flush {kind} {self.name} {name}")
        (self._rules if kind == "chain" else self._elements)[name].clear()

    def delete(self, kind: str, name: str) -> None:
        """Remove a chain, set or map."""
        self._commands.append(f"delete {kind} {self.name} {name}")
        del self._properties[kind][name], (self._rules if kind == "chain" else self._elements)[name]

    def renew_chain(self, name: str, properties: str = "") -> None:
        """Add a chain and remove its rules, to write them again."""
        self.add("chain", name, properties)
        self.flush("chain", name)

    def rewrite_chain(self, name: str) -> None:
        """Want a service port's chain; empty it to write its rules again, unless they stay as they are."""
        self._wanted.add(name)
        if self.is_rewriting:
            self.renew_chain(name)

    def rewrite_set(self, name: str, properties: str) -> None:
        """Want a service port's set, and add it unless its service port stays as it is."""
        self._wanted.add(name)
        if self.is_rewriting:
            self.add("set", name, properties)

    def add_rule(self, chain: str, text: str) -> None:
        """Append a rule to a chain, unless its service port stays as it is."""
        if self.is_rewriting:
            self._commands.append(f"add rule {self.name} {chain} {text}")
            self._rules[chain].append(text)

    def add_element(self, name: str, key: str, value: str = "", comment: str = "") -> None:
        """Ask for an element; write it where the set lacks it or holds another value."""
        self._asked.setdefault(name, set()).add(key)
        elements = self._elements[name]
        if key in elements and elements[key][0] == value:
            return
        if key in elements:
            self._delete_element(name, key)
        said = f' comment "{comment}"' if comment else ""
        text = f"{key}{said}{' : ' if value else ''}{value}"
        self._commands.append(f"add element {self.name} {name} {{ {text} }}")
        elements[key] = (value, text)

    def sweep(self, containers: Iterable[str], set_prefix: str) -> None:
        """Empty the chains of service ports, and delete their sets and the elements, that nobody asked for.

        An empty chain is deleted by a later transaction of its own, a second after at the soonest: not modelled.
        """
        for name in sorted(name for name in self._rules if "/" in name and name not in self._wanted):
            self.flush("chain", name)
        stale = self._properties["set"].keys() - self._wanted
        for name in sorted(name for name in stale if name.startswith(set_prefix)):
            self.delete("set", name)
        for name in containers:
            for key in sorted(self._elements[name].keys() - self._asked.get(name, set())):
                self._delete_element(name, key)

    def commit(self) -> str:
        """Return the transaction, one command a line, and begin the next."""
        text = "".join(f"{command}\n" for command in self._commands)
        self._commands, self._wanted, self._asked = [], set(), {}
        return text

    def dump(self) -> str:
        """Return the commands that make the table as it is now: objects by kind and name, then rules, then elements."""
        return "".join(f"{line}\n" for line in self._dump_lines())

    def _delete_element(self, name: str, key: str) -> None:
        self._commands.append(f"delete element {self.name} {name} {{ {key} }}")
        del self._elements[name][key]

    def _dump_lines(self) -> Iterator[str]:
        yield self._head
        names = {kind: sorted(self._properties[kind]) for kind in _KINDS}
        for kind in _KINDS:
            for name in names[kind]:
                yield f"add {kind} {self.name} {name} {self._properties[kind][name]}".rstrip()
        for chain in names["chain"]:
            yield from (f"add rule {self.name} {chain} {rule}" for rule in self._rules[chain])
        for name in (*names["set"], *names["map"]):
            for _, text in self._elements[name].values():
                yield f"add element {self.name} {name} {{ {text} }}"
