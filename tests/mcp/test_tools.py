"""What the tools answer, over HTTP, of an application with cloud code."""

from __future__ import annotations

from pathlib import Path

import pytest

from parsepy.app import Application
from parsepy.mcp import manual
from parsepy.mcp.snippets import TECHNOLOGIES, snippet
from tests.conftest import Client, MakeApp
from tests.mcp.agents import Agent, agent

CLOUD = """
import asyncio
from parsepy import Cloud

@Cloud.function("echo")
async def echo(request):
    return request.params.get("text")

@Cloud.function("nothing")
async def nothing(request):
    pass

@Cloud.job("tidy", schedule="0 4 * * *")
async def tidy(request):
    if request.params.get("fail"):
        raise ValueError("no broom")
    await asyncio.sleep(request.params.get("seconds", 0))
    return "tidied"

@Cloud.before_save("Review")
async def check(request):
    pass
"""


@pytest.fixture
async def application(app: MakeApp, tmp_path: Path) -> Application:
    """An application with three reviews, and cloud code."""
    (tmp_path / "main.py").write_text(CLOUD)
    made = await app(
        mcp={"enabled": True, "write": True},
        cloud=str(tmp_path / "main.py"),
        publicServerURL="https://app.example/parse",
    )
    async with Client(made, master=True) as master:
        for stars in (5, 3, 5):
            await master.post("/classes/Review", json={"stars": stars, "text": "good"})
    return made


async def one_of(agent_: Agent) -> str:
    """The id of a review with three stars."""
    found = await agent_.call("query_objects", class_name="Review", where={"stars": 3})
    (review,) = found["data"]
    return str(review["objectId"])


async def test_objects_are_found_got_counted_and_summed_up(application: Application) -> None:
    async with agent(application) as agent_:
        object_id = await one_of(agent_)
        got = await agent_.call("get_object", class_name="Review", object_id=object_id)
        count = await agent_.call("count_objects", class_name="Review", where={"stars": 5})
        stages = [{"$group": {"_id": "$stars", "n": {"$sum": 1}}}, {"$sort": {"_id": 1}}]
        sums = await agent_.call("aggregate_objects", class_name="Review", pipeline=stages)
        page = await agent_.call(
            "query_objects", class_name="Review", order="-stars", keys="stars", limit=2, skip=1
        )
        gone = await agent_.refusal("get_object", class_name="Review", object_id="none")
        many = await agent_.refusal("query_objects", class_name="Review", limit=1000)
    assert got["data"][0]["stars"] == 3
    assert count["count"] == 2
    assert [(row["objectId"], row["n"]) for row in sums["data"]] == [(3, 1), (5, 2)]
    assert [one["stars"] for one in page["data"]] == [5, 3]
    assert "Object not found. (code 101)" in gone
    assert "less than or equal to 100" in many


async def test_objects_are_changed_and_deleted(application: Application) -> None:
    async with agent(application) as agent_:
        review = {"class_name": "Review", "object_id": await one_of(agent_)}
        plus = {"stars": {"__op": "Increment", "amount": 1}}
        changed = await agent_.call("update_object", **review, fields=plus)
        await agent_.call("delete_object", **review)
        assert (await agent_.call("count_objects", class_name="Review"))["count"] == 2
    assert changed["answer"]["stars"] == 4


async def test_functions_and_jobs_are_listed_and_run(application: Application) -> None:
    async with agent(application) as agent_:
        listed = await agent_.call("list_jobs_and_functions")
        text = await agent_.call("call_function", name="echo", params={"text": "hello"})
        nothing = await agent_.call("call_function", name="nothing")
        done = await agent_.call("run_job", name="tidy")
        failed = await agent_.call("run_job", name="tidy", params={"fail": 1})
        going = await agent_.call("run_job", name="tidy", params={"seconds": 30}, wait_seconds=0)
        unknown = await agent_.refusal("run_job", name="none")
    assert listed == {"functions": ["echo", "nothing"], "jobs": {"tidy": "0 4 * * *"}}
    assert (text["data"], nothing["data"]) == (["hello"], [])
    assert (done["job"]["status"], done["job"]["message"]) == ("succeeded", "tidied")
    assert (failed["job"]["status"], failed["job"]["message"]) == ("failed", "no broom")
    assert going["job"]["status"] == "running"
    assert "Invalid job." in unknown


async def test_a_class_is_described_with_its_triggers(application: Application) -> None:
    async with agent(application) as agent_:
        shown = await agent_.call("describe_class", class_name="Review")
        unknown = await agent_.refusal("describe_class", class_name="None")
    assert shown["fields"]["stars"] == {"type": "Number"}
    assert shown["cloudCode"] == ["beforeSave"]
    assert "Class None does not exist." in unknown


async def test_a_schema_that_does_not_fit_is_not_applied(application: Application) -> None:
    fields = {"stars": {"type": "String"}}
    schema = {"classes": [{"className": "Review", "fields": fields}]}
    async with agent(application) as agent_:
        plan = await agent_.call("diff_schema", schema=schema)
        refused = await agent_.refusal("apply_schema", schema=schema)
        wrong = await agent_.refusal("apply_schema", schema={"classes": [{"className": "1"}]})
    assert plan["conflicts"] == ["Review.stars: the template says String, the database has Number"]
    assert "the template says String" in refused
    assert "schema" in wrong


@pytest.mark.parametrize(
    ("technology", "line", "code"),
    [
        ("react", 'Parse.serverURL = "https://app.example/parse";', "class Review extends"),
        ("ios", 'serverURL: URL(string: "https://app.example/parse")!', "struct Review"),
        ("php", "ParseClient::setServerURL('https://app.example', '/parse');", ""),
        ("rest", "https://app.example/parse/classes/Review?limit=10", ""),
    ],
)
async def test_a_client_is_written_for_a_technology(
    application: Application, technology: str, line: str, code: str
) -> None:
    async with agent(application) as agent_:
        told = await agent_.call("generate_client_code", technology=technology)
        unknown = await agent_.refusal("generate_client_code", technology="cobol")
    assert line in told["connect"]
    assert code in told.get("types", {"code": ""})["code"]
    assert "cobol is none of javascript, react" in unknown


async def test_the_security_report_is_read(application: Application) -> None:
    async with agent(application) as agent_:
        report = (await agent_.call("security_report"))["report"]
    assert "Master key is strong" in str(report)


def test_a_search_finds_the_section_whose_title_has_the_words() -> None:
    first = manual.search("field operations", 3)[0]
    assert first.page == "queries.md"
    assert manual.search("xyzzy plugh", 3) == []
    assert len(manual.search("the", 20)) == 20


@pytest.mark.parametrize("name", TECHNOLOGIES)
def test_every_first_line_names_the_server_and_the_application(name: str) -> None:
    text = snippet(TECHNOLOGIES[name], "https://app.example/parse", "my-id", "Review")
    assert "<<" not in text
    assert [word for word in ("https://app.example", "my-id", "Review") if word not in text] == []
