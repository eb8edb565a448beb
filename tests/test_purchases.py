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


WRAPPED = """
公开12表
2018年政府采购预算表
部门：某局 单位：万元
采购品目大 采购物品 采购组织
专项名称 经济科目 总计
类 名称 形式
合计 30.00
一、货物A 22.00
网络、档案室、实验
信息网络及软件购
室、会议室、档案数 15.00
置更新
字化系统运行维护费
打印设备
部门集中采
（20万以 9.00
购
下）
分散自行组
交换设备 6.00
织
专用设备购置 7.00
检测专用设 分散自行组
7.00
备 织
三、服务C 8.00
商品和服务支出 会议费 8.00
分散自行组
会议服务 8.00
织
"""
PROJECT = "网络、档案室、实验室、会议室、档案数字化系统运行维护费"
OF_WRAPPED = {
    "总计": "30.00",
    "货物A": "22.00",
    f"货物A/{PROJECT}/信息网络及软件购置更新": "15.00",
    f"货物A/{PROJECT}/信息网络及软件购置更新/打印设备(20万以下)": "9.00",
    f"货物A/{PROJECT}/信息网络及软件购置更新/交换设备": "6.00",
    f"货物A/{PROJECT}/专用设备购置": "7.00",
    f"货物A/{PROJECT}/专用设备购置/检测专用设备": "7.00",
    "服务C": "8.00",
    "服务C/商品和服务支出/会议费": "8.00",
    "服务C/商品和服务支出/会议费/会议服务": "8.00",
}


def test_both_cells_of_a_row_and_the_header_may_wrap() -> None:
    """Lines stand at their own heights: those of one cell between those of the other, as many below as above."""
    assert rows(WRAPPED) == {key: (value, "proven") for key, value in OF_WRAPPED.items()}


IN_TURN = """
公开12表：政府采购支出预算表
部门：
某局
单位：万元
采购品目大
类
专项名称
经济科目
采购物品
名称
采购组织
形式
总计
合计
30.00
一、货物A
22.00
网络、档案室、实验
室、会议室、档案数
字化系统运行维护费
信息网络及软件购
置更新
15.00
打印设备
（20万以
下）
部门集中采
购
9.00
交换设备分散自行组织
6.00
专用设备购置
7.00
检测专用设
备
分散自行组
织
7.00
三、服务C
8.00
商品和服务支出
会议费
8.00
会议服务
分散自行组
织
8.00
"""


def test_cells_one_after_the_other() -> None:
    """Each cell has its lines in a row, and two that touch are one line."""
    assert rows(IN_TURN) == {key: (value, "proven") for key, value in OF_WRAPPED.items()}


BY_HEIGHT = """
公开12表：政府采购支出预算表
单位：万元
采购品目大类
专项名称
经济科目
采购物品名称
采购组织形式
总计
合计
20.00
一、货物A
20.00
网络、档案室、实验
办公设备购置
12.00
室维护费
打印设备（20万以
部门集中采购
9.00
下）
交换设备
分散自行组织
3.00
交通运行费
办公设备购置
8.00
各种检测专用设备
分散自行组织
8.00
"""


def test_lines_by_their_height() -> None:
    """The rest of a cell stands below the amount; a bracket that closes belongs to the one that opened."""
    assert rows(BY_HEIGHT) == {
        key: (value, "proven")
        for key, value in {
            "总计": "20.00",
            "货物A": "20.00",
            "货物A/网络、档案室、实验室维护费/办公设备购置": "12.00",
            "货物A/网络、档案室、实验室维护费/办公设备购置/打印设备(20万以下)": "9.00",
            "货物A/网络、档案室、实验室维护费/办公设备购置/交换设备": "3.00",
            "货物A/交通运行费/办公设备购置": "8.00",
            "货物A/交通运行费/办公设备购置/各种检测专用设备": "8.00",
        }.items()
    }


def test_lines_that_two_rows_may_have_are_in_doubt() -> None:
    """Words below an amount are the rest of its name, or the project of the row below."""
    found = rows(
        BY_HEIGHT.replace("交换设备\n", "其他各种交换设备\n")
        .replace("办公设备购置\n8", "公务用车运行维\n8")
        .replace("8.00\n各", "8.00\n护费\n各")
    )
    assert found["货物A/网络、档案室、实验室维护费/办公设备购置"] == ("12.00", "proven")
    assert sorted(value for value, state in found.values() if state == "ambiguous") == ["3.00", "8.00", "8.00"]


def test_rows_without_words_are_in_doubt_and_the_others_are_not() -> None:
    """A name over two rows stands on no row's line; the sums still tell that both are purchases."""
    text = WRAPPED.replace("分散自行组\n会议服务 8.00\n织\n", "部门集中采\n5.00\n会议服 购\n务 分散自行组\n3.00\n织\n")
    facts = [f for f in read(text) if f["table"] == "procurement"]
    assert {f["row"] for f in facts if f["state"] == "proven"} == {
        row for row in OF_WRAPPED if not row.startswith("服务C/")
    }
    assert [f["value"] for f in facts if f["state"] == "ambiguous"] == ["8.00", "5.00", "3.00"]
