"""Every message of the project, each with a code, the value at fault, the place and the cure."""


class ALError(ValueError):
    """An error a user can mend. The command line prints its message and exits with status 1."""


class Errors:
    """Messages by code. Ranges: 0xx config and files, 1xx corpus, 2xx ml, 3xx pipeline, 4xx uncertainty and
    acquisition, 5xx loop, 6xx exchange, 7xx report, 8xx command line. Raise with `ALError(Errors.A001.format(...))`.
    """

    # Config and files
    A001 = "[A001] Unknown key '{key}' in [{section}] of the config. Known keys: {known}. Check the spelling."
    A002 = "[A002] {path}: cannot be written ({reason}). Check free space and permissions, then run the same command again; nothing written before was lost."
    A003 = "[A003] {path}: no such file. {cure}"
    A004 = "[A004] {path}: SHA-256 is {found}, expected {expected}. The file is damaged or another version: delete it and fetch it again, or give your own copy with {option}."
    A005 = "[A005] {path}:{line}: not valid JSON ({reason}). Each line must hold one JSON object; fix or remove this line."
    A006 = "[A006] {path}:{line}: line of {size} bytes is longer than the limit of {limit}. Split the record, or raise the limit."
    A007 = "[A007] {path}:{line}: {problem}. Untrusted JSON is read strictly; fix or remove this record."
    A008 = "[A008] [{section}] {key} = {value!r}: {problem}"
    A009 = "[A009] The config has no [{section}] section. Start from one of the files in configs/."

    # Corpus
    A100 = "[A100] Unknown tag scheme {scheme!r}. Known schemes: {known}."
    A101 = "[A101] The label {label!r} in {labels} is empty, has spaces around it or appears twice. Give each label once."
    A102 = "[A102] The span {span} is empty, outside the sentence of {length} tokens, or not after the span {before} before it. Give (first token, token after the last, label), sorted and without overlap."
    A103 = "[A103] {tag!r} is not a tag of the scheme {scheme}. Use O, or a prefix of the scheme with a label, such as B-PER."

    # Uncertainty and acquisition
    A400 = "[A400] The sentence {text!r} carries entity annotations. A pool never holds labels: remove them first (`spacy_al.corpus.reader.without_labels`)."


class Warnings:
    """Warnings by code, in the same ranges. Issue with `warnings.warn(Warnings.W101.format(...))`."""
