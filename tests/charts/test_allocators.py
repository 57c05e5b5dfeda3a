import pytest
from matplotlib.patches import Rectangle

from kubenetlab.charts.allocators import allocator_step
from kubenetlab.ipam.allocator_trace import trace_allocator
from kubenetlab.ipam.traced_allocators import ALLOCATORS


def texts(ax):
    return [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("allocator", ALLOCATORS)
def test_allocator_step__has_a_cell_for_each_part_of_the_space(allocator):
    trace = trace_allocator(allocator, 10)

    ax = allocator_step(trace, 10)

    n_cells = {"10.244.0.0/20": 16, "10.244.3.0/28": 16, "10.5.0.0/20": 16, "10.128.0.0/22": 16}.get(
        trace.space, 64
    )
    assert sum(isinstance(patch, Rectangle) for patch in ax.patches) == n_cells


def test_allocator_step__counts_how_often_a_cell_was_given():
    trace = trace_allocator("kube-controller-manager", 40)

    ax = allocator_step(trace, 40)

    counts = trace.frame.query("event == 'comes' and cidr != ''")["cidr"].value_counts()
    assert sorted(int(text) for text in texts(ax) if text.isdigit()) == sorted(counts)


def test_allocator_step__says_who_came_and_why():
    ax = allocator_step(trace_allocator("kube-controller-manager", 2), 2)

    assert texts(ax)[:2] == [
        "Step 2: node-1 comes and gets 10.244.1.0/24.",
        "The cursor stood at number 1 and skipped 0 in use.",
    ]
    assert ax.alt_text.endswith("2 of 16 cells of 10.244.0.0/20 in use.")


def test_allocator_step__says_who_went():
    trace = trace_allocator("CNI host-local", 30)
    step = int(trace.frame.query("event == 'goes'")["step"].iloc[0])

    ax = allocator_step(trace, step)

    row = trace.frame.iloc[step - 1]
    assert texts(ax)[0] == f"Step {step}: {row.owner} goes and gives {row.cidr.removesuffix('/32')} back."


@pytest.mark.parametrize("step", [0, 11])
def test_allocator_step__refuses_a_step_that_is_not_there(step):
    with pytest.raises(ValueError, match=f"step {step} is not one of 1 to 10"):
        allocator_step(trace_allocator("Calico", 10), step)
