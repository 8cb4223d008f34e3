"""Whatever is done in whatever order: the ledger equals its model, its equations hold after every step."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.ledger import steps
from app.ledger.accounts import package_balances
from app.ledger.models import ACCOUNT_NAMES
from app.ledger.queries import budget_position, ledger_mistakes, transfers
from app.ledger.transfers import NotEnough
from tests.builders_ledger import BECAUSE, a_budget_line

PACKAGES = ("P1", "P2")
WALKS = {
    "commit": (steps.commit, "reserved", "committed"),
    "accrue": (steps.accrue, "committed", "payable"),
    "instruct": (steps.instruct, "payable", "transit"),
    "settle": (steps.settle, "transit", "paid"),
    "bounce": (steps.bounce, "transit", "payable"),
    "give_back": (steps.give_back, "paid", "returned"),
    "release": (steps.release, "committed", "available"),
}
amounts = st.integers(1, 1_000)
packages = st.sampled_from(PACKAGES)


class Ledger(RuleBasedStateMachine):
    """Steps on one budget line with two packages, beside a dictionary that does the same sums."""

    session = None

    @initialize()
    def open(self):
        self.line = a_budget_line(self.session).id
        self.model = {}
        self.count = 0

    def there(self, name, package=""):
        return self.model.get((name, package), 0)

    def step(self, act, debit, credit, amount):
        """Do it in the ledger and in the model; both must agree on whether it can be done."""
        possible = debit[0] == "source" or self.there(*debit) >= amount
        try:
            with self.session.begin_nested():
                act()
        except NotEnough as refusal:
            assert not possible
            assert refusal.there == self.there(*debit)
        else:
            assert possible
            self.count += 1
            self.model[debit] = self.there(*debit) - amount
            self.model[credit] = self.there(*credit) + amount

    @rule(amount=amounts)
    def appropriate(self, amount):
        self.step(lambda: steps.appropriate(self.session, self.line, amount, BECAUSE),
                  ("source", ""), ("available", ""), amount)  # fmt: skip

    @rule(amount=amounts)
    def curtail(self, amount):
        self.step(lambda: steps.curtail(self.session, self.line, amount, BECAUSE),
                  ("available", ""), ("source", ""), amount)  # fmt: skip

    @rule(amount=amounts, package=packages)
    def reserve(self, amount, package):
        self.step(lambda: steps.reserve(self.session, self.line, package, amount, BECAUSE),
                  ("available", ""), ("reserved", package), amount)  # fmt: skip

    @precondition(lambda self: self.count > 1)
    @rule(name=st.sampled_from(sorted(WALKS)), amount=amounts, package=packages)
    def walk(self, name, amount, package):
        act, debit, credit = WALKS[name]
        if not any(key[1] == package for key in self.model):
            return  # its accounts are opened by the reservation
        of_line = credit in ("available", "returned")
        self.step(lambda: act(self.session, self.line, package, amount, BECAUSE),
                  (debit, package), (credit, "" if of_line else package), amount)  # fmt: skip

    @invariant()
    def the_equations_hold(self):
        position = budget_position(self.session, self.line)
        assert position.holds
        assert position.appropriated_fen == -self.there("source")
        for name in ACCOUNT_NAMES[1:]:
            expected = sum(amount for (where, _), amount in self.model.items() if where == name)
            assert getattr(position, f"{name}_fen") == expected
        for package in PACKAGES:
            assert all(amount >= 0 for amount in package_balances(self.session, self.line, package).values())
        written = transfers(self.session, self.line, limit=1_000)
        assert len(written) == self.count
        assert all(each.running_fen >= 0 for each in written)

    def teardown(self):
        assert ledger_mistakes(self.session) == []
        self.session.rollback()


def test_the_ledger_keeps_its_equations_whatever_is_done(session):
    class OnThisDatabase(Ledger):
        pass

    OnThisDatabase.session = session

    run_state_machine_as_test(
        OnThisDatabase,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            suppress_health_check=list(HealthCheck),
        ),
    )
