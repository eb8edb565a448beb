"""Procurement tables in running text: kinds, projects with economic items, purchases."""

from .conftest import read

TABLE = """
公开12表
2018年政府采购预算表
部门：某局 单位：万元
采购品目大类 专项名称 经济科目 采购物品名称 采购组织形式 总计
合计 30.00
一、货物A 12.00
信息网络建设维护 信息网络及软件
7.00
费 购置更新
其他计算机设备及软
政府集中采购 7.00
件
设备购置费 办公设备购置 5.00
打印设备 分散自行组织 2.00
复印机 分散自行组织 3.00
三、服务C 18.00
业务经费 会议费 10.00
会议服务 分散自行组织 10.00
培训费 8.00
住宿服务 分散自行组织 8.00
"""


def rows(text: str) -> dict[str, tuple[str, str]]:
    """Amount and state by row."""
    return {f["row"]: (f["value"], f["state"]) for f in read(text) if f["table"] == "procurement"}


def test_levels_and_names_that_wrap_around_their_amounts() -> None:
    """Every amount is proven by the sums above or below it, and stands under the whole of its name."""
    assert rows(TABLE) == {
        key: (value, "proven")
        for key, value in {
            "总计": "30.00",
            "货物A": "12.00",
            "货物A/信息网络建设维护费/信息网络及软件购置更新": "7.00",
            "货物A/信息网络建设维护费/信息网络及软件购置更新/其他计算机设备及软件": "7.00",
            "货物A/设备购置费/办公设备购置": "5.00",
            "货物A/设备购置费/办公设备购置/打印设备": "2.00",
            "货物A/设备购置费/办公设备购置/复印机": "3.00",
            "服务C": "18.00",
            "服务C/业务经费/会议费": "10.00",
            "服务C/业务经费/会议费/会议服务": "10.00",
            "服务C/业务经费/培训费": "8.00",
            "服务C/业务经费/培训费/住宿服务": "8.00",
        }.items()
    }


def test_a_table_whose_sums_fail_is_not_read() -> None:
    """Only the sums tell that the words were taken for the right levels."""
    assert rows(TABLE.replace("复印机 分散自行组织 3.00", "复印机 分散自行组织 3.10")) == {}
    assert rows(TABLE.replace("打印设备 分散自行组织", "打印设备")) == {}


def test_a_name_that_no_list_knows_is_in_doubt() -> None:
    """Which of two columns a word belongs to is told by the economic items; where none is known, the row is open."""
    found = rows(TABLE.replace("设备购置费 办公设备购置 5.00", "设备购置费 添置桌椅 5.00"))
    assert found["货物A/设备购置费/添置桌椅"] == ("5.00", "ambiguous")
    assert found["货物A"] == ("12.00", "proven")


def test_the_end_of_a_longer_name_is_no_other_spelling() -> None:
    """便携式计算机 prints 携式计算机, of which 台式计算机 is no misreading."""
    text = TABLE.replace("打印设备 分散自行组织", "台式计算机(20万以下) 分散自行组织")
    text = text.replace("复印机 分散自行组织", "便携式计算机(20万以下) 分散自行组织")
    found = rows(text)
    assert found["货物A/设备购置费/办公设备购置/台式计算机(20万以下)"] == ("2.00", "proven")
    assert found["货物A/设备购置费/办公设备购置/便携式计算机(20万以下)"] == ("3.00", "proven")
