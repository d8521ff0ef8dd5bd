"""The gateway's own rules: who gets in, as whom, and what browsers may do."""

from collections.abc import Iterator

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from local.gateway import Admission, ApiKeys, Refusal
from local.project import Project
from tests.support.supabase import new_project, running_cluster, running_gateway

USER_TOKEN = "a.user.token"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with running_cluster(tmp_path_factory.mktemp("gateway")) as cluster:
        project = new_project(cluster)
        with running_gateway(project):
            yield project


@pytest.fixture
def keys() -> ApiKeys:
    return ApiKeys(Project.create(url="http://127.0.0.1:1", db_port=1, superuser_password="unused"))


def test_every_kind_of_key_stands_for_its_role_s_token(keys: ApiKeys) -> None:
    project = keys.project
    for key in (project.publishable_key, project.anon_key):
        assert keys.admit(key, None, "") == Admission("anon", project.anon_key)
    for key in (project.secret_key, project.service_role_key):
        assert keys.admit(key, None, "") == Admission("service_role", project.service_role_key)


def test_the_key_itself_as_bearer_is_no_user(keys: ApiKeys) -> None:
    key = keys.project.publishable_key
    assert keys.admit(key, f"Bearer {key}", "").token == keys.project.anon_key


def test_a_user_s_token_wins_over_the_key_s(keys: ApiKeys) -> None:
    for key in (keys.project.publishable_key, keys.project.secret_key):
        assert keys.admit(key, f"Bearer {USER_TOKEN}", "").token == USER_TOKEN


def test_another_opaque_key_as_bearer_is_refused(keys: ApiKeys) -> None:
    with pytest.raises(Refusal, match="Invalid API key"):
        keys.admit(keys.project.publishable_key, f"Bearer {keys.project.secret_key}", "")


def test_another_project_s_key_is_refused(keys: ApiKeys) -> None:
    with pytest.raises(Refusal, match="Invalid API key"):
        keys.admit("sb_publishable_of_somebody_else", None, "")


def test_a_secret_key_in_a_browser_is_refused(keys: ApiKeys) -> None:
    browser = "Mozilla/5.0 (X11; Linux x86_64)"
    with pytest.raises(Refusal, match="Forbidden use of secret API key in browser"):
        keys.admit(keys.project.secret_key, None, browser)
    assert keys.admit(keys.project.publishable_key, None, browser)


@pytest.mark.parametrize("path", ["/auth/v1/user", "/rest/v1/", "/realtime/v1/api/broadcast"])
def test_without_a_key_no_service_is_reached(project: Project, path: str) -> None:
    answer = requests.get(project.url + path, timeout=20)
    assert answer.status_code == 401
    assert answer.json()["message"] == "No API key found in request"


def test_the_key_may_come_in_the_query(project: Project) -> None:
    url = f"{project.url}/auth/v1/settings"
    assert requests.get(url, params={"apikey": project.publishable_key}, timeout=20).ok


@pytest.mark.parametrize("path", ["/", "/health", "/auth/v1/health", "/auth/v1/.well-known/jwks.json"])
def test_some_paths_need_no_key(project: Project, path: str) -> None:
    assert requests.get(project.url + path, timeout=20).ok


def test_rest_answers_behind_the_gateway(project: Project) -> None:
    headers = {"apikey": project.secret_key}
    assert requests.get(f"{project.url}/rest/v1/nothing", headers=headers, timeout=20).status_code == 404


def test_a_websocket_with_a_wrong_key_gets_a_plain_401(project: Project) -> None:
    url = f"{project.url.replace('http', 'ws')}/realtime/v1/websocket?apikey=wrong&vsn=2.0.0"
    with pytest.raises(InvalidStatus) as caught:
        connect(url)
    assert caught.value.response.status_code == 401
    assert b"Invalid API key" in bytes(caught.value.response.body or b"")


def test_a_websocket_with_the_key_is_open(project: Project) -> None:
    url = f"{project.url.replace('http', 'ws')}/realtime/v1/websocket?apikey={project.publishable_key}&vsn=2.0.0"
    with connect(url) as socket:
        socket.send('[null,"1","phoenix","heartbeat",{}]')
        assert '"status":"ok"' in str(socket.recv(timeout=20)).replace(" ", "")


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT", "DELETE"])
def test_a_preflight_allows_what_the_clients_send(project: Project, method: str) -> None:
    wanted = {
        "authorization", "apikey", "content-type", "x-client-info", "x-supabase-api-version",
        "prefer", "range", "accept-profile", "content-profile",
    }  # fmt: skip
    headers = {
        "Origin": "http://localhost:3000",
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": ",".join(sorted(wanted)),
    }
    answer = requests.options(f"{project.url}/rest/v1/messages", headers=headers, timeout=20)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert method in answer.headers["access-control-allow-methods"]
    allowed = {name.strip().lower() for name in answer.headers["access-control-allow-headers"].split(",")}
    assert wanted <= allowed


def test_browsers_may_read_every_answer_and_the_headers_clients_use(project: Project) -> None:
    answer = requests.get(f"{project.url}/auth/v1/user", headers={"Origin": "http://a.test"}, timeout=20)
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == "*"
    exposed = {name.strip() for name in answer.headers["access-control-expose-headers"].split(",")}
    assert {"content-range", "x-total-count", "link", "x-supabase-api-version"} <= exposed
