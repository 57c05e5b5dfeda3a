import pytest

from kubenetlab.ipam.traced_allocators import ALLOCATORS
from kubenetlab.widgets import allocator_stepper


@pytest.mark.parametrize("allocator", ALLOCATORS)
def test_allocator_stepper__shows_every_allocator(allocator):
    stepper = allocator_stepper()

    stepper.controls["allocator"].value = allocator

    assert f'alt="{allocator}, step 12: ' in stepper.picture_html


def test_allocator_stepper__moves_to_a_step():
    stepper = allocator_stepper(step=1)

    stepper.controls["step"].value = 2

    assert "step 2: node-1 comes and gets 10.244.1.0/24." in stepper.picture_html


@pytest.mark.parametrize("arguments", [("pigeonhole", 1), ("Calico", 0), ("Calico", 61)])
def test_allocator_stepper__refuses(arguments):
    with pytest.raises(ValueError, match=r"one of kube-controller-manager.*, and a step of 1 to 60"):
        allocator_stepper(*arguments)
