"""Words for codes. Screens are Chinese, databases hold codes; this is the only dictionary."""

from collections.abc import Mapping

LABELS: dict[str, dict[str, str]] = {
    "role": {
        "administrator": "系统管理员",
        "supervisor": "县级督导",
        "manager": "中心主任",
        "leader": "团队长",
        "member": "团队成员",
        "board": "公示屏",
    },
    "member_role": {
        "family_doctor": "家庭医生",
        "nurse": "护士",
        "village_doctor": "乡村医生",
        "public_health": "公卫人员",
        "county_expert": "县级专家",
    },
    "organisation": {
        "county": "县卫生健康委员会",
        "county_hospital": "县级医院",
        "township_centre": "乡镇卫生院",
        "village_clinic": "村卫生室",
    },
    "sex": {"male": "男", "female": "女"},
    "resident_state": {
        "present": "在住",
        "away": "外出",
        "lost": "失访",
        "moved": "迁出",
        "deceased": "死亡",
    },
    "state_refusal": {
        "not_verified": "还没有核实",
        "wrong_person": "登记错了人",
        "still_here": "本人还在住",
    },
    "audit": {
        "create_resident": "建档",
        "edit_resident": "修改资料",
        "change_tags": "修改重点人群",
        "hand_over": "转给其他团队",
        "ask_state": "登记，等待确认",
        "set_state": "状态改为",
        "refuse_state": "没有同意登记",
        "undo_state": "撤销登记",
    },
    "enrolment_state": {"active": "管理中", "suspended": "已暂停", "ended": "已结束"},
    "tag": {
        "child": "0-6岁儿童",
        "maternal": "孕产妇",
        "elderly": "65岁以上",
        "hypertension": "高血压",
        "diabetes": "糖尿病",
        "tuberculosis": "肺结核",
        "severe_mental_disorder": "严重精神障碍",
        "disabled": "残疾人",
        "poverty_relieved": "脱贫人口",
        "poverty_monitored": "监测对象",
        "special_family": "计生特殊家庭",
    },
    #: Filled by `name_programmes` from the programmes' files.
    "programme": {},
    "task_kind": {
        "regular": "季度随访",
        "recheck": "2周复查",
        "referral_fu": "转诊待核实",
        "specialist_fu": "专科随访",
        "home_visit": "入户访视",
        "exam": "年度体检",
        "report": "上报",
    },
    "task_state": {"open": "待办", "done": "已完成", "missed": "已错过", "cancelled": "已取消"},
    "round_state": {"open": "待做", "done": "已完成", "missed": "已错过", "cancelled": "已取消"},
    "round_verb": {
        "report_round": "记录到岗",
        "cancel_round": "取消",
        "reopen_round": "重新打开",
        "check_round": "核对",
    },
    "way": {"1": "门诊", "2": "家庭", "3": "电话"},
    "referral": {"none": "不需要转诊", "routine": "建议转上级医院", "urgent": "紧急转诊"},
    "referral_outcome": {"went": "已就诊", "refused": "拒绝前往", "not_reached": "没联系上"},
    "contract_state": {
        "active": "有效",
        "expired": "已到期",
        "renewed": "已续签",
        "switched": "已改签",
        "terminated": "已终止",
    },
    "method": {"tablet": "平板签字", "paper": "纸质签字", "telephone": "电话签约"},
    "package_kind": {"basic": "基础服务包", "personal": "个性化服务包"},
    "job": {
        "make-due-tasks": "生成随访任务",
        "expire-contracts": "协议到期",
        "end-absences": "外出到期返回",
        "enrol-by-age": "按年龄纳入管理",
        "make-rounds": "生成巡诊任务",
        "tidy": "清理旧登录和旧文件",
        "count-figures": "统计数字",
    },
    "contact": {
        "reached": "已联系上",
        "no_answer": "无人接听",
        "wrong_number": "号码不对",
        "away": "外出",
        "refused": "拒绝随访",
        "later": "约了改天",
    },
    "import_state": {
        "reading": "正在核对",
        "staged": "等待确认",
        "recording": "正在写入",
        "recorded": "已导入",
        "failed": "没有导入",
        "dropped": "已放弃",
    },
    "import_reason": {
        "id_checksum": "身份证号校验位不对",
        "id_birth_date": "身份证号中的出生日期不对",
        "id_missing": "没有身份证号",
        "name_missing": "没有姓名",
        "village_unknown": "县里没有这个村",
        "id_taken": "身份证号属于另一个姓名",
        "id_format": "身份证号格式不对",
        "name_invalid": "姓名不规范",
        "repeat_differs": "同一人重复，内容不同",
        "out_of_scope": "不在管理范围内",
    },
    "import_kind": {
        "id_fullwidth": "身份证号去掉空格、全角",
        "id_lower_x": "身份证号小写 x 改为大写",
        "id_15_digits": "15 位身份证号升为 18 位",
        "name_spaces": "姓名去掉空格",
        "village_alias": "村名补成全称",
        "repeat_row": "同一人重复，只收一次",
        "phone_invalid": "电话不是号码，没有收",
        "sex_conflict": "性别以身份证号为准",
        "birth_conflict": "出生日期以身份证号为准",
    },
}


#: Words for programmes whose file is still to come.
COMING = {
    "elderly": "老年人",
    "severe_mental_disorder": "严重精神障碍",
    "tuberculosis": "肺结核",
    "maternal": "孕产妇",
    "child": "儿童",
    "tcm_elderly": "老年中医药",
    "tcm_child": "儿童中医药",
    "copd": "慢阻肺",
    "other_chronic": "其他慢病",
    "disabled_bedridden": "残疾卧床",
}


def name_programmes(names: Mapping[str, str]) -> None:
    """Take the words for programmes from their files; whoever starts the app hands them in."""
    LABELS["programme"] = COMING | dict(names)


def word(kind: str, code: object) -> str:
    """Give the Chinese word for a code; an unknown code is shown as it is."""
    return LABELS.get(kind, {}).get(str(code), "" if code is None else str(code))
