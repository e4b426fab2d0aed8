from leadline.report.key_figures import COLUMNS, KEY_FIGURES, key_figures

FIGURES = {
    "total_classes_segments": 178615,
    "lstm_test_accuracy_percent": 97.04,
    "simulated_truth_freeboard_section_mean_chosen_bias_m": -0.0004,
    "simulated_truth_freeboard_section_mean_chosen_rmse_m": 0.0064,
    "atl10_freeboard_difference_mean_m": 0.01,
    "atl10_freeboard_difference_rmse_m": None,
}


def test_figures_have_their_units_and_what_they_are_measured_against():
    table = key_figures(FIGURES).set_index("figure")
    assert table.loc["segments that have a class", "value"] == "178,615"
    section = table.loc["freeboard, means of sections: bias; RMSE"]
    assert section.tolist() == ["0.0; 0.6", "cm", "simulated truth, untouched granules"]


def test_what_is_not_known_is_left_out():
    assert set(key_figures(FIGURES)["figure"]) == {
        "segments that have a class",
        "LSTM: accuracy",
        "freeboard, means of sections: bias; RMSE",
    }
    assert list(key_figures({}).columns) == COLUMNS


def test_every_figure_of_a_simulated_world_is_called_simulated():
    for figure in KEY_FIGURES:
        if any("simulated" in key for key in figure.keys):
            assert "simulated" in f"{figure.words} {figure.against}"
