"""Run LangExtract on one text at an endpoint; runs in the benchmark's own environment, started by tokens.py.

Reads a job as JSON from standard input (url, text, prompt, examples, buffer) and writes the extractions as JSON.
"""

import json
import sys
import warnings

import langextract as lx
from langextract.core.tokenizer import UnicodeTokenizer
from langextract.factory import ModelConfig
from langextract.prompt_validation import PromptValidationLevel

job = json.load(sys.stdin)
warnings.simplefilter("ignore")
examples = []
for example in job["examples"]:
    given = [lx.data.Extraction(extraction_class=c, extraction_text=t, attributes=a) for c, t, a in example["gives"]]
    examples.append(lx.data.ExampleData(text=example["text"], extractions=given))
options = {"base_url": job["url"], "api_key": "none", "temperature": 0.0}
result = lx.extract(
    text_or_documents=job["text"],
    prompt_description=job["prompt"],
    examples=examples,
    config=ModelConfig(model_id="scripted", provider="openai", provider_kwargs=options),
    max_char_buffer=job["buffer"],
    tokenizer=UnicodeTokenizer(),  # what its documents say for languages without blanks
    prompt_validation_level=PromptValidationLevel.ERROR,
    resolver_params={"suppress_parse_errors": False},
    show_progress=False,
)
out = [
    {
        "text": e.extraction_text,
        "attributes": e.attributes,
        "span": [e.char_interval.start_pos, e.char_interval.end_pos] if e.char_interval else None,
    }
    for e in result.extractions or []
]
json.dump(out, sys.stdout)
