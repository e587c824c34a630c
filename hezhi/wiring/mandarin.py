"""Chinese words for the command line's own sentences (命令行中文化).

click asks gettext for its words; the few we meet are answered here, so `hezhi --help` and its errors
are Chinese without a compiled catalogue.
"""

import gettext

WORDS = {
    "Usage:": "用法：",
    "Options": "选项",
    "Commands": "命令",
    "Positional arguments": "参数",
    "Show this message and exit.": "显示本说明。",
    "Error: {message}": "错误：{message}",
    "Aborted!": "已取消。",
    "Try '{command} {option}' for help.": "用 {command} {option} 查看说明。",
    "Missing argument": "缺少参数",
    "Missing option": "缺少选项",
    "Missing parameter": "缺少参数",
    "Missing command.": "请指定命令。",
    "No such command {name!r}.": "没有 {name} 这个命令。",
    "No such option {name!r}.": "没有 {name} 这个选项。",
    "Invalid value: {message}": "填写有误：{message}",
    "Invalid value for {param_hint}: {message}": "{param_hint} 填写有误：{message}",
    "Option {name!r} does not take a value.": "选项 {name} 后面不带值。",
    "Option {name!r} requires an argument.": "选项 {name} 需要一个值。",
    "Repeat for confirmation": "再输入一次",
    "Error: The two entered values do not match.": "两次填写不一致。",
    "Error: invalid input": "错误：填写有误",
    "{name} {filename!r} does not exist.": "{name} {filename} 不存在。",
    "{name} {filename!r} is a directory.": "{filename} 是文件夹，不是文件。",
    "{name} {filename!r} is not readable.": "{name} {filename} 无法读取。",
    "file": "文件",
    "File": "文件",
    "default: {default}": "默认：{default}",
}
SEVERAL = {
    "Got unexpected extra argument ({args})": "多出了参数 {args}",
    "Got unexpected extra arguments ({args})": "多出了参数 {args}",
    "{value!r} is not {choice}.": "{value} 不在可选范围（{choice}）内。",
    "{value!r} is not one of {choices}.": "{value} 不在可选范围（{choices}）内。",
    "Did you mean {possibility}?": "是否想用 {possibility}?",
    "(Did you mean one of: {possibilities}?)": "（是否想用其中之一：{possibilities}？）",
}


def teach() -> None:
    """Answer click's questions for words; to be called before click is imported."""
    gettext.gettext = _word
    gettext.ngettext = _several


def _word(message: str) -> str:
    return WORDS.get(message, message)


def _several(msgid1: str, msgid2: str, n: int) -> str:
    message = msgid1 if n == 1 else msgid2
    return SEVERAL.get(message, message)
