"""The plots show what is recorded, all of it and within their frames."""

from xml.etree import ElementTree as ET

import pytest

from scripts.reference.plots import BOTTOM, LEFT, RIGHT, TOP, Axis, Plot, drawn, plots

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("plot", plots(), ids=lambda plot: plot.file)
def test_every_recorded_figure_is_a_dot_within_the_frame(plot: Plot) -> None:
    dots = [
        (float(dot.get("cx", 0)), float(dot.get("cy", 0)))
        for dot in ET.fromstring(drawn(plot)).iter(f"{SVG}circle")  # noqa: S314 - our own
        if float(dot.get("cy", 0)) <= BOTTOM  # those below are the legend's
    ]

    assert len(dots) == sum(len(line.points) for line in plot.lines)
    assert all(LEFT <= x <= RIGHT and TOP <= y <= BOTTOM for x, y in dots)


def test_ten_times_as_much_is_as_far_wherever_it_begins() -> None:
    axis = Axis("calls", (10, 100, 1000))

    assert axis.share(100) - axis.share(10) == pytest.approx(axis.share(1000) - axis.share(100))
