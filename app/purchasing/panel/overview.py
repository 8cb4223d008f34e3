"""The board of a package's panel: who was drawn, declared, handed in and was replaced; scores once all are in."""

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.nodes import AnySession
from app.access.reach import Holding, visible_by
from app.cases.models import Case
from app.cases.overview import Board, Fact, Link, Overview
from app.cases.snapshot import CaseRow
from app.formats import day_and_time, money
from app.purchasing.experts import BidReview
from app.purchasing.panel.queries import (
    bids_to_review,
    drawn_for,
    names_of,
    publications_of,
    seats_of,
    sitting,
)
from app.purchasing.panel.result import scores_of
from app.purchasing.tendering import BidRanking

HUNDREDTHS = 100


def panel_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return a package's pool with its hash, the panel's board, the revealed scores and the ranking."""
    facts = []
    seats, ranking = seats_of(session, case.id), _ranking(session, case.id)
    for pool in publications_of(session, case.id):
        drawn = _("drawn with the checkpoint of %(size)s records", size=pool.checkpoint) if pool.checkpoint else _(
            "waits for the next checkpoint")
        # Once there is a ranking, the page of the award has all that is needed to draw again.
        whole = f"SHA-256 {pool.hash} · {drawn}" if ranking is None else drawn
        facts.append(Fact(_("Published pool"), _("%(n)s experts", n=len(pool.members)), whole, wide=ranking is None))
    boards = [ranking] if ranking else []
    if seats:
        here = sitting(seats)
        done = sum(1 for seat in here if seat.submitted_at)
        facts.append(Fact(_("Panel"), _("%(done)s of %(all)s have scored", done=done, all=len(here))))
        boards.append(_board_of_panel(session, case.id, seats, folded=ranking is not None))
    if any(seat.revealed_at for seat in seats):
        boards.append(_scores(session, case.id, sitting(seats), folded=ranking is not None))
    return Overview(tuple(facts), tuple(_reviews(session, case, held)), tuple(boards))


def _board_of_panel(session: AnySession, package_id: int, seats: list[BidReview], *, folded: bool) -> Board:
    reserve = len(drawn_for(session, package_id)) - len(seats)
    names = names_of(session, [seat.person_id for seat in seats])
    left = {"recused": _("stepped out"), "relieved": _("relieved"), "cancelled": _("cancelled")}
    stances = {"agreed": _("agreed"), "dissented": _("dissented"), "deemed": _("deemed to agree"), None: "—"}
    rows = tuple(
        (
            names[seat.person_id], str(seat.position), _at(seat.declared_at), _at(seat.submitted_at),
            f"{left[seat.left_how]} {_at(seat.left_at)}" if seat.left_how else stances[seat.stance],
        )
        for seat in seats
    )
    return Board(
        _("Panel (%(n)s in reserve)", n=reserve),
        ((_("Expert"), False), (_("Place in the draw"), True), (_("Declared"), False), (_("Handed in"), False),
         (_("Answer to the report"), False)),
        rows, folded=folded,
    )


def _at(moment: object) -> str:
    return day_and_time(moment) if moment is not None else "—"  # type: ignore[arg-type]


def _scores(session: AnySession, package_id: int, seats: list[BidReview], *, folded: bool) -> Board:
    """Return every bid with each expert's total, the mean, the highest and the lowest."""
    names = names_of(session, [seat.person_id for seat in seats])
    scores = scores_of(session, seats)
    rows = []
    for bid, _row, who in bids_to_review(session, package_id):
        totals = [sum(column) for column in zip(*scores[bid.id].values(), strict=True)]
        mean = (sum(totals) * HUNDREDTHS * 2 + len(totals)) // (2 * len(totals))
        rows.append((who.name, *map(str, totals), points(mean), str(max(totals)), str(min(totals))))
    columns = [(_("Bidder"), False), *((names[seat.person_id], True) for seat in seats), (_("Mean"), True),
               (_("Highest"), True), (_("Lowest"), True)]
    return Board(_("Revealed scores"), tuple(columns), tuple(rows), folded=folded)


def _ranking(session: AnySession, package_id: int) -> Board | None:
    query = select(BidRanking).where(BidRanking.package_id == package_id).order_by(BidRanking.position)
    rows = list(session.scalars(query))
    names = {bid.id: who.name for bid, _row, who in bids_to_review(session, package_id)}
    ties = {"price": _("lower price"), "criterion": _("higher in the decisive criterion"), "lot": _("lot of the draw"),
            None: "—"}
    if not rows:
        return None
    columns = [
        (_("Bidder"), False, [f"{row.position}. {names.get(row.bid_id, '—')}" for row in rows]),
        (_("Price"), True, [_price(row) for row in rows]), (_("Points"), True, [points(row.points) for row in rows]),
        (_("of them for the price"), True, [points(row.price_points) if row.price_points else "—" for row in rows]),
        (_("Tie broken by"), False, [ties[row.details.get("tie")] for row in rows]),
        (_("Left out"), False, [row.excluded_reason or "—" for row in rows]),
    ]
    # Most rankings have no tie and leave nobody out: columns of dashes would hide the ones that say something.
    telling = [column for column in columns if set(column[2]) != {"—"}]
    return Board(
        _("Ranking"), tuple((title, number) for title, number, _values in telling),
        tuple(zip(*(values for _title, _number, values in telling), strict=True)),
    )


def _price(row: BidRanking) -> str:
    # A ranking that came from elsewhere may lack the details of how it was found.
    return money(row.details["price"]["fen"]) if "price" in row.details else "—"


def points(hundredths: int) -> str:
    """Return hundredths of a point in figures."""
    return f"{hundredths // HUNDREDTHS}.{hundredths % HUNDREDTHS:02d}"


def _reviews(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> list[Link]:
    query = (
        select(Case.number, BidReview.person_id).join(BidReview, BidReview.case_id == Case.id)
        .where(BidReview.package_id == case.id, visible_by(held, Case)).order_by(BidReview.position)
    )
    found = list(session.execute(query))
    names = names_of(session, [row.person_id for row in found])
    return [Link(names[row.person_id], f"/cases/{row.number}", row.number) for row in found]
