import pandas as pd
from matplotlib.patches import Rectangle

from leadline.figures.losses import draw_losses
from leadline.figures.resources import draw_resources
from leadline.report.losses import losses_table
from leadline.report.resources import COLUMNS

LOSSES = losses_table(
    {"segments_photons_kept": 800, "segments_photons_of_low_confidence": 200, "classes_segments_thick_ice": 7}
)


def test_what_was_dropped_is_hatched_and_told_in_counts_and_percent(tmp_path):
    figure = draw_losses(LOSSES)
    photons, classes = figure.axes
    assert photons.get_title(loc="left") == "segments: 1,000 photons of ATL03"
    assert [text.get_text() for text in photons.texts] == ["80.0 %   800", "20.0 %   200"]
    bars = [patch for patch in photons.patches if isinstance(patch, Rectangle)]
    assert [(bar.get_width(), bool(bar.get_hatch())) for bar in bars] == [(80, False), (20, True)]
    assert "percent" in classes.get_xlabel()
    figure.savefig(tmp_path / "losses.png")


def test_rules_stand_with_their_jobs_time_and_memory(tmp_path):
    table = pd.DataFrame([("draw_track", 9, 2.0, 3.0, 18.0, 13.0, 230.0)], columns=["rule", *COLUMNS])
    figure = draw_resources(table)
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["draw track × 9"]
    assert [axis.get_xlabel() for axis in figure.axes] == ["time of all jobs (s)", "most memory of a job (MB)"]
    figure.savefig(tmp_path / "resources.png")


def test_where_nothing_was_counted_or_measured_the_figures_say_so():
    assert "Nothing was counted" in draw_losses(LOSSES[:0]).texts[-1].get_text()
    assert "No job" in draw_resources(pd.DataFrame(columns=["rule", *COLUMNS])).texts[-1].get_text()
