"""Which papers does a move still lack?"""

from datetime import date

from app.documents.required import missing_documents, takes
from workflows.definition import Definition, DocumentSlot, Text, Transition

NAME = Text("名称", "Name")
APPLY = Transition("apply", NAME, (), "applied", documents=("charter", "sponsor_approval", "invoice"))
DEFINITION = Definition(
    kind="loan",
    place="base",
    version=1,
    effective_from=date(2020, 1, 1),
    title=NAME,
    number_prefix="JY",
    states={},
    transitions=(APPLY,),
    documents={
        "invoice": DocumentSlot("invoice", NAME, required=True, media=("application/pdf",)),
        "charter": DocumentSlot("charter", NAME, required=True),
        "sponsor_approval": DocumentSlot("sponsor_approval", NAME, required=False),
        "decision": DocumentSlot("decision", NAME, required=True),
    },
)


def test_what_is_required_and_not_given_is_missing_in_the_order_of_the_definition():
    assert missing_documents(DEFINITION, APPLY, ()) == ("invoice", "charter")
    assert missing_documents(DEFINITION, APPLY, {"charter"}) == ("invoice",)
    assert missing_documents(DEFINITION, APPLY, ["charter", "invoice"]) == ()


def test_a_slot_takes_what_it_names_and_all_if_it_names_nothing():
    assert takes(DEFINITION.documents["invoice"], "application/pdf") is True
    assert takes(DEFINITION.documents["invoice"], "image/png") is False
    assert takes(DEFINITION.documents["charter"], "image/png") is True
