"""Check a database by the rules of Supabase's database linter that apply: one rule, one file in sql/lints/.

Each file is a query of (name, level, object, detail, remedy): a row is a finding. What must be as it is stands in
JUSTIFIED, and why in docs/security.md.
"""

from dataclasses import dataclass
from pathlib import Path

import psycopg

LINTS_DIR = Path(__file__).resolve().parent.parent / "sql" / "lints"

# Findings that are meant, by rule and object.
JUSTIFIED: dict[str, frozenset[str]] = {
    "anon_security_definer_function_executable": frozenset({"get_disclosure()"}),
    "authenticated_security_definer_function_executable": frozenset(
        {
            "accept_disclosure(text)",
            "block_profile(uuid)",
            "get_assigned_chat()",
            "get_disclosure()",
            "mark_messages_read(uuid,integer)",
            "my_credit_history(integer,bigint)",
            "report_message(uuid,text)",
        }
    ),
}


@dataclass(frozen=True)
class Finding:
    """One fault: the rule, how bad (ERROR, WARN, INFO), where, what, and what to do about it."""

    name: str
    level: str
    object: str
    detail: str
    remedy: str

    @property
    def is_justified(self) -> bool:
        """Whether docs/security.md says why this one is meant."""
        return self.object in JUSTIFIED.get(self.name, ())


def run(conn: psycopg.Connection, directory: Path = LINTS_DIR) -> list[Finding]:
    """What is wrong with the database, the worst first; nothing is changed."""
    severity = ["ERROR", "WARN", "INFO"]
    findings = [finding for finding in every_finding(conn, directory) if not finding.is_justified]
    return sorted(findings, key=lambda found: (severity.index(found.level), found.name, found.object))


def every_finding(conn: psycopg.Connection, directory: Path = LINTS_DIR) -> list[Finding]:
    """What the rules find, the justified too."""
    findings = []
    with conn.transaction():
        # Names are then written short for public, as JUSTIFIED has them, and in full for everything else.
        conn.execute("set local search_path = public, pg_catalog")
        for path in sorted(directory.glob("*.sql")):
            rows = conn.execute(path.read_bytes()).fetchall()
            findings += [Finding(*row) for row in rows]
    return findings
