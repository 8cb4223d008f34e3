"""Programme: who may do what in which state, and that a second person confirms."""

from tests.builders_workflows import acting, case, shipped, step
from tests.workflows.matrix import Allowed, assert_clock_moves, assert_matrix, assert_options, outcome
from workflows.kinds.programme import ProgrammeFacts

PROGRAMME = shipped("programme")
ALLOWED: Allowed = {
    (None, "enter"): ("entered", {"buyer"}),
    ("entered", "confirm"): ("in_force", {"buyer"}),
    ("entered", "refuse"): ("refused", {"buyer"}),
    ("entered", "withdraw"): ("withdrawn", {"buyer"}),
}


def test_every_cell_of_state_trigger_and_role_is_as_the_table_says():
    assert assert_matrix(PROGRAMME, ProgrammeFacts(case()), ALLOWED) == 5 * 4 * 22


def test_the_clock_may_do_nothing_and_options_offer_what_may_be_done():
    assert_clock_moves(PROGRAMME, ProgrammeFacts(case()), ALLOWED)
    assert_options(PROGRAMME, ProgrammeFacts(case()), ALLOWED)


def test_whoever_entered_the_rules_neither_confirms_nor_refuses_them():
    facts = ProgrammeFacts(case(step("enter", person=5, role="buyer")))

    assert outcome(PROGRAMME, "entered", "confirm", acting("buyer", person=5), facts) == "refused: four_eyes"
    assert outcome(PROGRAMME, "entered", "refuse", acting("buyer", person=5), facts) == "refused: four_eyes"
    assert outcome(PROGRAMME, "entered", "confirm", acting("buyer", person=6), facts) == "in_force"
