"""The life of a dispute, as data (调解流程, 9.1.2-2); checked when the program starts."""

from hezhi.engines.flow.rules.life_cycle import STAY, LifeCycle, State, Verb

clause = "9.1.2-2"
REGISTER, WORK = "mediation.register", "mediation.work"
LIVING = ("registered", "ready", "mediating")

DISPUTE = LifeCycle(
    code="dispute",
    name="矛盾纠纷",
    version=1,
    start="registered",
    states=(
        State("registered", "待征询意愿", "waiting"),
        State("ready", "待调解", "waiting"),
        State("mediating", "调解中", "open"),
        State("agreed", "已达成协议", "open"),
        State("failed", "调解不成", "waiting"),
        State("referred", "已转出", "open"),
        State("closed", "已结案", "closed"),
    ),
    verbs=(
        Verb("appoint", "指定调解员", LIVING, STAY, right=REGISTER, who=("派遣员", "镇街派遣员", "值班长")),
        Verb("add_party", "登记当事人", LIVING, STAY, right=WORK, who=("承办经办人", "镇街派遣员")),
        Verb("consent", "征询调解意愿", ("registered", "ready"), "derived", among=("registered", "ready", "failed"),
             right=WORK, who=("承办经办人", "镇街派遣员")),
        Verb("meet", "登记调解会", ("ready", "mediating"), "derived", among=("mediating", "failed"), right=WORK,
             who=("承办经办人", "镇街派遣员")),
        Verb("agree", "登记协议", ("mediating",), "agreed", right=WORK, who=("承办经办人", "镇街派遣员")),
        Verb("refer", "转仲裁、诉讼或信访", ("registered", "ready", "mediating", "failed"), "referred", right=WORK,
             who=("承办经办人", "镇街派遣员"), needs_reason=True),
        Verb("receipt", "登记回执", ("referred",), "derived", among=("closed", "failed"), right=WORK,
             who=("承办经办人", "镇街派遣员")),
        Verb("follow_up", "回访", ("agreed",), "derived", among=("agreed", "closed", "failed"), right=WORK,
             who=("承办经办人", "镇街派遣员")),
        Verb("close", "终止结案", ("failed",), "closed", right=REGISTER, who=("派遣员", "镇街派遣员", "值班长"),
             needs_reason=True),
    ),
)  # fmt: skip
