"""What users may do to each other: passwords, accounts and notes of others, sessions that do not end."""

from typing import Any

from aiohttp import web

from lab.case import Case, Handler, Parameter, Route
from lab.pages import answer, document
from lab.world import USERS, need_user, world


def _password(*, own: bool) -> Handler:
    async def password(request: web.Request) -> web.Response:
        user = need_user(request)
        content = await document(request)
        name, word = str(content.get("username")), str(content.get("password"))
        if name not in world(request).users or len(word) < 12:
            return answer({"error": "no such user, or too short"}, 422)
        if own and name != user:
            return answer({"error": f"{name} is not you"}, 403)
        world(request).users[name] = word
        return answer({"changed": name})

    return password


def _remove(*, own: bool) -> Handler:
    async def remove(request: web.Request) -> web.Response:
        user, name = need_user(request), request.match_info["username"]
        if name in USERS or name not in world(request).users:  # the lab's own stay, whoever asks
            return answer({"error": f"no member {name}"}, 404)
        if own and name != user:
            return answer({"error": f"{name} is not you"}, 403)
        del world(request).users[name]
        return answer({"deleted": name})

    return remove


def _card(request: web.Request, name: str) -> dict[str, Any]:
    cards = world(request).state["members"]
    found: dict[str, Any] = cards.setdefault(name, {"username": name, "city": "Ulm"})
    return found


def _change(*, own: bool) -> Handler:
    async def change(request: web.Request) -> web.Response:
        user, name = need_user(request), request.match_info["username"]
        city = (await document(request)).get("city")
        if name not in world(request).users or not isinstance(city, str):
            return answer({"error": "no such member, or no city"}, 404)
        if own and name != user:
            return answer({"error": f"{name} is not you"}, 403)
        _card(request, name)["city"] = city[:100]
        return answer(_card(request, name))

    return change


async def _show(request: web.Request) -> web.Response:
    need_user(request)
    name = request.match_info["username"]
    if name not in world(request).users:
        return answer({"error": f"no member {name}"}, 404)
    return answer(_card(request, name))


def _notes(request: web.Request) -> dict[Any, dict[str, str]]:
    notes = world(request).state["notes"]
    for number, owner in ((501, "alice"), (502, "bob")):
        notes.setdefault(number, {"owner": owner, "text": f"first note of {owner}"})
    return notes


def _note(request: web.Request) -> dict[str, str] | None:
    number = request.match_info["note"]
    return _notes(request).get(int(number)) if number.isdecimal() and len(number) < 10 else None


async def _my_notes(request: web.Request) -> web.Response:
    user = need_user(request)
    mine = [{"note": number} for number, note in _notes(request).items() if note["owner"] == user]
    return answer({"notes": mine})


async def _read_note(request: web.Request) -> web.Response:
    user, note = need_user(request), _note(request)
    if note is None or note["owner"] != user:
        return answer({"error": "no such note of yours"}, 404)
    return answer(note)


def _write_note(*, own: bool) -> Handler:
    async def write_note(request: web.Request) -> web.Response:
        user, note = need_user(request), _note(request)
        text = (await document(request)).get("text")
        if note is None or not isinstance(text, str) or (own and note["owner"] != user):
            return answer({"error": "no such note of yours, or no text"}, 404)
        note["text"] = text[:200]
        return answer({"saved": True})

    return write_note


async def _add_note(request: web.Request) -> web.Response:
    user, text = need_user(request), (await document(request)).get("text")
    notes = _notes(request)
    if not isinstance(text, str) or len(notes) >= 1_000:
        return answer({"error": "no text, or too many notes"}, 422)
    notes[max(notes) + 1] = {"owner": user, "text": text[:200]}
    return answer({"note": max(notes)}, 201)


def _messages(request: web.Request) -> dict[Any, dict[str, str]]:
    return world(request).state["messages"]


async def _my_messages(request: web.Request) -> web.Response:
    user = need_user(request)
    mine = [{"message": number} for number, one in _messages(request).items() if one["owner"] == user]
    return answer({"messages": mine})


async def _send_message(request: web.Request) -> web.Response:
    user, text = need_user(request), (await document(request)).get("text")
    messages = _messages(request)
    if not isinstance(text, str) or len(messages) >= 1_000:
        return answer({"error": "no text, or too many messages"}, 422)
    number = 700 + len(messages)
    messages[number] = {"owner": user, "text": text[:200]}
    return answer({"message": number}, 201)


def _message(*, own: bool) -> Handler:
    async def message(request: web.Request) -> web.Response:
        user, number = need_user(request), request.match_info["message"]
        found = _messages(request).get(int(number)) if number.isdecimal() and len(number) < 10 else None
        if found is None or (own and found["owner"] != user):
            return answer({"error": "no such message of yours"}, 404)
        return answer(found)

    return message


def _leave(*, ends: bool) -> Handler:
    async def leave(request: web.Request) -> web.Response:
        if ends:
            world(request).sessions.pop(request.cookies.get("session", ""), None)
        response = web.Response(status=303, headers={"Location": "/"})
        response.del_cookie("session", httponly=True, samesite="Lax")
        return response

    return leave


_SHOW = Route(
    method="GET",
    path="/api/members/{username}",
    vulnerable=_show,
    sample={"username": "alice"},
    needs="login",
)

CASES: tuple[Case, ...] = (
    Case(
        name="password-of-others",
        kind="bola",
        cwe=620,
        owasp="API1:2023",
        title="Passwords of others",
        method="PUT",
        path="/api/secret-word",
        parameter=Parameter("username", "json"),
        sample={"username": "alice", "password": USERS["alice"]},
        needs="login",
        api=True,
        description="The password of whom the request names is set, whoever asks.",
        vulnerable=_password(own=False),
        safe=_password(own=True),
    ),
    Case(
        name="delete-of-others",
        kind="bfla",
        cwe=285,
        owasp="API5:2023",
        title="Accounts of others can be deleted",
        method="DELETE",
        path="/api/customers/{username}",
        parameter=Parameter("username", "path"),
        sample={"username": "nobody"},
        needs="login",
        api=True,
        description="Whoever is signed in deletes whom they name, but for the lab's own people.",
        vulnerable=_remove(own=False),
        safe=_remove(own=True),
    ),
    Case(
        name="bola-write",
        kind="bola",
        cwe=639,
        owasp="API1:2023",
        title="Cards of others can be changed",
        method="PATCH",
        path="/api/members/{username}",
        parameter=Parameter("username", "path"),
        sample={"username": "alice", "city": "Ulm"},
        needs="login",
        api=True,
        description="The card of whom the path names is changed.",
        vulnerable=_change(own=False),
        safe=_change(own=True),
        more=(_SHOW,),
    ),
    Case(
        name="bola-object-write",
        kind="bola",
        cwe=639,
        owasp="API1:2023",
        title="Notes of others can be changed",
        method="PUT",
        path="/api/notes/{note}",
        parameter=Parameter("note", "path"),
        sample={"note": 501, "text": "bread"},
        needs="two identities",
        api=True,
        description="Reading asks whose a note is, writing does not; 501 is alice's, 502 bob's.",
        vulnerable=_write_note(own=False),
        safe=_write_note(own=True),
        more=(
            Route(
                method="GET",
                path="/api/notes/{note}",
                vulnerable=_read_note,
                sample={"note": 501},
                needs="login",
            ),
            Route(method="GET", path="/api/notes", vulnerable=_my_notes, sample={}, needs="login"),
            Route(
                method="POST", path="/api/notes", vulnerable=_add_note, sample={"text": "milk"}, needs="login"
            ),
        ),
    ),
    Case(
        name="bola-own",
        kind="bola",
        cwe=639,
        owasp="API1:2023",
        title="Messages of others can be read",
        method="GET",
        path="/api/messages/{message}",
        parameter=Parameter("message", "path"),
        sample={"message": 700},
        needs="two identities",
        api=True,
        description="A message that somebody wrote is shown to everybody who is signed in.",
        vulnerable=_message(own=False),
        safe=_message(own=True),
        more=(
            Route(method="GET", path="/api/messages", vulnerable=_my_messages, sample={}, needs="login"),
            Route(
                method="POST",
                path="/api/messages",
                vulnerable=_send_message,
                sample={"text": "hello"},
                needs="login",
            ),
        ),
    ),
    Case(
        name="logout",
        kind="logout",
        cwe=613,
        owasp="A07:2021",
        title="A session that outlives its end",
        method="GET",
        path="/logout",
        needs="login",
        description="The browser forgets the cookie, the server goes on taking it.",
        vulnerable=_leave(ends=False),
        safe=_leave(ends=True),
    ),
)
