"""The names of a city that does not exist. Every one is invented; likeness to a real place is chance."""

from dataclasses import dataclass

from domain.places import Named, RoadGrade

CITY = ("澜江市", "Lanjiang")

DISTRICTS = (
    Named(id="yunzhu", zh="云渚区", en="Yunzhu"),
    Named(id="xinqiao", zh="新桥区", en="Xinqiao"),
    Named(id="linlan", zh="临澜区", en="Linlan"),
    Named(id="qinglu", zh="青麓区", en="Qinglu"),
)
"""North-west, north-east, south-east, south-west."""

DEPARTMENTS = (
    Named(id="lighting", zh="市照明管理所", en="Street Lighting Office"),
    Named(id="environment", zh="市生态环境监测站", en="Environmental Monitoring Station"),
    Named(id="drainage", zh="市排水管理处", en="Drainage Office"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadPlan:
    """A named road: `at` km north (east–west roads) or east (north–south) of the centre, from `begin` to `end` km."""

    zh: str
    en: str
    grade: RoadGrade
    is_east_west: bool
    at: float
    begin: float
    end: float


def _ew(zh: str, en: str, grade: RoadGrade, at: float, begin: float = -9.0, end: float = 9.0) -> RoadPlan:
    return RoadPlan(zh=zh, en=en, grade=grade, is_east_west=True, at=at, begin=begin, end=end)


def _ns(zh: str, en: str, grade: RoadGrade, at: float, begin: float = -3.3, end: float = 4.3) -> RoadPlan:
    return RoadPlan(zh=zh, en=en, grade=grade, is_east_west=False, at=at, begin=begin, end=end)


_MAIN, _SECONDARY, _BRANCH = RoadGrade.MAIN, RoadGrade.SECONDARY, RoadGrade.BRANCH
BRIDGE = -4.5
"""North–south roads that begin here cross the river."""

ROADS = (
    _ew("松林路", "Songlin Road", _BRANCH, 3.85, -6.4, 4.6),
    _ew("北苑大街", "Beiyuan Street", _MAIN, 2.9),
    _ew("文昌路", "Wenchang Road", _SECONDARY, 1.75, -7.4, 8.4),
    _ew("人民路", "Renmin Road", _MAIN, 0.75),
    _ew("建设大街", "Jianshe Street", _MAIN, -0.45),
    _ew("中和路", "Zhonghe Road", _SECONDARY, -1.55, -8.4, 7.2),
    _ew("澜江大道", "Lanjiang Avenue", _MAIN, -2.5),
    _ew("滨江路", "Binjiang Road", _MAIN, -3.3),
    _ns("工业大道", "Gongye Avenue", _MAIN, -8.1, -3.3, 3.9),
    _ns("红枫路", "Hongfeng Road", _BRANCH, -6.6, -2.5, 2.9),
    _ns("长虹街", "Changhong Street", _SECONDARY, -5.2),
    _ns("云渚大道", "Yunzhu Avenue", _MAIN, -3.6, BRIDGE),
    _ns("学府路", "Xuefu Road", _SECONDARY, -2.1),
    _ns("解放街", "Jiefang Street", _MAIN, -0.55, BRIDGE),
    _ns("钟楼街", "Zhonglou Street", _BRANCH, 0.95, -2.5, 2.9),
    _ns("朝阳大街", "Chaoyang Street", _MAIN, 2.4, BRIDGE),
    _ns("花园路", "Huayuan Road", _SECONDARY, 3.9),
    _ns("新桥大道", "Xinqiao Avenue", _MAIN, 5.4, BRIDGE),
    _ns("科创路", "Kechuang Road", _SECONDARY, 6.85, -3.3, 3.85),
    _ns("东湖路", "Donghu Road", _BRANCH, 8.2, -2.5, 2.9),
)

RING = ("环城快速路", "Ring Expressway")
RIVER = ("澜江", "Lan River")
RAILWAY = ("澜北铁路", "Lanbei Railway")

PARKS = (
    ("松鹤公园", "Songhe Park"),
    ("云渚湿地", "Yunzhu Wetland"),
    ("人民公园", "Renmin Park"),
    ("东湖公园", "Donghu Park"),
    ("青麓森林公园", "Qinglu Forest Park"),
    ("滨江绿地", "Riverside Green"),
)

QUARTERS = (
    ("锦绣", "Jinxiu"),
    ("翠屏", "Cuiping"),
    ("和顺", "Heshun"),
    ("明德", "Mingde"),
    ("长宁", "Changning"),
    ("芳草", "Fangcao"),
    ("望澜", "Wanglan"),
    ("竹园", "Zhuyuan"),
    ("清源", "Qingyuan"),
    ("瑞丰", "Ruifeng"),
    ("梧桐", "Wutong"),
    ("鹭岛", "Ludao"),
    ("南塘", "Nantang"),
    ("石桥", "Shiqiao"),
    ("春晖", "Chunhui"),
    ("银杏", "Yinxing"),
)
"""First halves of the names of places, combined with what stands there."""

WELLS = (("雨水井", "storm drain"), ("污水井", "sewer"), ("电力井", "power duct"))
