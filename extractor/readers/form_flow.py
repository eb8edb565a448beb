from extractor.readers.form_rows import Indicator
def flow_rows(found, header, words) -> list[Indicator]:
    return []
