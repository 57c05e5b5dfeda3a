"""The command line: parse, call, print. One module a command, imported when the command is used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from kubenetlab import __version__
from kubenetlab.cli.exit_codes import one_line_errors, prepare_streams

#: Command by name: what ``kubenetlab --help`` says about it. Its module has the same name and holds ``command``.
COMMANDS: Mapping[str, str] = {
    "report": "Write one HTML file about a cluster: findings, addresses, Services, DNS.",
    "check": "List what is wrong or at risk; exit 1 if something is (a gate for CI).",
    "show": "Print tables, and tell what an address or a name is.",
    "plan": "Plan the address ranges of clusters, with head-room, proofs and the settings to type.",
    "rules": "Write the rules of a node, and say what any rules do: shares, drift, proof in the kernel.",
    "luck": "Say whether an imbalance between endpoints is chance, from counters, logs or conntrack.",
    "simulate": "Simulate connections to a Service: who gets how much, and what would change that.",
    "dns": "Say what a name is answered and why, what it costs a pod, and what all names cost.",
    "snapshot": "Write a dump of your cluster with kubectl (get only, never Secrets).",
    "anonymize": "Write a dump that can be shared: other names, other addresses.",
    "notebooks": "Copy the notebooks into a folder of yours.",
}

_HELP = """Answers questions about the network of a Kubernetes cluster, from files alone.

SOURCE is a kubectl dump or manifest (JSON or YAML, also .gz), a folder of them, - for standard input,
or sample:shop and sample:platform, two clusters that come with kubenetlab.

\b
Examples:
  kubenetlab show sample:shop                    what is in it, and which settings were found
  kubenetlab show sample:shop 10.96.0.10         what is this address?
  kubenetlab report sample:shop -o shop.html     the whole report, one file that works offline
  kubenetlab snapshot mine && kubenetlab check mine
  sudo iptables-save -c | kubenetlab luck -      on a node: is this imbalance chance?
"""

_EPILOG = """\b
Exit codes:
  0    done
  1    a gate failed (check, luck --gate), or no plan exists (plan)
  2    bad input or usage: one line on standard error says what
  130  interrupted (Ctrl-C)
KUBENETLAB_DEBUG=1 shows where in the code an error comes from.
"""


class CommandTable(click.Group):
    """A group that knows its commands' names and help without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command's module and return its command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"kubenetlab.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Parse the arguments before the command's name."""
        prepare_streams()
        with one_line_errors():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        with one_line_errors():
            return super().invoke(ctx)


main = CommandTable(
    "kubenetlab",
    help=_HELP,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
main = click.version_option(__version__, prog_name="kubenetlab", message="%(prog)s %(version)s")(main)
