"""Who can reach whose memory, read off settings as OpenClaw documents them."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from forwhom.audit.reach.graph import Reach, reach_of
from forwhom.audit.reach.paths import paths, who_reads
from forwhom.audit.reach.picture import in_words, picture
from tests.audit.small import SPECIAL, small, telegram


def _sessions(reach: Reach) -> dict[str, str]:
    return {one.person.name: one.session for one in reach.ways}


def test_a_deployment_without_channels_lets_nobody_in() -> None:
    reach = reach_of(small({}))
    assert not reach.ways and not paths(reach)
    assert "none that the settings show" in in_words(reach)


def test_two_people_on_an_allowlist_share_the_main_session_unless_direct_messages_are_kept_apart() -> None:
    config = telegram(allowFrom=["1", "2"])
    assert set(_sessions(reach_of(small(config))).values()) == {"agent:main:main"}
    apart = _sessions(reach_of(small({**config, "session": {"dmScope": "per-channel-peer"}})))
    assert apart["telegram:2"] == "agent:main:telegram:direct:2" != apart["owner"]


def test_accounts_that_are_linked_are_one_person() -> None:
    config = {
        "commands": {"ownerAllowFrom": ["telegram:1"]},
        "session": {"identityLinks": {"ana": ["telegram:1", "signal:+44"]}},
        "channels": {"telegram": {"allowFrom": ["1"]}, "signal": {"allowFrom": ["+44"]}},
    }
    assert {one.person.kind for one in reach_of(small(config)).ways} == {"owner"}


def test_the_owner_is_who_is_named_so_and_else_the_first_who_was_let_in() -> None:
    named = {**telegram(allowFrom=["2", "1"]), "commands": {"ownerAllowFrom": ["telegram:1"]}}
    ways = {one.person.name: one.person for one in reach_of(small(named)).ways}
    assert ways["owner"].id == "1" and not ways["owner"].is_assumed and "telegram:2" in ways
    ways = {one.person.name: one.person for one in reach_of(small(telegram(allowFrom=["2", "1"]))).ways}
    assert ways["owner"].id == "2" and ways["owner"].is_assumed


def test_who_was_paired_is_let_in_by_the_policy_and_not_where_it_is_disabled() -> None:
    paired = {"telegram": ("2",)}
    people = reach_of(small(telegram(dmPolicy="pairing"), paired=paired)).people("main")
    assert set(people) == {"owner", "telegram:2"}
    assert not reach_of(small(telegram(dmPolicy="disabled"), paired=paired)).ways


def test_an_access_group_is_opened_for_the_channel_that_refers_to_it() -> None:
    config = {
        **telegram(allowFrom=["1", "accessGroup:friends"]),
        "accessGroups": {
            "friends": {
                "type": "message.senders",
                "members": {"*": ["7"], "telegram": ["8"], "discord": ["9"]},
            }
        },
    }
    assert set(reach_of(small(config)).people("main")) == {"owner", "telegram:7", "telegram:8"}


def test_a_binding_sends_a_person_to_an_agent_with_a_workspace_of_their_own() -> None:
    config = {
        **telegram(allowFrom=["1", "2"]),
        "agents": {"entries": {"main": {}, "ben": {}}},
        "bindings": [
            {"agentId": "ben", "match": {"channel": "telegram", "peer": {"kind": "direct", "id": "2"}}}
        ],
    }
    reach = reach_of(small(config, agents=("main", "ben")))
    assert _sessions(reach) == {"owner": "agent:main:main", "telegram:2": "agent:ben:main"}
    assert reach.whose("ben") == "telegram:2"
    assert all("of main" in end or "of main" in path.session for path in paths(reach) for end in path.reads)


def test_two_accounts_bound_to_two_agents_do_not_meet() -> None:
    config = {
        "channels": {
            "telegram": {"accounts": {"default": {"allowFrom": ["1"]}, "work": {"allowFrom": ["2"]}}}
        },
        "bindings": [{"agentId": "work", "match": {"channel": "telegram", "accountId": "work"}}],
    }
    reach = reach_of(small(config, agents=("main", "work")))
    assert set(reach.people("main")) == {"owner"} and set(reach.people("work")) == {"telegram:2"}


def test_with_explicit_owners_a_message_that_is_bound_to_nobody_reaches_nobody() -> None:
    config = {**telegram(), "agents": {"ownership": "explicit", "entries": {"main": {}, "ben": {}}}}
    assert not reach_of(small(config, agents=("main", "ben"))).ways


def test_a_bindings_own_scope_wins_over_the_global_one() -> None:
    config = {
        **telegram(),
        "session": {"dmScope": "main"},
        "bindings": [
            {"agentId": "main", "match": {"channel": "telegram"}, "session": {"dmScope": "per-peer"}}
        ],
    }
    (way,) = reach_of(small(config)).ways
    assert not way.is_main and way.why.name == "bindings.0.session.dmScope"


@pytest.mark.parametrize(
    "settings",
    [{"dmPolicy": "open"}, {"allowFrom": ["1", "*"]}, {"dm": {"policy": "open", "allowFrom": ["*"]}}],
)
def test_an_open_policy_and_a_wildcard_let_anybody_in(settings: dict[str, Any]) -> None:
    (door,) = [one for one in reach_of(small(telegram(**settings))).doors if one.kind == "direct"]
    assert door.is_open and any(one.kind == "anybody" for one in door.people)


def test_a_channel_that_is_off_is_no_door() -> None:
    assert not reach_of(small(telegram(enabled=False, dmPolicy="open"))).doors


_ROOM = {"groups": {"-5": {"requireMention": True}}, "groupAllowFrom": ["1", "2"]}


def _group(config: dict[str, Any]) -> tuple[bool, bool]:
    """Whether the group's session reads and writes the files of the memory."""
    reach = reach_of(small(config))
    way = next(one for one in reach.ways if one.door.kind == "group" and one.person.is_other)
    box = reach.tools(way)
    return box.reads_workspace() is not None, box.writes_workspace() is not None


def _sandbox(mode: str, access: str = "none") -> dict[str, Any]:
    return {"agents": {"defaults": {"sandbox": {"mode": mode, "workspaceAccess": access}}}}


def test_a_group_has_the_files_of_the_memory_unless_sandbox_or_tools_take_them() -> None:
    room = telegram(**_ROOM)
    assert _group(room) == (True, True)
    assert _group({**room, **_sandbox("non-main")}) == (False, False)
    assert _group({**room, **_sandbox("all", "ro")}) == (True, False)
    assert _group({**room, **_sandbox("all", "rw")}) == (True, True)
    assert _group({**room, "tools": {"profile": "messaging"}}) == (False, False)
    assert _group({**room, "tools": {"profile": "messaging", "alsoAllow": ["read"]}}) == (True, False)
    assert _group({**room, "tools": {"deny": ["group:fs", "group:runtime", "group:memory"]}}) == (
        False,
        False,
    )
    assert _group({**room, "tools": {"allow": ["web_search"]}}) == (False, False)
    limits = {"*": {"deny": ["group:fs", "group:runtime", "group:memory"]}}
    assert _group({**room, "tools": {"toolsBySender": limits}}) == (False, False)
    own = {"-5": {"tools": {"deny": ["write", "edit", "apply_patch", "exec", "process"]}}}
    assert _group(telegram(**{**_ROOM, "groups": own})) == (True, False)


def test_a_sandbox_for_all_but_the_main_session_leaves_out_a_group_that_is_in_it() -> None:
    config = {**telegram(**_ROOM), **_sandbox("non-main"), "session": {"groupScope": "main"}}
    assert _group(config) == (True, True)


def test_memory_tools_pass_a_sandbox_only_where_it_lets_them() -> None:
    config = {**telegram(**_ROOM), **_sandbox("non-main")}
    config["tools"] = {"sandbox": {"tools": {"alsoAllow": ["memory_search"]}}}
    assert _group(config) == (True, False)


def test_older_spellings_are_read_alike() -> None:
    old = {"agents": {"list": [{"id": "main", "sandbox": {"mode": "non-main"}}]}, **telegram(**_ROOM)}
    assert _group(old) == (False, False)
    older = {
        "agent": {"sandbox": {"mode": "non-main"}},
        "telegram": telegram(**_ROOM)["channels"]["telegram"],
    }
    assert _group(older) == (False, False)


def test_discord_servers_and_their_rooms_are_groups_of_anybody_in_them() -> None:
    guild = {"g": {"channels": {"help": {"enabled": True}, "off": {"enabled": False}}}}
    reach = reach_of(small({"channels": {"discord": {"allowFrom": ["1"], "guilds": guild}}}))
    (door,) = [one for one in reach.doors if one.kind == "group"]
    assert door.room == "help" and [one.name for one in door.people] == ["members of help"]


def test_a_hook_is_a_way_in_of_its_own_session_or_of_the_main_one_where_it_wakes_it() -> None:
    hooks = {
        "enabled": True,
        "presets": ["gmail"],
        "mappings": [{"id": "w", "match": {"path": "w"}, "action": "wake"}],
    }
    found = {one.door.name: one.is_main for one in reach_of(small({"hooks": hooks})).ways}
    assert found == {"hook w": True, "hook gmail": False}
    assert not reach_of(small({"hooks": {**hooks, "enabled": False}})).ways


def test_every_edge_names_its_setting_and_whether_it_is_a_default() -> None:
    reach = reach_of(small(telegram(allowFrom=["1", "2"])))
    edge = next(one for one in reach.edges if one.start == "who:telegram:2")
    assert edge.place.line == 7 and "dmPolicy" in edge.why and not edge.is_default
    main = next(one for one in reach.edges if one.start == "door:telegram, direct messages")
    assert "session.dmScope: main (default)" in main.why and main.is_default


def test_a_path_says_who_reads_and_writes_what_and_how_it_could_leave() -> None:
    reach = reach_of(small(telegram(allowFrom=["1", "2"])))
    (path,) = paths(reach)
    assert path.who == "telegram:2" and path.reads == ("USER.md", "MEMORY.md") == path.writes
    assert "reads and writes USER.md and MEMORY.md" in path.sentence and "can send by" in path.sentence


def test_who_reads_a_text_is_nobody_with_one_person_and_the_other_with_two() -> None:
    alone, both = small(telegram()), small(telegram(allowFrom=["1", "2"]))
    assert who_reads(reach_of(alone), alone.texts[2]) == ()
    assert who_reads(reach_of(both), both.texts[2]) == ("telegram:2",)


_ODD: tuple[Any, ...] = (None, 5, "x", [], {}, [5, None, {"id": 3}], {"a": [1]}, True)
_KEYS = (
    "channels", "channels.telegram", "channels.telegram.allowFrom", "channels.telegram.groups",
    "channels.telegram.accounts", "channels.discord.guilds", "session", "session.identityLinks",
    "session.dmScope", "bindings", "commands.ownerAllowFrom", "tools", "tools.allow", "tools.sandbox.tools",
    "agents", "agents.list", "agents.entries", "agents.entries.main.sandbox", "hooks", "hooks.mappings",
    "hooks.presets", "hooks.gmail", "mcp.servers", "mcp.servers.a", "plugins.entries.imap",
    "plugins.entries.memory-core", "accessGroups", "agents.defaults.heartbeat", "skills.entries",
    "memory.search",
)  # fmt: skip


@pytest.mark.parametrize("key", _KEYS)
def test_settings_of_an_unknown_shape_are_no_error(key: str) -> None:
    from forwhom.audit.techniques import techniques
    from tests.audit.small import found

    for odd in _ODD:
        config: dict[str, Any] = {"hooks": {"enabled": True}, "channels": {"telegram": {"allowFrom": ["1"]}}}
        *above, last = key.split(".")
        told = config
        for one in above:
            told = told.setdefault(one, {})
        told[last] = odd
        deployment = small(config)
        assert picture(reach_of(deployment)) and techniques(deployment)
        for name in ("combination", "open-door", "group-reads-memory", "several-people-one-user-file"):
            found(deployment, name)


def test_the_picture_is_one_svg_without_script_address_or_markup_of_others() -> None:
    bad = '"><script>alert(1)</script>&\x1b[31m'
    config = telegram(allowFrom=["1", bad], groups={bad: {}}, groupAllowFrom=["1", bad])
    drawn = picture(reach_of(small(config, memory=SPECIAL)))
    tree = ElementTree.fromstring(drawn)
    assert tree.tag.endswith("svg") and "<script" not in drawn and "\x1b" not in drawn
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")
    assert any("x" in one.get("class", "").split() for one in tree.iter())


@pytest.mark.parametrize("people", [1, 12, 90])
def test_the_picture_stays_readable_with_many_and_says_what_it_left_out(people: int) -> None:
    reach = reach_of(small(telegram(allowFrom=[str(one) for one in range(people)])))
    drawn = picture(reach)
    assert drawn.count("<rect") == min(30, len(reach.nodes))
    assert ("more not drawn" in drawn) is (len(reach.nodes) > 30)


def test_keys_in_addresses_and_commands_of_servers_are_not_shown() -> None:
    servers = {
        "a": {"url": "https://ana:hunter2@mcp.example.com/sse?api_key=hunter2"},
        "b": {"command": "npx", "args": ["mail-mcp", "--token", "hunter2", "--password=hunter2"]},
    }
    reach = reach_of(small({"mcp": {"servers": servers}}))
    told = " ".join(one.why for one in reach.outlets)
    assert "mcp.example.com/sse" in told and "npx mail-mcp" in told
    assert "hunter2" not in told + picture(reach) + in_words(reach)
