"""The server: who is let in, what is sent back, limits, and text that stays text."""

import pytest
from starlette.testclient import TestClient

from spacy_al.annotate.server import MAX_BODY, PATH, build_app

from .servers import make_page

BASE = "http://127.0.0.1:8765"
TOKEN = "secret-token"


@pytest.fixture
def page(folder):
    return make_page(folder)


def client_of(page, host="127.0.0.1", password=None, base=BASE):
    app = build_app(page, token=TOKEN, host=host, password=password)
    return TestClient(app, base_url=base, headers={"origin": base}, follow_redirects=False)


@pytest.fixture
def client(page):
    client = client_of(page)
    assert client.get("/", params={"token": TOKEN}).status_code == 303
    return client


def test_without_the_token_nothing_is_shown(page):
    client = client_of(page)
    assert [client.get(path).status_code for path in ("/", "/api/start", "/api/status", "/api/differences")] == [
        403
    ] * 4
    assert client.post("/api/answer", json={}).status_code == 403
    assert client.get("/", params={"token": "wrong"}).status_code == 403


def test_the_token_becomes_a_cookie_that_scripts_cannot_read(page):
    response = client_of(page).get("/", params={"token": TOKEN, "annotator": "ann"})
    assert response.headers["location"] == "/?annotator=ann"
    cookie = response.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert TOKEN not in cookie


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8765", "", "localhost.evil.example"])
def test_another_name_for_this_machine_is_refused(client, host):
    assert client.get("/", headers={"host": host}).status_code == 421


def test_own_names_are_known(client):
    codes = [client.get("/static/app.js", headers={"host": host}).status_code for host in ("localhost:8765", "[::1]:1")]
    assert codes == [200, 200]


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9", "https://127.0.0.1:8765", ""])
def test_a_post_from_another_page_is_refused(client, origin):
    assert client.post("/api/answer", json={}, headers={"origin": origin}).status_code == 403
    assert client.post("/api/answer", json={}).status_code == 200


def test_another_site_cannot_embed_or_read(client):
    assert client.get("/api/status", headers={"sec-fetch-site": "cross-site"}).status_code == 403


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/api/start", "/login", "/nothing"])
def test_every_answer_carries_the_policy(client, path):
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/static/../server.py", "/static/%2e%2e/server.py", "/static/vendor/../../desk.py"])
def test_only_static_files_are_static(client, path):
    assert client.get(path).status_code == 404


def test_a_password_opens_the_page_and_wrong_ones_are_counted(page):
    base = "http://10.0.0.5:8765"
    client = client_of(page, host="0.0.0.0", password="correct horse", base=base)
    assert client.get("/").headers["location"] == "/login"
    codes = [client.post("/login", data={"password": "wrong"}).status_code for _ in range(11)]
    assert codes == [403] * 10 + [429]
    fresh = client_of(page, host="0.0.0.0", password="correct horse", base=base)
    assert fresh.post("/login", data={"password": "correct horse"}).status_code == 303
    assert fresh.get("/api/start").status_code == 200


def test_a_proxy_may_stand_in_front(page):
    base = "https://label.example"
    app = build_app(page, token=TOKEN, host="127.0.0.1", password="correct horse", name="label.example")
    client = TestClient(app, base_url=base, headers={"origin": base}, follow_redirects=False)
    assert client.get("/", params={"annotator": "ann"}).headers["location"] == "/login?annotator=ann"
    response = client.post("/login", params={"annotator": "ann"}, data={"password": "correct horse"})
    assert response.headers["location"] == "/?annotator=ann"
    assert "secure" in response.headers["set-cookie"].lower()
    assert client.post("/api/answer", json={}, headers={"origin": "http://label.example"}).status_code == 403
    assert client.post("/api/answer", json={}).status_code == 200


def test_the_page_of_another_run_is_told_so(client):
    run = client.get("/api/start").json()["run"]
    codes = [client.post("/api/answer", json={"run": one}).status_code for one in (run, "other")]
    assert codes == [200, 409]


def test_questions_that_need_no_answer_any_more_are_named(client):
    ids = [task["id"] for task in client.post("/api/answer", json={"amount": 2}).json()["tasks"]]
    row = {"id": ids[0], "round": 0, "verdict": "accept", "when": "2026-01-01T00:00:00Z"}
    result = client.post("/api/answer", json={"answers": [row], "have": [*ids, "gone"]}).json()
    assert (result["round"], result["stale"]) == (0, [ids[0], "gone"])


def test_a_run_that_cannot_be_written_may_be_tried_again(client, folder):
    task = client.post("/api/answer", json={}).json()["tasks"][0]
    (folder / "answers.jsonl").mkdir()
    row = {"id": task["id"], "round": 0, "verdict": "accept", "when": "2026-01-01T00:00:00Z"}
    response = client.post("/api/answer", json={"answers": [row]})
    assert (response.status_code, response.json()["problem"][:6]) == (503, "[A002]")


def test_too_long_posts_are_refused(client):
    response = client.post("/api/answer", content=b"x" * (MAX_BODY + 1))
    assert response.status_code == 422
    assert "A713" in response.json()["problem"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"answers": 1}', b'{"amount": "x"}', b'{"a": NaN}', b"[" * 50_000,
                                  b'{"answers": [' + b",".join([b"1"] * 300) + b"]}", b"\xff"])  # fmt: skip
def test_bodies_that_make_no_sense_are_refused(client, body):
    response = client.post("/api/answer", content=body)
    assert response.status_code == 422
    assert "A713" in response.json()["problem"]


def test_an_answer_is_on_the_disk_and_the_next_question_comes_with_it(client, folder):
    task = client.post("/api/answer", json={}).json()["tasks"][0]
    row = {"id": task["id"], "round": 0, "verdict": "accept", "when": "2026-01-01T00:00:00Z"}
    result = client.post("/api/answer", json={"answers": [row]}).json()
    assert result["saved"] == result["fresh"] == 1
    assert result["tasks"][0]["id"] != task["id"]
    assert task["id"] in (folder / "answers.jsonl").read_text()


def test_two_people_differ_and_a_third_settles_it(folder):
    client = client_of(make_page(folder, overlap=2))
    client.get("/", params={"token": TOKEN})
    task = client.post("/api/answer", json={"annotator": "ann"}).json()["tasks"][0]
    for name, spans in (("ann", [[0, 1, "PER"]]), ("bob", [])):
        row = {"id": task["id"], "round": 0, "verdict": "accept", "spans": spans, "when": "2026-01-01T00:00:00Z"}
        client.post("/api/answer", json={"annotator": name, "answers": [row]})
    found = client.get("/api/differences").json()
    assert [answer["annotator"] for answer in found["differences"][0]["answers"]] == ["ann", "bob"]
    assert found["agreement"]["span_f1"] == 0
    client.post("/api/answer", json={"annotator": "cy", "answers": [row], "settle": True})
    assert client.get("/api/differences").json()["left"] == 0


def test_no_path_of_the_machine_is_sent(client, folder):
    texts = [client.get(path).text for path in ("/api/start", "/api/status", "/api/differences", "/")]
    assert not [text for text in texts if str(folder.parent) in text or str(folder) in text]
    assert PATH.sub("", f"[A002] {folder}/x.json: cannot (see https)") == "[A002] x.json: cannot (see https)"


def test_answers_are_kept_by_the_browser_while_the_run_is_not_there(client, folder):
    task = client.post("/api/answer", json={}).json()["tasks"][0]
    row = {"id": task["id"], "round": 0, "verdict": "accept", "spans": [], "when": "2026-01-01T00:00:00Z"}
    folder.rename(folder.with_name("moved"))
    response = client.post("/api/answer", json={"answers": [row]})
    assert response.status_code == 503  # 422 would be final
    assert "A539" in response.json()["problem"]
    folder.with_name("moved").rename(folder)
    assert client.post("/api/answer", json={"answers": [row]}).json()["saved"] == 1


def test_so_they_are_before_it_has_begun(page):
    page.desk = None
    client = client_of(page)
    client.get("/", params={"token": TOKEN})
    assert client.post("/api/answer", json={"answers": [{"id": "a"}]}).status_code == 503
