"""The table of commands, and what every one of them promises."""

from importlib import import_module

import click
import pytest
from click.testing import CliRunner

from kubenetlab import __version__
from kubenetlab.cli import COMMANDS, main


def invoke(*arguments):
    return CliRunner().invoke(main, arguments, prog_name="kubenetlab")


@pytest.mark.parametrize("name", COMMANDS)
def test_commands__have_a_module_that_holds_them(name):
    assert import_module(f"kubenetlab.cli.{name}").command.name == name


@pytest.mark.parametrize("name", COMMANDS)
def test_help__of_every_command_teaches(name):
    result = invoke(name, "--help")

    assert result.exit_code == 0
    assert "Usage: kubenetlab" in result.output
    assert len(result.output) > 300


def test_help__lists_every_command_its_purpose_and_the_exit_codes():
    output = " ".join(invoke("--help").output.split())

    assert [text for text in COMMANDS.values() if text not in output] == []
    assert "Exit codes:" in output
    assert "sample:shop" in output


def test_version__is_the_package_version():
    assert invoke("--version").output == f"kubenetlab {__version__}\n"


def test_main__without_a_command_shows_the_help():
    assert "Commands:" in invoke().output


def test_main__refuses_an_unknown_command():
    result = invoke("frobnicate")

    assert result.exit_code == 2
    assert "No such command 'frobnicate'" in result.output


def test_list_commands__is_in_the_order_of_the_table():
    assert main.list_commands(click.Context(main)) == list(COMMANDS)
