"""``python -m kubenetlab.cli``: the command line where its script is not on PATH."""

from kubenetlab.cli import main

if __name__ == "__main__":
    main(prog_name="kubenetlab")
