"""What the keys of a rules file mean, in a line of each language: for editors, beside docs/rules.md."""

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "id": ("规则编号，唯一", "unique; alerts and the memory across a restart hang on it"),
    "kind": ("规则类型", "kind of rule"),
    "zh": ("中文名称", "name in Chinese"),
    "en": ("英文名称", "name in English"),
    "severity": ("督办颜色：红、黄、白", "supervision colour: red, yellow, white"),
    "clause": ("限值出处，中英文", "where the limit comes from, in both languages"),
    "scope": ("适用范围，每项可省略", "which devices; each list may be left out"),
    "kinds": ("设备类别", "kinds of device"),
    "zones": ("声环境功能区", "noise zones"),
    "roads": ("道路编号", "ids of roads"),
    "grades": ("道路等级", "grades of road"),
    "needs_acknowledgement": ("是否需人工确认；false 则自动关闭", "false: the alert closes by itself"),
    "metric": ("指标代码", "code of the catalogue"),
    "hold": ("持续多久才告警", "how long the violation lasts before it is HELD"),
    "clear": ("恢复多久才解除", "how long all must be well before it is CLEARED"),
    "evidence_for": ("一次读数可信的上报周期数", "for how many of its own intervals a device's reading is believed"),
    "unit": ("限值单位，须与指标一致", "of the limit; must be the metric's"),
    "compare": ("达标值与限值的关系", "how a compliant value relates to the limit"),
    "limit": ("限值：数值，或 {table: 表名}", "a number, or {table: NAME}"),
    "dead_band": ("回差：此范围内状态不变", "a compliant value closer to the limit than this changes nothing"),
    "normal": ("唯一正常值", "the one good value"),
    "targets": ("按道路等级的目标值（%）", "by grade of road, in %"),
    "min_known": ("已知比例低于此值则不判断", "below this known share nothing is said"),
    "after_sunset": ("日落后多久应亮", "lamps have to be lit so long after sunset"),
    "before_sunrise": ("日出前多久可灭", "... until so long before sunrise"),
    "grace": ("开始后的宽限时间", "after the begin nothing is judged for so long"),
    "missed": ("连续缺报周期数", "silent for so many of its own intervals"),
}
"""Keys of the same name mean the same in every kind."""
