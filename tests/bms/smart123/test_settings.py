"""Answers to queries become parameters."""

from custom_components.smart_bms.bms.smart123.scales import Formula
from custom_components.smart_bms.bms.smart123.settings import decode_answer


def test_an_answer_tells_what_it_has_and_nothing_else() -> None:
    short = ["0230", "02D0", "010F", "0149", "5A", "14"]
    values = decode_answer("S2", short, Formula.APP)
    assert set(values) == {
        *("cell_undervoltage", "cell_overvoltage", "charge_undertemperature", "cell_overtemperature"),
        *("charge_restart_soc", "discharge_restart_soc"),
    }
    values = decode_answer("S2", [*short, "0001"], Formula.APP)
    assert values["discharge_undertemperature"] == values["charge_undertemperature"]
    assert "password" not in decode_answer("S1", ["0001", "0002", "0003", "31323334"], Formula.APP)
    assert decode_answer("S3", ["07", "02"], Formula.APP) == {}
    assert decode_answer("S3", ["0B", "X"], Formula.APP) == {"sensor_type": "range_1000_40"}
