"""The server of the recordings as an Ask: behaviour by name (``rules``) or for every other name (``default``)."""

from kubenetlab.objects.dns_message import Answer, Rcode, Record, Reply

RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}


class RecordedServer:
    """Answers as the rules say; ``heard_s`` by (server, name, type) when chance let it hear each such query [s]."""

    def __init__(self, rules, default, heard_s=None):
        self._rules, self._default, self._heard_s = rules, default, heard_s or {}
        self._asked = {}

    def __call__(self, sent):
        behaviour = self._behaviour(sent)
        if behaviour.get("drop"):
            return None
        heard_s = self._heard_s.get((sent.server, sent.name, sent.type), [])[sent.number :]
        way_s = max(heard_s[0] - sent.at_s, 0) if heard_s else 0
        return Reply(
            _answer(sent, behaviour), after_s=behaviour.get("delay", 0) + way_s, answered_by="recorded"
        )

    def _behaviour(self, sent):
        """A rule, then what it says otherwise of the server, the type and the first queries."""
        rule = self._rules.get(sent.name, self._rules.get(sent.name.lower(), self._default))
        for field, value in (("servers", sent.server), ("types", sent.type)):
            rule = rule | rule.get(field, {}).get(value, {})
        number = self._asked[sent.name, sent.type] = self._asked.get((sent.name, sent.type), 0) + 1
        first = rule.get("first", {"n": 0})
        return rule | first if number <= first["n"] else rule


def _answer(sent, behaviour):
    if behaviour.get("tc") and sent.transport == "udp":
        return Answer(is_truncated=True, is_authoritative=True)
    data = [("CNAME", behaviour["CNAME"])] if behaviour.get("CNAME") else []
    data += [(sent.type, address) for address in behaviour.get(sent.type) or ()]
    rcode = Rcode(RCODES[behaviour.get("rcode", 0)])
    records = tuple(Record(sent.name, type, 30, text) for type, text in data)
    return Answer(rcode, records if rcode is Rcode.NOERROR else (), is_authoritative=True)
