"""The WordPress fixture is what the publishing tests rely on: real, complete, and it can be cut off."""

import httpx
import pytest

from tests.support.servers.wordpress import WordPress

pytestmark = pytest.mark.wordpress


def rest(blog: WordPress, role: str = "editor") -> httpx.Client:
    account = blog.accounts[role]
    return httpx.Client(
        base_url=f"{blog.url}/wp-json/wp/v2/", auth=(account.user, account.app_password), timeout=30
    )


def test_application_passwords_sign_in_with_their_role(wordpress: WordPress) -> None:
    for role in ("administrator", "editor", "author", "subscriber"):
        with rest(wordpress, role) as client:
            me = client.get("users/me", params={"context": "edit"}).json()
        assert me["roles"] == [role]


def test_it_takes_a_post_and_shows_it_at_its_link(wordpress: WordPress) -> None:
    with rest(wordpress) as client:
        answer = client.post(
            "posts",
            json={
                "title": "Kräuter",
                "content": "<p>Minze</p>",
                "status": "publish",
                "slug": "k-1",
            },
        )
        assert answer.status_code == 201
        page = httpx.get(answer.json()["link"])
    assert "<p>Minze</p>" in page.text
    assert "Kräuter" in page.text


def test_it_can_be_cut_off_and_comes_back_with_its_posts(wordpress: WordPress) -> None:
    with rest(wordpress) as client:
        made = client.post("posts", json={"title": "Stays", "status": "publish"}).json()
    wordpress.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(wordpress.url)
    wordpress.start()
    with rest(wordpress) as client:
        assert client.get(f"posts/{made['id']}").json()["title"]["rendered"] == "Stays"


def test_its_upload_limit_can_be_set(wordpress: WordPress) -> None:
    wordpress.start(UPLOAD_MAX="1M", POST_MAX="2M")
    name = {"Content-Disposition": 'attachment; filename="big.txt"', "Content-Type": "text/plain"}
    with rest(wordpress) as client:
        refused = client.post("media", files={"file": ("big.txt", b"a" * 1_500_000, "text/plain")})
        taken = client.post("media", headers=name, content=b"a" * 10_000)
    assert refused.status_code >= 400
    assert taken.status_code == 201
