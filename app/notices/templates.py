"""Which words does a notice have? One template per name that definitions may use; both languages whole.

PLACEHOLDERS may stand in them. A template says what happened and what the reader can do now.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from workflows.definition import Text

PLACEHOLDERS = ("number", "subject", "kind", "state", "organization", "whose")


@dataclass(frozen=True)
class NoticeTemplate:
    """The words of one notice; `task` says that it asks its reader to act.

    `from_elsewhere`: it tells what another case did, so whoever made the last move of this one is told too.
    """

    name: str
    subject: Text
    body: Text
    task: bool = False
    from_elsewhere: bool = False

    def written(self, data: Mapping[str, str], locale: str) -> tuple[str, str]:
        """Return subject and body in the language of `locale`; every placeholder must be given."""
        return self.subject.localized(locale) % data, self.body.localized(locale) % data


def _template(
    name: str, subject_zh: str, subject_en: str, body_zh: str, body_en: str, *, task: bool = False,
    from_elsewhere: bool = False,
) -> NoticeTemplate:
    return NoticeTemplate(name, Text(subject_zh, subject_en), Text(body_zh, body_en), task, from_elsewhere)


_ALL = (
    _template(
        "task_waiting",
        "待办：%(kind)s %(number)s",
        "To do: %(kind)s %(number)s",
        "“%(subject)s”%(whose)s现在等待您办理，当前状态：%(state)s。",
        "“%(subject)s”%(whose)s now waits for you. It stands at: %(state)s.",
        task=True,
    ),
    _template(
        "application_accepted",
        "已受理：%(kind)s %(number)s",
        "Accepted: %(kind)s %(number)s",
        "您提交的“%(subject)s”已受理。办理时限从受理之日起计算，可以在办件页面查看进度和截止日期。",
        "Your “%(subject)s” has been accepted. The time for the decision runs from today;"
        " the case page shows progress and dates.",
    ),
    _template(
        "application_not_accepted",
        "不予受理：%(kind)s %(number)s",
        "Not accepted: %(kind)s %(number)s",
        "您提交的“%(subject)s”未被受理。理由和救济途径写在决定书中，可以在办件页面下载；材料可以在重新申请时引用。",
        "Your “%(subject)s” was not accepted. The decision on the case page gives the reasons and"
        " what you can"
        " do; your papers can be used again in a new application.",
    ),
    _template(
        "correction_asked",
        "请补正材料：%(kind)s %(number)s",
        "Correction needed: %(kind)s %(number)s",
        "“%(subject)s”需要补正材料。需要补正的内容已经一次性全部列出，请在截止日期前一次提交。",
        "“%(subject)s” needs corrections. All of them are listed at once; please answer them"
        " together before the"
        " date on the case page.",
        task=True,
    ),
    _template(
        "returned_for_changes",
        "请修改后重新提交：%(kind)s %(number)s",
        "Returned for changes: %(kind)s %(number)s",
        "“%(subject)s”已退回修改。需要修改的内容见办件页面，已经填写的内容仍然保留。",
        "“%(subject)s” was returned for changes. The case page says what to change; what you typed is kept.",
        task=True,
    ),
    _template(
        "application_refused",
        "未获批准：%(kind)s %(number)s",
        "Refused: %(kind)s %(number)s",
        "您提交的“%(subject)s”未获批准。理由见办件页面，页面上写明可以采取的救济途径。",
        "Your “%(subject)s” was refused. The case page gives the reasons and what you can do.",
    ),
    _template(
        "case_ended",
        "已终止：%(kind)s %(number)s",
        "Ended: %(kind)s %(number)s",
        "“%(subject)s”已终止，不再办理，当前状态：%(state)s。理由见办件页面。",
        "“%(subject)s” has been ended and goes no further. It stands at: %(state)s. The case page says why.",
    ),
    _template(
        "application_withdrawn",
        "申请人已撤回：%(kind)s %(number)s",
        "Withdrawn: %(kind)s %(number)s",
        "%(organization)s已撤回“%(subject)s”，不再需要办理。",
        "%(organization)s has withdrawn “%(subject)s”. Nothing more is to be done.",
    ),
    _template(
        "decision_extended",
        "办理期限已延长：%(kind)s %(number)s",
        "Time for the decision extended: %(kind)s %(number)s",
        "“%(subject)s”的办理期限已依法延长，理由和新的截止日期见办件页面。",
        "The time for the decision on “%(subject)s” has been extended as the law allows; reason"
        " and new date are"
        " on the case page.",
    ),
    _template(
        "clock_stopped",
        "计时已暂停：%(kind)s %(number)s",
        "Clock paused: %(kind)s %(number)s",
        "“%(subject)s”的办理计时已暂停，当前状态：%(state)s。恢复后剩余时间继续计算。",
        "The clock of “%(subject)s” is paused while it stands at: %(state)s. The time left goes on"
        " afterwards.",
    ),
    _template(
        "clock_resumed",
        "计时已恢复：%(kind)s %(number)s",
        "Clock running again: %(kind)s %(number)s",
        "“%(subject)s”的办理计时已恢复，新的截止日期见办件页面。",
        "The clock of “%(subject)s” runs again; the new date is on the case page.",
    ),
    _template(
        "registration_approved",
        "准予登记：%(kind)s %(number)s",
        "Registration approved: %(kind)s %(number)s",
        "“%(subject)s”已获准予登记，登记证书正在制作送达。",
        "“%(subject)s” has been approved; the certificate is being prepared for delivery.",
    ),
    _template(
        "registration_completed",
        "登记完成，证书已送达：%(number)s",
        "Registered, certificate delivered: %(number)s",
        "“%(subject)s”已完成登记，登记证书可以在办件页面下载。接下来可以申请加入枢纽型社会组织。",
        "“%(subject)s” is registered; the certificate is on the case page. Joining a hub"
        " organization is possible"
        " from now on.",
    ),
    _template(
        "change_approved",
        "准予变更登记：%(kind)s %(number)s",
        "Change approved: %(kind)s %(number)s",
        "“%(subject)s”已获准予，登记簿已经更新，决定书和新证书在办件页面。",
        "“%(subject)s” has been approved and stands in the register; the decision and the new certificate are on"
        " the case page.",
    ),
    _template(
        "change_completed",
        "变更登记完成，新证书已送达：%(number)s",
        "Change completed, certificate delivered: %(number)s",
        "“%(subject)s”已办结，新证书可以在办件页面下载。请交回旧证书，并更新印章、银行账户和税务登记。",
        "“%(subject)s” is done; the new certificate is on the case page. Hand in the old one, and have seal, bank"
        " account and tax record follow.",
    ),
    _template(
        "entry_changed_elsewhere",
        "单位登记事项已变更：%(organization)s（%(number)s）",
        "The entry of an organization changed: %(organization)s (%(number)s)",
        "%(organization)s的登记事项已经变更，变更前后见该单位档案；“%(subject)s”（%(number)s）等办件照常办理，其中原来的名称不变。",
        "What is registered of %(organization)s has changed; its file shows what it was and what it is. “%(subject)s”"
        " (%(number)s) and its other cases with you go on and keep the name of their time.",
        from_elsewhere=True,
    ),
    _template(
        "liquidation_begun",
        "进入清算：%(organization)s（%(number)s）",
        "Liquidation begun: %(organization)s (%(number)s)",
        "%(organization)s已报告终止并进入清算，自今日起只能开展清算活动。清算结束之日起15日内应当申请注销登记。",
        "%(organization)s has reported its end and is in liquidation; from today it does nothing else. It applies for"
        " deregistration within 15 days of the end of the liquidation.",
    ),
    _template(
        "liquidation_elsewhere",
        "单位进入清算：%(organization)s（%(number)s）",
        "An organization is in liquidation: %(organization)s (%(number)s)",
        "%(organization)s已决议终止并进入清算，自今日起不能投标、签约、加入枢纽、申请孵化和领取预付款；已验收的工作仍可付款。"
        "“%(subject)s”（%(number)s）等办件请及时了结：未了结之前不能准予注销。",
        "%(organization)s resolved to end and is in liquidation: from today no bid, contract, hub, incubation or"
        " advance; accepted work is still paid. Please settle “%(subject)s” (%(number)s) and its other cases with you:"
        " it cannot be deregistered before.",
        from_elsewhere=True,
    ),
    _template(
        "deregistration_approved",
        "准予注销登记：%(number)s",
        "Deregistration granted: %(number)s",
        "“%(subject)s”已获准予，登记从今天起终止；决定书在办件页面，过去的办件和档案保留。",
        "“%(subject)s” has been granted and the registration ends today. The decision is on the case page; cases and"
        " files of the past stay.",
    ),
    _template(
        "deregistered_elsewhere",
        "单位已注销：%(organization)s（%(number)s）",
        "An organization is deregistered: %(organization)s (%(number)s)",
        "%(organization)s已准予注销登记，成员关系从今天起结束；“%(subject)s”（%(number)s）的记录保留。",
        "%(organization)s is deregistered and its membership ends today; the record of “%(subject)s” (%(number)s)"
        " stays.",
        from_elsewhere=True,
    ),
    _template(
        "annual_report_concluded",
        "年度工作报告已有结论：%(number)s",
        "Your annual report is concluded: %(number)s",
        "“%(subject)s”已办结：%(state)s。通知书在办件页面，结论已写入档案并公示。",
        "“%(subject)s” is concluded: %(state)s. The notice is on the case page; the conclusion stands in your file and"
        " is published.",
    ),
    _template(
        "annual_report_to_put_right",
        "年度检查需要整改：%(number)s",
        "Something of your annual report must be put right: %(number)s",
        "“%(subject)s”需要整改。整改事项和期限见办件页面，请在期限之前整改并报告。",
        "Something of “%(subject)s” must be put right. The case page says what and by when; put it right and report it"
        " there before that day.",
        task=True,
    ),
    _template(
        "affiliation_accepted",
        "已加入枢纽型社会组织：%(number)s",
        "Joined the hub organization: %(number)s",
        "“%(subject)s”已获同意，成员关系从今天起生效。",
        "“%(subject)s” has been accepted; the membership is in force from today.",
    ),
    _template(
        "payment_approved",
        "拨付已批准：%(number)s",
        "Payment approved: %(number)s",
        "“%(subject)s”已批准，等待出纳发出支付指令。",
        "“%(subject)s” has been approved; the cashier sends the instruction next.",
    ),
    _template(
        "payment_instructed",
        "支付指令已发出：%(number)s",
        "Payment under way: %(number)s",
        "“%(subject)s”的支付指令已发往银行，到账以银行流水为准。",
        "The instruction for “%(subject)s” is with the bank; it counts as paid when the bank"
        " statement proves it.",
    ),
    _template(
        "payment_settled",
        "款项已支付：%(number)s",
        "Paid: %(number)s",
        "“%(subject)s”已支付，银行流水已核对一致。",
        "“%(subject)s” has been paid; the bank statement proves it.",
    ),
    _template(
        "payment_bounced",
        "银行退回：%(number)s",
        "Returned by the bank: %(number)s",
        "“%(subject)s”的款项被银行退回，将重新支付。请核对收款账户信息。",
        "The bank returned the money for “%(subject)s”; it will be paid again. Please check the"
        " payee's account.",
    ),
    _template(
        "restriction_announced",
        "拟列入告知：%(number)s",
        "Notice of an intended listing: %(number)s",
        "登记管理机关提出列入：“%(subject)s”。事实、依据和陈述申辩的截止日期见办件页面；决定之前不受限制。",
        "The registrar proposes a listing: “%(subject)s”. The case page gives facts, grounds and the date"
        " until which you may state your case; nothing is restricted before the decision.",
        task=True,
    ),
    _template(
        "restriction_imposed",
        "已列入：%(number)s",
        "Listed: %(number)s",
        "已决定列入：“%(subject)s”。自今日起不能投标、中选、签约、申请和收到拨付。理由见办件页面；"
        "完成整改后可以在办件页面申请移出。",
        "The listing is decided: “%(subject)s”. From today the organization may not bid, win, sign, ask for payment"
        " or be paid. The case page gives the reasons; once put right, apply there for removal.",
        task=True,
    ),
    _template(
        "restriction_lifted",
        "已移出：%(number)s",
        "Removed: %(number)s",
        "已移出：“%(subject)s”。自今日起不再受此限制，停下的办件可以继续。",
        "It is removed: “%(subject)s”. From today that restricts nothing; the organization's cases can go on.",
    ),
    _template(
        "restriction_elsewhere",
        "单位被列入名录：%(organization)s（%(number)s）",
        "An organization is listed: %(organization)s (%(number)s)",
        "%(organization)s已被列入名录或者冻结，自今日起不能定标、签约和付款，涉及“%(subject)s”（%(number)s）等在办件。"
        "办件停在原处，移出后继续；依据见该单位档案。",
        "%(organization)s is listed or frozen: from today it wins, signs and is paid nothing. This concerns"
        " “%(subject)s” (%(number)s) and its other cases with you. They stay where they are until it is removed;"
        " its file says why.",
        from_elsewhere=True,
    ),
    _template(
        "restriction_gone_elsewhere",
        "单位已移出名录：%(organization)s（%(number)s）",
        "An organization is removed: %(organization)s (%(number)s)",
        "%(organization)s的一项限制已经解除，“%(subject)s”（%(number)s）等在办件可以继续办理；是否还有其他限制见该单位档案。",
        "A restriction of %(organization)s has ended. “%(subject)s” (%(number)s) and its other cases with you can go"
        " on, unless its file shows another one.",
        from_elsewhere=True,
    ),
    _template(
        "case_moved",
        "办件有新进展：%(kind)s %(number)s",
        "News on %(kind)s %(number)s",
        "“%(subject)s”有新进展，当前状态：%(state)s。",
        "There is news on “%(subject)s”. It stands at: %(state)s.",
    ),
)

TEMPLATES: Mapping[str, NoticeTemplate] = {template.name: template for template in _ALL}


def template_names() -> frozenset[str]:
    """Return the names that definitions may use."""
    return frozenset(TEMPLATES)


def template_of(name: str) -> NoticeTemplate:
    """Return the template with this name; one that was removed since still says that there is news."""
    return TEMPLATES.get(name, TEMPLATES["case_moved"])
