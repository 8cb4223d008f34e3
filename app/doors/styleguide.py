"""Every component in every state, with invented data: documentation and test target in one."""

from flask import render_template
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    FieldList,
    Form,
    FormField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice

from app.doors import styleguide_overviews as overviews
from app.doors import styleguide_samples as samples


def _options(titles: dict[str, str]) -> list[SelectChoice]:
    return [SelectChoice(value, title) for value, title in titles.items()]


class SampleRow(Form):
    """A row of the sample table."""

    item = StringField()
    basis = StringField()
    amount = StringField()


class SampleForm(FlaskForm):
    """One field of every kind that forms are made of."""

    class Meta:
        """The sample is never posted."""

        csrf = False

    text = StringField("拟定名称")
    textarea = TextAreaField("业务范围")
    choice = SelectField(
        "业务领域", choices=_options({"": "请选择", "disability": "残障服务", "age": "养老服务"})
    )
    radio = RadioField("法人类型", choices=_options({"service": "社会服务机构", "association": "社会团体"}))
    money = StringField("开办资金")
    date = StringField("租赁起始日", render_kw={"type": "date"})
    integer = StringField("工作人员数")
    password = PasswordField("密码")
    table = FieldList(FormField(SampleRow), "开办预算", min_entries=1)
    documents = Field("材料")
    bool = BooleanField("同意公开联系方式")
    declaration = BooleanField("本单位承诺所填内容真实，并对材料的真实性负责。")


REQUIRED = ("text", "textarea", "choice", "money", "table", "declaration")


def styleguide() -> str:
    """Render the style guide; the route exists only where the environment is demo or test."""
    return render_template(
        "styleguide.html",
        form=sample_form("plain", with_errors=False),
        wrong=sample_form("wrong", with_errors=True),
        sample={**samples.SAMPLE, **overviews.SAMPLE},
    )


def sample_form(prefix: str, *, with_errors: bool) -> SampleForm:
    """Return the sample form, filled in, with or without a message at every field."""
    form = SampleForm(formdata=None, prefix=prefix, data=samples.FORM_DATA)
    for name in form.data:
        made = form[name]
        made.kind = name
        made.help = samples.FORM_HELP.get(name)
        made.max = 500 if name == "textarea" else None
        made.flags.required = name in REQUIRED
        if with_errors:
            made.errors = [samples.MESSAGE]
            made.label.text += samples.WRONG
    form.table.columns = samples.TABLE_COLUMNS
    form.table.totals = {"amount": "150,000.00"}
    form.documents.slots = samples.slots(with_errors)
    return form
