"""The words offices write for what has a name here; a word that is not listed is asked about, never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from casework.vocabulary import HardshipCause, Membership, Relation, Sex

FLAGS: Final = {
    **dict.fromkeys(("是", "有", "享受", "√", "✓", "✔", "对", "低保", "低保户"), True),
    **dict.fromkeys(("否", "无", "没有", "不享受", "不是", "×", "✗", "非低保"), False),
}
SEXES: Final = {"男": Sex.MALE, "男性": Sex.MALE, "女": Sex.FEMALE, "女性": Sex.FEMALE}
MEMBERSHIPS: Final = {
    **dict.fromkeys(("中共党员", "党员", "正式党员", "中共正式党员", "共产党员"), Membership.FULL),
    **dict.fromkeys(("预备党员", "中共预备党员"), Membership.PROBATIONARY),
    **dict.fromkeys(("群众", "非党员", "无党派", "无党派人士", "共青团员", "团员", "民主党派"), Membership.NONE),
}
RELATIONS: Final = {
    **dict.fromkeys(("本人", "户主"), Relation.SELF),
    **dict.fromkeys(("配偶", "妻", "妻子", "丈夫", "夫", "爱人", "老伴"), Relation.SPOUSE),
    **dict.fromkeys(
        "子女 子 女 儿子 女儿 长子 次子 三子 长女 次女 三女 独子 独女 养子 养女 继子 继女 儿 之子 之女".split(),  # noqa: SIM905
        Relation.CHILD,
    ),
    **dict.fromkeys(("父母", "父", "母", "父亲", "母亲", "养父", "养母", "继父", "继母"), Relation.PARENT),
    **dict.fromkeys(
        ("祖父母", "祖父", "祖母", "外祖父", "外祖母", "爷爷", "奶奶", "外公", "外婆"), Relation.GRANDPARENT
    ),
    **dict.fromkeys(("孙子", "孙女", "外孙", "外孙子", "外孙女", "孙"), Relation.GRANDCHILD),
    **dict.fromkeys(("兄", "弟", "姐", "妹", "哥哥", "弟弟", "姐姐", "妹妹", "兄弟", "姐妹"), Relation.SIBLING),
    **dict.fromkeys(
        "岳父 岳母 公公 婆婆 公婆 儿媳 女婿 侄子 侄女 外甥 外甥女 叔 伯 姑 舅 姨 其他 其他亲属".split(),  # noqa: SIM905
        Relation.OTHER,
    ),
}
CAUSES: Final[Mapping[str, HardshipCause | None]] = {
    **{cause.label: cause for cause in HardshipCause},
    "本人患病": HardshipCause.OWN_ILLNESS,
    "本人大病": HardshipCause.OWN_ILLNESS,
    "家人患病": HardshipCause.FAMILY_ILLNESS,
    "自然灾害": HardshipCause.DISASTER,
    "因灾致贫": HardshipCause.DISASTER,
    "低保": HardshipCause.DIBAO,
    "低保户": HardshipCause.DIBAO,
    "子女上学": HardshipCause.SCHOOLING,
    "突发事故": HardshipCause.SUDDEN_EVENT,
}
PEOPLES: Final = frozenset(
    re.findall(
        "[^ ]+",
        "汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 纳西 "
        "景颇 柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安 "
        "裕固 京 塔塔尔 独龙 鄂伦春 赫哲 门巴 珞巴 基诺",
    )
)
"""The 56 peoples, without 族."""
