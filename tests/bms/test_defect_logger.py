"""Unexpected errors: each is in the log once, with its traceback, however often it happens."""

from custom_components.smart_bms.bms.defect_logger import DefectLogger


def raise_and_log(logger: DefectLogger, error: type[Exception], place: str, *args: object) -> None:
    try:
        raise error
    except error:
        logger.exception(place, *args)


def test_the_same_error_at_the_same_place_is_logged_once(caplog) -> None:
    logger = DefectLogger("Shed")
    for _ in range(3):
        raise_and_log(logger, ZeroDivisionError, "in a message")
    assert [record.getMessage() for record in caplog.records] == ["Shed: unexpected error in a message"]
    assert caplog.text.count("Traceback") == 1


def test_another_error_another_place_and_another_pack_are_logged_too(caplog) -> None:
    logger = DefectLogger("Shed")
    raise_and_log(logger, ZeroDivisionError, "in a message")
    raise_and_log(logger, KeyError, "in a message")
    raise_and_log(logger, ZeroDivisionError, "after news of its %s", "reading")
    raise_and_log(logger, ZeroDivisionError, "after news of its %s", "state")
    raise_and_log(DefectLogger("Garage"), ZeroDivisionError, "in a message")
    assert [record.getMessage() for record in caplog.records] == [
        "Shed: unexpected error in a message",
        "Shed: unexpected error in a message",
        "Shed: unexpected error after news of its reading",
        "Shed: unexpected error after news of its state",
        "Garage: unexpected error in a message",
    ]
