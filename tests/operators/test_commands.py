"""fantooo create-admin and fantooo operators, against an Auth that answers over HTTP."""

import re
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import click.testing
import pytest
import requests

from cli import main
from local.ports import free_port
from local.project import Project
from tests.conftest import PASSWORDS, Server
from tests.operators.support import holder
from tests.support.database import Database
from tests.support.supabase import running_gateway

PASSWORD = "correct horse battery"


@pytest.fixture
def project(server: Server, clone: str) -> Iterator[Project]:
    """This test's database, with an Auth in front of it."""
    made = Project.create(
        url=f"http://127.0.0.1:{free_port()}",
        db_port=server.cluster.port,
        superuser_password=server.cluster.password,
        database=clone,
    )
    project = replace(made, passwords={**made.passwords, **PASSWORDS})
    with running_gateway(project):
        yield project


class Command:
    """The fantooo command in the environment of one project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self.environment = {
            "DATABASE_URL": project.dsn("fantooo_api"),
            "SUPABASE_URL": project.url,
            "SUPABASE_SERVICE_ROLE_KEY": project.secret_key,
            "FANTOOO_ADMIN_EMAIL": "",
        }

    def run(self, *arguments: str, typed: str = f"{PASSWORD}\n{PASSWORD}\n") -> click.testing.Result:
        return click.testing.CliRunner().invoke(main, arguments, input=typed, env=self.environment)

    def says(self, *arguments: str, typed: str = f"{PASSWORD}\n{PASSWORD}\n") -> str:
        """What a run that succeeds prints."""
        result = self.run(*arguments, typed=typed)
        assert result.exit_code == 0, result.output
        return result.output

    def fails(self, *arguments: str) -> str:
        """The sentence of a run that fails."""
        result = self.run(*arguments)
        assert result.exit_code == 1, result.output
        assert isinstance(result.exception, SystemExit)
        return result.output.splitlines()[-1]

    def signs_in(self, email: str) -> bool:
        answer = requests.post(
            f"{self._project.url}/auth/v1/token?grant_type=password",
            json={"email": email, "password": PASSWORD},
            headers={"apikey": self._project.publishable_key},
            timeout=20,
        )
        return answer.ok


@pytest.fixture
def fantooo(project: Project) -> Command:
    return Command(project)


@pytest.fixture
def admin(db: Database) -> str:
    """The e-mail address of a super admin."""
    email: str = db.owner.value("select email from public.admins where id = %s", db.admin())
    return email


def auth_users(db: Database) -> list[str]:
    return [row["email"] for row in db.owner.rows("select email from auth.users order by email")]


def operator_id(db: Database, email: str) -> UUID:
    found: UUID = db.owner.value("select id from public.operators where email = %s", email)
    return found


# create-admin


def test_the_first_admin_is_a_super_admin_and_signs_in(db: Database, fantooo: Command) -> None:
    said = fantooo.says("create-admin", "--email", "Grace@staff.example", "--name", "Grace")
    assert "Grace is a super admin and signs in as grace@staff.example." in said
    assert PASSWORD not in said
    assert fantooo.signs_in("grace@staff.example")
    assert db.owner.rows("select name, email, is_super_admin from public.admins") == [
        {"name": "Grace", "email": "grace@staff.example", "is_super_admin": True}
    ]


def test_a_later_admin_is_made_by_a_super_admin(db: Database, fantooo: Command, admin: str) -> None:
    arguments = ("create-admin", "--email", "peter@staff.example", "--name", "Peter", "--password-stdin")
    assert "Peter is an admin" in fantooo.says(*arguments, "--by", admin, typed=f"{PASSWORD}\n")
    assert fantooo.signs_in("peter@staff.example")
    refused = fantooo.fails(
        "create-admin", "--email", "x@staff.example", "--name", "X", "--by", "peter@staff.example"
    )
    assert refused == "Error: Only super admins make admins."


def test_without_a_super_admin_a_second_admin_is_not_made_and_no_auth_user_is_left(
    db: Database, fantooo: Command, admin: str
) -> None:
    before = auth_users(db)
    refused = fantooo.fails("create-admin", "--email", "peter@staff.example", "--name", "Peter")
    assert refused == "Error: Only super admins make admins."
    assert auth_users(db) == before


def test_who_is_named_by_by_must_be_an_admin(db: Database, fantooo: Command) -> None:
    before = auth_users(db)
    refused = fantooo.fails(
        "create-admin", "--email", "p@staff.example", "--name", "P", "--by", "no@staff.example"
    )
    assert refused == "Error: No admin has the e-mail address no@staff.example."
    assert auth_users(db) == before


def test_an_address_that_auth_knows_already_is_said_to_be_so(
    db: Database, fantooo: Command, admin: str
) -> None:
    db.user("brian")
    refused = fantooo.fails("create-admin", "--email", "brian@fantooo.com", "--name", "Brian", "--by", admin)
    assert "Auth has a user brian@fantooo.com already" in refused
    assert "brian@fantooo.com" in auth_users(db)


def test_an_auth_that_does_not_answer_changes_nothing(db: Database, fantooo: Command) -> None:
    fantooo.environment["SUPABASE_URL"] = f"http://127.0.0.1:{free_port()}"
    refused = fantooo.fails("create-admin", "--email", "grace@staff.example", "--name", "Grace")
    assert "Supabase Auth does not answer" in refused
    assert auth_users(db) == []


def test_what_is_missing_of_the_environment_is_named(fantooo: Command) -> None:
    fantooo.environment["DATABASE_URL"] = ""
    assert "DATABASE_URL is not set" in fantooo.fails(
        "create-admin", "--email", "g@staff.example", "--name", "G"
    )


def test_an_empty_standard_input_is_no_password(db: Database, fantooo: Command) -> None:
    result = fantooo.run(
        "create-admin", "--email", "g@staff.example", "--name", "G", "--password-stdin", typed=""
    )
    assert (result.exit_code, auth_users(db)) == (1, [])


# operators


def test_an_operator_is_made_and_signs_in(db: Database, fantooo: Command, admin: str) -> None:
    arguments = ("operators", "create", "--email", "Halima@staff.example", "--name", "Halima", "--by", admin)
    assert "Halima is an operator and signs in as halima@staff.example." in fantooo.says(*arguments)
    assert fantooo.signs_in("halima@staff.example")
    assert db.owner.value("select action from public.admin_audit_log") == "create_operator"


def test_when_the_record_of_an_operator_fails_the_auth_user_is_removed_and_it_can_be_tried_again(
    db: Database, fantooo: Command, admin: str
) -> None:
    before = auth_users(db)
    arguments = ("operators", "create", "--email", "halima@staff.example", "--by", admin)
    assert "Staff have a name" in fantooo.fails(*arguments, "--name", "x" * 101)
    assert auth_users(db) == before
    fantooo.says(*arguments, "--name", "Halima")


def test_deactivating_hands_the_chat_on_and_reactivating_lets_them_return(
    db: Database, fantooo: Command, admin: str
) -> None:
    operator, chat = db.operator("olga", available=True), db.waiting_chat()
    db.owner.call("assign_chat_to_operator", operator)
    other = db.operator("other", available=True)
    email = db.operator_row(operator)["email"]
    said = fantooo.says("operators", "deactivate", email, "--by", admin)
    assert said.splitlines() == ["olga is deactivated.", f"Their chat {chat} was released."]
    assert holder(db, chat) == other
    assert "olga may work again" in fantooo.says("operators", "reactivate", email.upper(), "--by", admin)
    assert db.operator_row(operator)["is_active"] is True


@pytest.mark.parametrize("verb", ["deactivate", "reactivate"])
def test_an_operator_nobody_knows_is_said_to_be_unknown(fantooo: Command, admin: str, verb: str) -> None:
    assert fantooo.fails("operators", verb, "no@staff.example", "--by", admin) == (
        "Error: No operator has the e-mail address no@staff.example."
    )


def test_the_list_shows_what_everybody_is_doing(db: Database, fantooo: Command, admin: str) -> None:
    chat = db.waiting_chat()
    busy = db.operator("Busy", available=True)
    db.owner.call("assign_chat_to_operator", busy)
    db.operator("Free", available=True)
    db.operator("Off")
    db.owner.execute(
        "update public.operators set last_heartbeat_at = now() - interval '3 hours' where id = %s",
        db.operator("Silent", available=True),
    )
    db.owner.execute("update public.operators set is_active = false where id = %s", db.operator("Gone"))
    db.waiting_chat()
    said = fantooo.says("operators", "list", "--by", admin)
    *table, _, summary = re.sub(r"\b\d+ s\b", "now", said).splitlines()
    assert table[0].split() == ["NAME", "E-MAIL", "STATE", "FOR", "HEARD", "OF", "CHAT", "MESSAGES"]
    states = {row.split()[0]: " ".join(row.split()[2:]) for row in table[1:]}
    assert states == {
        "Busy": f"answering now now {chat} 0",
        "Free": "free now now 0",
        "Gone": "deactivated - - 0",
        "Off": "off - - 0",
        "Silent": "silent 3 h 3 h 0",
    }
    assert summary == "1 waiting, the oldest for now; 1 free to take one."


def test_the_admin_may_be_named_by_the_environment(fantooo: Command, admin: str) -> None:
    fantooo.environment["FANTOOO_ADMIN_EMAIL"] = admin
    assert "NAME" in fantooo.says("operators", "list")
