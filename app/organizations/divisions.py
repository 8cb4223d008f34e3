"""Which divisions do we know by name, and inside which does each lie? Codes are facts of GB/T 2260.

The provinces, Beijing with its districts, Xicheng with its streets, Guiyang with its counties. Any other
code still becomes a place: it is named by its code until somebody adds a line here.
"""

import re
from dataclasses import dataclass

NATION = "100000"  # the whole country, in the codes that the Ministry of Civil Affairs issues

# Cities under the central government have no city level of their own: their districts lie in the province.
_KNOWN = """
100000 全国 China
110000 北京市 Beijing
120000 天津市 Tianjin
130000 河北省 Hebei
140000 山西省 Shanxi
150000 内蒙古自治区 Inner Mongolia
210000 辽宁省 Liaoning
220000 吉林省 Jilin
230000 黑龙江省 Heilongjiang
310000 上海市 Shanghai
320000 江苏省 Jiangsu
330000 浙江省 Zhejiang
340000 安徽省 Anhui
350000 福建省 Fujian
360000 江西省 Jiangxi
370000 山东省 Shandong
410000 河南省 Henan
420000 湖北省 Hubei
430000 湖南省 Hunan
440000 广东省 Guangdong
450000 广西壮族自治区 Guangxi
460000 海南省 Hainan
500000 重庆市 Chongqing
510000 四川省 Sichuan
520000 贵州省 Guizhou
530000 云南省 Yunnan
540000 西藏自治区 Tibet
610000 陕西省 Shaanxi
620000 甘肃省 Gansu
630000 青海省 Qinghai
640000 宁夏回族自治区 Ningxia
650000 新疆维吾尔自治区 Xinjiang
710000 台湾省 Taiwan
810000 香港特别行政区 Hong Kong
820000 澳门特别行政区 Macao
110101 东城区 Dongcheng
110102 西城区 Xicheng
110105 朝阳区 Chaoyang
110106 丰台区 Fengtai
110107 石景山区 Shijingshan
110108 海淀区 Haidian
110109 门头沟区 Mentougou
110111 房山区 Fangshan
110112 通州区 Tongzhou
110113 顺义区 Shunyi
110114 昌平区 Changping
110115 大兴区 Daxing
110116 怀柔区 Huairou
110117 平谷区 Pinggu
110118 密云区 Miyun
110119 延庆区 Yanqing
110102001 西长安街街道 Xichang'anjie Subdistrict
110102003 新街口街道 Xinjiekou Subdistrict
110102007 月坛街道 Yuetan Subdistrict
110102009 展览路街道 Zhanlanlu Subdistrict
110102010 德胜街道 Desheng Subdistrict
110102011 金融街街道 Jinrongjie Subdistrict
110102012 什刹海街道 Shichahai Subdistrict
110102013 大栅栏街道 Dashilan Subdistrict
110102014 天桥街道 Tianqiao Subdistrict
110102015 椿树街道 Chunshu Subdistrict
110102016 陶然亭街道 Taoranting Subdistrict
110102017 广安门内街道 Guang'anmennei Subdistrict
110102018 牛街街道 Niujie Subdistrict
110102019 白纸坊街道 Baizhifang Subdistrict
110102020 广安门外街道 Guang'anmenwai Subdistrict
520100 贵阳市 Guiyang
520102 南明区 Nanming
520103 云岩区 Yunyan
520111 花溪区 Huaxi
520112 乌当区 Wudang
520113 白云区 Baiyun
520115 观山湖区 Guanshanhu
520121 开阳县 Kaiyang
520122 息烽县 Xifeng
520123 修文县 Xiuwen
520181 清镇市 Qingzhen
"""


@dataclass(frozen=True)
class Division:
    """A place by its code; `known` is false when all we know of it is the code."""

    code: str
    zh: str
    en: str
    known: bool = True

    @property
    def level(self) -> int:
        """Return 0 for the nation, 1 province, 2 city, 3 district or county, 4 street."""
        if self.code == NATION:
            return 0
        if len(self.code) == 9:
            return 4
        return 1 if self.code.endswith("0000") else 2 if self.code.endswith("00") else 3


def _read(table: str) -> dict[str, Division]:
    rows = (line.split(" ", 2) for line in table.strip().splitlines())
    return {code: Division(code, zh, en) for code, zh, en in rows}


DIVISIONS = _read(_KNOWN)


class NoDivisionCode(ValueError):
    """What was given is not a division code of 6 or 9 digits."""


def division(code: str) -> Division:
    """Return the division of `code`; one we do not know is named by its code."""
    if not re.fullmatch(r"[1-9][0-9]{5}([0-9]{3})?", code, re.ASCII):
        raise NoDivisionCode(code)
    return DIVISIONS.get(code) or Division(code, code, code, known=False)


def chain(code: str) -> tuple[Division, ...]:
    """Return the division of `code` behind all known ones that it lies in, the province first."""
    this = division(code)
    if code == NATION:
        return (this,)
    outer = (code[:2] + "0000", code[:4] + "00", code[:6])
    return (*(DIVISIONS[each] for each in dict.fromkeys(outer) if each in DIVISIONS and each != code), this)


_MUNICIPALITIES = ("11", "12", "31", "50")


def registrar_of(code: str) -> str:
    """Return what the civil affairs department of a division is called; empty where we cannot know it."""
    if code == NATION:
        return "中华人民共和国民政部"
    divisions = chain(code)
    if not all(each.known for each in divisions):
        return ""
    provincial = len(divisions) == 1 and code[:2] not in _MUNICIPALITIES
    return "".join(each.zh for each in divisions) + ("民政厅" if provincial else "民政局")
