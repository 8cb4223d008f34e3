"""What does a person hand in with each step of an incubation, and of scoring for one?"""

from flask_babel import lazy_gettext as _l

from app.cases.inputs import (
    Input,
    OpeningInput,
    bool_field,
    choice_field,
    date_field,
    declaration_field,
    document_list_field,
    integer_field,
    money_field,
    named_row_choice_field,
    row_choice_field,
    table_field,
    text_field,
)
from app.cases.kinds import input_for
from app.cases.score_sheets import criterion_title

MODE_LABELS = [
    ("on_site", _l("On the premises")),
    ("online", _l("Online")),
    ("embedded", _l("Rooted in a community")),
]
GROUNDS = [
    ("employment", _l("I work or worked for the applicant")),
    ("directorship", _l("I am or was in charge of the applicant")),
    ("kinship", _l("A close relative is in charge of the applicant")),
    ("mentoring", _l("I advised the applicant")),
    ("other", _l("Another reason")),
]


@input_for("incubation", "apply")
class ApplyToIncubator(OpeningInput):
    """Which incubator, in what way, and who applies."""

    incubator = row_choice_field(
        _l("Incubator"), "incubators_in_force", help=_l("Incubators whose recognition is in force."),
        when_none=_l("No incubator is recognized at present."),
    )
    mode = choice_field(_l("Way of incubation"), MODE_LABELS)
    mission = text_field(
        _l("What you do and for whom"), max=2000, multiline=True, example="为社区独居老人提供探访服务。",
        help=_l("Aims, people served, and why."),
    )
    team_size = integer_field(_l("Core members"), min=1, max=500, example=5)
    documents = document_list_field()


@input_for("incubation", "return_for_changes")
class ReturnForChanges(Input):
    """Everything that is to be changed."""

    remarks = text_field(
        _l("What to change"), max=2000, multiline=True, example="请补充团队成员分工。",
        help=_l("Say everything now: it can be returned once only."),
    )


@input_for("incubation", "resubmit")
class Resubmit(Input):
    """What was changed."""

    answer = text_field(_l("What you changed"), example="已补充分工。", max=2000, multiline=True)
    mode = choice_field(_l("Way of incubation"), MODE_LABELS, required=False)
    mission = text_field(_l("What you do and for whom"), required=False, example="", max=2000, multiline=True)
    team_size = integer_field(_l("Core members"), min=1, max=500, required=False, example=5)
    documents = document_list_field(help=_l("Papers handed in earlier stay valid; add only what is new."))


class PanelMember(Input):
    """One expert of a panel; who it is enters history only as a commitment."""

    person = row_choice_field(_l("Expert"), "experts_of_place", personal=True)


@input_for("incubation", "pass_preliminary")
class PassPreliminary(Input):
    """The four questions, and who is to score."""

    early_stage = bool_field(_l("It is in its early stage"), example=True)
    grassroots = bool_field(_l("It grew from the grassroots"), example=True)
    operating = bool_field(_l("It delivers services itself"), example=True)
    public_benefit = bool_field(_l("It serves the public"), example=True)
    opinion = text_field(
        _l("Opinion of the preliminary check"), max=2000, multiline=True, example="材料齐全，符合入驻条件。"
    )
    experts = table_field(
        _l("Panel"), PanelMember, min_rows=1, max_rows=15,
        help=_l("At least three experts and an odd number. Nobody who is tied to the applicant."),
    )


@input_for("incubation", "name_expert")
class NameExpert(Input):
    """Who takes the open seats."""

    experts = table_field(_l("Experts"), PanelMember, min_rows=1, max_rows=15)


@input_for("incubation", "relieve_expert")
class RelieveExpert(Input):
    """Who is relieved, and why."""

    expert = row_choice_field(_l("Expert"), "experts_who_have_not_scored", personal=True)
    reason = text_field(_l("Reason"), min=4, max=500, multiline=True, example="逾期未评分，联系不上。")


@input_for("incubation", "publish")
class Publish(Input):
    """The decision that is made public."""

    document_number = text_field(_l("Document number"), max=80, example="西民社组示〔2026〕1号")
    opinion = text_field(_l("Opinion"), required=False, example="", max=2000, multiline=True)


@input_for("incubation", "uphold_objection")
class UpholdObjection(Input):
    """Who objected to what, and why it holds."""

    reason = text_field(_l("Objection and finding"), min=4, example="经核实，异议成立。", max=2000, multiline=True)


@input_for("incubation", "refuse_admission", "stop", "send_back")
class Reasons(Input):
    """Why it is decided so."""

    reason = text_field(
        _l("Reason"), min=4, max=2000, multiline=True, example="未达到规定条件。",
        help=_l("The applicant reads it word by word."),
    )


@input_for("incubation", "sign_agreement")
class SignAgreement(Input):
    """The agreement, and the promise to keep it."""

    documents = document_list_field()
    declaration = declaration_field(_l("We keep the rules of the incubator and hand in true logs."))


@input_for("incubation", "submit_log")
class SubmitLog(Input):
    """What was done in one month."""

    month = date_field(_l("Month"), example_from="log_month", help=_l("Any day of the month."))
    training_hours = integer_field(_l("Hours of training"), max=10_000, example=8)
    activities = integer_field(_l("Activities"), max=10_000, example=3)
    volunteers = integer_field(_l("Volunteers who took part"), max=1_000_000, example=12)
    income_fen = money_field(_l("Income of the month"), min_fen=0, example=1_500_000)
    compliance = text_field(_l("Compliance"), max=1000, multiline=True, example="账目清楚，无违规情况。")


@input_for("incubation", "start_mid_review")
class StartMidReview(Input):
    """A word to the organization."""

    remark = text_field(_l("Remark"), max=500, multiline=True, required=False, example="")


@input_for("incubation", "continue_incubation")
class ContinueIncubation(Input):
    """What the mid review found."""

    finding = text_field(_l("Finding"), example="进展正常，继续孵化。", max=2000, multiline=True)


class ToPutRight(Input):
    """One thing that is to be put right."""

    item = text_field(_l("What to put right"), max=500, example="未按时召开理事会。")


@input_for("incubation", "require_rectification")
class RequireRectification(Input):
    """What is to be put right."""

    items = table_field(_l("To be put right"), ToPutRight, max_rows=50)


@input_for("incubation", "report_rectification")
class ReportRectification(Input):
    """What was done about it."""

    report = text_field(_l("What was put right"), example="已召开理事会并形成决议。", max=2000, multiline=True)
    documents = document_list_field()


@input_for("incubation", "extend_term")
class ExtendTerm(Input):
    """Why the term is not enough."""

    reason = text_field(_l("Reason"), min=4, max=500, multiline=True, example="项目周期跨期，需要继续孵化。")


@input_for("incubation", "leave", "withdraw")
class StepBack(Input):
    """Why the organization steps back."""

    reason = text_field(_l("Reason"), max=500, multiline=True, required=False, example="")


@input_for("incubation", "apply_graduation")
class ApplyGraduation(Input):
    """What shows that it can stand by itself."""

    summary = text_field(_l("What was achieved"), example="完成两个项目，服务300人次。", max=2000, multiline=True)
    bank_account = declaration_field(_l("The organization has a bank account of its own."))
    party_building = declaration_field(_l("Party building is arranged."))
    documents = document_list_field()


class Score(Input):
    """One criterion with its points and why."""

    criterion = named_row_choice_field(_l("Criterion"), "criteria", title_of=criterion_title("admission", "graduation"))
    points = integer_field(_l("Points"), max=1000, example=10)
    remark = text_field(_l("Remark"), max=500, required=False, example="")


@input_for("incubation", "graduate")
class Graduate(Input):
    """The decision, and the scores it rests on."""

    document_number = text_field(_l("Document number"), max=80, example="西民社组孵〔2026〕1号")
    scores = table_field(
        _l("Scores"), Score, max_rows=60, prefill_from="score_sheet", example_from="full_scores",
        help=_l("Every criterion once."),
    )


@input_for("incubation", "hand_over", "hand_over_premises")
class HandOver(Input):
    """What was handed over."""

    handed_over = text_field(
        _l("What was handed over"), max=2000, multiline=True, example="钥匙、门禁卡、办公桌椅，已清点。"
    )
    complete = declaration_field(_l("Everything that belongs to the incubator is back."))


@input_for("incubation_review", "invite")
class Invite(Input):
    """Whom the system asks to score."""

    person = integer_field(_l("Expert"), min=1, max=2**53 - 1, personal=True)


@input_for("incubation_review", "declare")
class Declare(Input):
    """The binding declaration."""

    no_interest = declaration_field(
        _l("I do not work for the applicant, am not in charge of it, not related to it and did not advise it."),
        help=_l("Neither now nor in the last three years. A false declaration has consequences."),
    )
    secrecy = declaration_field(_l("I keep what I read to myself and score on my own."))


@input_for("incubation_review", "recuse")
class Recuse(Input):
    """Why the expert must not or will not judge."""

    ground = choice_field(_l("Ground"), GROUNDS, example="other")
    reason = text_field(_l("Reason"), min=2, max=500, multiline=True, example="曾参与该单位的项目。")


@input_for("incubation_review", "submit_scores")
class SubmitScores(Input):
    """The filled-in sheet."""

    scores = table_field(
        _l("Scores"), Score, max_rows=60, prefill_from="score_sheet", example_from="full_scores",
        help=_l("Every criterion once."),
    )
    opinion = text_field(_l("Opinion"), required=False, example="", max=2000, multiline=True)
