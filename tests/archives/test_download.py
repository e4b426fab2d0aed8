"""Downloads through a local server that fails as real ones do: each ends in the whole file, or in one line."""

import hashlib
import io
import re
import resource
import sys
import time

import numpy as np
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.archives.download import Checksum, download
from leadline.archives.web import Patience, polite
from leadline.errors import LeadlineError
from services.internet import Internet, Reply

CONTENT = np.random.default_rng(11).bytes(300_000)
CHECKSUM = Checksum("SHA-256", hashlib.sha256(CONTENT).hexdigest())
URL = "https://data.archive.org/granule.h5"
QUICK = Patience(tries=3, back_off=0.01, stall=0.5)
BREAKS = ["reset", "short", "stall"]


@pytest.fixture
def file(tmp_path):
    """What the archive serves."""
    path = tmp_path / "archive"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def internet(file, monkeypatch):
    """An archive, with a store that it sends to: what a path below /far asks for is there."""

    def archive(request):
        if request.path.startswith("/far"):
            return Reply(302, {"Location": "https://store.cloud.net" + request.path.removeprefix("/far")})
        return Reply(body=file)

    with Internet({"data.archive.org": archive, "store.cloud.net": lambda request: Reply(body=file)}) as internet:
        for name, value in internet.environment.items():
            monkeypatch.setenv(name, value)
        yield internet


def get(folder, url=URL, patience=QUICK, **options):
    with requests.Session() as session:
        session.headers["Authorization"] = "Bearer my-token"
        download(url, folder / "got" / "granule.h5", session=session, patience=patience, **options)
    return (folder / "got" / "granule.h5").read_bytes()


def left(folder):
    return [path.name for path in (folder / "got").iterdir()]


def refused(folder, **options):
    """Return the one line that a download ends in, which leaves no file of the name."""
    with pytest.raises(LeadlineError) as caught:
        get(folder, **options)
    assert "granule.h5" not in left(folder)
    assert "\n" not in str(caught.value) and "my-token" not in str(caught.value)
    return str(caught.value)


def test_a_file_comes_whole_and_alone(internet, tmp_path):
    assert get(tmp_path, size=len(CONTENT), checksum=CHECKSUM) == CONTENT
    assert left(tmp_path) == ["granule.h5"]
    assert [one.sent for one in internet.requests()] == [len(CONTENT)]


@pytest.mark.parametrize("kind", BREAKS)
def test_a_transfer_that_breaks_is_gone_on_with(internet, tmp_path, kind):
    internet.fault("granule", kind, after=100_000)
    assert get(tmp_path, checksum=CHECKSUM) == CONTENT
    _, second = internet.requests()
    begin, end = second.request.headers["Range"].removeprefix("bytes=").split("-")
    assert 0 < int(begin) <= 100_000 and end == ""
    assert second.request.headers["If-Range"] and second.status == 206
    assert second.sent == len(CONTENT) - int(begin)


@pytest.mark.parametrize("kind", [*BREAKS, 429, 500, 502, 503, 504])
def test_a_server_that_is_out_of_order_is_asked_again(internet, tmp_path, kind):
    internet.fault("granule", kind, times=2)
    assert get(tmp_path) == CONTENT
    assert len(internet.requests()) == 3


@pytest.mark.parametrize("status", [429, 503])
def test_the_server_says_how_long_to_wait(internet, tmp_path, status):
    internet.fault("granule", status, Retry_After="1")
    begun = time.monotonic()
    assert get(tmp_path) == CONTENT
    assert time.monotonic() - begun >= 1


def test_progress_renews_the_patience(internet, tmp_path):
    internet.fault("granule", "short", times=4, after=70_000)
    assert get(tmp_path, checksum=CHECKSUM) == CONTENT
    assert len(internet.requests()) == 5 > QUICK.tries


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["reset", "short"]), st.integers(20_000, 290_000)), max_size=4))
def test_however_often_and_wherever_it_breaks_the_bytes_are_the_same(internet, tmp_path, breaks):
    (tmp_path / "got" / "granule.h5").unlink(missing_ok=True)
    for kind, after in breaks:
        internet.fault("granule", kind, after=after)
    assert get(tmp_path, size=len(CONTENT), patience=Patience(tries=9, back_off=0.001)) == CONTENT
    internet.faults.clear()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (401, "data.archive.org does not know you (401)"),
        (403, "accept its licence"),
        (404, "search again"),
        (410, "answers 410 Gone"),
        (429, "asked too often (429)"),
        (503, "answers 503 Service Unavailable"),
        ("html", "sent a web page where data should be"),
    ],
)
def test_a_refusal_is_one_line_that_says_what_to_do(internet, tmp_path, kind, words):
    internet.fault("granule", kind, times=99)
    assert words in refused(tmp_path)
    assert len(internet.requests()) == (QUICK.tries if kind in (429, 503) else 1)


@pytest.mark.parametrize("kind", BREAKS)
def test_what_a_broken_transfer_left_serves_the_next_run(internet, tmp_path, kind):
    internet.fault("granule", kind, after=100_000)
    internet.fault("granule", kind, times=QUICK.tries)
    refused(tmp_path)
    internet.faults.clear()
    had = (tmp_path / "got" / ".granule.h5.partial").stat().st_size
    assert had > 50_000
    assert get(tmp_path, checksum=CHECKSUM) == CONTENT
    assert internet.seen[-1].sent == len(CONTENT) - had
    assert left(tmp_path) == ["granule.h5"]


def test_a_file_that_has_changed_since_is_fetched_anew(internet, tmp_path, file):
    internet.fault("granule", "short", after=100_000)
    internet.fault("granule", "short", times=QUICK.tries)
    refused(tmp_path)
    internet.faults.clear()
    file.write_bytes(CONTENT[::-1])
    assert get(tmp_path) == CONTENT[::-1]


def test_a_part_that_begins_elsewhere_is_not_laid_on(internet, tmp_path):
    internet.fault("granule", "short", after=100_000)
    internet.fault("granule", "elsewhere")
    assert get(tmp_path) == CONTENT
    assert [one.status for one in internet.requests()] == [200, 206, 200]


def test_a_whole_partial_file_only_wants_its_name(internet, tmp_path):
    get(tmp_path)
    whole, aside = tmp_path / "got" / "granule.h5", tmp_path / "got" / ".granule.h5.partial"
    whole.rename(aside)
    tag = requests.get(URL).headers["ETag"]
    aside.with_name(".granule.h5.version").write_text(tag)
    assert get(tmp_path, size=len(CONTENT), checksum=CHECKSUM) == CONTENT
    assert internet.seen[-1].sent == 0


@pytest.mark.parametrize(("kind", "known"), [("shrunk", {"size": len(CONTENT)}), ("corrupt", {"checksum": CHECKSUM})])
def test_a_file_that_is_not_the_catalogues_is_fetched_twice_and_then_refused(internet, tmp_path, kind, known):
    internet.fault("granule", kind, after=1000)
    assert get(tmp_path, **known) == CONTENT
    (tmp_path / "got" / "granule.h5").unlink()
    internet.fault("granule", kind, times=2, after=1000)
    assert "twice" in refused(tmp_path, **known)
    assert left(tmp_path) == []


def test_a_check_looks_into_the_file_before_it_gets_its_name(internet, tmp_path):
    looked = []

    def check(path):
        looked.append(path.read_bytes())
        raise LeadlineError("it holds no beam")

    assert "it holds no beam, twice" in refused(tmp_path, check=check)
    assert looked == [CONTENT, CONTENT]


def test_a_checksum_of_an_unknown_kind_is_passed_over_and_said(internet, tmp_path, caplog):
    caplog.set_level("INFO")
    assert get(tmp_path, checksum=Checksum("Fletcher-32", "00")) == CONTENT
    assert "Fletcher-32" in caplog.text


def test_a_full_disk_is_one_line_and_what_came_stays(internet, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, hard))
    try:
        said = refused(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "the disk is full after" in said and "make room" in said
    assert get(tmp_path, checksum=CHECKSUM) == CONTENT
    assert internet.seen[-1].status == 206


def test_a_file_that_cannot_fit_is_not_begun(internet, tmp_path):
    internet.hosts["data.archive.org"] = lambda request: Reply(200, {"Content-Length": str(10**15)}, b"x")
    assert "1000000.00 GB are to come" in refused(tmp_path)


def test_a_terminal_shows_how_fast_it_comes_and_how_long_it_will_take(internet, tmp_path, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", Terminal())
        get(tmp_path)
        shown = sys.stderr.getvalue()
    assert re.search(r"granule.h5: 100%.* 300k/300k \[\d\d:\d\d<\d\d:\d\d, .*B/s\]", shown)


def test_a_log_gets_no_bar(internet, tmp_path, capfd):
    get(tmp_path)
    assert capfd.readouterr() == ("", "")


def test_a_redirect_to_another_host_goes_without_the_token(internet, tmp_path):
    assert get(tmp_path, "https://data.archive.org/far/granule.h5") == CONTENT
    at_archive, at_store = internet.requests()
    assert at_archive.request.headers["Authorization"] == "Bearer my-token"
    assert at_store.request.host == "store.cloud.net" and "Authorization" not in at_store.request.headers


def test_a_host_that_is_not_there_is_one_line(internet, tmp_path, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    assert "data.archive.org cannot be reached through the proxy" in refused(tmp_path)


def test_a_host_whose_certificate_is_not_trusted_is_one_line(internet, tmp_path, monkeypatch):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name)
    assert "has a certificate that is not trusted" in refused(tmp_path)


def test_a_polite_session_has_a_time_out_for_those_who_give_none(internet):
    internet.fault("granule", "stall", times=9)
    begun = time.monotonic()
    with polite(requests.Session(), QUICK) as session, pytest.raises(requests.RequestException):
        session.get(URL)
    assert time.monotonic() - begun < QUICK.tries * (QUICK.stall + 0.1) + 1
