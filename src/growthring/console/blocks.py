"""What a section of a page is made of: plain data that becomes HTML, JSON or a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from growthring.charts import Chart

Tone = Literal["plain", "good", "bad", "warn"]
Shape = Literal["text", "name", "amount", "share", "points", "count", "number", "month", "code", "long", "instant"]
"""How a value is written: ``name`` is text kept on one line, ``share`` a ratio in per cent, ``number`` exact with separators,
``instant`` UTC with how long ago it was."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that opens its Answer.

    Attributes:
        label: What it is.
        value: The value as it stands in the Answer.
        shape: How it is written.
        unit: Beside the value, such as ``USD``.
        note: Below it: the policy and the period, or why it is undefined.
        href: Where its Answer is.
        tone: Whether it is good news.
    """

    label: str
    value: object
    shape: Shape = "amount"
    unit: str = ""
    note: str = ""
    href: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Figures:
    """Numbers beside each other."""

    figures: Sequence[Figure]
    kind: str = "figures"


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that says something, with the evidence it rests on.

    Attributes:
        text: The sentence, answer first.
        href: Where the evidence is.
        detail: A second sentence: why, or what to do.
        tone: Whether it is good news.
        action: Words of a link to what can be done about it.
        action_href: Where that is.
    """

    text: str
    href: str = ""
    detail: str = ""
    tone: Tone = "plain"
    action: str = ""
    action_href: str = ""


@dataclass(frozen=True, slots=True)
class Statements:
    """Sentences below each other."""

    statements: Sequence[Statement]
    kind: str = "statements"


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart, and the table below it that says the same."""

    chart: Chart
    kind: str = "chart"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        name: Key in the rows, and name in exports.
        label: Heading.
        shape: How values are written.
        href: Key of the rows that holds where the cell leads.
        words: Word by value, for values that are codes.
        bar: Whether a bar is drawn beside the value.
    """

    name: str
    label: str
    shape: Shape = "text"
    href: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    bar: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with columns; sorted, filtered and paged at the server by the page's URL.

    Attributes:
        name: Names it in the URL and in exports; unique on its page.
        columns: Its columns.
        rows: All rows, or the shown ones where ``total`` says how many there are.
        title: Above it.
        empty: What is said when there are no rows.
        page_size: Rows of a page.
        total: Number of all rows, when ``rows`` were already sorted, filtered and cut by the operation.
        find: Whether rows can be filtered by text.
    """

    name: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Any]]
    title: str = ""
    empty: str = ""
    page_size: int = 20
    total: int | None = None
    find: bool = True
    kind: str = "table"


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice that changes the page.

    Attributes:
        name: Parameter of the URL.
        label: What is chosen.
        options: Value and word of each option.
        chosen: The value in force.
    """

    name: str
    label: str
    options: Sequence[tuple[str, str]]
    chosen: str


@dataclass(frozen=True, slots=True)
class Choices:
    """Choices beside each other; acting at once with scripts, with a button without."""

    choices: Sequence[Choice]
    keep: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    kind: str = "choices"


@dataclass(frozen=True, slots=True)
class Switch:
    """A link that turns a part of the page on or off, or leads to another view of it.

    Attributes:
        word: What it is called.
        href: The page with it turned.
        is_on: Whether it is on, or the view that is shown.
    """

    word: str
    href: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class Switches:
    """Switches beside each other: several may be on, or, as views of a page, exactly one is."""

    switches: Sequence[Switch]
    title: str
    views: bool = False
    kind: str = "switches"


@dataclass(frozen=True, slots=True)
class Input:
    """A field of a form.

    Attributes:
        name: Its name in the request.
        label: What it asks.
        type: select, radio, text, number, month, date, textarea, hidden, checkbox.
        options: Value and word of each option, for select and radio.
        value: What stands in it.
        required: Whether it must be given.
        hint: Below it.
        step: Of a number.
    """

    name: str
    label: str = ""
    type: str = "text"
    options: Sequence[tuple[str, str]] = ()
    value: str = ""
    required: bool = False
    hint: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A form that asks for a decision; what it will write is shown before it is written.

    Attributes:
        action: Name of the deed, see ``deeds``.
        title: What it does.
        inputs: Its fields.
        button: Word of the button.
        back: Where the reader returns to.
        needs: Role that may send it.
        open: Whether it is unfolded at first.
    """

    action: str
    title: str
    inputs: Sequence[Input]
    button: str
    back: str
    needs: str = "contributor"
    open: bool = False
    kind: str = "form"


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence to the reader: nothing here, not enough evidence, an error, a caveat.

    Attributes:
        text: What is so.
        remedy: What can be done.
        state: empty, evidence, error, caveat, done.
        href: Where that can be done.
    """

    text: str
    remedy: str = ""
    state: Literal["empty", "evidence", "error", "caveat", "done"] = "empty"
    href: str = ""
    kind: str = "note"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Work that is not finished: how far it is, and where the result will be."""

    stage: str
    done: int
    total: int
    seconds: float
    kind: str = "waiting"


@dataclass(frozen=True, slots=True)
class Links:
    """Links beside each other: where to go from here."""

    links: Sequence[tuple[str, str]]
    title: str = ""
    kind: str = "links"


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values, one a line."""

    facts: Sequence[tuple[str, object, Shape]]
    title: str = ""
    kind: str = "facts"


@dataclass(frozen=True, slots=True)
class Text:
    """Text as it is: SQL, a definition, YAML."""

    text: str
    title: str = ""
    language: str = ""
    folded: bool = False
    kind: str = "text"


Block = Figures | Statements | Drawing | Table | Choices | Switches | Form | Note | Waiting | Links | Facts | Text
