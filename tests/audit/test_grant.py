"""A grant is printed without its tokens."""

from pydantic import SecretStr

from functions.audit.grant import Grant


def test_printing_a_grant_shows_no_token() -> None:
    grant = Grant(merchant_id="larkspur", access_token=SecretStr("act.secret"), refresh_token=SecretStr("rft.secret"))

    for shown in (repr(grant), str(grant), grant.model_dump_json(), str(grant.model_dump())):
        assert "secret" not in shown.replace("SecretStr", "")
        assert "larkspur" in shown
