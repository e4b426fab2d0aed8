import json
from http.client import HTTPConnection
from threading import Thread

import pytest

from leadline.errors import ConfigError, LeadlineError
from leadline.pages.review_server import ReviewServer
from reviewed_tracks import BEAM, GRANULE, HEADER

ROW = [GRANULE, BEAM, "1000", "1120", "open_water", "reviewer", "a lead under haze"]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "review.html").write_text("<p>the page")
    (tmp_path / "corrections.tsv").write_text(HEADER)
    return tmp_path


@pytest.fixture
def server(folder):
    with ReviewServer(folder / "review.html", folder / "corrections.tsv", port=0) as server:
        serving = Thread(target=server.serve_forever, args=(0.02,))
        serving.start()
        yield server
        server.shutdown()
        serving.join()


def ask(server, path="/corrections", change=None, token=None, **headers):
    """Return status and answer of a request as the page makes it, but for what is said otherwise."""
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    body = None if change is None else change if isinstance(change, bytes) else json.dumps(change)
    address = f"{path}?token={server.token if token is None else token}"
    connection.request("GET" if change is None else "POST", address, body, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text if path == "/" and answer.status == 200 else json.loads(text)


def text(server) -> str:
    return server.corrections.read_text()


def test_it_gives_its_page_and_the_table_to_who_has_the_token(server):
    assert server.address == f"http://127.0.0.1:{server.server_port}/?token={server.token}"
    assert ask(server, "/") == (200, "<p>the page")
    assert ask(server) == (200, {"text": HEADER})
    assert ask(server, "/other")[0] == 404


def test_rows_are_given_once_replaced_and_taken_back(server):
    row = "\t".join(ROW) + "\n"
    for _ in range(2):
        assert ask(server, change={"given": ROW, "taken": None}) == (200, {"text": HEADER + row})
    other = [*ROW[:4], "thick_ice", *ROW[5:]]
    status, answer = ask(server, change={"given": other, "taken": ROW}, Origin=f"http://127.0.0.1:{server.server_port}")
    assert (status, answer["text"]) == (200, text(server)) == (200, HEADER + "\t".join(other) + "\n")
    assert ask(server, change={"given": None, "taken": other}) == (200, {"text": HEADER})


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Host": "elsewhere.example"},
        {"Host": "127.0.0.1:1"},
        {"token": ""},
        {"token": "guessed"},
        {"token": "%E2%82%AC"},
    ],
)
@pytest.mark.parametrize(
    ("path", "change"), [("/", None), ("/corrections", {"given": ROW, "taken": None}), ("/done", {})]
)
def test_who_comes_from_elsewhere_or_has_no_token_is_refused_and_changes_nothing(server, headers, path, change):
    status, answer = ask(server, path, change, **headers)
    assert status == 403
    assert "open the whole address" in answer["error"]
    assert text(server) == HEADER
    assert ask(server, "/")[0] == 200, "it still serves"


def test_a_row_that_contradicts_another_is_refused_in_words(server):
    ask(server, change={"given": ROW, "taken": None})
    before = text(server)
    status, answer = ask(server, change={"given": [*ROW[:3], "1200", "thin_ice", "reviewer", "b"], "taken": None})
    assert status == 409
    assert "row 2: overlaps" in answer["error"] and "which says open_water" in answer["error"]
    assert text(server) == before


@pytest.mark.parametrize(
    "change",
    [b"no json", b"[]", {"given": ROW}, {"given": ROW[:6], "taken": None}, {"given": [1] * 7, "taken": None}, b""],
)
def test_what_is_no_change_of_a_row_is_refused(server, change):
    status, answer = ask(server, change=change)
    assert status == 400
    assert "each of seven texts" in answer["error"]


def test_a_table_that_a_person_breaks_meanwhile_is_told_and_left_alone(server):
    server.corrections.write_text("nonsense\n")
    status, answer = ask(server, change={"given": ROW, "taken": None})
    assert status == 409 and "expected" in answer["error"]
    assert text(server) == "nonsense\n"
    server.corrections.unlink()
    assert ask(server, change={"given": ROW, "taken": None})[0] == ask(server)[0] == 409


def test_done_ends_it(folder):
    with ReviewServer(folder / "review.html", folder / "corrections.tsv", port=0) as server:
        serving = Thread(target=server.serve_forever, args=(0.02,))
        serving.start()
        assert ask(server, "/done", {})[0] == 200
        serving.join(timeout=10)
        assert not serving.is_alive()


def test_two_reviews_at_a_time_have_ports_and_tokens_of_their_own(server, folder):
    with ReviewServer(folder / "review.html", folder / "corrections.tsv", port=server.server_port) as other:
        assert other.server_port != server.server_port
        assert other.token != server.token


def test_without_page_or_with_a_broken_table_it_does_not_begin(folder):
    with pytest.raises(LeadlineError, match=r"absent.html: expected the page of the review: No such file"):
        ReviewServer(folder / "absent.html", folder / "corrections.tsv")
    (folder / "corrections.tsv").write_text("nonsense\n")
    with pytest.raises(ConfigError, match="expected"):
        ReviewServer(folder / "review.html", folder / "corrections.tsv")
