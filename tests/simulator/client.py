"""A client of the simulated platform, with a token."""

from typing import Any

import requests

from scripts.simulator import CLIENT_ID, CLIENT_SECRET, USER_JWT


class Client:
    """Ask the simulated platform with a token."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {self.token()}"

    def ask_for_token(self, *, secret: str = CLIENT_SECRET, jwt: str = USER_JWT) -> requests.Response:
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": jwt}
        return requests.post(f"{self.url}/restapi/oauth/token", form, auth=(CLIENT_ID, secret), timeout=5)

    def token(self) -> str:
        token: str = self.ask_for_token().json()["access_token"]
        return token

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.session.get(f"{self.url}/restapi/v1.0{path}", params=query, timeout=5)

    def call_log(self, **query: Any) -> Any:
        answer = self.get("/account/~/call-log", **{"view": "Detailed", **query})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self.session.request(method, f"{self.url}/restapi/v1.0{path}", json=body, timeout=5)
