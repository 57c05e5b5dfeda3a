import json

import pytest

from kubenetlab.synthetic import shop_dump, synthetic_dump
from kubenetlab.synthetic.__main__ import main


def test_main__writes_a_sample(tmp_path, capsys):
    main(["shop", str(tmp_path / "shop.json")])

    assert (tmp_path / "shop.json").read_bytes() == shop_dump().json()
    assert "planted KNL101: Service shop/search" in capsys.readouterr().out


def test_main__writes_a_cluster_of_that_size(tmp_path):
    path = tmp_path / "cluster.json"

    main(
        [
            "cluster",
            str(path),
            "--nodes",
            "3",
            "--pods",
            "40",
            "--platform",
            "gke",
            "--faults",
            "KNL101,KNL106",
        ]
    )

    expected = synthetic_dump(nodes=3, pods=40, platform="gke", faults=("KNL101", "KNL106"))
    assert path.read_bytes() == expected.json()


def test_main__plants_random_faults(tmp_path, capsys):
    path = tmp_path / "cluster.json"

    main(["cluster", str(path), "--faults", "random", "--dual-stack"])

    assert capsys.readouterr().out.count("planted") >= 2
    assert len(json.loads(path.read_bytes())["items"]) > 100


def test_main__refuses_an_unknown_platform(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["cluster", str(tmp_path / "x"), "--platform", "nomad"])

    assert "invalid choice" in capsys.readouterr().err
