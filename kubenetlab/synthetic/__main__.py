"""Write a synthetic dump: ``python -m kubenetlab.synthetic shop data/shop.json``."""

import argparse
from collections.abc import Callable

from kubenetlab.synthetic.dump import Dump
from kubenetlab.synthetic.generate import generate
from kubenetlab.synthetic.platforms import PLATFORMS
from kubenetlab.synthetic.shape import Shape
from kubenetlab.synthetic.shop import platform_dump, shop_dump

_SAMPLES: dict[str, Callable[[], Dump]] = {"shop": shop_dump, "platform": platform_dump}


def main(arguments: list[str] | None = None) -> None:
    """Write the dump and print what was planted."""
    options = _parser().parse_args(arguments)
    dump = _SAMPLES[options.what]() if options.what in _SAMPLES else generate(_shape(options))
    print(f"wrote {dump.write(options.out)}")
    for planted in dump.planted:
        print(f"planted {planted.code}: {planted.object}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kubenetlab.synthetic", description="Write a synthetic dump."
    )
    parser.add_argument(
        "what", choices=[*_SAMPLES, "cluster"], help="a sample, or a cluster of the size below"
    )
    parser.add_argument("out", help="the file to write; compressed if it ends in .gz")
    parser.add_argument("--nodes", type=int, default=5)
    parser.add_argument("--pods", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--platform", choices=list(PLATFORMS), default="kubeadm-flannel")
    parser.add_argument("--faults", default="", help='codes with commas between them, or "random"')
    parser.add_argument("--dual-stack", action="store_true")
    return parser


def _shape(options: argparse.Namespace) -> Shape:
    faults = "random" if options.faults == "random" else tuple(filter(None, options.faults.split(",")))
    return Shape(
        nodes=options.nodes,
        pods=options.pods,
        seed=options.seed,
        platform=options.platform,
        faults=faults,
        dual_stack=options.dual_stack,
    )


if __name__ == "__main__":
    main()
