"""The commands about users and jobs."""

from __future__ import annotations

from typing import Any

from parsepy.cli.options import DATABASE, add_options
from parsepy.cli.parser import add_command, add_group, later


def add_people(parts: Any) -> None:
    actions = add_group(parts, "user", "make users, give them roles")
    listed = add_command(
        actions, "list", "print users and their roles", later("people", "list_"), json=True
    )
    listed.add_argument(
        "--limit", type=int, default=1000, metavar="N", help="at most so many (1000)"
    )
    made = add_command(
        actions,
        "create",
        "make a user",
        later("people", "create"),
        more="The password is asked for, or read from standard input.",
        examples=("user create ann --role admin", "user create bob < password.txt"),
        json=True,
    )
    made.add_argument("username", metavar="USERNAME", help="the name to log in with")
    made.add_argument("--email", metavar="ADDRESS", help="the e-mail address")
    made.add_argument(
        "--role",
        action="append",
        default=[],
        metavar="ROLE",
        help="a role that there is, to put the user into; may stand several times",
    )
    grant = add_command(
        actions,
        "grant",
        "put a user into a role",
        later("people", "grant"),
        examples=("user grant ann admin",),
        json=True,
    )
    revoke = add_command(
        actions,
        "revoke",
        "take a user out of a role",
        later("people", "revoke"),
        examples=("user revoke ann admin",),
        json=True,
    )
    for action in (grant, revoke):
        action.add_argument("username", metavar="USERNAME", help="the user's name")
        action.add_argument("role", metavar="ROLE", help="the role's name")

    actions = add_group(parts, "job", "print and run the jobs of cloud code")
    jobs = add_command(
        actions,
        "list",
        "print the jobs, their schedules and their last runs",
        later("people", "list_jobs"),
        json=True,
    )
    run = add_command(
        actions,
        "run",
        "run a job to its end",
        later("people", "run_job"),
        examples=("job run cleanUp", "job run report --params '{\"month\": 5}'"),
        codes=((1, "the job failed, or there is none of that name"),),
        json=True,
    )
    run.add_argument("name", metavar="JOB", help="the job's name")
    run.add_argument(
        "--params",
        default="{}",
        metavar="JSON",
        help='the parameters it is given, such as {"month": 5}',
    )
    for action in (listed, made, grant, revoke, jobs, run):
        add_options(action, {*DATABASE, "cloud"})
