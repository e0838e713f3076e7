"""`parsepy user` and `parsepy job`: users and their roles, jobs and their runs."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import sys
from typing import TYPE_CHECKING, Any

from parsepy.cli.commands import with_application
from parsepy.cli.configuration import configure
from parsepy.cli.messages import StartError
from parsepy.cli.tables import print_table

if TYPE_CHECKING:
    from parsepy.app import Application
    from parsepy.model.values import JSONObject

_MOST = 1000  # users that are listed unless --limit says otherwise


def create(args: argparse.Namespace) -> int:
    """Make a user, as a sign-up does; the password is asked for, or read from standard input."""
    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            raise StartError("user create: these are two passwords")
    else:
        password = sys.stdin.readline().rstrip("\n")
    if not password:
        raise StartError("user create: a password is wanted, on standard input")

    async def act(application: Application) -> str:
        from parsepy.backend import master_context
        from parsepy.operations import bootstrap, objects

        body: JSONObject = {"username": args.username, "password": password}
        if args.email is not None:
            body["email"] = args.email
        context = master_context(application.backend)
        saved = await objects.create(context, "_User", body)
        for role in args.role:
            await bootstrap.grant(application.backend, args.username, role)
        return str(saved.object_id)

    object_id = with_application(configure(args).config, act)
    made = {"username": args.username, "objectId": object_id, "roles": args.role}
    print(json.dumps(made) if args.json else f"made the user {args.username} ({object_id})")
    return 0


def list_(args: argparse.Namespace) -> int:
    """Print the users, by name, with their roles."""

    async def act(application: Application) -> list[dict[str, Any]]:
        from parsepy.operations import principals, schemas
        from parsepy.storage.options import ReadOptions

        backend = application.backend
        options = ReadOptions(order=(("username", 1),), limit=args.limit)
        found = await schemas.lookup(backend, "_User", {}, options)
        keys = ("objectId", "username", "email", "createdAt")
        return [
            {
                **{key: item.get(key) for key in keys},
                "roles": sorted(await principals.roles_of(backend, item["objectId"])),
            }
            for item in found
        ]

    users = with_application(configure(args).config, act)
    if args.json:
        print(json.dumps(users, indent=2))
        return 0
    rows = [(u["username"], u["email"], ", ".join(u["roles"]), u["objectId"]) for u in users]
    print_table([("NAME", "EMAIL", "ROLES", "ID"), *rows])
    return 0


def grant(args: argparse.Namespace) -> int:
    """Put a user into a role."""

    async def act(application: Application) -> None:
        from parsepy.operations import bootstrap

        await bootstrap.grant(application.backend, args.username, args.role)

    with_application(configure(args).config, act)
    return _told_of(args, "is", is_member=True)


def revoke(args: argparse.Namespace) -> int:
    """Take a user out of a role."""

    async def act(application: Application) -> None:
        from parsepy.operations import bootstrap

        await bootstrap.revoke(application.backend, args.username, args.role)

    with_application(configure(args).config, act)
    return _told_of(args, "is not", is_member=False)


def _told_of(args: argparse.Namespace, verb: str, *, is_member: bool) -> int:
    told = {"username": args.username, "role": args.role, "isMember": is_member}
    print(json.dumps(told) if args.json else f"{args.username} {verb} in the role {args.role}")
    return 0


# --- jobs ---------------------------------------------------------------------------------------


def list_jobs(args: argparse.Namespace) -> int:
    """Print the jobs of the cloud code, and how the last run of each went."""

    async def act(application: Application) -> list[dict[str, Any]]:
        from parsepy.operations import schemas
        from parsepy.storage.options import ReadOptions

        backend, found = application.backend, []
        newest = ReadOptions(order=(("createdAt", -1),), limit=1)
        for name, job in sorted(backend.triggers.jobs.items()):
            runs = await schemas.lookup(backend, "_JobStatus", {"jobName": name}, newest)
            last = runs[0] if runs else {}
            keys = ("status", "message", "createdAt")
            found.append(
                {
                    "name": name,
                    "schedule": job.schedule or ("by itself" if job.next_run else None),
                    **{key: last.get(key) for key in keys},
                }
            )
        return found

    jobs = with_application(configure(args).config, act)
    if args.json:
        print(json.dumps(jobs, indent=2))
        return 0
    rows = [
        (j["name"], j["schedule"], j["status"] or "never run", j["createdAt"], j["message"])
        for j in jobs
    ]
    print_table([("JOB", "SCHEDULE", "LAST", "WHEN", "MESSAGE"), *rows])
    return 0


def run_job(args: argparse.Namespace) -> int:
    """Run a job to its end; return 1 if it fails."""
    try:
        params = json.loads(args.params)
    except ValueError as error:
        raise StartError(f"job run: --params is no JSON: {error}") from error
    if not isinstance(params, dict):
        raise StartError("job run: --params must be a JSON object")

    async def act(application: Application) -> JSONObject:
        from parsepy.backend import master_context
        from parsepy.operations import jobs, schemas

        backend = application.backend
        before = set(backend.tasks)
        status_id = await jobs.start(master_context(backend), args.name, params)
        await asyncio.gather(*(backend.tasks - before))
        return (await schemas.lookup(backend, "_JobStatus", {"objectId": status_id}))[0]

    status = with_application(configure(args).config, act)
    told = {key: status.get(key) for key in ("jobName", "status", "message", "objectId")}
    message = f": {told['message']}" if told["message"] else ""
    print(json.dumps(told) if args.json else f"{args.name} {told['status']}{message}")
    return 0 if told["status"] == "succeeded" else 1
