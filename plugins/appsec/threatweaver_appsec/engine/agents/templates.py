"""Values that are evaluated: as a template, an expression, code of a language, or a server's include."""

from collections.abc import Iterator

from threatweaver_appsec.engine.agent import (
    About,
    Agent,
    Attempt,
    Nonce,
    PointAgent,
    Proof,
    Safety,
    Severity,
    Sight,
)
from threatweaver_appsec.engine.agents.attacks import Lead, in_request, prints, text_of
from threatweaver_appsec.engine.agents.compare import differ, features, moved, noise
from threatweaver_appsec.engine.messages import Exchange
from threatweaver_appsec.engine.points import Point

# {w} a word, {a} and {b} numbers, and in words what works them out. Each leaves the others' signs alone, so
# that the first asks most engines at once; the word after each sum says which it was.
SUMS = (
    (
        "{w}{{{{{a}*{b}}}}}{w}j${{{a}*{b}}}{w}d#{{{a}*{b}}}{w}h",
        (
            ("{w}{p}{w}j", "of the kind of Jinja and Twig ({{…}})"),
            ("j{p}{w}d", "of the kind of FreeMarker and Mako (${…})"),
            ("d{p}{w}h", "of the kind of Pug and Ruby (#{…})"),
        ),
    ),
    ("{w}<%= {a}*{b} %>{w}", (("{w}{p}{w}", "of the kind of ERB and EJS (<%= … %>)"),)),
    ("{w}{{{a}*{b}}}{w}", (("{w}{p}{w}", "of the kind of Smarty ({…})"),)),
    ("{w}${{{a}*{b}}}{w}", (("{w}{p}{w}", "of the kind of FreeMarker (${…})"),)),
    ("#set($x={a}*{b}){w}${{x}}{w}", (("{w}{p}{w}", "of the kind of Velocity (#set)"),)),
    ("{w}@({a}*{b}){w}", (("{w}{p}{w}", "of the kind of Razor (@(…))"),)),
    ("{w}*{{{a}*{b}}}{w}[[${{{a}*{b}}}]]", (("{w}{p}{w}", "of Thymeleaf"), ("[[{p}]]", "of Thymeleaf"))),
    ("{a}*{b}}}}}{w}{{{{{a}*{b}", (("{p}{w}{p}", "within an expression of a template"),)),
)
EXPRESSIONS = (
    ("{w}%{{{a}*{b}}}{w}", (("{w}{p}{w}", "as OGNL (%{…})"),)),
    ("{w}${{({a}*{b}).toString()}}{w}", (("{w}{p}{w}", "as an expression of Java (${…})"),)),
    ("{w}#{{({a}*{b}).toString()}}{w}", (("{w}{p}{w}", "as an expression of Java (#{…})"),)),
    ("T(java.lang.Math).multiplyExact({a},{b})+'{w}'", (("{p}{w}", "as SpEL"),)),
)
# What only a language itself can do, and no calculator: text and a sum are joined by functions of its own.
CODE = (
    ("{q}+chr(119)+str({a}*{b})+chr(119){e}", "Python"),
    ("{q}+String.fromCharCode(119)+({a}*{b})+String.fromCharCode(119){e}", "JavaScript"),
    ("{q}.chr(119).({a}*{b}).chr(119){e}", "PHP"),
    ("{q}+119.chr+({a}*{b}).to_s+119.chr{e}", "Ruby"),
)
QUOTES = (("", ""), ("'", "+'"), ('"', '+"'))
INCLUDE = '{w}<!--#set var="{x}" value="{y}" -->{w}<!--#echo var="{x}" -->{w}'


def _evaluating(
    shapes: tuple[tuple[str, tuple[tuple[str, str], ...]], ...], nonce: Nonce
) -> Iterator[Attempt]:
    lead = Lead()
    for index, (shape, results) in enumerate(shapes):
        one, two, word = nonce.number(1_000, 9_999), nonce.number(1_000, 9_999), nonce.word(6)
        value = shape.format(w=word, a=one, b=two)
        harmless = value.replace("*", "~").replace("multiplyExact", "multiplyExactly")
        expected = [(result.format(w=word, p=one * two), name) for result, name in results]

        def shows(sight: Sight, word: str = word, expected: list[tuple[str, str]] = expected) -> Proof | None:
            if lead.known is None:  # what is not shown again cannot show a result, unless it failed at this
                shown = any(word in one.text or one.status >= 500 for one in sight.exchanges)
                lead.known = {"shown"} if shown or not sight.exchanges else set()
            for text, name in expected:
                if proof := prints(text, f"The server evaluated the value {name}.")(sight):
                    return proof
            return None

        attempt = Attempt((value,), shows, (harmless,))
        yield attempt if index == 0 else lead.only("shown", attempt)


def _templates(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    del point, baseline
    yield from _evaluating(SUMS, nonce)


def _expressions(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    del point, baseline
    yield from _evaluating(EXPRESSIONS, nonce)


def _code(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    """An expression of each language in turn: alone, and out of a string; PHP's statements last.

    Nothing is tried where any value is answered alike, and nothing with a quote where quotes change nothing.
    """
    del baseline
    value, lead, word = text_of(point, "1"), Lead(), nonce.word(6)
    broken = f"{word}'\""

    def look(sight: Sight) -> set[str]:
        plain, quoted = sight.exchanges
        quotes = differ(features(plain, word), features(quoted, broken), noise(sight, ""))
        found = {"quote"} if quotes else set()
        return found | ({"bare"} if moved(sight, plain, text_of(point), word) or found else set())

    yield lead.learn((word, broken), look)
    for quote, end in QUOTES:
        for shape, language in CODE:
            one, two = nonce.number(1_000, 9_999), nonce.number(1_000, 9_999)
            joined = end.replace("+", ".") if language == "PHP" else end
            code = shape.format(q=value + quote, e=joined, a=one, b=two)
            code = code if quote else code[len(value) + 1 :]
            shows = prints(f"w{one * two}w", f"The server ran the value as {language}.")
            attempt = Attempt((code,), shows, (code.replace("119", "119~"),))
            yield lead.only("quote" if quote else "bare", attempt)
    one, two, word = nonce.number(1_000, 9_999), nonce.number(1_000, 9_999), nonce.word(5)
    run = f"{value};print('{word}'.({one}*{two}).'{word}');//"
    shows = prints(f"{word}{one * two}{word}", "The server ran the value as PHP.")
    yield lead.only("bare", Attempt((run,), shows, (run.replace("print", "pint"),)))


def _includes(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    del point, baseline
    word, name, text = nonce.word(5), nonce.word(5), nonce.word(7)
    value = INCLUDE.format(w=word, x=name, y=text)
    shows = prints(f"{word}{word}{text}{word}", "The server ran a directive of server-side includes.")
    yield Attempt((value,), shows, (value.replace("#", "~"),))


def _about(ident: str, title: str, cwe: int, severity: Severity, description: str) -> About:
    return About(
        id=ident,
        title=title,
        cwe=cwe,
        owasp="A03:2021",
        severity=severity,
        safety=Safety.SAFE,
        description=description,
        remedy="Never build templates, expressions or code of what is sent: pass it as data to fixed ones.",
    )


AGENTS: tuple[Agent, ...] = (
    PointAgent(
        _about(
            "template-injection",
            "Server-side template injection",
            1336,
            Severity.CRITICAL,
            "A value becomes part of a template: the server evaluates what it says.",
        ),
        wants=in_request,
        attempts=_templates,
    ),
    PointAgent(
        _about(
            "expression-injection",
            "Expression language injection",
            917,
            Severity.CRITICAL,
            "A value becomes part of an expression of Java's: the server evaluates what it says.",
        ),
        wants=in_request,
        attempts=_expressions,
    ),
    PointAgent(
        _about(
            "code-injection",
            "Code injection",
            94,
            Severity.CRITICAL,
            "A value becomes part of code that the server runs.",
        ),
        wants=in_request,
        attempts=_code,
    ),
    PointAgent(
        _about(
            "server-side-include",
            "Server-side include injection",
            97,
            Severity.HIGH,
            "A value becomes part of a page in which the server looks for directives.",
        ),
        wants=in_request,
        attempts=_includes,
    ),
)
