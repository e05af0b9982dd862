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
    A405 = "[A405] No predictions to judge: calibration needs at least one labelled token or predicted entity. Give a larger gold file."
    A406 = "[A406] Calibration of {predictions} confidences against {outcomes} outcomes, between {low} and {high}: give one outcome for each confidence, and confidences between 0 and 1."
    A407 = "[A407] No held-out token has a tag that the tagger knows, so a temperature cannot be fitted. Give held-out sentences labelled with the tagger's labels."
    A408 = "[A408] {utilities} utilities for {outcomes} outcomes, {nans} of them not a number. Give one finite utility for each prediction."

    # Loop
    A500 = "[A500] [active_learning] pool = {pool}: {problem}"
    A501 = "[A501] The pool has no labels, so it cannot answer queries of a simulation. Convert a labelled corpus, or set oracle = \"people\" in [active_learning]."
    A502 = "[A502] {path}: the state of the run is damaged ({reason}). Nothing else was changed: restore this file from a copy, or start a new run in another folder."
    A503 = "[A503] {path} holds a run made with other settings: {changes}. Give the same config, another --output, or --accept-changes to go on with the new settings."
    A504 = "[A504] {path}: another process (pid {pid}) is working on this run. Wait for it, or end it."
    A505 = "[A505] The config's pipeline has no component '{target}' (it has {names}). Set target in [active_learning] to the one that finds entities."
    A506 = "[A506] '{target}' cannot be asked how sure it is of a sentence, which the measure '{measure}' needs. Use a tagger such as sequence_tagger, or the measure random."

    # Exchange
    A600 = "[A600] Sentence '{id}' cannot be a task: {problem}. Convert the corpus again with `al convert`, which checks tokens, or mend the pool."
    A601 = "[A601] '{name}' is no format. Choose one of: {known}."
    A602 = "[A602] {path}: the format cannot be told from the content (fits: {found}). Say which it is with --format, one of: {known}."
    A603 = "[A603] {place}: id '{id}' is not among the {n} sentences that were asked for. Is this the answer to another batch? Give the batch it belongs to, or remove the record."
    A604 = "[A604] {place}: the sentence was changed in the tool: at {at} it has {found!r}, and {expected!r} was asked for. Put the original text back; text must not be edited while labelling."
    A605 = "[A605] {place}: the {label} span of characters {chars} ({text!r}) cuts tokens; tokens there lie at {tokens}. Mark whole tokens, or widen such spans with --snap."
    A606 = "[A606] {place}: the spans {first} and {second} (first token, token after the last, label) overlap. An entity is one run of tokens with one label: keep one of them."
    A607 = "[A607] {place}: sentence '{id}' has {n} answers (lines {lines}), and {problem}. Settle it in the tool, or choose with --several newest or --several vote."
    A608 = "[A608] {place}: {field}: {problem}. Export again from the tool, or mend this record."
    A609 = "[A609] {place}: the {label} span {chars} covers {text!r} of a text of {length} characters{said}. The offsets do not belong to this text: export again, or mark the span anew."
    A610 = "[A610] {place}: the {label} span lies at characters {chars}, that is tokens {found}, but its token numbers say {tokens} (here and in this message the end is exclusive; Prodigy's token_end is inclusive). Mark the span anew."
    A611 = "[A611] {place}: the offsets fit the text both as code points ({codepoints}) and as UTF-16 units ({utf16}). Say which the tool counts with --units codepoints or --units utf16."
    A612 = "[A612] {place}: the record has no id of ours (al_id), and {n} of the sentences asked for have its text. Keep al_id when exporting, or put it back."
    A613 = "[A613] {place}: unknown label '{label}'. The labels of this run are: {labels}. Rename it in the tool, or mark the span anew."
    A614 = "[A614] {place}: {tag}: {problem}. Entities begin with B- and go on with I- of the same label (IOB2)."
    A615 = "[A615] {path}: not a whole DocBin ({reason}). Save it again with `DocBin.to_disk`."
    A616 = "[A616] The environment variable {name} is not set. {cure}"
    A617 = "[A617] Label Studio at {url} answered {status} to {method} {path}: {body}. {cure}"
    A618 = "[A618] Label Studio at {url} cannot be reached ({reason}). Check LABEL_STUDIO_URL, and that the server runs."
    A619 = "[A619] {place}: no entities, and this tool does not say whether anyone looked. Export only approved or submitted records, then say --empty accept (no entities) or --empty skip (not answered)."
    A620 = "[A620] Label Studio needs the labels for its labelling config, and none are known. Give them with --labels PER,LOC,ORG."
    A621 = "[A621] {path}: {size} bytes, more than the limit of {limit}. Export in several parts."
    A622 = "[A622] {path}:{line}: the JSON array breaks off here ({reason}). Export again; nothing after this point can be read."
    A623 = "[A623] {path}: {n} of {total} records cannot be taken; nothing was changed:\n{problems}\nMend them, or take the others with --partial."
    A624 = "[A624] {path}:{line}: {problem}. A ranking is what `al score` writes: one object a line with id, rank and utility."
    A625 = "[A625] {path}: sentence '{id}' of the ranking {ranking} is not in this pool. Give the pool that was scored."
    A626 = "[A626] {path} is neither a run folder nor a ranking (JSONL from `al score`). {cure}"
    A627 = "[A627] {path}: no answers in it ({unanswered} records are not answered yet). Label some in the tool, export, and try again."
    A628 = "[A628] {option} {value}: choose one of {known}."

    # Report
    A700 = "[A700] {path}: no run with a finished round here or in its folders (no metrics.jsonl). Give the folder that `al run --output` wrote, after its first round."
    A701 = "[A701] {path}:{line}: {field} = {value!r}, but {problem}. The file is damaged or edited: resume the run with `al run`, or restore the file."
    A702 = "[A702] {path}: not the config of a run ({reason}). A run writes this file and never changes it: restore it."
    A703 = "[A703] {path} and {other} have the same settings and the same seed {seed}: they are one experiment counted twice. Leave one of them out."
    A704 = "[A704] Figures need matplotlib, which is not installed: pip install 'spacy_al[report]'."
    A705 = "[A705] {path}:{line}: round {round} was not evaluated, so there is no curve to draw. Give the run a test set (`test` in [active_learning]) before it starts."
    A706 = "[A706] {path}: damaged ({reason}). Restore the file, or move it away: the report does without it."
    A707 = "[A707] --full-f1 {value}: give the F1 of a training on the whole corpus as a number between 0 and 1, such as 0.915."
    A708 = "[A708] {path}: a folder is expected here, and there is a file. Give another --output."


class Warnings:
    """Warnings by code, in the same ranges. Issue with `warnings.warn(Warnings.W101.format(...))`."""

    W330 = "[W330] '{pipe}': no token of the training examples has a part-of-speech tag (`token.tag_`), so these features are left out. Convert a corpus that has them and read it with `spacy-al.Corpus.v1`, or set use_pos = false to do without."
    W331 = "[W331] '{pipe}' learns only from sentences that are annotated throughout: {left} of {examples} are not, and are left out."
    W332 = "[W332] '{pipe}' was trained on Docs with part-of-speech tags, and was given one without (`token.tag_`): expect worse entities. Put a tagger before it, or train it with use_pos = false."
