"""Which zoomable pages of tracks the DAG asks for."""

DEMO = ("--configfile", "config/demo.yaml")


def test_tracks_get_their_pages_where_the_config_says_so_and_else_for_who_asks(checkout):
    assert "write_track_page" not in checkout.jobs()
    assert checkout.jobs("pages")["write_track_page"] == 24
    assert checkout.jobs(*DEMO)["write_track_page"] == 9


def test_the_page_of_one_track_asks_for_no_other_and_no_figure(checkout):
    jobs = checkout.jobs("results/report/tracks/20191126183000_90030510_gt2r.html", *DEMO)
    assert jobs["write_track_page"] == jobs["write_product"] == 1
    assert {"draw_track", "summarise_campaign"}.isdisjoint(jobs)
